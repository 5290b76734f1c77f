//! The plan for losing a region, step by step, and where a name leads.

use std::sync::Arc;

use jiff::SignedDuration;
use opscon::domain::autoscaling::AutoScalingGroup;
use opscon::domain::list::List;
use opscon::domain::recovery::FailoverRecord;
use opscon::ops::plan::{Blast, Plan, Why};
use opscon::ops::record::{Intent, Outcome, Person, Story};
use opscon::ops::region::{Leg, State, stand};
use opscon::ops::{Progress, Target};
use opscon::world::act::Step;
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::Kind;

use super::{Rehearsal, observe};

const SECOND: &str = "acme-prod/eu-central-1";
const GLOBAL: &str = "acme-prod/global";
const SHOP: &str = "shop.acme.example";

fn legs(on: &Rehearsal, stories: &[Story]) -> Vec<Leg> {
    stand(&on.model.sight(), stories)
}

/// Where each step stands, in a word.
fn words(legs: &[Leg]) -> Vec<&'static str> {
    let word = |leg: &Leg| match leg.state {
        State::Done => "done",
        State::Now => "now",
        State::Later => "later",
        State::UnderWay(_) => "under way",
        State::ByHand(_) => "by hand",
        State::Refused(_) => "refused",
    };
    legs.iter().map(word).collect()
}

#[track_caller]
fn next(on: &Rehearsal) -> Plan {
    on.plan("region.failover", SECOND, &[]).unwrap_or_else(|refusal| panic!("{refusal}"))
}

#[track_caller]
fn refused(on: &Rehearsal, operation: &str, target: &str, said: &[(&str, &str)], why: Why, words: &str) {
    let refusal = on.plan(operation, target, said).unwrap_err();
    assert_eq!(refusal.why, why, "{refusal}");
    assert!(refusal.text.contains(words), "{refusal}");
}

/// Sends a plan and lives until it is reached.
#[track_caller]
fn carry(on: &mut Rehearsal, plan: &Plan) {
    on.send(plan).unwrap();
    for _ in 0..plan.deadline.as_mins() {
        match on.progress(plan) {
            Progress::Reached => return,
            Progress::Failed(why) => panic!("{}: {why}", plan.title),
            Progress::Waiting(_) => on.live(1),
        }
    }
    panic!("{} was not reached", plan.title);
}

/// What the journal would hold of a plan that was begun a moment ago.
fn story(on: &Rehearsal, plan: &Plan, ended: Option<Outcome>) -> Story {
    let intent = Intent {
        world: "drill:region-loss".into(),
        operation: plan.operation.into(),
        target: plan.target.clone(),
        id: plan.of.id().cloned(),
        scope: plan.scope.to_string(),
        title: plan.title.clone(),
        params: plan.params.clone(),
        steps: plan.steps.clone(),
        changes: plan.changes.clone(),
        expects: plan.expects.clone(),
        undo: plan.undo.clone(),
        planned_at: plan.made_at,
        deadline_seconds: plan.deadline.as_secs(),
        reason: "INC-7".into(),
        caller: None,
        by: Person::default(),
        digest: String::new(),
        version: String::new(),
    };
    Story {
        op: "1a2b".into(),
        intent,
        began: on.model.now,
        sent: 1,
        accepted: 0,
        requests: Vec::new(),
        granted_by: None,
        trouble: None,
        waits: None,
        ended: ended.map(|outcome| (on.model.now, outcome, String::new())),
    }
}

#[test]
fn a_lost_region_is_mended_step_by_step_each_approved_by_itself() {
    let mut on = Rehearsal::of("region-loss", 8);
    assert_eq!(words(&legs(&on, &[])), ["now", "later", "later"]);
    let promote = next(&on);
    assert_eq!((promote.operation, promote.target.as_str()), ("replica.promote", "orders-replica-dr"));
    assert_eq!((promote.blast, promote.scope.to_string().as_str()), (Blast::Destructive, SECOND));
    assert!(promote.title.starts_with("step 1 of 3: "), "{}", promote.title);
    // A second look before sending asks the operation itself, and sees the same.
    assert!(on.plan("replica.promote", "orders-replica-dr", &[]).unwrap().is_same_as(&promote));
    carry(&mut on, &promote);
    assert_eq!(words(&legs(&on, &[])), ["done", "now", "later"]);
    let scale = next(&on);
    assert_eq!((scale.operation, scale.target.as_str()), ("asg.scale", "web-dr"));
    on.send(&scale).unwrap();
    on.live(1);
    assert_eq!(words(&legs(&on, &[])), ["done", "under way", "later"]);
    refused(&on, "region.failover", SECOND, &[], Why::State, "step 2 of 3, scale group web-dr to 6: ");
    on.live(5);
    assert_eq!(words(&legs(&on, &[])), ["done", "done", "now"]);
    let dns = next(&on);
    assert_eq!((dns.operation, dns.target.as_str(), dns.scope.to_string().as_str()), ("dns.switch", SHOP, GLOBAL));
    carry(&mut on, &dns);
    assert_eq!(words(&legs(&on, &[])), ["done"; 3]);
    refused(&on, "region.failover", SECOND, &[], Why::Nothing, "all of it is done, 3 steps");
    on.live_until_mended(25);
}

