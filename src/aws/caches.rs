//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::cache::CacheGroup;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn caches(_: &Ask<'_>) -> Result<List<CacheGroup>, CloudError> {
    Err(malformed("caches", "not read yet"))
}
