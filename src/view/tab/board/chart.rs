//! The chart, in the richest form the screen has room for.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use crate::app::model::Model;
use crate::app::tab::board::canvas;
use crate::app::tab::board::chart::{Area, Chart, Kind};
use crate::app::tab::board::route::{Heading, Stroke, Ways, Wire};
use crate::domain::board::{ARROWS, BoxId, Group, Node};
use crate::domain::health::Health;
use crate::view::rect;
use crate::view::text::{fill, fit, width};
use crate::view::theme::{Role, Theme};
use crate::world::board::{Fact, Reading};

pub(super) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let tab = &model.board_tab;
    let chart = Chart::of(canvas(model.size, model.is_compact), tab.zoom, tab.focus);
    let painter = Painter { model, theme, chart: &chart };
    let buffer = frame.buffer_mut();
    painter.frames(buffer);
    for (id, place) in chart.boxes() {
        // What is well keeps its place, empty, so that nothing else moves; the focus stays to be seen.
        if model.is_only_broken && !model.board.health(id).wants_eyes() && id != tab.focus {
            continue;
        }
        match chart.kind {
            Kind::Flow { .. } | Kind::Zoom { .. } => painter.framed(id, place, buffer),
            Kind::Panels => painter.line(id, place, buffer),
            Kind::Grid => painter.cell(id, place, buffer),
            Kind::Glyphs => painter.glyph(id, place, buffer),
        }
    }
    painter.wires(buffer);
    // Last, because the title of a group stands on the wire that leads to it.
    painter.titles(buffer);
    painter.notes(area, buffer);
}

struct Painter<'a> {
    model: &'a Model,
    theme: Theme,
    chart: &'a Chart,
}

