//! An instance refresh: as long as it is under way, it can be rolled back.

use super::{Bar, Obstacle};
use crate::domain::autoscaling::{AutoScalingGroup, Refresh};

/// In these AWS takes a rollback.
const UNDER_WAY: [&str; 3] = ["Pending", "InProgress", "Baking"];

/// The refresh that would be rolled back.
pub fn back(it: &AutoScalingGroup) -> Result<&Refresh, Obstacle> {
    let Some(refresh) = &it.refresh else {
        return Err(Obstacle::new(Bar::Nothing, format!("no instance refresh of {} is under way", it.name)));
    };
    if !UNDER_WAY.contains(&refresh.status.as_str()) {
        let text = format!("the instance refresh of {} is {}", it.name, refresh.status);
        let is_over = refresh.ended.is_some();
        let remedy = if is_over { "a new one, with the launch template before" } else { "wait for it" };
        return Err(Obstacle::new(if is_over { Bar::Nothing } else { Bar::State }, text).with(remedy));
    }
    Ok(refresh)
}
