//! Everything the console knows and shows.

use jiff::{SignedDuration, Timestamp};

use crate::app::board::Board;
use crate::app::msg::{Size, WorldSpec};
use crate::app::overlay::{Drawn, Overlay};
use crate::app::settings::Settings;
use crate::app::tab::Tab;
use crate::app::tab::board::BoardTab;
use crate::app::tab::feeds::FeedsTab;
use crate::domain::exercise::Exercise;
use crate::domain::scope::ScopeRef;
use crate::domain::text::Text;
use crate::world::World;
use crate::world::sight::Sight;

#[derive(Debug)]
pub struct Model {
    pub settings: Settings,
    pub session: Session,
    pub world: World,
    pub board: Board,
    /// The world's time, not the wall's: in a drill it can run faster.
    pub now: Timestamp,
    pub size: Size,
    pub tab: Tab,
    pub board_tab: BoardTab,
    pub feeds_tab: FeedsTab,
    /// Drawn bottom up; keys go to the top one.
    pub overlays: Vec<Overlay>,
    pub notice: Option<Notice>,
    /// Hints of the present drill already shown.
    pub hints_shown: usize,
    /// Something visible changed since the last frame.
    pub is_dirty: bool,
}

/// The world being watched.
#[derive(Clone, Debug)]
pub struct Session {
    /// As `--world` would name it.
    pub name: String,
    pub scopes: Vec<ScopeRef>,
    pub drill: Option<DrillSession>,
    pub opened_at: Timestamp,
    /// The failover plan that comes with a drill.
    pub failover: Option<crate::domain::recovery::FailoverPlan>,
}

#[derive(Clone, Debug)]
pub struct DrillSession {
    pub spec: WorldSpec,
    pub title: String,
    pub story: String,
}

/// One line for the operator, gone after a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub text: Text,
    pub until: Timestamp,
}

const NOTICE_STAYS: SignedDuration = SignedDuration::from_secs(8);

impl Model {
    pub fn new(mut settings: Settings, session: Session, size: Size) -> Self {
        if let Some(plan) = &session.failover {
            settings.bearings.failover = Some(plan.clone());
        }
        let world = World::of(&session.scopes);
        let now = session.opened_at;
        let board = Board::new(&Sight { world: &world, at: now, bearings: &settings.bearings });
        Self {
            settings,
            session,
            world,
            board,
            now,
            size,
            tab: Tab::Board,
            board_tab: BoardTab::default(),
            feeds_tab: FeedsTab::default(),
            overlays: Vec::new(),
            notice: None,
            hints_shown: 0,
            is_dirty: true,
        }
    }

    pub fn sight(&self) -> Sight<'_> {
        Sight { world: &self.world, at: self.now, bearings: &self.settings.bearings }
    }

    /// The drill's own account of itself, once it has been read.
    pub fn exercise(&self) -> Option<&Exercise> {
        self.world.places().iter().find_map(|place| place.feeds.exercise.value())
    }

    /// Takes back what the last frame found out.
    pub fn settle(&mut self, drawn: Drawn) {
        match (self.overlays.last_mut(), &mut self.board_tab.page) {
            (Some(Overlay::Help(scroll) | Overlay::Card { scroll, .. }), _) => scroll.settle(drawn),
            (None, Some(page)) if self.tab == Tab::Board => page.scroll.settle(drawn),
            _ => {}
        }
    }

    pub fn notify(&mut self, text: impl Into<String>) {
        // Seconds of the reader, not of a drill that runs faster.
        let speed = self.session.drill.as_ref().map_or(1.0, |drill| drill.spec.speed.max(1.0));
        let stays = NOTICE_STAYS.saturating_mul(speed.ceil() as i32);
        self.notice = Some(Notice { text: Text::new(&text.into()), until: self.now + stays });
        self.is_dirty = true;
    }
}
