//! The end of the log of an action: what its build, its deployment or its function wrote last.

use crate::domain::delivery::LogTail;
use crate::domain::text::Text;
use crate::domain::units::plural;
use crate::drill::delivery::{PRODUCTION, Run, STEPS};
use crate::drill::rollout::Outcome;
use crate::drill::simulation::Simulation;

/// Of a run that began then; `failed` once it is over. What asks people, or only fetches, keeps no log.
pub(super) fn tail(s: &Simulation, run: &Run, position: usize, started: i64, failed: Option<bool>) -> Option<LogTail> {
    let step = &STEPS[position];
    let lines = match step.provider {
        "CodeBuild" => build(run, position, failed),
        "CodeDeploy" if position == PRODUCTION => deployment(s, run),
        "CodeDeploy" => {
            vec![format!("{} to {}-staging: BeforeInstall, ApplicationStart, ValidateService", run.version, run.fleet)]
        }
        "Lambda" => function(run, failed),
        _ => return None,
    };
    let stream = s.noise.of(run.id.as_str()).of(step.name).hex(started, 12);
    let source = match step.provider {
        "CodeBuild" => format!("/aws/codebuild/{}-{} {stream}", run.pipeline, step.name.to_lowercase()),
        "Lambda" => format!("/aws/lambda/{}-smoke {stream}", run.pipeline),
        _ => format!("codedeploy {stream}"),
    };
    Some(LogTail { source: source.into(), lines: lines.iter().map(|line| Text::new(line)).collect() })
}

fn build(run: &Run, position: usize, failed: Option<bool>) -> Vec<String> {
    let step = &STEPS[position];
    let sha: String = run.sha.as_str().chars().take(7).collect();
    let mut lines = vec![
        format!("[Container] Entering phase BUILD of {} at {sha}", step.name),
        format!("[Container] Running command make {}", step.name.to_lowercase()),
        format!("   Compiling {} {}", run.fleet, run.version),
    ];
    let failing: &[Text] = match &run.trip {
        Some(trip) if trip.position == position && failed == Some(true) => &trip.failing,
        _ => &[],
    };
    let is_test = step.category == "Test";
    if is_test {
        lines.push("running the tests".into());
    }
    for it in failing {
        if !is_test {
            lines.push(format!("FOUND {it}"));
            continue;
        }
        lines.push(format!("test {it} ... FAILED"));
        // What passes on the same commit another time fails by the clock.
        if run.trip.as_ref().is_some_and(|trip| trip.passes_on.is_some()) {
            lines.push(format!("thread '{it}' panicked: timed out after 30 s"));
        } else {
            lines.push(format!("thread '{it}' panicked at src/{}.rs:118:9:", it.as_str().replace("::", "/")));
            lines.push("  assertion `left == right` failed".into());
        }
    }
    lines.extend(match failed {
        None => None,
        Some(true) => Some(format!("{} failed", plural(failing.len().max(1), "step", "steps"))),
        Some(false) if is_test => Some("test result: ok. 0 failed".into()),
        Some(false) => Some("done".into()),
    });
    if let Some(failed) = failed {
        lines.push(format!("[Container] Phase complete: BUILD State: {}", if failed { "FAILED" } else { "SUCCEEDED" }));
    }
    lines
}

fn deployment(s: &Simulation, run: &Run) -> Vec<String> {
    let Some(rollout) = s.rollout_of(run) else { return Vec::new() };
    let of = format!("{} of {}", rollout.done, rollout.total);
    let mut lines = vec![
        format!("{} replaces {} in {}, two at a time", rollout.release.version, rollout.from, run.fleet),
        format!("{of} replaced"),
    ];
    lines.extend(match &rollout.outcome {
        Outcome::Running if rollout.stalls_after.is_some_and(|most| rollout.done >= most) => {
            vec![
                "waiting for the agent of the next instance: no answer".into(),
                "waiting for the agent: no answer".into(),
            ]
        }
        Outcome::Running => vec!["waiting for the next batch".into()],
        Outcome::Succeeded => vec!["every target is healthy".into()],
        Outcome::Stopped => vec!["stopped by a newer deployment".into()],
        Outcome::Failed { ill } => vec![
            "GET /health 503 Service Unavailable".into(),
            format!("error: {ill} targets fail their health checks (HEALTH_CONSTRAINTS)"),
            "the deployment failed because too few instances are healthy".into(),
        ],
    });
    lines
}

fn function(run: &Run, failed: Option<bool>) -> Vec<String> {
    let mut lines =
        vec![format!("START smoke of {} {}", run.fleet, run.version), "GET / 200".into(), "GET /health 200".into()];
    lines.extend(failed.map(|failed| if failed { "END failed".to_owned() } else { "END ok".to_owned() }));
    lines
}
