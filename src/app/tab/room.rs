//! The tabs that are lists: one row of [`Room`] each, and one state for all of them.

use std::sync::Arc;

use crate::app::list::ListState;
use crate::app::overlay::{Drawn, Scroll};
use crate::app::tab::pipeline::Cursor;
use crate::app::tab::{alarms, dashboards};
use crate::domain::board::BoxId;
use crate::domain::graph::{GraphAsk, Span};
use crate::domain::metric::Measure;
use crate::domain::text::Text;
use crate::world::board::spec;
use crate::world::feed::Feed;
use crate::world::item::{Item, ItemId};
use crate::world::port::FeedKey;
use crate::world::room::{RoomSpec, measures};
use crate::world::suspects::Suspect;
use crate::world::{Place, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Alarms,
    Pipelines,
    Traces,
    Compute,
    Data,
    Cost,
    Dashboards,
    Metrics,
    Timeline,
}

impl Room {
    pub const ALL: [Self; 9] = [
        Self::Alarms,
        Self::Pipelines,
        Self::Traces,
        Self::Compute,
        Self::Data,
        Self::Cost,
        Self::Dashboards,
        Self::Metrics,
        Self::Timeline,
    ];

    pub fn spec(self) -> &'static RoomSpec {
        match self {
            Self::Alarms => &crate::world::room::alarms::ROOM,
            Self::Pipelines => &crate::world::room::pipelines::ROOM,
            Self::Traces => &crate::world::room::traces::ROOM,
            Self::Compute => &crate::world::room::compute::ROOM,
            Self::Data => &crate::world::room::data::ROOM,
            Self::Cost => &crate::world::room::cost::ROOM,
            Self::Dashboards => &crate::world::room::dashboards::ROOM,
            Self::Metrics => &crate::world::room::metrics::ROOM,
            Self::Timeline => &crate::world::room::timeline::ROOM,
        }
    }

    /// The room that shows all a box stands for: there it opens at once.
    pub fn of_whole_box(id: BoxId) -> Option<Self> {
        match id {
            BoxId::Alarms => Some(Self::Alarms),
            BoxId::Dashboards => Some(Self::Dashboards),
            BoxId::XRay | BoxId::TraceAnalysis => Some(Self::Traces),
            BoxId::CostMonitoring => Some(Self::Cost),
            _ => None,
        }
    }

    /// The room behind a box: of what it rests on, the first that is listed in one.
    pub fn of_box(id: BoxId) -> Option<Self> {
        let lists = |room: &Self, feed: Feed| room.spec().kinds.iter().any(|kind| kind.feed() == feed);
        spec(id).sources.iter().find_map(|feed| Self::ALL.into_iter().find(|room| lists(room, *feed)))
    }

    /// The room a thing is listed in, if it has one.
    pub fn of(id: &ItemId) -> Option<Self> {
        Self::ALL.into_iter().find(|room| room.spec().kinds.contains(&id.kind))
    }
}

/// A room as somebody left it.
#[derive(Debug)]
pub struct RoomTab {
    pub list: ListState,
    /// One thing opened from the list.
    pub page: Option<ItemPage>,
    /// How far back graphs look; kept from thing to thing.
    pub span: Span,
    /// Something was read since the list was made. It is made again when somebody looks: a hundred thousand rows are not
    /// sorted for nobody.
    pub is_stale: bool,
}

#[derive(Clone, Debug)]
pub struct ItemPage {
    pub of: ItemId,
    pub scroll: Scroll,
    /// Of an alarm that fires: which changes may have caused it. Found out once, and again when something has happened.
    pub suspects: Option<Vec<Suspect>>,
    /// On the page of a pipeline.
    pub cursor: Cursor,
}

impl ItemPage {
    /// Takes back what the last frame found out.
    pub fn settle(&mut self, drawn: Drawn) {
        if let Some(card) = &mut self.cursor.card {
            card.scroll.settle(drawn);
            card.seeks_log = false;
        } else {
            self.scroll.settle(drawn);
            self.cursor.line = drawn.line;
        }
    }
}

impl RoomTab {
    pub fn new(room: Room) -> Self {
        Self { list: ListState::new(room.spec()), page: None, span: Span::default(), is_stale: true }
    }

    pub fn open(&mut self, of: ItemId) {
        self.page = Some(ItemPage { of, scroll: Scroll::default(), suspects: None, cursor: Cursor::default() });
    }

    /// What is open, and where it is.
    pub fn opened<'a>(&self, world: &'a World) -> Option<(Item, &'a Place)> {
        let page = self.page.as_ref()?;
        Some((world.find(&page.of)?, world.places().get(page.of.place)?))
    }

    /// The graphs of what is open.
    pub fn asks(&self, world: &World) -> Vec<FeedKey> {
        match self.opened(world) {
            Some((Item::Alarm(alarm), place)) => alarms::ask(&alarm, place, self.span).into_iter().collect(),
            Some((Item::Dashboard(dashboard), place)) => dashboards::asks(&dashboard, place, world, self.span),
            Some((item, place)) => graphs_of(&item, self.span)
                .into_iter()
                .map(|ask| FeedKey::graph(Arc::new(ask), Arc::clone(&place.scope)))
                .collect(),
            None => Vec::new(),
        }
    }
}

/// The graphs that matter of a thing, one for each measure, since they seldom share a unit.
pub fn graphs_of(item: &Item, span: Span) -> Vec<GraphAsk> {
    if let Item::Metric(metric) = item {
        return vec![GraphAsk::of_metric(metric.to_graph(), span)];
    }
    let metric = |(measure, resource): (Measure, Text)| {
        let mut metric = measure.of(&resource);
        if let Item::Cluster(cluster) = item {
            // Another cluster may have a service of the same name.
            metric.dimensions.insert(0, ("ClusterName".into(), cluster.name.clone()));
        }
        GraphAsk::of_metric(metric, span)
    };
    measures(item).into_iter().map(metric).collect()
}