impl Painter<'_> {
    fn is_focused(&self, id: BoxId) -> bool {
        self.model.board_tab.focus == id
    }

    /// A box with a frame: its title in the upper edge, its facts inside.
    fn framed(&self, id: BoxId, place: Area, buffer: &mut Buffer) {
        let reading = self.model.board.reading(id);
        let (theme, health) = (self.theme, reading.health);
        let focused = self.is_focused(id);
        let edge = match health {
            Health::Ok | Health::Absent if focused => theme.style(Role::Accent),
            Health::Ok | Health::Absent => theme.style(Role::Faint),
            _ => theme.of_health(health),
        };
        let set = if focused { border::THICK } else { border::ROUNDED };
        // A wire from above comes in near the right corner; the title ends before it.
        let corner = if self.has_wire_from_above(id) { 6 } else { 4 };
        let room = usize::from(place.width).saturating_sub(corner);
        let title_style = if focused {
            theme.selected()
        } else if health.wants_eyes() {
            theme.of_health(health)
        } else {
            theme.style(Role::Text)
        };
        let title = Line::from(vec![
            Span::styled(theme.sign(health), theme.of_health(health)),
            Span::styled(" ", edge),
            Span::styled(name_for(id, room), title_style),
            Span::styled(" ", edge),
        ]);
        let block = Block::bordered().border_set(set).border_style(edge).title(title);
        let area = rect(place);
        let inside = block.inner(area);
        block.render(area, buffer);
        let room = usize::from(inside.width);
        let headline = Line::styled(fit(&reading.headline, room), self.fact_style(health));
        let facts = further_facts(reading, room).into_iter().map(|fact| Line::styled(fact, theme.style(Role::Dim)));
        for (row, line) in std::iter::once(headline).chain(facts).take(usize::from(inside.height)).enumerate() {
            line.render(Rect { y: inside.y + row as u16, height: 1, ..inside }, buffer);
        }
    }

    fn has_wire_from_above(&self, id: BoxId) -> bool {
        let Some(place) = self.chart.area(id) else { return false };
        self.chart.wires.iter().any(|wire| {
            wire.cells.last().is_some_and(|cell| {
                cell.stroke == Stroke::Head(Heading::Down)
                    && cell.y == place.y
                    && (place.x..place.right()).contains(&cell.x)
            })
        })
    }

    fn fact_style(&self, health: Health) -> Style {
        if health.wants_eyes() { self.theme.of_health(health) } else { self.theme.style(Role::Dim) }
    }

    /// A box as a line: rails, sign, name, fact.
    fn line(&self, id: BoxId, place: Area, buffer: &mut Buffer) {
        const RAILS: u16 = 3;
        const NAME: usize = 16;
        let reading = self.model.board.reading(id);
        let (theme, health) = (self.theme, reading.health);
        let name_style = if self.is_focused(id) {
            theme.selected()
        } else if health.wants_eyes() {
            theme.of_health(health)
        } else {
            theme.style(Role::Text)
        };
        let room = usize::from(place.width.saturating_sub(RAILS)).saturating_sub(NAME + 3);
        let line = Line::from(vec![
            Span::styled(format!("{} ", theme.sign(health)), theme.of_health(health)),
            Span::styled(fill(id.label(), NAME), name_style),
            Span::raw(" "),
            Span::styled(fit(&reading.headline, room), self.fact_style(health)),
        ]);
        line.render(Rect { x: place.x + RAILS, y: place.y, width: place.width - RAILS, height: 1 }, buffer);
    }

    /// A box as a sign and a short name.
    fn cell(&self, id: BoxId, place: Area, buffer: &mut Buffer) {
        let (theme, health) = (self.theme, self.model.board.health(id));
        let style = if self.is_focused(id) {
            theme.selected()
        } else if health.wants_eyes() {
            theme.of_health(health)
        } else {
            theme.style(Role::Text)
        };
        let room = usize::from(place.width).saturating_sub(3);
        let line = Line::from(vec![
            Span::styled(format!("{} ", theme.sign(health)), theme.of_health(health)),
            Span::styled(fit(id.short(), room), style),
        ]);
        line.render(rect(place), buffer);
    }

    fn glyph(&self, id: BoxId, place: Area, buffer: &mut Buffer) {
        let health = self.model.board.health(id);
        let style = if self.is_focused(id) { self.theme.selected() } else { self.theme.of_health(health) };
        Line::from(Span::styled(self.theme.sign(health), style)).render(rect(place), buffer);
    }

    fn frames(&self, buffer: &mut Buffer) {
        for (group, place) in &self.chart.groups {
            if *group == Group::AwsInfrastructure {
                Block::bordered()
                    .border_set(border::ROUNDED)
                    .border_style(self.theme.style(Role::Faint))
                    .title(Line::styled(format!(" {} ", group.label()), self.theme.style(Role::Strong)))
                    .render(rect(*place), buffer);
            }
        }
    }

    fn titles(&self, buffer: &mut Buffer) {
        for (group, place) in self.chart.groups.iter().filter(|(group, _)| *group != Group::AwsInfrastructure) {
            let title = self.group_title(*group, usize::from(place.width));
            let x = match (self.chart.kind, group) {
                // Beside the head of the wire that comes in from the row above.
                (Kind::Flow { .. }, Group::CiPipeline | Group::CdPipeline) => place.x + 4,
                _ => place.x,
            };
            title.render(Rect { x, y: place.y, width: place.right().saturating_sub(x), height: 1 }, buffer);
        }
    }

    /// The group's name, and how many of its boxes are not well.
    fn group_title(&self, group: Group, room: usize) -> Line<'static> {
        let theme = self.theme;
        let is_here = self.model.board_tab.focus.group() == group;
        let role = if is_here { Role::Accent } else { Role::Strong };
        let short = matches!(self.chart.kind, Kind::Grid | Kind::Glyphs);
        let name = if short { group.short() } else { group.label() };
        let mut spans = vec![Span::styled(format!(" {name} "), theme.style(role))];
        if !short {
            for health in [Health::Bad, Health::Warn, Health::Stale, Health::Unknown] {
                let count = group.boxes().filter(|id| self.model.board.health(*id) == health).count();
                if count > 0 {
                    spans.push(Span::styled(format!("{} {count} ", theme.sign(health)), theme.of_health(health)));
                }
            }
        }
        if self.chart.kind == Kind::Panels {
            let used: usize = spans.iter().map(|span| width(&span.content)).sum();
            let rule = "─".repeat(room.saturating_sub(used)).clone();
            spans.push(Span::styled(rule, theme.style(if is_here { Role::Accent } else { Role::Faint })));
        }
        Line::from(spans)
    }

    /// Wires over everything: the plain ones first, those that matter on top.
    fn wires(&self, buffer: &mut Buffer) {
        let mut wires: Vec<(u8, &Wire, Style)> = self
            .chart
            .wires
            .iter()
            .map(|wire| {
                let (weight, style) = self.wire_style(wire.arrow);
                (weight, wire, style)
            })
            .collect();
        wires.sort_by_key(|(weight, ..)| *weight);
        for (_, wire, style) in wires {
            let dashed = ARROWS[wire.arrow].dashed;
            for cell in &wire.cells {
                let Some(target) = buffer.cell_mut(Position { x: cell.x, y: cell.y }) else { continue };
                let symbol = match cell.stroke {
                    Stroke::Head(heading) => head(heading),
                    Stroke::Line(ways) => {
                        let joined = ways_of(target.symbol()).map_or(ways, |there| there.joined(ways));
                        line_symbol(joined, dashed)
                    }
                };
                target.set_symbol(symbol).set_style(style);
            }
        }
    }

    /// An arrow between two boxes that are both unwell is part of the trouble; one at the focus is where keys lead.
    fn wire_style(&self, arrow: usize) -> (u8, Style) {
        let (Node::Box(from), Node::Box(to)) = (ARROWS[arrow].from, ARROWS[arrow].to) else {
            return (0, self.theme.style(Role::Faint));
        };
        let both = self.model.board.health(from).min(self.model.board.health(to));
        if both.is_broken() {
            (2, self.theme.of_health(both))
        } else if self.is_focused(from) || self.is_focused(to) {
            (1, self.theme.style(Role::Accent))
        } else {
            (0, self.theme.style(Role::Faint))
        }
    }

    /// What the focus is on, in a sentence, on the line the chart leaves free; and more of the trouble where there is
    /// room for it.
    fn notes(&self, area: Rect, buffer: &mut Buffer) {
        let free = area.bottom().saturating_sub(self.chart.bottom);
        if free == 0 {
            return;
        }
        let board = &self.model.board;
        let focus = self.model.board_tab.focus;
        let mut shown = vec![focus];
        if matches!(self.chart.kind, Kind::Grid | Kind::Glyphs) {
            shown.extend(board.troubled().into_iter().filter(|id| *id != focus));
        }
        // A blank line first, where that costs nothing.
        let rows = usize::from(if free > 2 { free - 1 } else { free }).min(shown.len());
        let start = area.bottom() - rows as u16;
        for (row, id) in shown.into_iter().take(rows).enumerate() {
            let reading = board.reading(id);
            let theme = self.theme;
            let mut spans = vec![
                Span::styled(
                    format!(" {} {}  ", theme.sign(reading.health), reading.health.word()),
                    theme.of_health(reading.health),
                ),
                Span::styled(id.title(), theme.style(if row == 0 { Role::Accent } else { Role::Strong })),
                Span::raw("  "),
            ];
            let used: usize = spans.iter().map(|span| width(&span.content)).sum();
            let text = fit(&reading.summary, usize::from(area.width).saturating_sub(used + 1));
            spans.push(Span::styled(text, self.fact_style(reading.health)));
            let place = Rect { x: area.x, y: start + row as u16, width: area.width, height: 1 };
            Line::from(spans).render(place, buffer);
        }
    }
}

