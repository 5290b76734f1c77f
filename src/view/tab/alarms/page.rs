//! One alarm: what it says, its graph with its limit, how it came to be, and whom it tells.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::tree;
use crate::app::model::Model;
use crate::app::tab::alarms::{drawn_for, graph_of};
use crate::app::tab::room::ItemPage;
use crate::domain::alarm::{Alarm, AlarmRule, AlarmState, AlarmTransition, MetricRule, MetricSource, MissingData};
use crate::domain::graph::{Graph, GraphAsk, QueryWhat};
use crate::domain::graphs::Asked;
use crate::domain::units::{brief, clock, long, moment, plural, since};
use crate::view::text::{fill, fit, fit_middle, width, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::graph::{Plot, draw as draw_graph};
use crate::view::widget::popup;
use crate::view::widget::table::faults_of_place;
use crate::world::Place;
use crate::world::item::Item;
use crate::world::port::CloudError;
use crate::world::room::alarms::{ROOM, health, limit, unit};
use crate::world::strip::box_of;
use crate::world::timeline::Event;

const LABEL: usize = 14;
/// Changes drawn on the graph.
const MARKERS: usize = 5;

pub(in crate::view) fn draw(open: &ItemPage, model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) -> usize {
    let (Some(Item::Alarm(alarm)), Some(place)) = (model.world.find(&open.of), model.world.places().get(open.of.place))
    else {
        let text =
            format!(" {} does not exist {}", open.of.id, if model.rewound.is_some() { "then" } else { "any more" });
        frame.render_widget(
            Line::styled(fit(&text, usize::from(area.width)), theme.style(Role::Dim)),
            Rect { height: 1, ..area },
        );
        return 0;
    };
    let room = usize::from(area.width);
    let mut top = vec![title(&alarm, place, model, theme, room)];
    for text in wrap(alarm.reason.as_str(), room.saturating_sub(4)).into_iter().take(2) {
        top.push(Line::styled(format!("   {text}"), theme.of_health(tree::of_state(alarm.state))));
    }
    if let Some(first) = open.suspects.iter().flatten().next().filter(|suspect| suspect.stands_out()) {
        let zone = &model.settings.bearings.zone;
        let by = if first.event.by.is_empty() { String::new() } else { format!(" by {}", first.event.by) };
        let when = when(first.event.at, model.now, zone);
        let why = first.reasons.first().map_or("", String::as_str);
        let text = format!("   suspect  {when} {}{by}, {why}    w goes there", first.event.what);
        top.push(Line::styled(fit(&text, room), theme.style(Role::Strong)));
    }
    for text in faults_of_place(&ROOM, place, model, room) {
        top.push(Line::styled(text, theme.style(Role::Unknown)));
    }
    let mut y = area.y;
    for line in top {
        if y < area.bottom() {
            frame.render_widget(line, Rect { y, height: 1, ..area });
            y += 1;
        }
    }
    let rest = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    let drawn = drawn_for(&alarm, place).map_or(0, |alarm| graph(&alarm, place, model, theme, rest, frame));
    let text = Rect { y: rest.y + drawn, height: rest.height.saturating_sub(drawn), ..rest };
    popup::scrolled(story(&alarm, open, place, model, theme, room), open.scroll.offset, theme, text, frame)
}

fn title(alarm: &Alarm, place: &Place, model: &Model, theme: Theme, room: usize) -> Line<'static> {
    let health = health(alarm);
    let age = long(since(model.now, alarm.since));
    let sign = format!(" {} ", theme.sign(health));
    let state = format!("  {} for {age}", alarm.state.word());
    let when = format!("  since {}, {}", moment(alarm.since, model.now, &model.settings.bearings.zone), place.scope);
    let left = room.saturating_sub(width(&sign) + width(&state));
    let name = fit_middle(alarm.name.as_str(), left);
    let left = left.saturating_sub(width(&name));
    Line::from(vec![
        Span::styled(sign, theme.of_health(health)),
        Span::styled(name, theme.style(Role::Strong)),
        Span::styled(state, theme.of_health(health)),
        Span::styled(fit(&when, left), theme.style(Role::Dim)),
    ])
}

