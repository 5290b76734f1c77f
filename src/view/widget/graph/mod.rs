//! Lines over time, with what they are measured against: limit, band, deploys, states of the alarm.
//!
//! ```text
//!   8 % ┤                        ⢀⡠⠒⠉
//!   4 % ┤             ┊      ⡰⠁         values
//!   1 % ┼╌╌╌╌╌╌╌╌╌╌╌╌╌┊╌╌╌╌╌╌╌ limit
//!   0 % ┤⣀⣀⣀⣀         ┊
//!       │                  ▲▲▲▲▲▲▲      where they breach
//!       │             1                 markers
//!       └13:15────────13:30──────       local time
//!  state ━━━━━━━━━━━━━━━━━━━━▇▇▇▇▇      states of the alarm
//! ```

mod axis;
mod canvas;
mod scale;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::settings::Glyphs;
use crate::domain::alarm::{AlarmState, Comparison};
use crate::domain::graph::Graph;
use crate::view::text::{fit, width};
use crate::view::theme::{Role, Theme};
use crate::view::widget::graph::axis::TimeAxis;
use crate::view::widget::graph::canvas::{Canvas, Ink, Judge};
use crate::view::widget::graph::scale::Scale;

const NO_DATA: &str = "no datapoints in this span";
const LIMIT: &str = "limit";
const STATE: &str = "state";

/// Below this a line has no shape, and its newest value says more.
const LEAST: (u16, u16) = (20, 4);
const LEAST_COLUMNS: usize = 8;

/// What is drawn beside the lines.
#[derive(Clone, Copy, Debug)]
pub(in crate::view) struct Plot<'a> {
    pub graph: &'a Graph,
    /// Of the alarm: a dashed line, and what is beyond it is marked.
    pub limit: Option<(Comparison, f64)>,
    /// Moments that matter. The first nine are drawn, by their number from 1 on, for a legend of the caller's; those
    /// outside the span keep their number.
    pub markers: &'a [Timestamp],
    /// When the alarm came into which state, oldest first.
    pub ribbon: &'a [(Timestamp, AlarmState)],
    /// Its state before the first of them.
    pub before: Option<AlarmState>,
    pub has_ribbon: bool,
    pub now: Timestamp,
    pub zone: &'a TimeZone,
    pub glyphs: Glyphs,
}

pub(in crate::view) fn draw(plot: &Plot<'_>, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let buffer = frame.buffer_mut();
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    if plot.graph.is_empty() {
        let note = fit(NO_DATA, usize::from(area.width));
        let left = (area.width - width(&note) as u16) / 2;
        buffer.set_string(area.x + left, area.y + (area.height - 1) / 2, note, theme.style(Role::Dim));
        return;
    }
    let judge = plot.judge();
    match Face::fitting(plot, judge, area) {
        Some(face) => face.draw(judge, theme, buffer),
        None => newest_values(plot, judge, theme, area, buffer),
    }
}

/// The colour of the line at this place, for a legend.
pub(in crate::view) fn role_of_line(place: usize) -> Role {
    match place.checked_sub(1).map(|further| further % 4) {
        None => Role::Accent,
        Some(0) => Role::Text,
        Some(1) => Role::Warn,
        Some(2) => Role::Stale,
        Some(_) => Role::Unknown,
    }
}

/// Where there is no room for a graph.
fn newest_values(plot: &Plot<'_>, judge: Judge<'_>, theme: Theme, area: Rect, buffer: &mut Buffer) {
    for (line, y) in plot.graph.lines.iter().zip(area.y..area.bottom()) {
        let newest = line.values.iter().copied().enumerate().rev().find(|(_, value)| value.is_finite());
        let value = line.unit.write(newest.map_or(f64::NAN, |(_, value)| value));
        let text = if plot.graph.lines.len() > 1 { format!("{value} {}", line.label) } else { value };
        let is_bad = newest.is_some_and(|(position, value)| judge.breaches(position, value));
        let role = if is_bad { Role::Bad } else { Role::Text };
        buffer.set_string(area.x, y, fit(&text, usize::from(area.width)), theme.style(role));
    }
}

