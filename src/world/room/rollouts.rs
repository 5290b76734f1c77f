//! A deployment, whatever service carries it out: how it stands, in a line and in a sentence.

use jiff::SignedDuration;

use super::stages::{Mark, Part};
use super::standing::Standing;
use crate::domain::delivery::{DeployStatus, Deployment};
use crate::domain::health::Health;
use crate::domain::units::{long, since, stopwatch};
use crate::world::sight::Sight;

/// For how long it runs, and how long the one before took, where it is stuck.
pub fn stuck(deploy: &Deployment, sight: &Sight<'_>) -> Option<(SignedDuration, SignedDuration)> {
    let usual = deploy.usual.filter(|_| deploy.is_running())?;
    let runs = since(sight.at, deploy.started);
    (runs.as_secs_f64() > usual.as_secs_f64() * sight.limits().stuck_deploy_factor).then_some((runs, usual))
}

pub fn standing(deploy: &Deployment, sight: &Sight<'_>) -> Standing {
    let (to, from) = (&deploy.to, &deploy.from);
    let done = format!("{} of {}", deploy.done, deploy.total);
    // Half of it may run one version, and half the other.
    let mixed =
        if deploy.done > 0 && deploy.done < deploy.total { format!(", the rest {from}") } else { String::new() };
    let why = if deploy.reason.is_empty() { String::new() } else { format!(": {}", deploy.reason) };
    let (health, word, now) = match deploy.status {
        DeployStatus::InProgress => match stuck(deploy, sight) {
            Some((runs, usual)) => (
                Health::Bad,
                "stuck",
                format!("{to} stuck at {done} for {}, usually done in {}{mixed}", long(runs), long(usual)),
            ),
            None => (Health::Ok, "running", format!("{done} run {to}{mixed}")),
        },
        DeployStatus::Succeeded => (Health::Ok, "ok", format!("{to} in all of it, after {from}")),
        DeployStatus::Failed => (Health::Bad, "failed", format!("{to} failed, {done} run it{mixed}{why}")),
        DeployStatus::Stopped => (Health::Bad, "stopped", format!("{to} was stopped, {done} run it{mixed}{why}")),
        DeployStatus::RolledBack => (Health::Warn, "back", format!("{to} was rolled back to {from}{why}")),
    };
    Standing { health, word, now }
}

/// One station: by what, from which version to which, how far, and how long that took or takes.
pub fn line(deploy: &Deployment, sight: &Sight<'_>) -> Vec<Part> {
    let standing = standing(deploy, sight);
    let mark = match deploy.status {
        DeployStatus::InProgress => Mark::Running,
        DeployStatus::Succeeded => Mark::Done,
        DeployStatus::Failed => Mark::Failed,
        DeployStatus::Stopped | DeployStatus::RolledBack => Mark::Stopped,
    };
    let took = deploy.finished.unwrap_or(sight.at).duration_since(deploy.started).max(SignedDuration::ZERO);
    let usual = deploy.usual.filter(|_| deploy.is_running());
    let usual = usual.map_or_else(String::new, |usual| format!(" of ~{}", stopwatch(usual)));
    let verb = if deploy.is_running() { "for" } else { "in" };
    let why = match deploy.status {
        _ if standing.word == "stuck" => ", stuck".to_owned(),
        DeployStatus::Failed | DeployStatus::Stopped if !deploy.reason.is_empty() => format!(": {}", deploy.reason),
        _ => String::new(),
    };
    let words = format!(
        "{} → {}, {} of {} {verb} {}{usual}{why}",
        deploy.from,
        deploy.to,
        deploy.done,
        deploy.total,
        stopwatch(took)
    );
    let pace = String::new();
    vec![Part { mark, health: standing.health, name: deploy.kind.to_string(), words, pace, is_loud: true }]
}
