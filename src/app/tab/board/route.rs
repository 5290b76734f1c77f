//! Wires between boxes: which cells an arrow takes.
//!
//! Five ways, tried in this order: straight across to the next column; straight down to the next row; under the row to
//! a box further along; down and back to the start of the next row; down the gutter and across. Placing (see `place`)
//! sees to it that one of them is free.

use super::chart::{Area, Chart, Kind};
use super::place::list_order;
use crate::domain::board::{ARROWS, Arrow, BoxId, Group, Node};

/// One arrow, as cells. Where wires meet, their directions are joined when drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Position in [`ARROWS`].
    pub arrow: usize,
    pub cells: Vec<Cell>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub x: u16,
    pub y: u16,
    pub stroke: Stroke,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// A line leaving the cell in these directions.
    Line(Ways),
    Head(Heading),
}

/// Directions in which a line leaves a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    pub up: bool,
    pub down: bool,
    pub left: bool,
    pub right: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    Up,
    Down,
    Left,
    Right,
}

impl Ways {
    const fn new(up: bool, down: bool, left: bool, right: bool) -> Self {
        Self { up, down, left, right }
    }

    const ACROSS: Self = Self::new(false, false, true, true);
    const UPRIGHT: Self = Self::new(true, true, false, false);

    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self {
            up: self.up || other.up,
            down: self.down || other.down,
            left: self.left || other.left,
            right: self.right || other.right,
        }
    }
}

/// Cells from a box's right end to where wires go down out of it, and in from above.
const FROM_CORNER: u16 = 3;

/// Draws a path cell by cell.
struct Pen {
    cells: Vec<Cell>,
}

impl Pen {
    fn new() -> Self {
        Self { cells: Vec::new() }
    }

    fn line(&mut self, x: u16, y: u16, ways: Ways) {
        self.cells.push(Cell { x, y, stroke: Stroke::Line(ways) });
    }

    fn head(&mut self, x: u16, y: u16, heading: Heading) {
        self.cells.push(Cell { x, y, stroke: Stroke::Head(heading) });
    }

    fn across(&mut self, from: u16, to: u16, y: u16) {
        for x in from.min(to)..from.max(to) {
            self.line(x, y, Ways::ACROSS);
        }
    }

    fn upright(&mut self, x: u16, from: u16, to: u16) {
        for y in from..to {
            self.line(x, y, Ways::UPRIGHT);
        }
    }
}

/// Every arrow of a chart of framed boxes.
pub(super) fn wires(chart: &Chart) -> Vec<Wire> {
    ARROWS
        .iter()
        .enumerate()
        .filter_map(|(arrow, ends)| {
            let cells = match (ends.from, ends.to) {
                (Node::Box(from), Node::Box(to)) => between(chart.area(from)?, chart.area(to)?),
                (Node::Group(from), Node::Group(to)) => between_groups(chart, from, to)?,
                _ => return None,
            };
            Some(Wire { arrow, cells })
        })
        .collect()
}

fn between(from: Area, to: Area) -> Vec<Cell> {
    let gap = if to.x >= from.right() { to.x - from.right() } else { from.x.saturating_sub(to.right()) };
    if from.y == to.y && gap <= 8 {
        straight_across(from, to)
    } else if from.y == to.y {
        under(from, to)
    } else if to.y >= from.bottom() && centre(from).abs_diff(centre(to)) <= 2 {
        straight_down(from, to)
    } else {
        round_to_next_row(from, to)
    }
}

fn centre(area: Area) -> u16 {
    area.x + area.width / 2
}

fn middle(area: Area) -> u16 {
    area.y + area.height / 2
}

/// `│─▶│`, either way.
fn straight_across(from: Area, to: Area) -> Vec<Cell> {
    let mut pen = Pen::new();
    let y = middle(from);
    if to.x >= from.right() {
        pen.line(from.right() - 1, y, Ways::new(true, true, false, true));
        pen.across(from.right(), to.x - 1, y);
        pen.head(to.x - 1, y, Heading::Right);
    } else {
        pen.line(from.x, y, Ways::new(true, true, true, false));
        pen.across(to.right() + 1, from.x, y);
        pen.head(to.right(), y, Heading::Left);
    }
    pen.cells
}

