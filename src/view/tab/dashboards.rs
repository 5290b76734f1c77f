//! A dashboard opened: its widgets drawn one below the other, two abreast where there is room.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::tab::dashboards::{graph_of, scope_of};
use crate::app::tab::room::ItemPage;
use crate::domain::dashboard::{Dashboard, Limit, Widget, WidgetWhat};
use crate::domain::graph::Span as GraphSpan;
use crate::domain::graphs::Asked;
use crate::domain::scope::ScopeRef;
use crate::domain::text::Text;
use crate::domain::units::{long, moment, since};
use crate::view::tab::alarms::{self, trouble};
use crate::view::text::{fit, fit_middle, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::graph::{Plot, draw as draw_graph, role_of_line};
use crate::world::feed::Feed;
use crate::world::port::CloudError;
use crate::world::room::alarms::health;

/// Rows of a graph with its title and legend.
const GRAPH: u16 = 12;
/// A graph lower than this says nothing.
const LOWEST: u16 = 7;
/// Narrower than this, widgets stand one below the other.
const ABREAST: u16 = 100;

/// Returns how far it can be scrolled.
pub(in crate::view) fn draw(
    open: &ItemPage,
    dashboard: &Dashboard,
    model: &Model,
    theme: Theme,
    area: Rect,
    frame: &mut Frame<'_>,
) -> usize {
    let Some(home) = model.world.places().get(open.of.place).map(|place| place.scope.clone()) else { return 0 };
    let title = format!(
        " {}, {home}: {}, changed {} ago  (- + change the span)",
        dashboard.name,
        span(model).word(),
        long(since(model.now, dashboard.modified))
    );
    frame.render_widget(
        Line::styled(fit(&title, usize::from(area.width)), theme.style(Role::Strong)),
        Rect { height: 1, ..area },
    );
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let painter = Painter { model, theme, home: &home };
    // Drawn on a sheet of its own, of which the screen shows a part.
    let rows = Painter::arrange(dashboard, body.width);
    let height = rows.iter().map(|(place, _)| place.bottom()).max().unwrap_or(0);
    let end = usize::from(height.saturating_sub(body.height));
    let from = open.scroll.offset.min(end) as u16;
    for (place, widget) in &rows {
        if place.bottom() <= from || place.y >= from + body.height {
            continue;
        }
        painter.widget(widget, *place, from, body, frame);
    }
    end
}

fn span(model: &Model) -> GraphSpan {
    model.room().map_or_else(GraphSpan::default, |room| room.span)
}

struct Painter<'a> {
    model: &'a Model,
    theme: Theme,
    home: &'a ScopeRef,
}