impl<'a> Plot<'a> {
    fn judge(&self) -> Judge<'a> {
        Judge {
            limit: self.limit.filter(|(_, limit)| limit.is_finite()),
            band: self.graph.band.as_ref(),
            provisional_from: self.graph.provisional_from(self.now),
        }
    }

    fn lines(&self) -> impl Iterator<Item = &'a [f64]> {
        self.graph.lines.iter().map(|line| &*line.values)
    }

    /// Everything that has to have a place on the vertical axis.
    fn values(&self) -> impl Iterator<Item = f64> {
        let band = self.graph.band.iter().flat_map(|band| [&*band.lower, &*band.upper]);
        self.lines().chain(band).flatten().copied()
    }
}

struct Signs {
    side: &'static str,
    tick: &'static str,
    cross: &'static str,
    corner: &'static str,
    rule: &'static str,
    limit: &'static str,
    marker: &'static str,
    breach: &'static str,
    ok: &'static str,
    alarm: &'static str,
    unknown: &'static str,
}

const UNICODE: Signs = Signs {
    side: "│",
    tick: "┤",
    cross: "┼",
    corner: "└",
    rule: "─",
    limit: "╌",
    marker: "┊",
    breach: "▲",
    ok: "━",
    alarm: "▇",
    unknown: "·",
};

const ASCII: Signs = Signs {
    side: "|",
    tick: "+",
    cross: "+",
    corner: "+",
    rule: "-",
    limit: "-",
    marker: "|",
    breach: "^",
    ok: "=",
    alarm: "#",
    unknown: ".",
};

/// A graph that fits its area.
struct Face<'a> {
    plot: &'a Plot<'a>,
    scale: Scale,
    /// Of the limit, and its text.
    limit: Option<(f64, String)>,
    time: TimeAxis,
    signs: &'static Signs,
    /// Rows of the values.
    rows: usize,
    has_breaches: bool,
    has_markers: bool,
    has_ribbon: bool,
    /// The column of the vertical axis.
    axis: u16,
    area: Rect,
}

impl<'a> Face<'a> {
    fn fitting(plot: &'a Plot<'a>, judge: Judge<'_>, area: Rect) -> Option<Self> {
        if area.width < LEAST.0 || area.height < LEAST.1 {
            return None;
        }
        let unit = plot.graph.lines.first()?.unit;
        // All rows but that of the time; the rows below the values are given away by how much they are missed.
        let mut rows = usize::from(area.height) - 1;
        let mut take = |is_wanted: bool, least: usize| {
            let is_taken = is_wanted && rows > least;
            rows -= usize::from(is_taken);
            is_taken
        };
        let has_ribbon = take(plot.has_ribbon, 2);
        let breaches = |values: &[f64]| values.iter().enumerate().any(|(place, value)| judge.breaches(place, *value));
        let has_breaches = take(plot.lines().any(breaches), 2);
        let span = plot.graph.from..plot.graph.until();
        let has_markers = take(plot.markers.iter().take(9).any(|at| span.contains(at)), 3);

        let limit = judge.limit.map(|(_, limit)| limit);
        let scale = Scale::over(plot.values(), limit, unit, rows)?;
        let limit = limit.map(|limit| (limit, scale::label(limit, unit)));
        let labels = scale.ticks.iter().map(|tick| &tick.label).chain(limit.as_ref().map(|(_, label)| label));
        let margin = labels.map(|label| width(label)).max()? + 1;
        let margin = if has_ribbon { margin.max(STATE.len() + 1) } else { margin };
        let columns = usize::from(area.width).checked_sub(margin + 1).filter(|columns| *columns >= LEAST_COLUMNS)?;
        Some(Self {
            plot,
            scale,
            limit,
            time: TimeAxis { from: span.start, until: span.end, columns },
            signs: if plot.glyphs == Glyphs::Unicode { &UNICODE } else { &ASCII },
            rows,
            has_breaches,
            has_markers,
            has_ribbon,
            axis: area.x + margin as u16,
            area,
        })
    }

