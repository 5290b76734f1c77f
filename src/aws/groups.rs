//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::autoscaling::AutoScalingGroup;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn groups(_: &Ask<'_>) -> Result<List<AutoScalingGroup>, CloudError> {
    Err(malformed("groups", "not read yet"))
}
