//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::list::List;
use crate::domain::messaging::Topic;
use crate::world::port::CloudError;

pub(super) async fn topics(_: &Ask<'_>) -> Result<List<Topic>, CloudError> {
    Err(malformed("topics", "not read yet"))
}
