//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::list::List;
use crate::domain::messaging::Queue;
use crate::world::port::CloudError;

pub(super) async fn queues(_: &Ask<'_>) -> Result<List<Queue>, CloudError> {
    Err(malformed("queues", "not read yet"))
}