    fn draw(&self, judge: Judge<'_>, theme: Theme, buffer: &mut Buffer) {
        let graph = self.plot.graph;
        let mut canvas = Canvas::new(self.plot.glyphs, self.time.columns, self.rows, graph.len());
        if let Some(band) = &graph.band {
            canvas.edge(&band.lower, &self.scale);
            canvas.edge(&band.upper, &self.scale);
        }
        // The first line last, so that none hides it.
        for (place, line) in graph.lines.iter().enumerate().rev() {
            canvas.trace(place, &line.values, &self.scale, judge);
        }
        self.vertical_axis(&canvas, theme, buffer);
        self.markers(&canvas, theme, buffer);
        self.limit(&canvas, theme, buffer);
        for row in 0..self.rows {
            for column in 0..self.time.columns {
                if let Some((letter, ink)) = canvas.cell(column, row) {
                    self.put((column, row), letter.encode_utf8(&mut [0; 4]), role(ink), theme, buffer);
                }
            }
        }
        let mut row = self.rows;
        if self.has_breaches {
            for (column, ink) in canvas.breaches.iter().enumerate() {
                if let Some(ink) = ink {
                    self.put((column, row), self.signs.breach, role(*ink), theme, buffer);
                }
            }
            row += 1;
        }
        if self.has_markers {
            self.marker_signs(row, theme, buffer);
            row += 1;
        }
        self.time_axis(row, theme, buffer);
        if self.has_ribbon {
            self.ribbon(row + 1, theme, buffer);
        }
    }

    /// Text right of the axis, in place of what was there: weight and colour too.
    fn put(&self, (column, row): (usize, usize), text: &str, role: Role, theme: Theme, buffer: &mut Buffer) {
        let (x, y) = (self.axis + 1 + column as u16, self.area.y + row as u16);
        buffer.set_string(x, y, text, Style::reset().patch(theme.style(role)));
    }

    /// Text left of the axis, aligned with its neighbours.
    fn put_label(&self, row: usize, text: &str, theme: Theme, buffer: &mut Buffer) {
        let x = (self.axis - 1).saturating_sub(width(text) as u16).max(self.area.x);
        buffer.set_string(x, self.area.y + row as u16, text, theme.style(Role::Dim));
    }

    fn vertical_axis(&self, canvas: &Canvas, theme: Theme, buffer: &mut Buffer) {
        let below = usize::from(self.has_breaches) + usize::from(self.has_markers);
        for row in 0..self.rows + below {
            buffer.set_string(self.axis, self.area.y + row as u16, self.signs.side, theme.style(Role::Faint));
        }
        let mut taken: Vec<(usize, &str)> = Vec::new();
        let limit = self.limit.iter().map(|(limit, label)| (*limit, label, self.signs.cross));
        let ticks = self.scale.ticks.iter().map(|tick| (tick.value, &tick.label, self.signs.tick));
        for (value, label, sign) in limit.chain(ticks) {
            let row = canvas.row(value, &self.scale);
            if taken.iter().any(|(other, text)| *other == row || text == label) {
                continue;
            }
            self.put_label(row, label, theme, buffer);
            buffer.set_string(self.axis, self.area.y + row as u16, sign, theme.style(Role::Faint));
            taken.push((row, label));
        }
    }

    /// A dashed line behind the values, and its name where it hides none of them.
    fn limit(&self, canvas: &Canvas, theme: Theme, buffer: &mut Buffer) {
        let Some((limit, _)) = &self.limit else { return };
        let row = canvas.row(*limit, &self.scale);
        for column in 0..self.time.columns {
            self.put((column, row), self.signs.limit, Role::Dim, theme, buffer);
        }
        let room = LIMIT.len() + 2;
        let near = [Some(row), row.checked_sub(1), Some(row + 1).filter(|below| *below < self.rows)];
        let place = near.into_iter().flatten().find_map(|row| {
            let is_free = |start: &usize| (*start..start + room).all(|column| canvas.cell(column, row).is_none());
            (0..=self.time.columns.checked_sub(room)?).rev().find(is_free).map(|column| (column, row))
        });
        if let Some(place) = place {
            self.put(place, &format!(" {LIMIT} "), Role::Dim, theme, buffer);
        }
    }

