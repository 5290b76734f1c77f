//! The board tab: which box has the focus, which group is zoomed, which box is open.

pub mod chart;
mod place;
pub mod route;

use crate::app::msg::Size;
use crate::app::overlay::Scroll;
use crate::domain::board::{BoxId, Group};
pub use chart::{Area, Chart, Kind};

#[derive(Clone, Debug)]
pub struct BoardTab {
    pub focus: BoxId,
    /// Nobody has chosen where to look yet.
    pub is_untouched: bool,
    pub zoom: Option<Group>,
    /// A box's own page, over the chart.
    pub page: Option<Page>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub of: BoxId,
    pub scroll: Scroll,
}

impl Default for BoardTab {
    fn default() -> Self {
        // The balancer is where users meet the system.
        Self { focus: BoxId::LoadBalancer, is_untouched: true, zoom: None, page: None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
    Left,
    Right,
}

impl BoardTab {
    /// Moves the focus to the nearest box that way, along an arrow if one leads there.
    pub fn go(&mut self, direction: Direction, chart: &Chart) {
        self.is_untouched = false;
        if let Some(next) = chart.neighbour(self.focus, direction) {
            self.focus = next;
        }
    }

    pub fn go_to_group(&mut self, steps: isize) {
        let groups: Vec<Group> = Group::leaves().collect();
        let here = groups.iter().position(|group| *group == self.focus.group()).unwrap_or(0);
        let next = groups[(here as isize + steps).rem_euclid(groups.len() as isize) as usize];
        self.is_untouched = false;
        if let Some(first) = next.boxes().next() {
            self.focus = first;
        }
        if self.zoom.is_some() {
            self.zoom = Some(next);
        }
    }

    /// Shows a box that may not be on the present chart.
    pub fn focus_on(&mut self, id: BoxId) {
        self.focus = id;
        self.is_untouched = false;
        if self.zoom.is_some_and(|group| group != id.group()) {
            self.zoom = Some(id.group());
        }
    }
}

/// Rows the console keeps for itself: header, tabs, strip above; footer below.
pub const ROWS_ABOVE: u16 = 5;
pub const ROWS_BELOW: u16 = 1;

/// The smallest screen anything is laid out for; below it nothing is drawn.
pub const SMALLEST: Size = Size { width: 60, height: 15 };

/// The part of the screen the board is drawn in. A smaller screen is laid out as the smallest, so that keys pressed
/// while a window is being dragged about still mean something.
pub fn canvas(size: Size, is_compact: bool) -> Area {
    let (width, height) = (size.width.max(SMALLEST.width), size.height.max(SMALLEST.height));
    let above = rows_above(is_compact);
    Area { x: 0, y: above, width, height: height - above - ROWS_BELOW }
}

/// Header, tab bar and strip; compact, the header and what broke.
pub fn rows_above(is_compact: bool) -> u16 {
    if is_compact { 2 } else { ROWS_ABOVE }
}
