//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::list::List;
use crate::domain::trace::ServiceNode;
use crate::domain::trace::TraceSummary;
use crate::world::port::CloudError;

pub(super) async fn service_map(_: &Ask<'_>) -> Result<List<ServiceNode>, CloudError> {
    Err(malformed("traces", "not read yet"))
}

pub(super) async fn traces(_: &Ask<'_>) -> Result<List<TraceSummary>, CloudError> {
    Err(malformed("traces", "not read yet"))
}
