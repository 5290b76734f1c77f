//! An action of a pipeline in words: everything there is to say of its newest run.

use crate::domain::board::BoxId;
use crate::domain::delivery::{Action, LogTail, Pipeline, RunStatus, Stage};
use crate::domain::text::Text;
use crate::domain::units::{brief, count, long, moment, since};
use crate::world::Place;
use crate::world::authors;
use crate::world::board::pipeline_map::mapped;
use crate::world::builds;
use crate::world::room::standing::is_waiting;
use crate::world::sight::Sight;

/// `succeeded`, `waiting`: the state in a word.
pub fn state(action: &Action) -> &'static str {
    if is_waiting(action) { "waiting" } else { action.status.word() }
}

/// What there is to say beside state, version and time, what matters most first.
pub fn notes(stage: &Stage, action: &Action, place: &Place, sight: &Sight<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    all.extend(action.error.as_ref().map(ToString::to_string));
    all.extend(tests(action, place));
    all.extend((action.flaky == Some(true)).then(|| "failed, then passed, on the same commit".into()));
    if is_waiting(action)
        && let Some(asked) = action.started
    {
        let when = moment(asked, sight.at, sight.zone());
        all.push(format!("asked at {when}, {} ago", brief(since(sight.at, asked))));
    }
    let is_said = action.error.as_ref() == Some(&action.summary);
    all.extend((!action.summary.is_empty() && !is_said).then(|| action.summary.to_string()));
    all.extend((!action.by.is_empty()).then(|| format!("by {}", action.by)));
    all.extend(findings(stage, action, place, sight));
    let outputs = action.outputs.as_ref().filter(|outputs| !outputs.is_empty());
    all.extend(outputs.map(|outputs| outputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
    all.extend(action.region.as_ref().map(|region| format!("in {region}")));
    all.extend(action.role.as_ref().map(|role| format!("as {role}")));
    // While it is edited the structure may have lost what the state still tells.
    all.extend((action.category.is_none()).then(|| "what kind of action it is, is not told".into()));
    all
}

/// `812 passed`, `3 failed of 812: tax::rounds, …`.
fn tests(action: &Action, place: &Place) -> Option<String> {
    let tests = builds::tests(action, builds::at(place, action))?;
    let all = u64::from(tests.passed) + u64::from(tests.failed);
    if tests.failed == 0 {
        return Some(format!("{} passed", count(u64::from(tests.passed))));
    }
    let names: Vec<&str> = tests.failing.iter().map(Text::as_str).collect();
    let names = if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    Some(format!("{} of {} tests failed{names}", count(u64::from(tests.failed)), count(all)))
}

/// Of a scan what it found, of an image its digest: as the registry tells, for the version the action carries.
fn findings(stage: &Stage, action: &Action, place: &Place, sight: &Sight<'_>) -> Option<String> {
    let to = mapped(&sight.bearings.pipeline_rules, stage.name.as_str(), action).to?;
    if !matches!(to, BoxId::SecurityScan | BoxId::DockerImage | BoxId::RegistryPush) {
        return None;
    }
    let version = action.version.as_ref().filter(|_| action.status == RunStatus::Succeeded)?;
    let mut with = place
        .feeds
        .images
        .items()
        .filter_map(|repo| Some((repo, repo.images.iter().find(|image| image.tag == *version)?)));
    let (repo, image) = with.next()?;
    // Two repositories with the same tag: whose it is, is not told.
    if with.next().is_some() {
        return None;
    }
    if to == BoxId::SecurityScan {
        let (scan, newest) = (repo.scan.as_ref()?, repo.images.first()?);
        // A repository tells the findings of its newest image.
        let found = format!("{} critical, {} high, {} medium", scan.critical, scan.high, scan.medium);
        return (newest.tag == *version).then_some(found);
    }
    Some(image.digest.as_str().get(..19).unwrap_or(image.digest.as_str()).to_owned())
}

/// What a page says of a pipeline before anything else, where it is not as most are.
pub fn caveats(pipeline: &Pipeline, place: &Place, sight: &Sight<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let running = pipeline.executions.iter().filter(|run| run.status == RunStatus::InProgress).count();
    if pipeline.is_parallel() {
        all.push(format!(
            "PARALLEL mode: {running} under way, and several may be in a stage at once; of a stage the one that came last is told"
        ));
    }
    let is_old = |stage: &&Stage| stage.execution.is_some() && pipeline.held(stage).is_none();
    let old: Vec<&str> = pipeline.stages.iter().filter(is_old).map(|stage| stage.name.as_str()).collect();
    if !old.is_empty() {
        all.push(format!("{}: what is in it is older than what is listed", old.join(", ")));
    }
    all.extend(authors::untold(sight, place, pipeline));
    all
}

/// The end of its log: as the action tells, else as its build does.
pub fn log(action: &Action, place: &Place) -> Option<LogTail> {
    let of_build = || {
        let build = builds::at(place, action)?;
        Some(LogTail { source: build.id.clone(), lines: build.log.clone()? })
    };
    action.log.clone().or_else(of_build)
}

/// Why there is no log to be seen.
pub fn without_log(action: &Action) -> &'static str {
    match action.category.as_ref().map(Text::as_str) {
        Some("Approval" | "Source") => "an action of this kind keeps no log",
        _ if action.status == RunStatus::NotStarted => "it has not run yet",
        _ => "its log is not read",
    }
}

/// `4 min 30 s, usually 3 min`.
pub fn pace(action: &Action, sight: &Sight<'_>) -> String {
    let took = action.took(sight.at).map_or_else(|| "-".to_owned(), long);
    action.usual.map_or_else(|| took.clone(), |usual| format!("{took}, usually {}", long(usual)))
}