    /// The columns of the markers that are in the span, by their number from 0 on.
    fn marked(&self) -> impl Iterator<Item = (usize, usize)> {
        let markers = self.plot.markers.iter().take(9).enumerate();
        markers.filter_map(|(number, at)| Some((number, self.time.column(*at)?)))
    }

    fn markers(&self, canvas: &Canvas, theme: Theme, buffer: &mut Buffer) {
        let below = usize::from(self.has_breaches);
        for (_, column) in self.marked() {
            for row in 0..self.rows + below {
                self.put((column, row), self.signs.marker, Role::Dim, theme, buffer);
            }
        }
        // Without a row of their own the signs stand where the lines leave room.
        if !self.has_markers {
            for (number, column) in self.marked() {
                if let Some(row) = (0..self.rows).rev().find(|row| canvas.cell(column, *row).is_none()) {
                    self.put((column, row), &(number + 1).to_string(), Role::Text, theme, buffer);
                }
            }
        }
    }

    /// The number of each marker, moved aside where another has its place.
    fn marker_signs(&self, row: usize, theme: Theme, buffer: &mut Buffer) {
        let mut taken = Vec::new();
        for (number, column) in self.marked() {
            let near = (0..9).flat_map(|by| [Some(column + by), column.checked_sub(by)]).flatten();
            let free = near.into_iter().find(|place| *place < self.time.columns && !taken.contains(place));
            if let Some(place) = free {
                self.put((place, row), &(number + 1).to_string(), Role::Text, theme, buffer);
                taken.push(place);
            }
        }
    }

    fn time_axis(&self, row: usize, theme: Theme, buffer: &mut Buffer) {
        let y = self.area.y + row as u16;
        buffer.set_string(self.axis, y, self.signs.corner, theme.style(Role::Faint));
        for column in 0..self.time.columns {
            self.put((column, row), self.signs.rule, Role::Faint, theme, buffer);
        }
        for tick in self.time.ticks(self.plot.zone) {
            self.put((tick.column, row), &tick.label, Role::Dim, theme, buffer);
        }
    }

    fn ribbon(&self, row: usize, theme: Theme, buffer: &mut Buffer) {
        let x = self.axis - STATE.len() as u16;
        buffer.set_string(x, self.area.y + row as u16, STATE, theme.style(Role::Dim));
        let states = self.time.states(self.plot.ribbon, self.plot.before, self.plot.now);
        for (column, state) in states.into_iter().enumerate() {
            let (sign, role) = match state {
                Some(AlarmState::Ok) => (self.signs.ok, Role::Dim),
                Some(AlarmState::Alarm) => (self.signs.alarm, Role::Bad),
                Some(AlarmState::InsufficientData) => (self.signs.unknown, Role::Unknown),
                None => continue,
            };
            self.put((column, row), sign, role, theme, buffer);
        }
    }
}

