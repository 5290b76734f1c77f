//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::spend::Spend;
use crate::world::port::CloudError;

pub(super) async fn spend(_: &Ask<'_>) -> Result<Spend, CloudError> {
    Err(malformed("cost", "not read yet"))
}
