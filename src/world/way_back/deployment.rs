//! What CodeDeploy deploys: what is under way is stopped and taken back, after what is over the last good one comes again.

use super::{Bar, Obstacle};
use crate::domain::delivery::{Bundle, DeployStatus, Deployment};
use crate::domain::text::Text;

/// What has to be said to have a good one deployed again.
#[derive(Clone, Copy, Debug)]
pub struct Again<'a> {
    pub back: &'a Text,
    pub by: &'a Text,
    pub application: &'a Text,
    pub group: &'a Text,
    pub bundle: &'a Bundle,
}

/// What it would return to.
pub fn back(it: &Deployment) -> Result<Text, Obstacle> {
    match it.status {
        DeployStatus::InProgress => Ok(stopped_to(it).clone()),
        DeployStatus::RolledBack => Err(is_back(it)),
        DeployStatus::Succeeded | DeployStatus::Failed | DeployStatus::Stopped => Ok(again(it)?.back.clone()),
    }
}

/// What CodeDeploy brings back when the deployment is stopped.
pub fn stopped_to(it: &Deployment) -> &Text {
    it.returns_to.as_ref().unwrap_or(&it.from)
}

pub fn is_back(it: &Deployment) -> Obstacle {
    Obstacle::new(Bar::Nothing, format!("{} of {} was rolled back already", it.to, it.target))
}

pub fn again(it: &Deployment) -> Result<Again<'_>, Obstacle> {
    let (Some(back), Some(by)) = (&it.returns_to, &it.returns_by) else {
        let text = format!("no deployment to {} before {} is known that was good", it.target, it.to);
        let obstacle = Obstacle::new(Bar::Nothing, text).without_good();
        return Err(obstacle.with("roll its pipeline back: `pipeline.rollback`"));
    };
    let (Some(application), Some(group)) = (&it.owner, &it.group) else {
        let text = format!("application and deployment group of {} are not told", it.target);
        return Err(Obstacle::new(Bar::Blind, text));
    };
    let Some(bundle) = &it.returns_with else {
        let text = format!("what {by} deployed is not told: CodeDeploy wants it said again");
        return Err(Obstacle::new(Bar::Blind, text).with("roll its pipeline back: `pipeline.rollback`"));
    };
    Ok(Again { back, by, application, group, bundle })
}
