//! Alarms that tell nobody for a while, and go on being judged.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::alarm::{Alarm, AlarmRule, Mute};
use crate::domain::board::BoxId;
use crate::domain::composite::Rule;
use crate::domain::text::Text;
use crate::domain::units::{long, stamp, until};
use crate::ops::plan::{Blast, Plan, Refusal, Undo, Why};
use crate::ops::{Ask, On, Operation, Param, Params, Progress};
use crate::world::act::Step;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub(super) const MUTE: Operation = Operation {
    name: "alarm.mute",
    title: "Mute",
    doc: "Keep an alarm from acting for a while; it goes on being judged",
    on: On::One(Kind::Alarm),
    boxes: &[BoxId::Alarms],
    params: &[
        Param {
            name: "for",
            doc: "how long, such as 30m or 2h; an hour unless it is said",
            present: |_| Some("1h".into()),
            is_needed: false,
        },
        Param {
            name: "from",
            doc: "a moment to come, such as 2026-11-20T14:00Z; without it within 3 min",
            present: |of| Some(written(soon(of.sight.at), of.sight)),
            // Said once it is on screen, or the plan would be another one with every minute.
            is_needed: true,
        },
    ],
    feeds: &[Feed::Alarms],
    beside: &[],
    deadline: SignedDuration::from_mins(10),
    plan: plan_mute,
    progress: mute_progress,
};

pub(super) const UNMUTE: Operation = Operation {
    name: "alarm.unmute",
    title: "Unmute",
    doc: "Let an alarm act again before the end of what mutes it",
    on: On::One(Kind::Alarm),
    boxes: &[BoxId::Alarms],
    params: &[],
    feeds: &[Feed::Alarms],
    beside: &[],
    deadline: SignedDuration::from_mins(5),
    plan: plan_unmute,
    progress: unmute_progress,
};

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Schedule.html>
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);
const LONGEST: SignedDuration = SignedDuration::from_hours(15 * 24);
const USUAL: SignedDuration = SignedDuration::from_hours(1);
/// A rule says when it begins to the minute, and what AWS makes of a minute that has passed is written nowhere. So it begins
/// a little later than it is planned: longer than a plan is good for.
const LEAD: SignedDuration = SignedDuration::from_mins(2);
/// How far ahead a mute may begin.
const FURTHEST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Longest name of a rule.
const LONGEST_NAME: usize = 255;
/// What rules of ours begin with.
const OURS: &str = "opscon-";

fn alarm<'a>(ask: &Ask<'a>) -> Result<&'a Alarm, Refusal> {
    match ask.item {
        Some(Item::Alarm(alarm)) => Ok(alarm),
        _ => Err(Refusal::new(Why::Unknown, "that is no alarm")),
    }
}

fn mutes(it: &Alarm) -> Result<&[Mute], Refusal> {
    it.mutes.as_deref().ok_or_else(|| {
        let text = format!("whether {} is muted is not known", it.name);
        Refusal::new(Why::Blind, text).with("it takes cloudwatch:ListAlarmMuteRules and cloudwatch:GetAlarmMuteRule")
    })
}

/// The first whole minute after the lead.
fn soon(at: Timestamp) -> Timestamp {
    let minute = (at + LEAD).as_second().div_euclid(60) + 1;
    Timestamp::from_second(minute * 60).unwrap_or(at)
}

