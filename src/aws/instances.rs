//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::instance::Instance;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn instances(_: &Ask<'_>) -> Result<List<Instance>, CloudError> {
    Err(malformed("instances", "not read yet"))
}
