//! The graphs last asked for, each with its age and what went wrong when it was asked.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::graph::{Graph, GraphAsk};

/// Newest first, and few: what nobody looks at any more is asked anew when somebody does. `E` is why an answer did not come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graphs<E>(Vec<Asked<E>>);

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked<E> {
    ask: Arc<GraphAsk>,
    /// The newest answer, even if the newest question failed.
    pub graph: Option<Arc<Graph>>,
    /// When it came.
    pub at: Option<Timestamp>,
    pub fault: Option<E>,
}

/// As many as one dashboard may want at once, and some from before.
const KEPT: usize = MOST_AT_ONCE + 16;
/// More graphs than this are not read for one screen.
pub const MOST_AT_ONCE: usize = 48;

impl<E> Default for Graphs<E> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<E: Clone> Graphs<E> {
    /// One answer, not dated yet.
    pub fn one(ask: Arc<GraphAsk>, graph: Graph) -> Self {
        Self(vec![Asked { ask, graph: Some(Arc::new(graph)), at: None, fault: None }])
    }

    pub fn failed(ask: Arc<GraphAsk>, fault: E) -> Self {
        Self(vec![Asked { ask, graph: None, at: None, fault: Some(fault) }])
    }

    /// The same, answered at a moment.
    #[must_use]
    pub fn dated(&self, at: Timestamp) -> Self {
        let date = |asked: &Asked<E>| Asked { at: asked.graph.as_ref().map(|_| at), ..asked.clone() };
        Self(self.0.iter().map(date).collect())
    }

    pub fn get(&self, ask: &GraphAsk) -> Option<&Asked<E>> {
        self.0.iter().find(|asked| *asked.ask == *ask)
    }

    /// These, and behind them those of before. A failure keeps the graph that was there.
    #[must_use]
    pub fn before(&self, old: &Self) -> Self {
        let mut all: Vec<Asked<E>> = self
            .0
            .iter()
            .map(|asked| match old.get(&asked.ask) {
                Some(known) if asked.graph.is_none() => Asked { fault: asked.fault.clone(), ..known.clone() },
                _ => asked.clone(),
            })
            .collect();
        all.extend(old.0.iter().filter(|asked| self.get(&asked.ask).is_none()).cloned());
        all.truncate(KEPT);
        Self(all)
    }

    /// Bytes, by estimate.
    pub fn weight(&self) -> usize {
        let lines = self.0.iter().filter_map(|asked| asked.graph.as_ref()).flat_map(|graph| &graph.lines);
        lines.map(|line| line.values.len() * size_of::<f64>() + 128).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::graph::Span;
    use jiff::SignedDuration;

    fn ask(period: u32) -> Arc<GraphAsk> {
        Arc::new(GraphAsk { queries: Vec::new(), span: Span::Hour, period })
    }

    fn graph() -> Graph {
        Graph { from: Timestamp::UNIX_EPOCH, period: SignedDuration::from_mins(1), lines: Vec::new(), band: None }
    }

    #[test]
    fn a_failure_belongs_to_its_own_graph_and_keeps_the_answer_before() {
        let first: Graphs<String> = Graphs::one(ask(1), graph()).dated(Timestamp::UNIX_EPOCH);
        let other = Graphs::one(ask(2), graph()).dated(Timestamp::UNIX_EPOCH).before(&first);
        let failed = Graphs::failed(ask(1), "denied".into()).before(&other);
        let (one, two) = (failed.get(&ask(1)).unwrap(), failed.get(&ask(2)).unwrap());
        assert_eq!(one.fault.as_deref(), Some("denied"));
        assert!(one.graph.is_some() && one.at == Some(Timestamp::UNIX_EPOCH));
        assert!(two.fault.is_none());
    }
}
