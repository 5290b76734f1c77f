//! Where everything on the board is, for a given size of screen: plain geometry, so that the same places serve drawing
//! and moving about.
//!
//! Four kinds, the largest that fits: the flowchart of everything; panels of one line per box; a dense grid of short
//! names; and, below that, bare states. A zoomed group is a chart of its own.

use super::Direction;
use super::place;
use super::route::{self, Wire};
use crate::domain::board::{BoxId, Group};

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    pub fn right(self) -> u16 {
        self.x + self.width
    }

    pub fn bottom(self) -> u16 {
        self.y + self.height
    }

    /// Twice the centre, to stay in whole numbers.
    fn centre(self) -> (i32, i32) {
        (i32::from(self.x) * 2 + i32::from(self.width), i32::from(self.y) * 2 + i32::from(self.height))
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.x < other.right() && other.x < self.right() && self.y < other.bottom() && other.y < self.bottom()
    }

    pub fn holds(self, other: Self) -> bool {
        other.x >= self.x && other.y >= self.y && other.right() <= self.right() && other.bottom() <= self.bottom()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Framed boxes with wires between them; the number is the lines inside a box.
    Flow { lines: u16 },
    /// One group, framed.
    Zoom { group: Group, lines: u16 },
    /// A line a box, under the title of its group.
    Panels,
    /// A short name a box, a row or two a group.
    Grid,
    /// A glyph a box.
    Glyphs,
}

#[derive(Clone, Debug)]
pub struct Chart {
    pub kind: Kind,
    /// Title line of each group; for the flowchart's AWS infrastructure, its whole frame.
    pub groups: Vec<(Group, Area)>,
    boxes: Vec<Option<Area>>,
    pub wires: Vec<Wire>,
    /// First line after everything, for notes below.
    pub bottom: u16,
}

/// What the flowchart needs at least, with one line inside each box.
const FLOW_WIDTH: u16 = 156;
const PANELS_WIDTH: u16 = 111;

