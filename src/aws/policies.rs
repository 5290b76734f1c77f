//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::autoscaling::ScalingPolicy;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn policies(_: &Ask<'_>) -> Result<List<ScalingPolicy>, CloudError> {
    Err(malformed("policies", "not read yet"))
}