/// As a moment is typed, in the reader's zone.
fn written(at: Timestamp, sight: &Sight<'_>) -> String {
    at.to_zoned(sight.zone().clone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
}

/// When it begins: as it was said, or soon.
fn beginning(ask: &Ask<'_>) -> Result<Timestamp, Refusal> {
    let now = ask.sight.at;
    let Some(text) = ask.word("from") else { return Ok(soon(now)) };
    let at: Timestamp = text.parse().map_err(|_| {
        let words =
            format!("from has to be a moment such as {}, and is `{}`", written(soon(now), ask.sight), Text::new(text));
        Refusal::new(Why::Bounds, words)
    })?;
    if at.as_second().rem_euclid(60) != 0 || at.subsec_nanosecond() != 0 {
        return Err(Refusal::new(Why::Bounds, format!("a mute begins with a minute, not at {text}")));
    }
    if at <= now {
        let words = format!("{} has passed: a mute begins in the future", until(at, now, ask.sight.zone()));
        return Err(Refusal::new(Why::Bounds, words).with("leave `from` empty, and it begins within 3 min"));
    }
    if at > now + FURTHEST {
        return Err(Refusal::new(Why::Bounds, format!("{text} is more than 30 d ahead")));
    }
    Ok(at)
}

/// What only this rule is called: letters that mean the same everywhere, the alarm and the minute.
fn rule_name(alarm: &Text, from: Timestamp) -> Text {
    let minute = from.strftime("%Y%m%dT%H%M").to_string();
    let room = LONGEST_NAME - OURS.len() - minute.len() - 1;
    let plain =
        |letter: char| if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.') { letter } else { '-' };
    let name: String = alarm.as_str().chars().take(room).map(plain).collect();
    Text::new(&format!("{OURS}{name}-{minute}"))
}

fn plan_mute(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = alarm(ask)?;
    let known = mutes(it)?;
    let (now, zone) = (ask.sight.at, ask.sight.zone());
    let lasts = ask.length("for")?.unwrap_or(USUAL);
    if lasts < SHORTEST || lasts > LONGEST || lasts.as_secs() % 60 != 0 {
        let text = format!("a mute lasts whole minutes, 1 min to 15 d, not {}", long(lasts));
        return Err(Refusal::new(Why::Bounds, text).with("there is none without an end"));
    }
    let actions = it.all_actions();
    if actions.is_empty() {
        return Err(Refusal::new(Why::Nothing, format!("{} does nothing in any state", it.name)));
    }
    if !it.actions_enabled {
        return Err(Refusal::new(Why::Nothing, format!("the actions of {} are switched off altogether", it.name)));
    }
    if let Some(words) = it.muted_words(now, zone) {
        let text = format!("{} is {words} already", it.name);
        return Err(Refusal::new(Why::Nothing, text).with("`alarm.unmute` first, to mute it for another time"));
    }
    let from = beginning(ask)?;
    let end = from + lasts;
    let overlaps = |mute: &&Mute| {
        !mute.recurs
            && mute.from.is_none_or(|begins| begins < end)
            && mute.until.is_none_or(|ends| from < ends && now < ends)
    };
    if let Some(mute) = known.iter().find(overlaps) {
        let text = format!("{} mutes {} in that time already", mute.rule, it.name);
        return Err(Refusal::new(Why::Nothing, text).with("`alarm.unmute` first, to mute it for another time"));
    }
    let rule = rule_name(&it.name, from);
    let takers = ask.place.feeds.alarms.items().flat_map(|other| other.mutes.iter().flatten());
    if takers.into_iter().any(|mute| mute.rule == rule) {
        let text = format!("there is a mute rule {rule}, of another alarm: it would be written over");
        return Err(Refusal::new(Why::State, text).with("begin at another minute, with `from`"));
    }
    let ends = until(end, now, zone);
    let mut plan = Plan::begin(ask, Blast::Reversible, format!("{}: mute until {ends}", it.name));
    // So that it means the same when it is planned again, a moment before it is sent.
    plan.params.insert("for".into(), format!("{}m", lasts.as_mins()));
    plan.params.insert("from".into(), written(from, ask.sight));
    let span = format!("muted from {} to {}", stamp(from, zone), until(end, from, zone));
    plan.change("actions", "on".to_owned(), span);
    plan.steps.push(Step::PutAlarmMuteRule { rule, alarms: vec![it.name.clone()], from, lasts });
    let names: Vec<&str> = actions.iter().map(|arn| arn.as_str().rsplit(':').next().unwrap_or(arn.as_str())).collect();
    plan.effects.push(format!("for {} it does not act, in whatever state: {}", long(lasts), names.join(", ")));
    plan.effects.push("it goes on being judged, and its state goes on changing here and everywhere".into());
    plan.effects.push(format!("what is muted and still so at {ends} is told then"));
    let above = above(ask, it);
    if !above.is_empty() {
        plan.effects.push(format!("what is made of it still acts: {}", above.join(", ")));
    }
    if it.is_scaling_trigger() {
        plan.warnings.push("it tells nobody but a scaling policy: muted, nothing is scaled by it".into());
    }
    if from > now + LEAD + SHORTEST {
        plan.warnings.push(format!("it acts until {}", until(from, now, zone)));
    }
    plan.undo = Some(Undo {
        operation: UNMUTE.name.into(),
        params: Params::new(),
        words: format!("let it act again before {ends}"),
    });
    plan.expects = format!("muted until {ends}");
    plan.deadline = from.duration_since(now).saturating_add(MUTE.deadline);
    Ok(plan)
}

/// Composite alarms that look at it and would act.
fn above<'a>(ask: &Ask<'a>, it: &Alarm) -> Vec<&'a str> {
    let looks_at_it = |other: &&Alarm| match &other.rule {
        AlarmRule::Composite { expression } => Rule::parse(expression.as_str())
            .is_ok_and(|rule| rule.children().into_iter().any(|child| it.is_called(child))),
        _ => false,
    };
    let acts = |other: &&Alarm| other.actions_enabled && !other.all_actions().is_empty();
    let all = ask.place.feeds.alarms.items().filter(looks_at_it).filter(acts);
    all.filter(|other| other.muted(ask.sight.at).is_none()).map(|other| other.name.as_str()).collect()
}

