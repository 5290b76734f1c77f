//! What was rolled out to what: the deployments of CodeDeploy, and those ECS makes itself.
//!
//! An instance refresh is told with its Auto Scaling group, and of the aliases of a Lambda function AWS keeps no account.

mod codedeploy;
pub(super) mod services;

use std::sync::Arc;

use super::ask::Ask;
use super::rota::Rota;
use crate::domain::delivery::Deployment;
use crate::domain::list::List;
use crate::world::port::{CloudError, FaultClass};

/// What was read of deployments before and is not asked again.
#[derive(Debug, Default)]
pub(super) struct Memory {
    codedeploy: codedeploy::Memory,
    /// The last good one of a group, where it is older than what is listed.
    earlier: Rota<Option<codedeploy::Good>>,
    services: Rota<Arc<services::Known>>,
}

pub(super) async fn deployments(ask: &Ask<'_>) -> Result<List<Deployment>, CloudError> {
    let (by_codedeploy, by_ecs) = tokio::join!(codedeploy::deployments(ask), services::deployments(ask));
    let mut all = match (by_codedeploy, by_ecs) {
        (Err(error), Err(_)) => return Err(error),
        (by_codedeploy, by_ecs) => {
            let parts = [part(ask, by_codedeploy)?, part(ask, by_ecs)?];
            parts.into_iter().flatten().flatten().collect::<Vec<Deployment>>()
        }
    };
    all.sort_by(|a, b| b.started.cmp(&a.started).then_with(|| a.id.cmp(&b.id)));
    Ok(List::new(all))
}

/// What one service tells. One whose answers cannot be read will be no better in a moment, and hides nothing of the other.
fn part(ask: &Ask<'_>, outcome: Result<Vec<Deployment>, CloudError>) -> Result<Option<Vec<Deployment>>, CloudError> {
    match outcome {
        Err(error) if error.class == FaultClass::Malformed => {
            ask.gap(error);
            Ok(None)
        }
        outcome => ask.or_gap(outcome),
    }
}
