//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::metric::MetricSet;
use crate::world::port::CloudError;

pub(super) async fn metrics(_: &Ask<'_>) -> Result<MetricSet, CloudError> {
    Err(malformed("metrics", "not read yet"))
}
