//! Everything the console knows and shows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::app::board::Board;
use crate::app::inquiry::Inquiry;
use crate::app::list::ListState;
use crate::app::msg::{Pages, Size, WorldSpec};
use crate::app::operation::Course;
use crate::app::overlay::{Drawn, Overlay};
use crate::app::palette::Item;
use crate::app::rewind::{History, Live};
use crate::app::score::Score;
use crate::app::settings::Settings;
use crate::app::tab::Tab;
use crate::app::tab::board::{BoardTab, canvas};
use crate::app::tab::feeds::FeedsTab;
use crate::app::tab::operations::OperationsTab;
use crate::app::tab::room::{Room, RoomTab};
use crate::domain::exercise::Exercise;
use crate::domain::identity::MfaDevice;
use crate::domain::scope::{Scope, ScopeRef};
use crate::domain::text::Text;
use crate::ops::approval::Armed;
use crate::world;
use crate::world::World;
use crate::world::item::ItemId;
use crate::world::port::FeedKey;
use crate::world::reads::FeedSet;
use crate::world::room::Row;
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
    /// In the order of [`Room::ALL`].
    pub rooms: Vec<RoomTab>,
    pub feeds_tab: FeedsTab,
    /// The present, while the past is shown in its place.
    pub rewound: Option<Box<Live>>,
    pub history: History,
    /// Alarms known to fire, by place; nothing where they have not been read.
    pub firing: Vec<Option<BTreeSet<Text>>>,
    /// The minute ages were last looked at in.
    pub minute: i64,
    /// The graphs asked for.
    pub wanted: Vec<FeedKey>,
    pub is_only_broken: bool,
    pub is_compact: bool,
    /// What was chosen in the palette, newest first.
    pub chosen: Vec<Item>,
    /// Drawn bottom up; keys go to the top one.
    pub overlays: Vec<Overlay>,
    pub notice: Option<Notice>,
    /// Devices, by serial number, whose code is not asked for until then: the operator does not want to be asked, or has just
    /// answered.
    pub unasked: BTreeMap<Text, Timestamp>,
    /// Hints of the present drill already shown.
    pub hints_shown: usize,
    /// Changes are allowed; SAFE without.
    pub armed: Option<Armed>,
    /// Operations of this console, oldest first.
    pub courses: Vec<Course>,
    pub next_op: u32,
    /// What the journal holds, once it was read.
    pub journal: Option<Result<Pages, String>>,
    pub operations_tab: OperationsTab,
    /// The suspects that are gone through.
    pub inquiry: Option<Inquiry>,
    /// How the present drill goes.
    pub score: Score,
    /// Something visible changed since the last frame.
    pub is_dirty: bool,
}

/// The world being watched.
#[derive(Clone, Debug)]
pub struct Session {
    /// As `--world` would name it.
    pub name: String,
    pub scopes: Vec<ScopeRef>,
    /// What this world can be asked.
    pub feeds: FeedSet,
    pub drill: Option<DrillSession>,
    /// Colours of the operator's own for the names of accounts.
    pub colours: Vec<(Text, (u8, u8, u8))>,
    /// Where answers come from, when that is not AWS itself.
    pub endpoint: Option<String>,
    /// Devices whose codes are wanted before their accounts can be read.
    pub devices: Vec<MfaDevice>,
    pub opened_at: Timestamp,
    /// The failover plan that comes with a drill.
    pub failover: Option<crate::domain::recovery::FailoverPlan>,
    /// What may be changed at all.
    pub changes: Changes,
}

impl Default for Changes {
    fn default() -> Self {
        Self::Nothing("this console only looks")
    }
}

/// What a console may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// Everything but what is in these accounts, by the operator's names for them.
    Allowed { but: Vec<Text> },
    /// Nothing, and why.
    Nothing(&'static str),
}

impl Session {
    /// The world it opens, in which nothing has been read.
    pub fn world(&self) -> World {
        World::reading(&self.scopes, self.feeds)
    }

    /// Whether anything may be changed here, or why not.
    pub fn may_arm(&self) -> Result<(), String> {
        match &self.changes {
            Changes::Allowed { .. } => Ok(()),
            Changes::Nothing(why) => Err(format!("SAFE: {why}")),
        }
    }

