//! What an opened alarm draws.

use std::sync::Arc;

use crate::domain::alarm::{Alarm, AlarmRule};
use crate::domain::composite::Rule;
use crate::domain::graph::{GraphAsk, Span};
use crate::world::Place;
use crate::world::port::FeedKey;

/// The graph of an alarm.
pub fn ask(alarm: &Arc<Alarm>, place: &Place, span: Span) -> Option<FeedKey> {
    let graph = graph_of(&*drawn_for(alarm, place)?, span)?;
    Some(FeedKey::graph(Arc::new(graph), Arc::clone(&place.scope)))
}

/// The alarm whose metric is drawn: its own, or for a composite that of the child that fires, or of its first one.
pub fn drawn_for(alarm: &Arc<Alarm>, place: &Place) -> Option<Arc<Alarm>> {
    if alarm.metric_rule().is_some() {
        return Some(Arc::clone(alarm));
    }
    let AlarmRule::Composite { expression } = &alarm.rule else { return None };
    let rule = Rule::parse(expression.as_str()).ok()?;
    let children = rule.children();
    let found: Vec<&Arc<Alarm>> = place
        .feeds
        .alarms
        .shared()
        .filter(|other| other.metric_rule().is_some() && children.iter().any(|child| other.is_called(child)))
        .collect();
    found.iter().find(|child| child.is_firing()).or(found.first()).map(|child| Arc::clone(child))
}

/// What shows an alarm's metric.
pub fn graph_of(alarm: &Alarm, span: Span) -> Option<GraphAsk> {
    alarm.metric_rule().map(|rule| rule.graph(span))
}