/// Draws the graph and what its signs mean; returns the lines taken.
fn graph(alarm: &Alarm, place: &Place, model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) -> u16 {
    let height = (area.height * 2 / 3).clamp(4, 18).min(area.height);
    if height < 4 {
        return 0;
    }
    let room = usize::from(area.width);
    let span = model.room().map(|room| room.span).unwrap_or_default();
    let line = |row: u16| Rect { y: area.y + row, height: 1, ..area };
    let body = Rect { y: area.y + 1, height: height - 2, ..area };
    let subject = alarm.metric_rule().map_or_else(String::new, MetricRule::subject);
    let found = graph_of(alarm, span).and_then(|ask| find(&ask, place, model));
    let graph = found.and_then(|asked| asked.graph.as_deref());
    let period = graph.map_or_else(String::new, |graph| format!(", a point each {}", long(graph.period)));
    let words = format!(" {} {subject}, {}: {}{period}", alarm.name, span.word(), alarm.limit_words(unit(alarm)));
    frame.render_widget(Line::styled(fit(&words, room), theme.style(Role::Dim)), line(0));
    let trouble = trouble(found, model);
    let Some(graph) = graph else {
        let text = trouble.unwrap_or_else(|| "the graph is being read".into());
        for (row, text) in wrap(&text, room.saturating_sub(4)).into_iter().enumerate().take(usize::from(body.height)) {
            frame.render_widget(Line::styled(format!("   {text}"), theme.style(Role::Unknown)), line(1 + row as u16));
        }
        return height;
    };
    let markers = markers(graph, model);
    let moments: Vec<Timestamp> = markers.iter().map(|(at, _)| *at).collect();
    let (before, ribbon) = ribbon(alarm, place);
    let plot = Plot {
        graph,
        limit: limit(alarm),
        markers: &moments,
        ribbon: &ribbon,
        before,
        has_ribbon: true,
        now: model.now,
        zone: &model.settings.bearings.zone,
        glyphs: model.settings.look.glyphs,
    };
    draw_graph(&plot, theme, body, frame);
    let mut words: Vec<String> =
        markers.iter().enumerate().map(|(number, (_, what))| format!("{} {what}", number + 1)).collect();
    words.extend((graph.provisional_from(model.now) < graph.len()).then(|| "faint: still counting".to_owned()));
    let (text, role) = match trouble {
        Some(trouble) => (trouble, Role::Unknown),
        None => (words.join("   "), Role::Dim),
    };
    frame.render_widget(Line::styled(fit(&format!("   {text}"), room), theme.style(role)), line(height - 1));
    height
}

/// In the world shown, or, when looking back, in the present one: a graph has its past in it anyway.
pub(in crate::view) fn find<'a>(ask: &GraphAsk, place: &Place, model: &'a Model) -> Option<&'a Asked<CloudError>> {
    [&model.world, model.live_world()].into_iter().find_map(|world| {
        world.places().iter().find(|other| other.scope == place.scope)?.feeds.graphs.value()?.get(ask)
    })
}

/// Why there is no graph, or why it is old.
pub(in crate::view) fn trouble(asked: Option<&Asked<CloudError>>, model: &Model) -> Option<String> {
    let asked = asked?;
    let fault = asked.fault.as_ref()?;
    let age = asked.at.map_or_else(String::new, |at| format!("read {} ago, then ", long(since(model.live_now(), at))));
    Some(format!("{age}{}: {}; {}", fault.class.word(), fault, fault.class.remedy()))
}

