//! Whose commit it is and who let it go: joined from the repository, told apart, and what would tell it where it is not told.

use std::sync::Arc;

use jiff::SignedDuration;
use opscon::app::model::Model;
use opscon::app::msg::{Msg, Size};
use opscon::app::update::update;
use opscon::domain::delivery::{Execution, Pipeline};
use opscon::domain::list::List;
use opscon::domain::source::{Commit, SourceRepository};
use opscon::domain::text::Text;
use opscon::report::status::Status;
use opscon::report::table::Table;
use opscon::world::authors::{self, Who};
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::Kind;
use opscon::world::port::{Answer, CloudError, FaultClass, FeedKey, Observation, Usage};
use opscon::world::timeline::{Event, EventKind};
use opscon::world::{changes, suspects};

use crate::support::{draw, model_at, text_of};

const WIDE: Size = Size { width: 120, height: 40 };
const NARROW: Size = Size { width: 80, height: 24 };

/// Nine minutes into a bad deploy, with this answer in place of what the repository says.
fn of(size: Size, answer: Answer) -> Model {
    let (mut model, _) = model_at("bad-deploy", 9, size);
    tell(&mut model, Feed::Repositories, answer);
    model
}

fn tell(model: &mut Model, feed: Feed, answer: Answer) {
    let (place, _) = model.world.all_of(Kind::Pipeline).next().unwrap();
    let key = FeedKey::all(feed, Arc::clone(&model.world.places()[place].scope));
    let now = model.now;
    update(model, now, Msg::Observed(Box::new(Observation::of(key, now, answer, None))));
}

/// A repository as it is told, and why there is no more of it.
fn repository(commits: Option<Vec<Commit>>, why: &[(FaultClass, &str, &str)]) -> Answer {
    let it = SourceRepository {
        key: "acme/shop main".into(),
        name: "acme/shop".into(),
        provider: "GitHub".into(),
        branch: "main".into(),
        commits,
        connection: Some("AVAILABLE".into()),
        pulls: None,
    };
    let gap = |(class, operation, message): &(FaultClass, &str, &str)| CloudError {
        class: *class,
        operation: (*operation).into(),
        message: (*message).into(),
        missing: None,
    };
    let payload = Payload::Repositories(Arc::new(List::new(vec![it])));
    Answer { gaps: why.iter().map(gap).collect(), ..Answer::of(Ok(payload), Usage::default()) }
}

fn web(model: &Model) -> Pipeline {
    let mut all = model.world.places().iter().flat_map(|place| place.feeds.pipelines.items());
    all.find(|it| it.name == "web").unwrap().clone()
}

/// Somebody starts the newest run by hand.
fn by_hand(model: &mut Model, who: &str) {
    let mut it = web(model);
    let newest: &mut Execution = &mut it.executions[0];
    newest.trigger = Some("StartPipelineExecution".into());
    newest.by = Some(who.into());
    tell(model, Feed::Pipelines, Answer::of(Ok(Payload::Pipelines(Arc::new(List::new(vec![it])))), Usage::default()));
}

fn press(model: &mut Model, keys: &str) {
    for key in keys.split(' ') {
        let now = model.now;
        update(model, now, Msg::Key(key.parse().unwrap()));
    }
}

#[track_caller]
fn shows(model: &Model, words: &str) {
    let screen = text_of(&draw(model));
    let flat = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words), "{words:?} is not in\n{screen}");
}

#[test]
fn in_the_drill_as_with_aws_only_the_repository_knows_the_author() {
    let (mut model, _) = model_at("bad-deploy", 9, WIDE);
    let it = web(&model);
    assert!(it.executions.iter().all(|run| run.revision.as_ref().unwrap().author.is_none()));
    let newest = it.executions[0].revision.as_ref().unwrap();
    assert_eq!(authors::of(&model.sight(), newest), Some(&Text::new("maria")));
    press(&mut model, "3");
    shows(&model, "push by maria");
    press(&mut model, "enter");
    for words in ["\"cache the basket\", push by maria", "Source succeeded v419, push by maria", "84960eb by maria"] {
        shows(&model, words);
    }
    press(&mut model, "enter");
    shows(&model, "execution v419-f8aa5ae8, push by maria");
    shows(&model, "4:30 push by lena");
}

#[test]
fn whoever_started_it_and_whoever_wrote_it_are_told_apart() {
    let (mut model, _) = model_at("bad-deploy", 9, WIDE);
    by_hand(&mut model, "oskar");
    let it = web(&model);
    let who = Who::of(&model.sight(), &it.executions[0]).words(&it.executions[0]);
    assert_eq!(who, "manual by oskar, commit by maria");
    press(&mut model, "3 enter");
    shows(&model, "\"cache the basket\", manual by oskar, commit by maria");
    press(&mut model, "enter");
    shows(&model, "2:20 manual by oskar, commit by maria");
    // The table has both, to filter by either.
    for (filter, rows) in [("trigger:oskar", 1), ("author:maria", 1), ("author:oskar", 0)] {
        let mut table = Table::of("pipelines", &model.sight()).unwrap();
        table.filter(&format!("kind:pipeline {filter}")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&table.to_json()).unwrap();
        assert_eq!(json["rows"].as_array().unwrap().len(), rows, "{filter}");
    }
    // What happened has one who did it, and says whose commit it was.
    let is_it = |event: &&Arc<Event>| event.what.as_str().starts_with("web v419 began");
    let began = model.world.places().iter().flat_map(|place| place.timeline.shared()).find(is_it).cloned().unwrap();
    assert_eq!((began.by.as_str(), began.kind), ("oskar", EventKind::Run));
    assert_eq!(began.what.as_str(), "web v419 began, manual \"cache the basket\" (commit by maria)");
    // Where both are one, once is enough.
    by_hand(&mut model, "maria");
    let it = web(&model);
    assert_eq!(Who::of(&model.sight(), &it.executions[0]).words(&it.executions[0]), "manual by maria");
}