    /// Whether something may be changed there, or why not.
    pub fn may_change(&self, scope: &Scope) -> Result<(), String> {
        self.may_arm()?;
        match &self.changes {
            Changes::Allowed { but } if but.contains(&scope.alias) => {
                Err(format!("{} is read only by configuration", scope.account_name()))
            }
            _ => Ok(()),
        }
    }
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

/// Faults told one by one above a list; the others are counted.
pub const MOST_FAULTS: usize = 2;

const NOTICE_STAYS: SignedDuration = SignedDuration::from_secs(8);

impl Model {
    pub fn new(mut settings: Settings, session: Session, size: Size) -> Self {
        if let Some(plan) = &session.failover {
            settings.bearings.failover = Some(plan.clone());
        }
        let world = session.world();
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
            rooms: Room::ALL.into_iter().map(RoomTab::new).collect(),
            feeds_tab: FeedsTab::default(),
            rewound: None,
            history: History::default(),
            firing: Vec::new(),
            minute: 0,
            wanted: Vec::new(),
            is_only_broken: false,
            is_compact: false,
            chosen: Vec::new(),
            overlays: Vec::new(),
            notice: None,
            unasked: BTreeMap::new(),
            hints_shown: 0,
            armed: None,
            courses: Vec::new(),
            next_op: 1,
            journal: None,
            operations_tab: OperationsTab::default(),
            inquiry: None,
            score: Score::default(),
            is_dirty: true,
        }
    }

    pub fn sight(&self) -> Sight<'_> {
        Sight { world: &self.world, at: self.now, bearings: &self.settings.bearings }
    }

    /// The world as it is now, whatever is shown.
    pub fn live_world(&self) -> &World {
        self.rewound.as_ref().map_or(&self.world, |live| &live.world)
    }

    pub fn live_now(&self) -> Timestamp {
        self.rewound.as_ref().map_or(self.now, |live| live.now)
    }

    /// The room of the present tab.
    pub fn room(&self) -> Option<&RoomTab> {
        match self.tab {
            Tab::Room(room) => self.rooms.get(room as usize),
            Tab::Board | Tab::Operations | Tab::Feeds => None,
        }
    }

    pub fn room_mut(&mut self) -> Option<&mut RoomTab> {
        match self.tab {
            Tab::Room(room) => self.rooms.get_mut(room as usize),
            Tab::Board | Tab::Operations | Tab::Feeds => None,
        }
    }

    /// The list on screen, if that is what the tab shows.
    pub fn list(&self) -> Option<&ListState> {
        self.room().filter(|room| room.page.is_none()).map(|room| &room.list)
    }

    pub fn selected_in_list(&self) -> Option<ItemId> {
        self.room()?.list.row().map(Row::id)
    }

    /// The thing opened, or selected in the list.
    pub fn opened_item(&self) -> Option<world::item::Item> {
        let opened = self.room()?.page.as_ref().map(|page| &page.of);
        match opened {
            Some(id) => self.world.find(id),
            None => self.world.find(&self.selected_in_list()?),
        }
    }

    /// Rows of a list that fit on screen: below the strip and the faults, without its head and foot.
    pub fn list_height(&self) -> usize {
        let height = usize::from(canvas(self.size, self.is_compact).height);
        height.saturating_sub(2 + self.fault_rows() + self.head_rows())
    }

    /// Lines above the timeline that show how much happened when, and why a change is suspected.
    pub fn head_rows(&self) -> usize {
        let is_small = canvas(self.size, self.is_compact).height < 14;
        match self.tab {
            Tab::Room(Room::Timeline) if !is_small => 3 + usize::from(self.inquiry.is_some()),
            _ => 0,
        }
    }

    /// Lines above the head of a list that tell of its faults.
    pub fn fault_rows(&self) -> usize {
        let faults = self.list().map_or(0, |list| list.spec.faults(&self.world).len());
        faults.min(MOST_FAULTS) + usize::from(faults > MOST_FAULTS)
    }

    pub fn remember_choice(&mut self, item: &Item) {
        const REMEMBERED: usize = 20;
        self.chosen.retain(|known| known != item);
        self.chosen.insert(0, item.clone());
        self.chosen.truncate(REMEMBERED);
    }

    /// The drill's own account of itself, once it has been read.
    pub fn exercise(&self) -> Option<&Exercise> {
        self.world.places().iter().find_map(|place| place.feeds.exercise.value())
    }

    /// Takes back what the last frame found out.
    pub fn settle(&mut self, drawn: Drawn) {
        match (self.overlays.last_mut(), &mut self.board_tab.page) {
            (Some(Overlay::Help(scroll) | Overlay::Card { scroll, .. }), _) => scroll.settle(drawn),
            (Some(Overlay::Plan(form)), _) => form.scroll.settle(drawn),
            (None, Some(page)) if self.tab == Tab::Board => page.scroll.settle(drawn),
            (None, _) => {
                if let Some(page) = self.room_mut().and_then(|room| room.page.as_mut()) {
                    page.settle(drawn);
                }
            }
            _ => {}
        }
    }

    pub fn notify(&mut self, text: impl Into<String>) {
        // Seconds of the reader, not of a drill that runs faster.
        let speed = self.session.drill.as_ref().map_or(1.0, |drill| drill.spec.speed.max(1.0));
        let stays = NOTICE_STAYS.saturating_mul(speed.ceil() as i32);
        self.notice = Some(Notice { text: Text::new(&text.into()), until: self.live_now() + stays });
        self.is_dirty = true;
    }
}
