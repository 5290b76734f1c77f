//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::container::Cluster;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn clusters(_: &Ask<'_>) -> Result<List<Cluster>, CloudError> {
    Err(malformed("clusters", "not read yet"))
}
