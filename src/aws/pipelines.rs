//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::delivery::Pipeline;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn pipelines(_: &Ask<'_>) -> Result<List<Pipeline>, CloudError> {
    Err(malformed("pipelines", "not read yet"))
}
