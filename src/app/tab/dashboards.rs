//! The dashboards tab: the list, and one dashboard opened with its widgets drawn.

use std::sync::Arc;

use crate::app::list::ListState;
use crate::app::overlay::Scroll;
use crate::domain::dashboard::{Dashboard, Widget, WidgetWhat};
use crate::domain::graph::{GraphAsk, Span};
use crate::domain::graphs::MOST_AT_ONCE;
use crate::domain::scope::ScopeRef;
use crate::world::World;
use crate::world::item::{Item, ItemId};
use crate::world::port::FeedKey;
use crate::world::room::dashboards::ROOM;

#[derive(Debug)]
pub struct DashboardsTab {
    pub list: ListState,
    pub page: Option<DashboardPage>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct DashboardPage {
    pub of: ItemId,
    pub scroll: Scroll,
}

impl Default for DashboardsTab {
    fn default() -> Self {
        Self { list: ListState::new(&ROOM), page: None, span: Span::default() }
    }
}

impl DashboardsTab {
    pub fn open(&mut self, of: ItemId) {
        self.page = Some(DashboardPage { of, scroll: Scroll::default() });
    }

    /// The dashboard that is open.
    pub fn opened(&self, world: &World) -> Option<Arc<Dashboard>> {
        match world.find(&self.page.as_ref()?.of)? {
            Item::Dashboard(dashboard) => Some(dashboard),
            _ => None,
        }
    }

    /// The graphs of the open dashboard.
    pub fn asks(&self, world: &World) -> Vec<FeedKey> {
        let Some(dashboard) = self.opened(world) else { return Vec::new() };
        let Some(home) = self.page.as_ref().and_then(|page| world.places().get(page.of.place)) else {
            return Vec::new();
        };
        dashboard
            .widgets
            .iter()
            .filter_map(|widget| {
                let ask = graph_of(widget, self.span)?;
                Some(FeedKey::graph(Arc::new(ask), scope_of(widget, world, &home.scope)?))
            })
            .take(MOST_AT_ONCE)
            .collect()
    }
}

/// What a metric widget asks.
pub fn graph_of(widget: &Widget, span: Span) -> Option<GraphAsk> {
    match &widget.what {
        WidgetWhat::Metric { queries, period, .. } if !queries.is_empty() => {
            Some(GraphAsk { queries: queries.clone(), span, period: span.period_over(*period) })
        }
        _ => None,
    }
}

/// Where its metrics are: a dashboard may show those of other regions. `None` when that region is not watched.
pub fn scope_of(widget: &Widget, world: &World, home: &ScopeRef) -> Option<ScopeRef> {
    match &widget.what {
        WidgetWhat::Metric { region: Some(region), .. } if *region != home.region => world
            .places()
            .iter()
            .find(|place| place.scope.region == *region && place.scope.account == home.account)
            .map(|place| Arc::clone(&place.scope)),
        _ => Some(Arc::clone(home)),
    }
}