fn role(ink: Ink) -> Role {
    match ink {
        Ink::Band => Role::Dim,
        Ink::Line(place) => role_of_line(place),
        Ink::Provisional => Role::Faint,
        Ink::Breach => Role::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::settings::Colours;
    use crate::app::settings::Look;
    use crate::domain::graph::{Band, GraphLine};
    use crate::domain::unit::Unit;
    use jiff::SignedDuration;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    const GT: Comparison = Comparison::GreaterThanThreshold;

    /// One value per minute from 13:12 in Paris on.
    fn graph(lines: &[&[f64]]) -> Graph {
        let line = |values: &&[f64]| GraphLine { label: "web".into(), unit: Unit::Percent, values: (*values).into() };
        Graph {
            from: "2026-03-10T12:12:00Z".parse().unwrap(),
            period: SignedDuration::from_mins(1),
            lines: lines.iter().map(line).collect(),
            band: None,
        }
    }

    /// A plot of nothing but the lines, long after them.
    fn plot<'a>(graph: &'a Graph, zone: &'a TimeZone) -> Plot<'a> {
        Plot {
            graph,
            limit: None,
            markers: &[],
            ribbon: &[],
            before: None,
            has_ribbon: false,
            now: graph.until() + SignedDuration::from_hours(1),
            zone,
            glyphs: Glyphs::Unicode,
        }
    }

    fn zone() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    fn painted(plot: &Plot<'_>, colours: Colours, (width, height): (u16, u16)) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let area = Rect::new(0, 0, width, height);
        terminal.draw(|frame| draw(plot, Theme::new(Look { colours, ..Look::default() }), area, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    fn text(buffer: &Buffer) -> Vec<String> {
        let row = |y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        (0..buffer.area.height).map(row).collect()
    }

    fn rising() -> Vec<f64> {
        (0..40).map(|minute: u32| f64::from(minute.saturating_sub(20)) * 0.4).collect()
    }

    #[test]
    fn a_whole_graph_in_unicode() {
        let (graph, zone) = (graph(&[&rising()]), zone());
        let at = |minutes| graph.from + SignedDuration::from_mins(minutes);
        let plot = Plot {
            limit: Some((GT, 1.0)),
            markers: &[at(-5), at(16)],
            ribbon: &[(at(26), AlarmState::Alarm)],
            before: Some(AlarmState::Ok),
            has_ribbon: true,
            ..plot(&graph, &zone)
        };
        assert_eq!(
            text(&painted(&plot, Colours::True, (47, 9))),
            [
                " 10 % ┤                ┊                       ",
                "      │                ┊                  ⢀⡠⠔⠒⠂",
                "  5 % ┤                ┊            ⢀⣀⡠⠔⠊⠉⠁    ",
                "      │                ┊       ⢀⡠⠤⠔⠊⠁          ",
                "  1 % ┼⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⡠⠔⠒⠊⠁╌╌╌╌╌╌╌╌ limit ",
                "      │                ┊      ▲▲▲▲▲▲▲▲▲▲▲▲▲▲▲▲▲",
                "      │                2                       ",
                "      └────────13:20─────13:30─────13:40───────",
                " state ━━━━━━━━━━━━━━━━━━━━━━━━━━▇▇▇▇▇▇▇▇▇▇▇▇▇▇",
            ]
        );
    }

    #[test]
    fn a_whole_graph_in_ascii() {
        let (graph, zone) = (graph(&[&rising()]), zone());
        let at = |minutes| graph.from + SignedDuration::from_mins(minutes);
        let plot = Plot {
            limit: Some((GT, 1.0)),
            markers: &[at(16)],
            ribbon: &[(at(10), AlarmState::InsufficientData), (at(12), AlarmState::Ok), (at(26), AlarmState::Alarm)],
            has_ribbon: true,
            glyphs: Glyphs::Ascii,
            ..plot(&graph, &zone)
        };
        let rows = text(&painted(&plot, Colours::None, (47, 9)));
        assert!(rows.iter().all(|row| row.is_ascii()));
        assert_eq!(
            rows,
            [
                " 10 % +                |                       ",
                "      |                |                   ****",
                "  5 % +                |             ******    ",
                "      |                |       ******          ",
                "  1 % +************************--------- limit ",
                "      |                |      ^^^^^^^^^^^^^^^^^",
                "      |                1                       ",
                "      +--------13:20-----13:30-----13:40-------",
                " state           ..==============##############",
            ]
        );
    }

    #[test]
    fn colours_say_what_is_wrong_and_what_is_not_final() {
        let (graph, zone) = (graph(&[&[9.0; 40], &[1.0; 40]]), zone());
        let plot = Plot { limit: Some((GT, 5.0)), now: graph.until(), ..plot(&graph, &zone) };
        let theme = Theme::new(Look::default());
        let buffer = painted(&plot, Colours::True, (46, 10));
        let colour = |minute: u16, row| buffer[(6 + minute, row)].style().fg;
        let of = |role| theme.style(role).fg;
        // 10 % is in the topmost row, 0 % in the ninth.
        let row = |sign: char| text(&buffer).iter().position(|row| row.contains(sign)).unwrap() as u16;
        let fine = |y: u16| buffer[(9, y)].symbol() != " " && colour(3, y) == of(Role::Text);
        assert_eq!(colour(3, 0), of(Role::Bad));
        assert_eq!(colour(39, 0), of(Role::Faint));
        assert_eq!(colour(3, row('╌')), of(Role::Dim));
        assert_eq!((0..10).filter(|y| fine(*y)).count(), 1);
        assert_eq!(colour(3, row('▲')), of(Role::Bad));
        assert_eq!(colour(39, row('▲')), of(Role::Faint));
    }

    #[test]
    fn a_breach_is_seen_without_colour_too() {
        let mut values = [1.0; 40];
        values[7] = 9.0;
        let (graph, zone) = (graph(&[&values]), zone());
        let calm = plot(&graph, &zone);
        assert!(!text(&painted(&calm, Colours::None, (45, 8))).concat().contains('▲'));
        let plot = Plot { limit: Some((GT, 5.0)), ..calm };
        let rows = text(&painted(&plot, Colours::None, (46, 8)));
        assert_eq!(rows[6].trim_end(), "     │      ▲▲");
    }

    #[test]
    fn no_data_is_said_and_no_axis_invented() {
        let (graph, zone) = (graph(&[&[f64::NAN; 40]]), zone());
        let plot = Plot { limit: Some((GT, 5.0)), has_ribbon: true, ..plot(&graph, &zone) };
        let rows = text(&painted(&plot, Colours::True, (35, 3)));
        assert_eq!(rows, [" ".repeat(35), format!("    {NO_DATA}     "), " ".repeat(35)]);
        assert_eq!(text(&painted(&plot, Colours::True, (8, 1))), ["no data…"]);
    }

    #[test]
    fn without_room_the_newest_values_are_text() {
        let zone = zone();
        let two = graph(&[&[1.0, 7.4, f64::NAN], &[2.0, 2.0, 2.0]]);
        assert_eq!(
            text(&painted(&plot(&two, &zone), Colours::True, (12, 3))),
            ["7.4 % web   ", "2 % web     ", "            "]
        );
        let one = graph(&[&[1.0, 7.4]]);
        assert_eq!(text(&painted(&plot(&one, &zone), Colours::True, (60, 1)))[0].trim_end(), "7.4 %");
    }

    #[test]
    fn any_size_and_any_value_can_be_drawn() {
        let zone = zone();
        let wild = [f64::MAX, f64::MIN, f64::NAN, 1e-320, f64::INFINITY, 0.0, -1e15];
        for lines in [vec![], vec![&wild[..], &[][..], &[5.0][..]], vec![&[1.0; 500][..]]] {
            let mut graph = graph(&lines);
            graph.band = Some(Band { lower: wild.into(), upper: [1.0].into() });
            let at = |minutes| graph.from + SignedDuration::from_mins(minutes);
            let markers: Vec<Timestamp> = (-3..20).map(at).collect();
            for limit in [None, Some((GT, 0.5)), Some((GT, f64::INFINITY))] {
                for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
                    let plot = Plot {
                        limit,
                        markers: &markers,
                        ribbon: &[(at(2), AlarmState::Alarm)],
                        has_ribbon: true,
                        glyphs,
                        ..plot(&graph, &zone)
                    };
                    for width in [0, 1, 2, 3, 19, 20, 21, 25, 40, 200] {
                        for height in [0, 1, 2, 3, 4, 5, 6, 7, 8, 40, 200] {
                            painted(&plot, Colours::None, (width, height));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn an_area_past_the_screen_is_cut() {
        let (graph, zone) = (graph(&[&rising()]), zone());
        let mut terminal = Terminal::new(TestBackend::new(30, 6)).unwrap();
        let theme = Theme::new(Look::default());
        terminal.draw(|frame| draw(&plot(&graph, &zone), theme, Rect::new(5, 1, 100, 100), frame)).unwrap();
    }
}