impl Chart {
    /// The chart for a canvas.
    pub fn of(canvas: Area, zoom: Option<Group>, focus: BoxId) -> Self {
        if let Some(group) = zoom.filter(|_| canvas.height >= 5) {
            return place::zoom(canvas, group);
        }
        let fits = |chart: &Self| chart.bottom <= canvas.bottom();
        if canvas.width >= FLOW_WIDTH {
            for lines in (1..=3).rev() {
                let chart = place::flow(canvas, lines);
                if fits(&chart) {
                    return chart;
                }
            }
        }
        if canvas.width >= PANELS_WIDTH {
            let chart = place::panels(canvas, focus);
            if fits(&chart) {
                return chart;
            }
        }
        let grid = place::grid(canvas);
        if fits(&grid) { grid } else { place::glyphs(canvas) }
    }

    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, groups: Vec::new(), boxes: vec![None; BoxId::COUNT], wires: Vec::new(), bottom: 0 }
    }

    pub(super) fn put(&mut self, id: BoxId, area: Area) {
        self.boxes[id.index()] = Some(area);
        self.bottom = self.bottom.max(area.bottom());
    }

    pub(super) fn wire(&mut self) {
        self.wires = route::wires(self);
    }

    pub fn area(&self, id: BoxId) -> Option<Area> {
        self.boxes[id.index()]
    }

    pub fn boxes(&self) -> impl Iterator<Item = (BoxId, Area)> + '_ {
        BoxId::ALL.iter().filter_map(|id| self.area(*id).map(|area| (*id, area)))
    }

    /// The box that lies that way: the nearest one, with arrows pulling and sideways distance counting double. Where
    /// nothing lies that way the focus stays.
    pub fn neighbour(&self, from: BoxId, direction: Direction) -> Option<BoxId> {
        let Some(start) = self.area(from) else { return self.boxes().next().map(|(id, _)| id) };
        let (x, y) = start.centre();
        self.boxes()
            .filter(|(id, _)| *id != from)
            .filter_map(|(id, area)| {
                let (to_x, to_y) = area.centre();
                // A cell is about twice as high as it is wide.
                let (across, down) = (to_x - x, (to_y - y) * 2);
                let (along, aside) = match direction {
                    Direction::Right => (across, down),
                    Direction::Left => (-across, down),
                    Direction::Down => (down, across),
                    Direction::Up => (-down, across),
                };
                let overlaps = match direction {
                    Direction::Left | Direction::Right => area.y < start.bottom() && start.y < area.bottom(),
                    Direction::Up | Direction::Down => area.x < start.right() && start.x < area.right(),
                };
                if along <= 0 {
                    return None;
                }
                let is_linked = from.downstream().chain(from.upstream()).any(|other| other == id);
                // A wire that leads rather that way than aside is worth following; one that leads elsewhere is not.
                let pull = if is_linked && along >= aside.abs() { 2 } else { 1 };
                let detour = if overlaps { 0 } else { aside.abs() * 3 };
                Some(((along + detour) / pull, id))
            })
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, id)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::msg::Size;
    use crate::domain::board::{ARROWS, Node};
    use std::collections::BTreeSet;

    fn chart(width: u16, height: u16) -> Chart {
        Chart::of(super::super::canvas(Size { width, height }, false), None, BoxId::LoadBalancer)
    }

    #[test]
    fn each_size_gets_the_richest_chart_that_fits() {
        assert_eq!(chart(200, 60).kind, Kind::Flow { lines: 2 });
        assert_eq!(chart(160, 50).kind, Kind::Flow { lines: 1 });
        assert_eq!(chart(120, 40).kind, Kind::Panels);
        assert_eq!(chart(100, 30).kind, Kind::Grid);
        assert_eq!(chart(80, 24).kind, Kind::Grid);
        assert_eq!(chart(60, 15).kind, Kind::Glyphs);
    }

    #[test]
    fn every_box_is_on_screen_once_and_none_covers_another() {
        for (width, height) in [(60, 15), (80, 24), (100, 30), (120, 40), (160, 50), (200, 60), (320, 90)] {
            let chart = chart(width, height);
            let canvas = super::super::canvas(Size { width, height }, false);
            let all: Vec<(BoxId, Area)> = chart.boxes().collect();
            assert_eq!(all.len(), BoxId::COUNT, "{width}x{height}");
            for (position, (id, area)) in all.iter().enumerate() {
                assert!(canvas.holds(*area), "{id} leaves {width}x{height}: {area:?}");
                for (other, place) in &all[..position] {
                    assert!(!area.overlaps(*place), "{id} covers {other} at {width}x{height}");
                }
            }
        }
    }

    #[test]
    fn the_flowchart_draws_every_arrow_and_no_wire_runs_through_a_box() {
        for (width, height) in [(160, 50), (200, 60)] {
            let chart = chart(width, height);
            let drawn: BTreeSet<usize> = chart.wires.iter().map(|wire| wire.arrow).collect();
            assert_eq!(drawn.len(), ARROWS.len(), "{width}x{height}");
            for wire in &chart.wires {
                for cell in &wire.cells {
                    for (id, area) in chart.boxes() {
                        let inside = cell.x > area.x
                            && cell.x + 1 < area.right()
                            && cell.y > area.y
                            && cell.y + 1 < area.bottom();
                        assert!(!inside, "arrow {} crosses {id} at {width}x{height}", wire.arrow);
                    }
                }
            }
        }
    }

    #[test]
    fn a_zoomed_group_shows_its_boxes_and_all_its_arrows_even_on_a_small_screen() {
        for group in Group::leaves() {
            for (width, height) in [(60, 15), (80, 24), (120, 40), (200, 60)] {
                let chart =
                    Chart::of(super::super::canvas(Size { width, height }, false), Some(group), BoxId::LoadBalancer);
                let canvas = super::super::canvas(Size { width, height }, false);
                assert_eq!(chart.boxes().count(), group.boxes().count());
                assert!(chart.boxes().all(|(_, area)| canvas.holds(area)), "{} at {width}x{height}", group.id());
                let inside = ARROWS
                    .iter()
                    .filter(|arrow| matches!((arrow.from, arrow.to), (Node::Box(a), Node::Box(b)) if a.group() == group && b.group() == group))
                    .count();
                if height > 15 {
                    assert_eq!(chart.wires.len(), inside, "{} at {width}x{height}", group.id());
                }
            }
        }
    }

    #[test]
    fn from_every_box_every_other_can_be_reached_by_arrow_keys() {
        for (width, height) in [(80, 24), (120, 40), (160, 50)] {
            let chart = chart(width, height);
            let mut seen = BTreeSet::from([BoxId::LoadBalancer]);
            let mut open = vec![BoxId::LoadBalancer];
            while let Some(id) = open.pop() {
                for direction in [Direction::Up, Direction::Down, Direction::Left, Direction::Right] {
                    if let Some(next) = chart.neighbour(id, direction).filter(|next| seen.insert(*next)) {
                        open.push(next);
                    }
                }
            }
            assert_eq!(seen.len(), BoxId::COUNT, "{width}x{height}");
        }
    }

    #[test]
    fn keys_follow_the_arrows_of_the_flowchart() {
        let chart = chart(160, 50);
        let go = |from, direction| chart.neighbour(from, direction);
        assert_eq!(go(BoxId::LoadBalancer, Direction::Right), Some(BoxId::AutoScalingGroup));
        assert_eq!(go(BoxId::AutoScalingGroup, Direction::Down), Some(BoxId::EcsCluster));
        assert_eq!(go(BoxId::LoadBalancer, Direction::Left), Some(BoxId::Waf));
        assert_eq!(go(BoxId::Production, Direction::Right), Some(BoxId::SmokeTests));
        assert_eq!(go(BoxId::RdsPrimary, Direction::Left), Some(BoxId::ReadReplicas));
    }
}
