//! Lines as dots: eight in a cell with braille letters, one in a cell with ASCII.

use crate::app::settings::Glyphs;
use crate::domain::alarm::Comparison;
use crate::domain::graph::Band;
use crate::view::widget::graph::scale::Scale;

/// Bits of a braille letter by column and row from above, see Unicode's chart U+2800.
const BRAILLE: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// What a dot belongs to. A cell has one colour: that of what matters most in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Band,
    /// The line at this place.
    Line(usize),
    /// Not final yet, so no verdict either.
    Provisional,
    Breach,
}

impl Ink {
    fn weight(self) -> usize {
        match self {
            Self::Band => 0,
            Self::Line(_) => 1,
            Self::Provisional => 2,
            Self::Breach => 3,
        }
    }
}

/// Decides which values are wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge<'a> {
    pub limit: Option<(Comparison, f64)>,
    /// Looked at where there is no limit.
    pub band: Option<&'a Band>,
    pub provisional_from: usize,
}

impl Judge<'_> {
    pub fn breaches(self, position: usize, value: f64) -> bool {
        let edge = |values: &[f64]| values.get(position).copied().filter(|edge| edge.is_finite());
        match (self.limit, self.band) {
            _ if !value.is_finite() => false,
            (Some((comparison, limit)), _) => comparison.breaches(value, limit),
            (None, Some(band)) => {
                edge(&band.lower).is_some_and(|lower| value < lower)
                    || edge(&band.upper).is_some_and(|upper| value > upper)
            }
            (None, None) => false,
        }
    }

    fn ink(self, line: usize, position: usize, value: f64) -> Ink {
        if position >= self.provisional_from {
            Ink::Provisional
        } else if self.breaches(position, value) {
            Ink::Breach
        } else {
            Ink::Line(line)
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Canvas {
    glyphs: Glyphs,
    columns: usize,
    rows: usize,
    /// How many periods there are from the left edge to the right.
    periods: usize,
    cells: Vec<Option<(u8, Ink)>>,
    /// For each column of cells whether a line breaches in it: for good, provisionally, or not.
    pub breaches: Vec<Option<Ink>>,
}

impl Canvas {
    pub fn new(glyphs: Glyphs, columns: usize, rows: usize, periods: usize) -> Self {
        let (cells, breaches) = (vec![None; columns * rows], vec![None; columns]);
        Self { glyphs, columns, rows, periods, cells, breaches }
    }

    /// Dots in a cell, across and down.
    fn grain(&self) -> (usize, usize) {
        match self.glyphs {
            Glyphs::Unicode => (2, 4),
            Glyphs::Ascii => (1, 1),
        }
    }

    fn width(&self) -> usize {
        self.columns * self.grain().0
    }

    fn height(&self) -> usize {
        self.rows * self.grain().1
    }

    /// The column of dots in the middle of a period.
    fn across(&self, position: usize) -> usize {
        let middle = ((2 * position + 1) * self.width()).saturating_sub(1) / (2 * self.periods).max(1);
        middle.min(self.width().saturating_sub(1))
    }

    /// The row of cells a value is drawn in, from above.
    pub fn row(&self, value: f64, scale: &Scale) -> usize {
        let below = scale.dot(value, self.height()) / self.grain().1;
        self.rows.saturating_sub(below + 1)
    }

    /// A letter and what it shows, or none where the cell is empty.
    pub fn cell(&self, column: usize, row: usize) -> Option<(char, Ink)> {
        let (bits, ink) = self.cells.get(row * self.columns + column).copied().flatten()?;
        let letter = match (self.glyphs, ink) {
            (Glyphs::Unicode, _) => char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' '),
            (Glyphs::Ascii, Ink::Band) => ':',
            (Glyphs::Ascii, _) => '*',
        };
        Some((letter, ink))
    }

    /// Draws a line through neighbouring values. A gap stays open, and a value between two gaps is a dot.
    ///
    /// Every value is visited, so that where several periods share a column of dots, it reaches from the least of them
    /// to the greatest.
    pub fn trace(&mut self, line: usize, values: &[f64], scale: &Scale, judge: Judge<'_>) {
        let mut previous: Option<(usize, f64)> = None;
        for (position, value) in values.iter().copied().enumerate() {
            if !value.is_finite() {
                previous = None;
                continue;
            }
            if let Some((from, start)) = previous {
                self.join(line, (from, start), (position, value), scale, judge);
            }
            let (x, y) = (self.across(position), scale.dot(value, self.height()));
            self.judged((x, y), line, (position, value), judge);
            previous = Some((position, value));
        }
    }

    /// The dots between two values, each judged by the value it stands for.
    fn join(&mut self, line: usize, from: (usize, f64), to: (usize, f64), scale: &Scale, judge: Judge<'_>) {
        let place = |canvas: &Self, (position, value)| {
            (canvas.across(position) as f64, scale.dot(value, canvas.height()) as f64)
        };
        let ((left, start), (right, end)) = (place(self, from), place(self, to));
        let steps = (right - left).max((end - start).abs()) as usize;
        for step in 1..steps {
            let part = step as f64 / steps as f64;
            let between = |from: f64, to: f64| from * (1.0 - part) + to * part;
            // What leads to a provisional value is as little final as it is.
            let position = if part < 0.5 && to.0 < judge.provisional_from { from.0 } else { to.0 };
            let dot = (between(left, right).round() as usize, between(start, end).round() as usize);
            self.judged(dot, line, (position, between(from.1, to.1)), judge);
        }
    }

    /// Draws an edge of the band, dotted.
    pub fn edge(&mut self, values: &[f64], scale: &Scale) {
        for x in (0..self.width()).step_by(2) {
            let middle = (x as f64 + 0.5) * self.periods as f64 / self.width() as f64 - 0.5;
            let (position, part) = (middle.max(0.0) as usize, middle.max(0.0).fract());
            let at = |position: usize| values.get(position).copied().filter(|value| value.is_finite());
            let value = match (at(position), at(position + 1)) {
                (Some(here), Some(next)) => here * (1.0 - part) + next * part,
                (Some(here), None) if part < 0.5 => here,
                (None, Some(next)) if part >= 0.5 => next,
                _ => continue,
            };
            self.dot(x, scale.dot(value, self.height()), Ink::Band);
        }
    }

    /// Sets a dot of a line and notes whether it breaches.
    fn judged(&mut self, (x, y): (usize, usize), line: usize, (position, value): (usize, f64), judge: Judge<'_>) {
        let ink = judge.ink(line, position, value);
        self.dot(x, y, ink);
        let column = x / self.grain().0;
        if let Some(mark) = self.breaches.get_mut(column).filter(|mark| **mark != Some(Ink::Breach))
            && judge.breaches(position, value)
        {
            *mark = Some(ink);
        }
    }

    /// Sets a dot, `y` counted from below. What is drawn later hides what weighs as much.
    fn dot(&mut self, x: usize, y: usize, ink: Ink) {
        let (across, down) = self.grain();
        if x >= self.width() || y >= self.height() {
            return;
        }
        let y = self.height() - 1 - y;
        let bit = BRAILLE[x % across][y % down];
        let cell = &mut self.cells[y / down * self.columns + x / across];
        *cell = Some(match *cell {
            Some((bits, old)) if old.weight() > ink.weight() => (bits | bit, old),
            Some((bits, _)) => (bits | bit, ink),
            None => (bit, ink),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::unit::Unit;

    const GAP: f64 = f64::NAN;

    fn judge<'a>() -> Judge<'a> {
        Judge { limit: None, band: None, provisional_from: usize::MAX }
    }

    fn over(limit: f64) -> Judge<'static> {
        Judge { limit: Some((Comparison::GreaterThanThreshold, limit)), ..judge() }
    }

    /// Values from 0 to 8 on one line.
    fn drawn(glyphs: Glyphs, (columns, rows): (usize, usize), values: &[f64], judge: Judge<'_>) -> Canvas {
        let scale = Scale::over([0.0, 8.0].into_iter(), None, Unit::Percent, 8).unwrap();
        let mut canvas = Canvas::new(glyphs, columns, rows, values.len());
        canvas.trace(0, values, &scale, judge);
        canvas
    }

    fn rows(canvas: &Canvas) -> Vec<String> {
        let letter = |column, row| canvas.cell(column, row).map_or(' ', |(letter, _)| letter);
        (0..canvas.rows).map(|row| (0..canvas.columns).map(|column| letter(column, row)).collect()).collect()
    }

    fn is_column_empty(canvas: &Canvas, column: usize) -> bool {
        (0..canvas.rows).all(|row| canvas.cell(column, row).is_none())
    }

    #[test]
    fn neighbours_are_joined() {
        assert_eq!(rows(&drawn(Glyphs::Unicode, (4, 2), &[0.0, 8.0], judge())), [" ⢀⠎ ", "⢀⠎  "]);
        assert_eq!(rows(&drawn(Glyphs::Ascii, (6, 3), &[0.0, 4.0, 8.0], judge())), ["   ** ", " **   ", "*     "]);
    }

    #[test]
    fn a_gap_is_not_bridged() {
        let canvas = drawn(Glyphs::Unicode, (8, 2), &[4.0, 4.0, GAP, GAP, 4.0, 4.0, 4.0, 4.0], judge());
        assert_eq!(rows(&canvas), ["⣀⡀  ⣀⣀⣀⡀", "        "]);
        let canvas = drawn(Glyphs::Ascii, (8, 1), &[4.0, 4.0, GAP, f64::INFINITY, 4.0, 4.0, 4.0, 4.0], judge());
        assert_eq!(rows(&canvas), ["**  ****"]);
    }

    #[test]
    fn a_value_between_gaps_is_a_dot() {
        assert_eq!(rows(&drawn(Glyphs::Unicode, (5, 1), &[GAP, GAP, 0.0, GAP, GAP], judge())), ["  ⡀  "]);
        assert_eq!(rows(&drawn(Glyphs::Unicode, (5, 1), &[0.0], judge())), ["  ⡀  "]);
    }

    #[test]
    fn a_spike_is_kept_where_periods_are_more_than_dots() {
        for spike in 0..1_000 {
            let mut values = vec![1.0; 1_000];
            values[spike] = 8.0;
            for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
                let canvas = drawn(glyphs, (10, 4), &values, over(7.0));
                assert_eq!((0..10).filter(|column| canvas.cell(*column, 0).is_some()).count(), 1, "{spike}");
                assert_eq!(canvas.breaches[spike / 100], Some(Ink::Breach), "{spike}");
            }
        }
    }

    #[test]
    fn a_column_reaches_from_the_least_to_the_greatest_of_its_periods() {
        let values: Vec<f64> = (0..400).map(|position| if position % 2 == 0 { 2.0 } else { 6.0 }).collect();
        let canvas = drawn(Glyphs::Ascii, (4, 9), &values, judge());
        assert_eq!(rows(&canvas), ["    ", "    ", "****", "****", "****", "****", "****", "    ", "    "]);
    }

    #[test]
    fn what_breaches_is_bad_and_nothing_else() {
        let values = [1.0, 1.0, 1.0, 1.0, 8.0, 8.0, 8.0, 8.0];
        let canvas = drawn(Glyphs::Ascii, (8, 8), &values, over(7.0));
        assert_eq!(canvas.cell(0, 6), Some(('*', Ink::Line(0))));
        assert_eq!(canvas.cell(7, 0), Some(('*', Ink::Breach)));
        let marks: String = canvas.breaches.iter().map(|mark| if mark.is_some() { '^' } else { ' ' }).collect();
        assert_eq!(marks, "    ^^^^");
        // On the limit is not beyond it.
        assert!(drawn(Glyphs::Unicode, (8, 2), &[7.0; 8], over(7.0)).breaches.iter().all(Option::is_none));
        let least = Judge { limit: Some((Comparison::LessThanOrEqualToThreshold, 7.0)), ..judge() };
        assert!(drawn(Glyphs::Unicode, (8, 2), &[7.0; 8], least).breaches.iter().all(Option::is_some));
    }

    #[test]
    fn what_is_not_final_has_no_verdict_but_is_marked() {
        let canvas = drawn(Glyphs::Ascii, (4, 4), &[8.0; 4], Judge { provisional_from: 2, ..over(7.0) });
        let inks: Vec<Ink> = (0..4).filter_map(|column| canvas.cell(column, 0)).map(|(_, ink)| ink).collect();
        assert_eq!(inks, [Ink::Breach, Ink::Breach, Ink::Provisional, Ink::Provisional]);
        assert_eq!(canvas.breaches, inks.into_iter().map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn outside_the_band_is_bad_only_without_a_limit() {
        let band = Band { lower: vec![2.0, 2.0, GAP].into(), upper: vec![5.0, 5.0, 5.0].into() };
        let within = Judge { band: Some(&band), ..judge() };
        assert!(within.breaches(0, 6.0) && within.breaches(1, 1.0) && !within.breaches(1, 3.0));
        assert!(!within.breaches(2, 1.0) && !within.breaches(3, 100.0));
        assert!(!Judge { limit: over(7.0).limit, ..within }.breaches(0, 6.0));
    }

    #[test]
    fn the_band_is_dotted_and_gives_way_to_a_line() {
        let scale = Scale::over([0.0, 8.0].into_iter(), None, Unit::Percent, 8).unwrap();
        let mut canvas = Canvas::new(Glyphs::Unicode, 4, 1, 4);
        canvas.edge(&[8.0, 8.0, GAP, GAP], &scale);
        assert_eq!(rows(&canvas), ["⠁⠁  "]);
        canvas.trace(0, &[4.0], &scale, judge());
        assert_eq!(canvas.cell(0, 0), Some(('⠃', Ink::Line(0))));
        let mut canvas = Canvas::new(Glyphs::Ascii, 4, 1, 4);
        canvas.edge(&[8.0; 4], &scale);
        assert_eq!(rows(&canvas), [": : "]);
    }

    #[test]
    fn the_row_of_a_limit_is_that_of_the_values_on_it() {
        let scale = Scale::over([0.0, 8.0].into_iter(), None, Unit::Percent, 8).unwrap();
        for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
            for value in 0..=8 {
                let canvas = drawn(glyphs, (4, 7), &[f64::from(value)], judge());
                let row = canvas.row(f64::from(value), &scale);
                assert!(canvas.cell(2, row).is_some() || canvas.cell(1, row).is_some(), "{value}");
            }
        }
    }

    #[test]
    fn nothing_is_drawn_on_nothing() {
        let canvas = drawn(Glyphs::Unicode, (0, 0), &[1.0, 5.0], over(2.0));
        assert!(canvas.cell(0, 0).is_none());
        assert!(is_column_empty(&drawn(Glyphs::Unicode, (3, 3), &[], judge()), 1));
    }
}
