//! Not read yet.

use super::ask::{Ask, malformed};
use crate::domain::dashboard::Dashboard;
use crate::domain::list::List;
use crate::world::port::CloudError;

pub(super) async fn dashboards(_: &Ask<'_>) -> Result<List<Dashboard>, CloudError> {
    Err(malformed("dashboards", "not read yet"))
}
