//! What CodeBuild ran for the pipelines: a build behind every action it carries out.

use jiff::SignedDuration;

use crate::domain::build::{Artifact, Build, Phase};
use crate::domain::delivery::RunStatus;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::delivery::{Run, STEPS};
use crate::drill::feeds::pipelines::{PIPELINES, external_id, progress, tests};
use crate::drill::fleet::TICK;
use crate::drill::simulation::Simulation;

/// Builds listed of each project.
const LISTED: usize = 6;

pub(super) fn builds(s: &Simulation, site: Site) -> Vec<Build> {
    if site != Site::Prod {
        return Vec::new();
    }
    let of = |pipeline, position| {
        let runs = s.runs.iter().rev().filter(move |run| run.pipeline == pipeline && run.pushed <= s.tick);
        runs.filter_map(move |run| build(s, run, position)).take(LISTED)
    };
    let positions = |pipeline| (0..STEPS.len()).flat_map(move |position| of(pipeline, position));
    let mut all: Vec<Build> = PIPELINES.into_iter().flat_map(positions).collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    all
}

fn build(s: &Simulation, run: &Run, position: usize) -> Option<Build> {
    let step = STEPS.get(position).filter(|step| step.provider == "CodeBuild")?;
    let progress = progress(s, run, position)?;
    let id = external_id(s, run, position, progress.started)?;
    let done = progress.status == RunStatus::Succeeded;
    let ended = progress.finished.unwrap_or(s.tick);
    // A fifth of the time goes by before its own commands run.
    let took = SignedDuration::from_secs((ended - progress.started) * TICK);
    let phase = |name: &str, part: f64| Phase {
        name: name.into(),
        status: if done { "SUCCEEDED".into() } else { Text::default() },
        took: done.then(|| took.mul_f64(part)),
        message: Text::default(),
    };
    Some(Build {
        project: id.as_str().split(':').next().unwrap_or_default().into(),
        id,
        number: None,
        status: progress.status,
        word: match progress.status {
            RunStatus::Succeeded => "SUCCEEDED".into(),
            RunStatus::Failed => "FAILED".into(),
            RunStatus::Stopped => "STOPPED".into(),
            _ => "IN_PROGRESS".into(),
        },
        commit: Some(run.sha.clone()),
        by: format!("codepipeline/{}", run.pipeline).into(),
        started: Some(s.at(progress.started)),
        finished: progress.finished.map(|tick| s.at(tick)),
        phases: vec![phase("PROVISIONING", 0.1), phase("INSTALL", 0.1), phase("BUILD", 0.8)],
        artifacts: if step.name == "Package" && done {
            vec![Artifact {
                location: format!("s3://acme-artifacts/{}/{}.zip", run.pipeline, run.version).into(),
                sha256: Some(s.noise.of(run.sha.as_str()).hex(11, 32).into()),
            }]
        } else {
            Vec::new()
        },
        exports: if step.name == "Docker-Image" && done {
            vec![("IMAGE_TAG".into(), run.version.clone())]
        } else {
            Vec::new()
        },
        tests: tests(s, run, position, &progress),
        log_link: None,
        log: None,
    })
}
