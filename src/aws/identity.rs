//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::identity::Identity;
use crate::world::port::CloudError;

pub(super) async fn identity(_: &Ask<'_>) -> Result<Identity, CloudError> {
    Err(malformed("identity", "not read yet"))
}