/// Changes within the graph's span, newest first, each in words: the same moments on every graph.
pub(in crate::view) fn markers(graph: &Graph, model: &Model) -> Vec<(Timestamp, String)> {
    let zone = &model.settings.bearings.zone;
    let events = model.world.places().iter().flat_map(|place| place.timeline.shared());
    let mut within: Vec<&Arc<Event>> =
        events.filter(|event| event.is_mark() && event.at >= graph.from && event.at <= graph.until()).collect();
    within.sort_by_key(|event| std::cmp::Reverse(event.at));
    let words = |event: &Arc<Event>| (event.at, format!("{} {}", when(event.at, model.now, zone), event.what));
    within.into_iter().take(MARKERS).map(words).collect()
}

/// To the second today, with the day before that.
fn when(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    if day(at) == day(now) { clock(at, zone) } else { format!("{} {}", moment(at, now, zone), clock(at, zone)) }
}

/// The state before the first known change, and every change since, oldest first. The state now is known from the alarm
/// itself: its history may be a minute behind, or denied.
fn ribbon(alarm: &Alarm, place: &Place) -> (Option<AlarmState>, Vec<(Timestamp, AlarmState)>) {
    let mut changes: Vec<&AlarmTransition> =
        place.feeds.alarm_history.items().filter(|change| change.alarm == alarm.name).collect();
    changes.sort_by_key(|change| change.at);
    let before = changes.first().map(|first| first.from);
    let mut ribbon: Vec<(Timestamp, AlarmState)> = changes.into_iter().map(|change| (change.at, change.to)).collect();
    if ribbon.last().is_none_or(|(at, _)| *at < alarm.since) {
        ribbon.push((alarm.since, alarm.state));
    }
    (before, ribbon)
}