impl Painter<'_> {
    /// Where each widget goes on the sheet, in reading order.
    fn arrange(dashboard: &Dashboard, width: u16) -> Vec<(Rect, &Widget)> {
        let mut order: Vec<&Widget> = dashboard.widgets.iter().collect();
        order.sort_by_key(|widget| (widget.y, widget.x));
        let mut placed: Vec<(Rect, &Widget)> = Vec::new();
        let mut y = 0;
        let mut waiting: Option<(&Widget, u16)> = None;
        for widget in order {
            let is_half = width >= ABREAST && widget.width <= 12;
            let room = if is_half { width / 2 - 1 } else { width };
            let height = Self::height(widget, room);
            match waiting.take() {
                Some((left, tall)) if is_half && left.y == widget.y => {
                    placed.push((Rect::new(0, y, width / 2 - 1, tall), left));
                    placed.push((Rect::new(width / 2 + 1, y, width / 2 - 1, height), widget));
                    y += tall.max(height) + 1;
                    continue;
                }
                Some((left, tall)) => {
                    placed.push((Rect::new(0, y, width / 2 - 1, tall), left));
                    y += tall + 1;
                }
                None => {}
            }
            if is_half {
                waiting = Some((widget, height));
            } else {
                placed.push((Rect::new(0, y, width, height), widget));
                y = y.saturating_add(height + 1);
            }
        }
        if let Some((left, tall)) = waiting {
            placed.push((Rect::new(0, y, width / 2 - 1, tall), left));
        }
        placed
    }

    fn height(widget: &Widget, width: u16) -> u16 {
        match &widget.what {
            WidgetWhat::Metric { single: true, queries, .. } => {
                1 + queries.iter().filter(|query| query.returned).count().min(8) as u16
            }
            WidgetWhat::Metric { .. } => GRAPH,
            WidgetWhat::Alarms { arns } => 1 + arns.len().clamp(1, 400) as u16,
            WidgetWhat::Text { markdown } => text_lines(markdown.as_str(), usize::from(width)).len().min(400) as u16,
            WidgetWhat::Other { .. } => 2,
        }
    }

    /// Draws a widget onto a sheet of its own and copies the part that is on screen.
    fn widget(&self, widget: &Widget, place: Rect, from: u16, body: Rect, frame: &mut Frame<'_>) {
        let visible = place.y.saturating_sub(from);
        let on_screen = Rect { x: body.x + place.x, y: body.y + visible, width: place.width, height: place.height };
        if place.y >= from && on_screen.bottom() <= body.bottom() {
            self.draw(widget, on_screen, frame);
            return;
        }
        let hidden = from.saturating_sub(place.y);
        let rows = (place.height - hidden.min(place.height)).min(body.bottom().saturating_sub(on_screen.y));
        let visible = Rect { height: rows, ..on_screen };
        match &widget.what {
            // Lines are shown as far as they are in view.
            WidgetWhat::Text { .. } | WidgetWhat::Alarms { .. } => {
                self.lines(widget, usize::from(hidden), visible, frame);
            }
            // A graph that is cut off below is drawn lower instead, as long as it can be read.
            WidgetWhat::Metric { single: false, .. } if hidden == 0 && rows >= LOWEST => {
                self.draw(widget, visible, frame);
            }
            _ if rows > 0 => {
                let line = Rect { height: 1, ..on_screen };
                self.title(widget, if hidden > 0 { ", above" } else { ", below" }, line, frame.buffer_mut());
            }
            _ => {}
        }
    }

    /// A widget of lines, from one of them on.
    fn lines(&self, widget: &Widget, from: usize, area: Rect, frame: &mut Frame<'_>) {
        let room = usize::from(area.width);
        let lines: Vec<Line<'_>> = match &widget.what {
            WidgetWhat::Text { markdown } => text_lines(markdown.as_str(), room)
                .into_iter()
                .map(|(text, is_head)| {
                    let role = if is_head { Role::Strong } else { Role::Text };
                    Line::styled(format!(" {text}"), self.theme.style(role))
                })
                .collect(),
            WidgetWhat::Alarms { arns } => {
                let title = Line::styled(fit(&format!(" {}", widget.title), room), self.theme.style(Role::Accent));
                [title].into_iter().chain(arns.iter().map(|arn| self.alarm(arn.as_str(), room))).collect()
            }
            WidgetWhat::Metric { .. } | WidgetWhat::Other { .. } => Vec::new(),
        };
        for (row, line) in lines.into_iter().skip(from).enumerate().take(usize::from(area.height)) {
            frame.render_widget(line, Rect { y: area.y + row as u16, height: 1, ..area });
        }
    }

    fn title(&self, widget: &Widget, more: &str, area: Rect, buffer: &mut Buffer) {
        let text = fit(&format!(" {}{more}", widget.title), usize::from(area.width));
        buffer.set_line(area.x, area.y, &Line::styled(text, self.theme.style(Role::Accent)), area.width);
    }

    fn draw(&self, widget: &Widget, area: Rect, frame: &mut Frame<'_>) {
        if matches!(widget.what, WidgetWhat::Text { .. } | WidgetWhat::Alarms { .. }) {
            self.lines(widget, 0, area, frame);
            return;
        }
        self.title(widget, "", area, frame.buffer_mut());
        let inside = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        match &widget.what {
            WidgetWhat::Metric { single, limits, .. } => self.metric(widget, *single, limits, inside, frame),
            WidgetWhat::Other { kind } => {
                let text = format!("   a `{kind}` widget, which is not drawn here");
                frame.render_widget(
                    Line::styled(fit(&text, usize::from(area.width)), self.theme.style(Role::Dim)),
                    Rect { height: 1, ..inside },
                );
            }
            WidgetWhat::Text { .. } | WidgetWhat::Alarms { .. } => {}
        }
    }

    fn metric(&self, widget: &Widget, single: bool, limits: &[Limit], area: Rect, frame: &mut Frame<'_>) {
        let theme = self.theme;
        let say = |text: &str, frame: &mut Frame<'_>| {
            frame.render_widget(
                Line::styled(fit(&format!("   {text}"), usize::from(area.width)), theme.style(Role::Dim)),
                Rect { height: 1, ..area },
            );
        };
        let Some(scope) = scope_of(widget, &self.model.world, self.home) else {
            say("its metrics are in a region that is not watched", frame);
            return;
        };
        let asked = self.graph(widget, &scope);
        let trouble = trouble(asked, self.model);
        let Some(graph) = asked.and_then(|asked| asked.graph.as_deref()) else {
            say(trouble.as_deref().unwrap_or("being read"), frame);
            return;
        };
        if single {
            for (row, line) in graph.lines.iter().enumerate().take(usize::from(area.height)) {
                let newest = line.values.iter().enumerate().rev().find(|(_, value)| value.is_finite());
                let value = newest.map_or_else(|| "-".into(), |(_, value)| line.unit.write(*value));
                let zone = &self.model.settings.bearings.zone;
                let when = newest
                    .map_or_else(String::new, |(at, _)| format!(" at {}", moment(graph.at(at), self.model.now, zone)));
                let text = Line::from(vec![
                    Span::styled(format!("   {value}"), theme.style(Role::Strong)),
                    Span::styled(format!("{when}  {}", fit_middle(line.label.as_str(), 40)), theme.style(Role::Dim)),
                ]);
                frame.render_widget(text, Rect { y: area.y + row as u16, height: 1, ..area });
            }
            return;
        }
        let markers: Vec<Timestamp> = alarms::markers(graph, self.model).into_iter().map(|(at, _)| at).collect();
        let plot = Plot {
            graph,
            // A line of a dashboard is a limit where one side of it is filled; any other is only a line.
            limit: limits.iter().find_map(|limit| Some((limit.bad?, limit.value))),
            markers: &markers,
            ribbon: &[],
            before: None,
            has_ribbon: false,
            now: self.model.now,
            zone: &self.model.settings.bearings.zone,
            glyphs: self.model.settings.look.glyphs,
        };
        let body = Rect { height: area.height.saturating_sub(1), ..area };
        draw_graph(&plot, theme, body, frame);
        let mut spans = vec![Span::raw("   ")];
        for (number, line) in graph.lines.iter().enumerate() {
            spans.push(Span::styled(
                format!("{}   ", fit_middle(line.label.as_str(), 28)),
                theme.style(role_of_line(number)),
            ));
        }
        for limit in limits.iter().filter(|limit| limit.bad.is_none()) {
            let unit = graph.lines.first().map_or_else(|| limit.value.to_string(), |line| line.unit.write(limit.value));
            spans.push(Span::styled(format!("{} at {unit}   ", limit.label), theme.style(Role::Dim)));
        }
        if let Some(trouble) = trouble {
            spans.push(Span::styled(trouble, theme.style(Role::Unknown)));
        }
        frame.render_widget(Line::from(spans), Rect { y: area.bottom().saturating_sub(1), height: 1, ..area });
    }

    fn graph(&self, widget: &Widget, scope: &ScopeRef) -> Option<&Asked<CloudError>> {
        let ask = graph_of(widget, span(self.model))?;
        [&self.model.world, self.model.live_world()].into_iter().find_map(|world| {
            world.places().iter().find(|place| place.scope == *scope)?.feeds.graphs.value()?.get(&ask)
        })
    }

    fn alarm(&self, arn: &str, room: usize) -> Line<'static> {
        let theme = self.theme;
        let found = self
            .model
            .world
            .places()
            .iter()
            .find_map(|place| place.feeds.alarms.items().find(|alarm| alarm.arn == *arn));
        let Some(alarm) = found else {
            let name = Text::new(arn.rsplit(":alarm:").next().unwrap_or(arn));
            // What was not read may well exist.
            let is_read = self.model.sight().is_read(Feed::Alarms);
            let what = if is_read { "does not exist here" } else { "not known: not all alarms could be read" };
            return Line::styled(format!("   ? {name} {what}"), theme.style(Role::Unknown));
        };
        let health = health(alarm);
        let state = format!("{} for {}", alarm.state.word(), long(since(self.model.now, alarm.since)));
        Line::from(vec![
            Span::styled(format!("   {} {} ", theme.sign(health), alarm.name), theme.of_health(health)),
            Span::styled(fit(&state, room.saturating_sub(40)), theme.style(Role::Dim)),
        ])
    }
}

/// Markdown as plain lines: headings stand out, emphasis loses its signs. Newlines were made visible when the text was
/// cleaned, and are taken back here.
fn text_lines(markdown: &str, width: usize) -> Vec<(String, bool)> {
    let mut lines = Vec::new();
    for line in markdown.split("\\n") {
        let is_head = line.starts_with('#');
        let plain = line.trim_start_matches('#').replace("**", "").replace('`', "");
        for text in wrap(plain.trim(), width.saturating_sub(2)) {
            lines.push((text, is_head));
        }
    }
    lines
}
