//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::database::Database;
use crate::domain::database::DatabaseEvent;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn databases(_: &Ask<'_>) -> Result<List<Database>, CloudError> {
    Err(malformed("databases", "not read yet"))
}

pub(super) async fn events(_: &Ask<'_>) -> Result<List<DatabaseEvent>, CloudError> {
    Err(malformed("databases", "not read yet"))
}