fn story(
    alarm: &Alarm,
    open: &ItemPage,
    place: &Place,
    model: &Model,
    theme: Theme,
    room: usize,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut say = |label: &str, value: &str| {
        for (row, text) in wrap(value, room.saturating_sub(LABEL + 4)).into_iter().enumerate() {
            let label = if row == 0 { label } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("   {}", fill(label, LABEL)), theme.style(Role::Dim)),
                Span::styled(text, theme.style(Role::Text)),
            ]));
        }
    };
    if let Some(link) = runbook(alarm, model) {
        say("runbook", &link);
    }
    if alarm.is_firing() {
        for (number, suspect) in open.suspects.iter().flatten().enumerate() {
            let when = when(suspect.event.at, model.now, &model.settings.bearings.zone);
            let doubt = if suspect.stands_out() { "" } else { "does not stand out: " };
            let reasons = suspect.reasons.join(", ");
            say(&format!("suspect {}", number + 1), &format!("{doubt}{when} {}: {reasons}", suspect.event.what));
        }
        if open.suspects.as_ref().is_some_and(Vec::is_empty) {
            say("suspect", "no change is known in the 30 min before it began");
        }
    }
    if !alarm.description.is_empty() {
        say("description", alarm.description.as_str());
    }
    let of = box_of(alarm);
    let reading = model.board.reading(of);
    say(
        "box",
        &format!("{} {}, {}: {}", theme.sign(reading.health), of.title(), reading.health.word(), reading.summary),
    );
    if let Some(rule) = alarm.metric_rule() {
        if let Some(metric) = rule.metric() {
            let dimensions: Vec<String> =
                metric.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
            say("metric", &format!("{} {} {}, {}", metric.namespace, metric.metric, metric.stat, dimensions.join(" ")));
        }
        if let MetricSource::Math(queries) = &rule.source {
            for query in queries {
                match &query.what {
                    QueryWhat::Metric(metric) => {
                        say("with", &format!("{} = {} {}", query.id, metric.metric, metric.stat));
                    }
                    QueryWhat::Expression(text) => say("formula", &format!("{} = {text}", query.id)),
                }
            }
        }
        say("rule", &alarm.limit_words(unit(alarm)));
        let missing = match rule.missing {
            MissingData::Missing => "is missing: the alarm may run out of data",
            MissingData::Ignore => "leaves the alarm as it is",
            MissingData::Breaching => "counts as breaching",
            MissingData::NotBreaching => "counts as within",
        };
        say("missing data", missing);
    }
    if let AlarmRule::Log(rule) = &alarm.rule {
        say("query", rule.query.as_str());
        for group in &rule.log_groups {
            say("log group", group.as_str());
        }
        say("rule", &alarm.limit_words(None));
    }
    if let AlarmRule::PromQl(rule) = &alarm.rule {
        say("query", rule.query.as_str());
        say("rule", &alarm.limit_words(None));
        say("recovers", &format!("not found for {}", brief(rule.recovery)));
    }
    if let Some(evaluation) = alarm.evaluation {
        say("evaluation", evaluation.words());
    }
    let switched = if alarm.actions_enabled { "on" } else { "switched off: nobody is told" };
    say("actions", switched);
    let bearings = &model.settings.bearings;
    match (alarm.muted(model.now), alarm.muted_words(model.now, &bearings.zone)) {
        (Some(mute), Some(words)) => say("muted", &format!("{words}, by the rule {}", mute.rule)),
        _ if alarm.mutes.is_none() => say("muted", "not told: its mute rules cannot be read"),
        _ => {}
    }
    for (when, arns) in
        [("on ALARM", &alarm.actions), ("on OK", &alarm.ok_actions), ("on no data", &alarm.insufficient_data_actions)]
    {
        for arn in arns {
            say(when, arn.as_str());
        }
    }
    if !alarm.tags.is_empty() {
        let tags: Vec<String> = alarm.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        say("tags", &tags.join("  "));
    }
    say("arn", alarm.arn.as_str());
    if matches!(alarm.rule, AlarmRule::Composite { .. }) {
        lines.push(Line::styled(" Rule", theme.style(Role::Strong)));
        lines.extend(tree::lines(alarm, place, theme));
    }
    lines.push(Line::styled(" History", theme.style(Role::Strong)));
    let mut changes: Vec<&AlarmTransition> =
        place.feeds.alarm_history.items().filter(|change| change.alarm == alarm.name).collect();
    changes.sort_by_key(|change| std::cmp::Reverse(change.at));
    if changes.is_empty() {
        let status = place.feeds.alarm_history.status();
        let (text, role) = match status.fault {
            Some(fault) if !status.has_value => {
                (format!("not read: {}; {}", fault.error, fault.error.class.remedy()), Role::Unknown)
            }
            None if !status.has_value => ("not read yet".to_owned(), Role::Unknown),
            _ => ("no change of state in the history".to_owned(), Role::Dim),
        };
        lines.push(Line::styled(fit(&format!("   {text}"), room), theme.style(role)));
    }
    for change in changes.iter().take(50) {
        let when = moment(change.at, model.now, &model.settings.bearings.zone);
        let states = format!("{} → {}", change.from.word(), change.to.word());
        lines.push(Line::from(vec![
            Span::styled(format!("   {}", fill(&when, LABEL)), theme.style(Role::Dim)),
            Span::styled(fill(&states, 26), theme.of_health(tree::of_state(change.to))),
            Span::styled(fit(change.reason.as_str(), room.saturating_sub(LABEL + 30)), theme.style(Role::Dim)),
        ]));
    }
    if changes.len() > 50 {
        lines.push(Line::styled(
            format!("   and {}", plural(changes.len() - 50, "older change", "older changes")),
            theme.style(Role::Dim),
        ));
    }
    lines
}

/// Where to read what to do: the operator's own rules, then a tag, then the first link of the description.
fn runbook(alarm: &Alarm, model: &Model) -> Option<String> {
    let by_rule = model.settings.bearings.runbooks.iter().find_map(|rule| rule.link(&alarm.name));
    let by_tag =
        || alarm.tags.iter().find(|(key, _)| key.as_str().eq_ignore_ascii_case("runbook")).map(|(_, v)| v.to_string());
    by_rule.or_else(by_tag).or_else(|| alarm.link_in_description().map(str::to_owned))
}