#[test]
fn what_was_begun_before_a_restart_is_not_begun_twice() {
    let on = Rehearsal::of("region-loss", 8);
    let promote = next(&on);
    // Nobody wrote how it ended.
    let open = legs(&on, &[story(&on, &promote, None)]);
    assert_eq!(words(&open), ["under way", "later", "later"]);
    let State::UnderWay(text) = &open[0].state else { panic!() };
    assert_eq!(text, "replica.promote 1a2b: no known end");
    let uncertain = story(&on, &promote, Some(Outcome::Uncertain));
    assert_eq!(words(&legs(&on, &[uncertain]))[0], "under way");
    // It is known that nothing came of it, or it is of another time or of another thing: then it can be begun.
    let ended = story(&on, &promote, Some(Outcome::Refused));
    let mut old = story(&on, &promote, None);
    old.began = on.model.now - SignedDuration::from_hours(25);
    let mut other = story(&on, &promote, None);
    other.intent.id = Some("orders-replica-1".into());
    let mut elsewhere = story(&on, &promote, None);
    elsewhere.intent.scope = "acme-prod/eu-west-1".into();
    assert_eq!(words(&legs(&on, &[ended, old, other, elsewhere]))[0], "now");
    // A second person is waited for, until then.
    let waits = |minutes| {
        let until = on.model.now + SignedDuration::from_mins(minutes);
        Story { waits: Some(("K7Q2".into(), until)), ..story(&on, &promote, None) }
    };
    assert_eq!(words(&legs(&on, &[waits(5)]))[0], "under way");
    assert_eq!(words(&legs(&on, &[waits(-5)]))[0], "now");
}

#[test]
fn a_step_that_cannot_be_taken_says_why_and_holds_up_the_rest() {
    let mut on = Rehearsal::of("region-loss", 4);
    let plan = |on: &mut Rehearsal, change: &dyn Fn(&mut opscon::domain::recovery::FailoverPlan)| {
        change(on.model.settings.bearings.failover.as_mut().unwrap());
    };
    refused(&on, "region.failover", "acme-prod/eu-west-1", &[], Why::Bounds, "leads from eu-west-1 to eu-central-1");
    plan(&mut on, &|plan| plan.steps[0].target = "orders-nowhere".into());
    refused(
        &on,
        "region.failover",
        SECOND,
        &[],
        Why::Unknown,
        "step 1 of 3, promote replica orders-nowhere: there is no",
    );
    assert_eq!(words(&legs(&on, &[])), ["refused", "later", "later"]);
    // Only the group is left, and how many is not said.
    plan(&mut on, &|plan| {
        plan.steps.remove(0);
        plan.steps[0].to = None;
    });
    refused(&on, "region.failover", SECOND, &[], Why::Bounds, "does not say how many");
    plan(&mut on, &|plan| plan.steps[0].to = Some(6));
    let place = on.of_kind(Kind::Group, "web-dr").place;
    let mut groups: Vec<AutoScalingGroup> = on.model.world.places()[place].feeds.groups.items().cloned().collect();
    for group in &mut groups {
        group.suspended = vec!["Launch".into()];
    }
    observe(&mut on.model, place, Feed::Groups, Payload::Groups(Arc::new(List::new(groups))));
    refused(&on, "region.failover", SECOND, &[], Why::State, "Launch is suspended in web-dr");
    plan(&mut on, &|plan| plan.steps.clear());
    refused(&on, "region.failover", SECOND, &[], Why::Unknown, "no plan for losing a region");
    on.model.settings.bearings.failover = None;
    assert!(legs(&on, &[]).is_empty());
}

fn with_record(on: &mut Rehearsal, change: impl FnOnce(&mut Vec<FailoverRecord>)) {
    let Target::Scope(place) = on.target("dns.switch", GLOBAL) else { panic!() };
    let mut all: Vec<FailoverRecord> = on.model.world.places()[place].feeds.records.items().cloned().collect();
    change(&mut all);
    observe(&mut on.model, place, Feed::Records, Payload::Records(Arc::new(List::new(all))));
}