#[test]
fn a_change_that_only_the_pipeline_tells_of_has_both() {
    let (mut model, _) = model_at("bad-deploy", 9, WIDE);
    // Nothing that deploys says anything: the pipeline is all there is, as for CloudFormation.
    let none = Payload::Deployments(Arc::new(List::default()));
    tell(&mut model, Feed::Deployments, Answer::of(Ok(none), Usage::default()));
    let of = |model: &Model| {
        let all = changes::since(&model.world, model.now - SignedDuration::from_mins(15));
        all.into_iter().find(|change| change.what.contains("in Production")).unwrap()
    };
    let change = of(&model);
    assert_eq!(
        (change.by.as_str(), change.what.as_str()),
        ("maria", "deploy web v419 in Production \"cache the basket\"",)
    );
    by_hand(&mut model, "oskar");
    let change = of(&model);
    assert_eq!(
        (change.by.as_str(), change.what.as_str()),
        ("oskar", "deploy web v419 in Production \"cache the basket\" (commit by maria)",)
    );
    shows(&model, "\"cache the basket\" (commit by maria) by oskar");
    // The suspect is the same event.
    let (place, alarm) = model
        .world
        .all_of(Kind::Alarm)
        .find_map(|(place, item)| match item {
            opscon::world::item::Item::Alarm(alarm) if alarm.is_firing() => Some((place, alarm)),
            _ => None,
        })
        .unwrap();
    let all = suspects::of_alarm(&alarm, place, &model.sight());
    let deploy = all.iter().find(|suspect| suspect.event.what.as_str().contains("v419")).unwrap();
    assert_eq!(deploy.event.by, "oskar");
    assert!(deploy.event.what.as_str().ends_with("(commit by maria)"), "{}", deploy.event.what);
    // Without the repository it is known who started it, and nobody is made up.
    tell(&mut model, Feed::Repositories, repository(None, &[]));
    assert_eq!(of(&model).what, "deploy web v419 in Production \"cache the basket\"");
    let status = Status::of("drill", &[], &model.sight()).to_json();
    assert!(status.contains("oskar") && !status.contains("commit by"), "{status}");
}

/// Why the author is not told, as GitHub's reader says it, and what the page of a pipeline makes of it.
#[test]
fn what_hides_the_author_is_told_with_what_would_show_it() {
    let private = "acme/shop is gone, or private: set GITHUB_TOKEN or `token_command`, with scope `repo` or \"Pull requests: \
                   read\" and \"Contents: read\"";
    let deleted = "acme/shop is gone, or the token may not see it: scope `repo`";
    let limit = "GitHub is not asked for 12 min: its limit is reached (0 of 60 requests left, anew in 12 min); a token \
                 raises it to 5,000 an hour: set GITHUB_TOKEN or `token_command`";
    let refused = "GitHub does not accept a token from `token_command`: renew it";
    for (class, words, told) in [
        (FaultClass::NotFound, private, "with scope `repo` or"),
        (FaultClass::NotFound, deleted, "acme/shop is gone, or the token may not see it: scope `repo`"),
        (FaultClass::Throttled, limit, "0 of 60 requests left, anew in 12 min"),
        (FaultClass::Expired, refused, "does not accept a token"),
        (FaultClass::NotFound, "acme/shop is gone (Repository access blocked)", "acme/shop is gone"),
    ] {
        for size in [WIDE, NARROW] {
            let mut model = of(size, repository(None, &[(class, "github:commits", words)]));
            press(&mut model, "3 enter g");
            shows(&model, "whose commits these are is not told:");
            shows(&model, told);
            // What AWS tells is there all the same.
            shows(&model, "v419 \"cache the basket\", push, 23 min ago");
        }
    }
    // What is missing of another thing is not the reason.
    let other = [(FaultClass::NotFound, "github:commits", "acme/other is gone")];
    let mut model = of(WIDE, repository(None, &other));
    press(&mut model, "3 enter");
    assert!(!text_of(&draw(&model)).contains("whose commits"));
    // Commits that are read and too new for this one: it is older, and what else may not be read is not the reason.
    let pulls = [(FaultClass::Denied, "github:pulls", "acme/shop: the token may not read it")];
    let mut model = of(WIDE, repository(Some(Vec::new()), &pulls));
    press(&mut model, "3 enter");
    assert!(!text_of(&draw(&model)).contains("whose commits"));
}

#[test]
fn a_repository_that_never_answered_hides_nothing_else() {
    let (mut model, opened) = model_at("calm", 0, WIDE);
    // Another world, in which the question has failed from the beginning.
    model.world = opscon::world::World::of(&opened.session.scopes);
    let denied = CloudError {
        class: FaultClass::Denied,
        operation: "codeconnections:GetConnection".into(),
        message: "not authorized to perform codeconnections:GetConnection".into(),
        missing: Some("codeconnections:GetConnection".into()),
    };
    for key in model.world.keys().collect::<Vec<_>>() {
        let mut answer = opened.drill.as_ref().unwrap().answer(&key);
        if key.feed == Feed::Repositories {
            answer = Answer::of(Err(denied.clone()), Usage::default());
        }
        let now = model.now;
        update(&mut model, now, Msg::Observed(Box::new(Observation::of(key, now, answer, None))));
    }
    press(&mut model, "3");
    // The list says what is missing of it, and shows what there is.
    shows(&model, "repositories");
    shows(&model, "✔ ok web");
    press(&mut model, "enter");
    shows(&model, "whose commits these are is not told: not authorized to perform codeconnections:GetConnection");
}