/// Out of the bottom border, into the top border, near the right corner: titles stand on the left.
fn straight_down(from: Area, to: Area) -> Vec<Cell> {
    let mut pen = Pen::new();
    let x = from.right().min(to.right()) - FROM_CORNER;
    pen.line(x, from.bottom() - 1, Ways::new(false, true, true, true));
    pen.upright(x, from.bottom(), to.y);
    pen.head(x, to.y, Heading::Down);
    pen.cells
}

/// Down to the line below the row, along it, and up into a box that is not next door.
fn under(from: Area, to: Area) -> Vec<Cell> {
    let mut pen = Pen::new();
    let (start, end, y) = (centre(from), centre(to), from.bottom());
    pen.line(start, from.bottom() - 1, Ways::new(false, true, true, true));
    let is_left = end < start;
    pen.line(start, y, Ways::new(true, false, is_left, !is_left));
    pen.across(start.min(end) + 1, start.max(end), y);
    pen.line(end, y, Ways::new(true, false, !is_left, is_left));
    pen.head(end, to.bottom() - 1, Heading::Up);
    pen.cells
}

/// Down to the line below the row, back along it, and down into the first box of the next row. The head stands on the
/// line above the box, or in its border where there is no such line.
fn round_to_next_row(from: Area, to: Area) -> Vec<Cell> {
    let mut pen = Pen::new();
    let (start, end, y) = (centre(from), to.x + 2, from.bottom());
    pen.line(start, from.bottom() - 1, Ways::new(false, true, true, true));
    pen.line(start, y, Ways::new(true, false, true, false));
    pen.across(end + 1, start, y);
    if to.y == y + 1 {
        pen.head(end, y, Heading::Down);
    } else {
        pen.line(end, y, Ways::new(false, true, false, true));
        pen.upright(end, y + 1, to.y - 1);
        pen.head(end, to.y - 1, Heading::Down);
    }
    pen.cells
}

/// Arrows between whole groups exist on the flowchart only, into and out of the frame of AWS.
fn between_groups(chart: &Chart, from: Group, to: Group) -> Option<Vec<Cell>> {
    if !matches!(chart.kind, Kind::Flow { .. }) {
        return None;
    }
    let area = |group: Group| chart.groups.iter().find(|(known, _)| *known == group).map(|(_, area)| *area);
    let (source, target) = (area(from)?, area(to)?);
    let mut pen = Pen::new();
    if to == Group::AwsInfrastructure {
        let x = centre(target);
        pen.line(x, target.y - 1, Ways::UPRIGHT);
        pen.head(x, target.y, Heading::Down);
    } else {
        let x = centre(target);
        pen.line(x, source.bottom() - 1, Ways::new(false, true, true, true));
        pen.head(x, target.y, Heading::Down);
    }
    Some(pen.cells)
}

/// Arrows inside one list of lines, drawn in three columns to the left of it: a small arrow for "from the line above",
/// a rail for a box that feeds several.
pub(super) fn rails(chart: &Chart, group: Group) -> Vec<Wire> {
    let order = list_order(group);
    let line = |id: BoxId| order.iter().position(|known| *known == id);
    let inside: Vec<(usize, &Arrow, usize, usize)> = ARROWS
        .iter()
        .enumerate()
        .filter_map(|(position, arrow)| match (arrow.from, arrow.to) {
            (Node::Box(from), Node::Box(to)) => Some((position, arrow, line(from)?, line(to)?)),
            _ => None,
        })
        .collect();
    inside
        .iter()
        .filter_map(|(position, arrow, from, to)| {
            let siblings: Vec<usize> =
                inside.iter().filter(|(_, _, start, _)| start == from).map(|(_, _, _, end)| *end).collect();
            let at = |line: usize| chart.area(order[line]);
            let mut pen = Pen::new();
            if siblings.len() == 1 && *to == from + 1 && !arrow.dashed {
                let target = at(*to)?;
                pen.head(target.x, target.y, Heading::Down);
            } else {
                let (source, target) = (at(*from)?, at(*to)?);
                let x = source.x + 1;
                let goes_down = target.y > source.y;
                pen.line(x, source.y, Ways::new(!goes_down, goes_down, false, false));
                pen.upright(x, source.y.min(target.y) + 1, source.y.max(target.y));
                pen.line(x, target.y, Ways::new(goes_down, !goes_down, false, true));
                pen.head(x + 1, target.y, Heading::Right);
            }
            Some(Wire { arrow: *position, cells: pen.cells })
        })
        .collect()
}
