//! What an opened dashboard draws.

use std::sync::Arc;

use crate::domain::dashboard::{Dashboard, Widget, WidgetWhat};
use crate::domain::graph::{GraphAsk, Span};
use crate::domain::graphs::MOST_AT_ONCE;
use crate::domain::scope::ScopeRef;
use crate::world::port::FeedKey;
use crate::world::{Place, World};

/// The graphs of a dashboard.
pub fn asks(dashboard: &Dashboard, home: &Place, world: &World, span: Span) -> Vec<FeedKey> {
    dashboard
        .widgets
        .iter()
        .filter_map(|widget| {
            let ask = graph_of(widget, span)?;
            Some(FeedKey::graph(Arc::new(ask), scope_of(widget, world, &home.scope)?))
        })
        .take(MOST_AT_ONCE)
        .collect()
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
