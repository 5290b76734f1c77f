//! The graphs last asked for.

use std::sync::Arc;

use serde::Serialize;

use crate::domain::graph::{Graph, GraphAsk};

/// Newest first, and few: what nobody looks at any more is asked anew when somebody does.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Graphs(Vec<(Arc<GraphAsk>, Arc<Graph>)>);

/// A dashboard of 500 widgets is possible; this many graphs fit any screen.
const KEPT: usize = 24;

impl Graphs {
    pub fn one(ask: Arc<GraphAsk>, graph: Graph) -> Self {
        Self(vec![(ask, Arc::new(graph))])
    }

    pub fn get(&self, ask: &GraphAsk) -> Option<&Graph> {
        self.0.iter().find(|(known, _)| **known == *ask).map(|(_, graph)| &**graph)
    }

    /// These, and behind them those of before.
    #[must_use]
    pub fn before(&self, old: &Self) -> Self {
        let mut all = self.0.clone();
        all.extend(old.0.iter().filter(|(ask, _)| self.get(ask).is_none()).cloned());
        all.truncate(KEPT);
        Self(all)
    }
}