/// Facts that say more than the headline: those that fit whole first, then those that must be cut.
fn further_facts(reading: &Reading, room: usize) -> Vec<String> {
    let is_news = |fact: &&Fact| !reading.headline.contains(&fact.value) && !fact.value.contains(&reading.headline);
    let mut texts: Vec<String> =
        reading.facts.iter().filter(is_news).map(|fact| format!("{} {}", fact.label, fact.value)).collect();
    texts.sort_by_key(|text| width(text) > room);
    texts.iter().map(|text| fit(text, room)).collect()
}

fn head(heading: Heading) -> &'static str {
    match heading {
        Heading::Up => "▲",
        Heading::Down => "▼",
        Heading::Left => "◀",
        Heading::Right => "▶",
    }
}

fn line_symbol(ways: Ways, dashed: bool) -> &'static str {
    let Ways { up, down, left, right } = ways;
    match (up, down, left, right) {
        (false, false, _, _) if dashed => "╌",
        (_, _, false, false) if dashed => "╎",
        (false, false, _, _) => "─",
        (_, _, false, false) => "│",
        (true, false, true, false) => "╯",
        (true, false, false, true) => "╰",
        (false, true, true, false) => "╮",
        (false, true, false, true) => "╭",
        (true, true, true, false) => "┤",
        (true, true, false, true) => "├",
        (true, false, true, true) => "┴",
        (false, true, true, true) => "┬",
        (true, true, true, true) => "┼",
    }
}

/// The longest of a box's names that fits.
fn name_for(id: BoxId, room: usize) -> String {
    for name in [id.title(), id.label(), id.short()] {
        if name.chars().count() <= room {
            return name.to_owned();
        }
    }
    fit(id.short(), room)
}

/// The directions of a line already drawn in a cell, if one is.
fn ways_of(symbol: &str) -> Option<Ways> {
    let ways = |up, down, left, right| Some(Ways { up, down, left, right });
    match symbol {
        "─" | "━" | "╌" => ways(false, false, true, true),
        "│" | "┃" | "╎" => ways(true, true, false, false),
        "╯" => ways(true, false, true, false),
        "╰" => ways(true, false, false, true),
        "╮" => ways(false, true, true, false),
        "╭" => ways(false, true, false, true),
        "┤" => ways(true, true, true, false),
        "├" => ways(true, true, false, true),
        "┴" => ways(true, false, true, true),
        "┬" => ways(false, true, true, true),
        "┼" => ways(true, true, true, true),
        _ => None,
    }
}
