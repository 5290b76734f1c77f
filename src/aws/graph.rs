//! Not read yet.

use std::sync::Arc;

use super::ask::{Ask, malformed};
use crate::domain::graph::GraphAsk;
use crate::domain::graphs::Graphs;
use crate::world::port::CloudError;

pub(super) async fn graph(_: &Ask<'_>, _: &Arc<GraphAsk>) -> Result<Graphs<CloudError>, CloudError> {
    Err(malformed("graph", "not read yet"))
}
