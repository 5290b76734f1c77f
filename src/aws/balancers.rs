//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::balancer::LoadBalancer;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn balancers(_: &Ask<'_>) -> Result<List<LoadBalancer>, CloudError> {
    Err(malformed("balancers", "not read yet"))
}