fn now_of(plan: &Plan, sight: &Sight<'_>) -> Result<Arc<Alarm>, Progress> {
    match plan.of.item(sight) {
        Some(Item::Alarm(it)) => Ok(it),
        _ => Err(Progress::Failed(format!("{} is gone", plan.target))),
    }
}

fn mute_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let it = match now_of(plan, sight) {
        Ok(it) => it,
        Err(gone) => return gone,
    };
    let sent = plan.steps.iter().find_map(|step| match step {
        Step::PutAlarmMuteRule { rule, from, .. } => Some((rule, *from)),
        _ => None,
    });
    let (Some((rule, from)), Some(all)) = (sent, &it.mutes) else {
        return Progress::Waiting("whether it is muted is not told".into());
    };
    let begins = until(from, sight.at, sight.zone());
    match all.iter().find(|mute| mute.rule == *rule) {
        Some(mute) if mute.holds(sight.at) => Progress::Reached,
        Some(mute) if mute.is_active => Progress::Failed("it is over already".into()),
        Some(_) => Progress::Waiting(format!("the rule is there, and begins at {begins}")),
        None => Progress::Waiting("the rule is not listed yet".into()),
    }
}

fn plan_unmute(ask: &Ask<'_>) -> Result<Plan, Refusal> {
    let it = alarm(ask)?;
    let (now, zone) = (ask.sight.at, ask.sight.zone());
    let known = mutes(it)?;
    // What mutes it some other day is somebody's plan, unless it is one of ours that begins in a moment.
    let is_meant = |mute: &&Mute| mute.holds(now) || (!mute.is_active && mute.rule.as_str().starts_with(OURS));
    let meant: Vec<&Mute> = known.iter().filter(is_meant).collect();
    if meant.is_empty() {
        return Err(Refusal::new(Why::Nothing, format!("{} is not muted", it.name)));
    }
    for mute in &meant {
        let others: Vec<&str> =
            mute.alarms.iter().filter(|name| !it.is_called(name.as_str())).map(AsRef::as_ref).collect();
        if !others.is_empty() {
            let text =
                format!("{} mutes {} as well: without it they would act again too", mute.rule, others.join(", "));
            return Err(Refusal::new(Why::State, text).with("take the alarm out of the rule, in AWS's own console"));
        }
        if mute.recurs {
            let text = format!("{} comes again and again: without it, it would not come any more at all", mute.rule);
            return Err(Refusal::new(Why::State, text).with("wait for its end, or change it in AWS's own console"));
        }
    }
    let mut plan = Plan::begin(ask, Blast::Reversible, format!("{}: let it act again", it.name));
    let last = meant.iter().filter_map(|mute| mute.until).max();
    let words = last.map_or_else(|| "muted".to_owned(), |last| format!("muted until {}", stamp(last, zone)));
    plan.change("actions", words, "on".to_owned());
    plan.steps.extend(meant.iter().map(|mute| Step::DeleteAlarmMuteRule { rule: mute.rule.clone() }));
    plan.effects.push("what was muted and is still so is told now".into());
    let left = last.map(|last| last.duration_since(now).as_mins()).filter(|minutes| *minutes >= 1);
    plan.undo = left.map(|minutes| Undo {
        operation: MUTE.name.into(),
        params: Params::from([("for".to_owned(), format!("{minutes}m"))]),
        words: "mute it for the rest of the time".into(),
    });
    plan.expects = "no rule mutes it".into();
    Ok(plan)
}

fn unmute_progress(plan: &Plan, sight: &Sight<'_>) -> Progress {
    let it = match now_of(plan, sight) {
        Ok(it) => it,
        Err(gone) => return gone,
    };
    let Some(all) = &it.mutes else { return Progress::Waiting("whether it is muted is not told".into()) };
    let deleted =
        |mute: &&Mute| plan.steps.iter().any(|step| *step == Step::DeleteAlarmMuteRule { rule: mute.rule.clone() });
    match all.iter().find(deleted) {
        Some(mute) => Progress::Waiting(format!("{} is still there", mute.rule)),
        None => Progress::Reached,
    }
}