#[test]
fn what_comes_by_hand_is_said_and_holds_nothing_up() {
    let mut on = Rehearsal::of("region-loss", 8);
    let steps = &mut on.model.settings.bearings.failover.as_mut().unwrap().steps;
    steps.rotate_right(1);
    with_record(&mut on, |all| all[0].switch = None);
    assert_eq!(words(&legs(&on, &[])), ["by hand", "now", "later"]);
    let promote = next(&on);
    assert!(promote.warnings.iter().any(|it| it.contains("has no health check to turn")), "{:?}", promote.warnings);
    with_record(&mut on, Vec::clear);
    let by_hand = legs(&on, &[]);
    assert!(
        matches!(&by_hand[0].state, State::ByHand(text) if text.contains("is not among the failover records that are read")),
        "{by_hand:?}"
    );
    on.model.settings.bearings.failover.as_mut().unwrap().steps.truncate(1);
    refused(&on, "region.failover", SECOND, &[], Why::State, "all else is done; step 1 of 1");
}

#[test]
fn a_name_is_led_to_the_other_region_and_back() {
    let mut on = Rehearsal::of("calm", 5);
    let said = [("record", SHOP), ("to", "eu-central-1")];
    let (there, minutes) = on.carry_out("dns.switch", GLOBAL, &said);
    let [Step::InvertHealthCheck { is_inverted: true, .. }] = there.steps.as_slice() else {
        panic!("{:?}", there.steps)
    };
    assert_eq!((there.blast, there.target.as_str()), (Blast::Disruptive, SHOP));
    assert!((1..=3).contains(&minutes), "{minutes}");
    refused(&on, "dns.switch", GLOBAL, &said, Why::Nothing, "leads to eu-central-1 already");
    let undo = there.undo.unwrap();
    let back = [("record", undo.params["record"].as_str()), ("to", undo.params["to"].as_str())];
    let (back, _) = on.carry_out(undo.operation.as_str(), GLOBAL, &back);
    assert!(matches!(back.steps.as_slice(), [Step::InvertHealthCheck { is_inverted: false, .. }]));
    for (record, to, why, words) in [
        (SHOP, "us-east-1", Why::Bounds, "leads to eu-west-1 or eu-central-1, not to us-east-1"),
        ("www.acme.example", "eu-central-1", Why::Unknown, "no failover record www"),
    ] {
        refused(&on, "dns.switch", GLOBAL, &[("record", record), ("to", to)], why, words);
    }
    with_record(&mut on, |all| all[0].switch = None);
    refused(&on, "dns.switch", GLOBAL, &said, Why::State, "has no health check that may be turned");
}

#[test]
fn a_check_is_turned_over_and_only_where_it_is_known_which_way_that_leads() {
    let there = [("record", SHOP), ("to", "eu-central-1")];
    let back = [("record", SHOP), ("to", "eu-west-1")];
    let on = |change: &dyn Fn(&mut FailoverRecord)| {
        let mut on = Rehearsal::of("calm", 5);
        with_record(&mut on, |all| change(&mut all[0]));
        on
    };
    let blind = on(&|it| it.serving = None);
    refused(&blind, "dns.switch", GLOBAL, &there, Why::Blind, "turned, it may lead anywhere");
    // It went by itself: upside down, what fails would look like health.
    let moved = on(&|it| (it.serving, it.primary_healthy) = (Some("eu-central-1".into()), Some(false)));
    refused(&moved, "dns.switch", GLOBAL, &back, Why::State, "back by itself once that is well");
    // It was turned, and the first region has failed since, which leads back to it.
    let turned = on(&|it| {
        it.primary_healthy = Some(false);
        it.switch.as_mut().unwrap().is_inverted = true;
    });
    let plan = turned.plan("dns.switch", GLOBAL, &there).unwrap();
    assert!(
        matches!(plan.steps.as_slice(), [Step::InvertHealthCheck { is_inverted: false, .. }]) && plan.undo.is_none()
    );
    let shared = on(&|it| {
        it.asks_target = true;
        it.switch.as_mut().unwrap().shared_with = vec!["api.acme.example".into()];
    });
    let plan = shared.plan("dns.switch", GLOBAL, &there).unwrap();
    for words in ["decides for api.acme.example: they move too", "leads away from a target that is down too"] {
        assert!(plan.warnings.iter().any(|warning| warning.contains(words)), "{:?}", plan.warnings);
    }
}
