//! The alarms tab: the list, and one alarm opened with its graph.

use std::sync::Arc;

use crate::app::list::ListState;
use crate::app::overlay::Scroll;
use crate::domain::alarm::{Alarm, AlarmRule};
use crate::domain::composite::Rule;
use crate::domain::graph::{GraphAsk, Span};
use crate::world::item::{Item, ItemId};
use crate::world::port::FeedKey;
use crate::world::room::alarms::ROOM;
use crate::world::{Place, World};

#[derive(Debug)]
pub struct AlarmsTab {
    pub list: ListState,
    pub page: Option<AlarmPage>,
    /// How far back graphs look; kept from alarm to alarm.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct AlarmPage {
    pub of: ItemId,
    pub scroll: Scroll,
}

impl Default for AlarmsTab {
    fn default() -> Self {
        Self { list: ListState::new(&ROOM), page: None, span: Span::default() }
    }
}

impl AlarmsTab {
    pub fn open(&mut self, of: ItemId) {
        self.page = Some(AlarmPage { of, scroll: Scroll::default() });
    }

    /// The graph of the open alarm.
    pub fn ask(&self, world: &World) -> Option<FeedKey> {
        let page = self.page.as_ref()?;
        let Item::Alarm(alarm) = world.find(&page.of)? else { return None };
        let place = world.places().get(page.of.place)?;
        let alarm = drawn_for(&alarm, place)?;
        Some(FeedKey::graph(Arc::new(graph_of(&alarm, self.span)?), Arc::clone(&place.scope)))
    }
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
