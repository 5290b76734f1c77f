//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::function::Function;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn functions(_: &Ask<'_>) -> Result<List<Function>, CloudError> {
    Err(malformed("functions", "not read yet"))
}
