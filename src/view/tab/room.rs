//! A room: its list, or the page of one thing.

use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::alarms::{self, find, trouble};
use super::{dashboards, delivery, made_of, pipeline, stores, timeline};
use crate::app::model::Model;
use crate::app::overlay::Drawn;
use crate::app::tab::Tab;
use crate::app::tab::room::{ItemPage, Room, RoomTab, graphs_of};
use crate::domain::alarm::Alarm;
use crate::domain::autoscaling::Activity;
use crate::domain::graph::GraphAsk;
use crate::domain::text::Text;
use crate::domain::units::stamp;
use crate::view::text::{fill, fit, fit_middle, width, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::graph::{Plot, draw as draw_graph};
use crate::view::widget::table::faults_of_place;
use crate::view::widget::{popup, table};
use crate::world::Place;
use crate::world::item::{Item, Kind};
use crate::world::room::alarms::health;
use crate::world::room::{Row, Value};

const LABEL: usize = 14;
/// Rows of one graph on a page.
const GRAPH: u16 = 9;

/// Says how far it can be scrolled, and what else only drawing finds out.
pub(in crate::view) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) -> Drawn {
    let Some(room) = model.room() else { return Drawn::default() };
    let Some(open) = &room.page else {
        if model.tab == Tab::Room(Room::Timeline) {
            timeline::draw(room, model, theme, area, frame);
            return Drawn::default();
        }
        table::draw(&room.list, model, theme, area, frame);
        return Drawn::default();
    };
    if let Some((Item::Pipeline(it), place)) = room.opened(&model.world) {
        return pipeline::draw(room, open, &it, place, model, theme, area, frame);
    }
    Drawn::to(match open.of.kind {
        Kind::Alarm => alarms::draw(open, model, theme, area, frame),
        Kind::Dashboard => match room.opened(&model.world) {
            Some((Item::Dashboard(dashboard), _)) => dashboards::draw(open, &dashboard, model, theme, area, frame),
            _ => gone(open, model, theme, area, frame),
        },
        _ => match room.opened(&model.world) {
            Some((item, place)) => page(room, open, &item, place, model, theme, area, frame),
            None => gone(open, model, theme, area, frame),
        },
    })
}

fn gone(open: &ItemPage, model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) -> usize {
    let when = if model.rewound.is_some() { "then" } else { "any more" };
    let text = fit(&format!(" {} does not exist {when}", open.of.id), usize::from(area.width));
    frame.render_widget(Line::styled(text, theme.style(Role::Dim)), Rect { height: 1, ..area });
    0
}

/// Its graphs, then everything its row says, the box it belongs to, and the alarms that watch it.
#[expect(clippy::too_many_arguments, reason = "what is drawn, from what, and where")]
fn page(
    room: &RoomTab,
    open: &ItemPage,
    item: &Item,
    place: &Place,
    model: &Model,
    theme: Theme,
    area: Rect,
    frame: &mut Frame<'_>,
) -> usize {
    let row = Row { place: open.of.place, item: item.clone() };
    let sight = model.sight();
    let cells = usize::from(area.width);
    let health = (room.list.spec.health)(&row, &sight);
    let sign = format!(" {} ", theme.sign(health));
    let what = format!("  {}, {}", item.kind().word(), place.scope);
    let name = fit_middle(item.name().as_str(), cells.saturating_sub(width(&sign) + width(&what)));
    let mut top = vec![Line::from(vec![
        Span::styled(sign, theme.of_health(health)),
        Span::styled(name, theme.style(Role::Strong)),
        Span::styled(what, theme.style(Role::Dim)),
    ])];
    top.extend(
        faults_of_place(room.list.spec, place, model, cells)
            .into_iter()
            .map(|text| Line::styled(text, theme.style(Role::Unknown))),
    );
    let mut y = area.y;
    for line in top {
        if y < area.bottom() {
            frame.render_widget(line, Rect { y, height: 1, ..area });
            y += 1;
        }
    }
    // Half of the page is for graphs, one beside the other where there is room.
    let asks = graphs_of(item, room.span);
    let left = area.bottom().saturating_sub(y);
    if !asks.is_empty() && left >= GRAPH {
        let height = (left / 2).clamp(GRAPH, 14);
        let abreast = (area.width / 58).clamp(1, asks.len() as u16);
        let each = area.width / abreast;
        for (place_of, ask) in asks.iter().take(usize::from(abreast)).enumerate() {
            let body = Rect { x: area.x + each * place_of as u16, y, width: each.saturating_sub(1), height };
            graph(ask, place, room, model, theme, body, frame);
        }
        let hidden = asks.len().saturating_sub(usize::from(abreast));
        if hidden > 0 {
            let note = format!(" {hidden} more on a wider screen ");
            let wide = (width(&note) as u16).min(area.width);
            let place = Rect { x: area.right() - wide, y, width: wide, height: 1 };
            frame.render_widget(Line::styled(note, theme.style(Role::Faint)), place);
        }
        y += height;
    }
    let rest = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    popup::scrolled(story(room, &row, place, model, theme, cells), open.scroll.offset, theme, rest, frame)
}

fn graph(
    ask: &GraphAsk,
    place: &Place,
    room: &RoomTab,
    model: &Model,
    theme: Theme,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let label = ask.queries.first().map_or("", |query| query.label.as_str());
    let resource = match ask.queries.first().map(|query| &query.what) {
        Some(crate::domain::graph::QueryWhat::Metric(metric)) => {
            metric.dimensions.last().map_or("", |(_, value)| value.as_str())
        }
        _ => "",
    };
    let words = format!(" {label}, {}, {}", fit_middle(resource, 24), room.span.word());
    frame.render_widget(
        Line::styled(fit(&words, usize::from(area.width)), theme.style(Role::Dim)),
        Rect { height: 1, ..area },
    );
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let asked = find(ask, place, model);
    let Some(found) = asked.and_then(|asked| asked.graph.as_deref()) else {
        let text = trouble(asked, model).unwrap_or_else(|| "being read".into());
        for (row, text) in wrap(&text, usize::from(area.width).saturating_sub(4))
            .into_iter()
            .enumerate()
            .take(usize::from(body.height))
        {
            let line = Rect { y: body.y + row as u16, height: 1, ..body };
            frame.render_widget(Line::styled(format!("   {text}"), theme.style(Role::Unknown)), line);
        }
        return;
    };
    let markers: Vec<jiff::Timestamp> = alarms::markers(found, model).into_iter().map(|(at, _)| at).collect();
    let plot = Plot {
        graph: found,
        limit: None,
        markers: &markers,
        ribbon: &[],
        before: None,
        has_ribbon: false,
        now: model.now,
        zone: &model.settings.bearings.zone,
        glyphs: model.settings.look.glyphs,
    };
    draw_graph(&plot, theme, body, frame);
}

fn story(room: &RoomTab, row: &Row, place: &Place, model: &Model, theme: Theme, cells: usize) -> Vec<Line<'static>> {
    let sight = model.sight();
    let mut lines = Vec::new();
    let mut say = |label: &str, value: &str, role: Role| {
        for (at, text) in wrap(value, cells.saturating_sub(LABEL + 4)).into_iter().enumerate() {
            let label = if at == 0 { label } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("   {}", fill(label, LABEL)), theme.style(Role::Dim)),
                Span::styled(text, theme.style(role)),
            ]));
        }
    };
    for column in room.list.spec.columns {
        let value = (column.value)(row, &sight);
        if value != Value::Nothing {
            say(column.key, &value.show(sight.at), Role::Text);
        }
    }
    // What CloudWatch does not measure may have the name of something it does.
    let names: &[&Text] = if delivery::is_measured(row.item.kind()) { &[row.item.name(), row.item.id()] } else { &[] };
    let is_about_it = |alarm: &&Alarm| {
        let dimensions = alarm.metric().map(|metric| &metric.dimensions);
        !alarm.is_scaling_trigger() && dimensions.is_some_and(|all| all.iter().any(|(_, value)| names.contains(&value)))
    };
    let mut alarms: Vec<&Alarm> = place.feeds.alarms.items().filter(is_about_it).collect();
    alarms.sort_by_key(|alarm| std::cmp::Reverse(health(alarm)));
    for alarm in alarms {
        let text = format!("{} {} {}: {}", theme.sign(health(alarm)), alarm.name, alarm.state.word(), alarm.reason);
        say("alarm", &text, Role::Text);
    }
    say("id", row.item.id().as_str(), Role::Text);
    if let Item::Event(event) = &row.item {
        for (label, text) in timeline::behind(event, place, sight.zone()) {
            say(label, &text, Role::Text);
        }
    } else {
        let of = row.item.of_box();
        let reading = model.board.reading(of);
        // What the board says is of all of its kind, and must not read as a verdict on this one.
        say(
            "board",
            &format!(
                "{} all of {}: {}, {}",
                theme.sign(reading.health),
                of.title(),
                reading.health.word(),
                reading.summary
            ),
            Role::Text,
        );
    }
    for (label, text) in parts(&row.item, sight.zone()) {
        say(label, &text, Role::Text);
    }
    for event in events(&row.item, place, sight.zone()) {
        say("event", &event, Role::Dim);
    }
    lines.push(Line::styled("   y shows all of it as JSON", theme.style(Role::Faint)));
    lines
}

/// What it is made of, what is not well first.
fn parts(item: &Item, zone: &TimeZone) -> Vec<(&'static str, String)> {
    match item {
        Item::Balancer(balancer) => made_of::balancer(balancer),
        Item::Cluster(cluster) => made_of::cluster(cluster),
        Item::Group(group) => made_of::group(group, zone),
        Item::Function(function) => made_of::function(function, zone),
        Item::Instance(instance) => made_of::instance(instance),
        Item::Database(_) | Item::Cache(_) | Item::Queue(_) | Item::Topic(_) => stores::parts(item, zone),
        _ => delivery::parts(item, zone),
    }
}

/// What happened to it lately, newest first, as far as AWS keeps account of it.
fn events(item: &Item, place: &Place, zone: &TimeZone) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut all: Vec<(jiff::Timestamp, String)> = match item {
        Item::Group(group) => {
            let words = |it: &Activity| {
                let why = if it.message.is_empty() { String::new() } else { format!(": {}", it.message) };
                (it.at, format!("{} ({}){why}", it.what, it.status))
            };
            group.activities.iter().flatten().map(words).collect()
        }
        Item::Cluster(cluster) => cluster
            .services
            .iter()
            .flat_map(|service| &service.events)
            .map(|it| (it.at, it.message.to_string()))
            .collect(),
        Item::Database(database) => place
            .feeds
            .database_events
            .items()
            .filter(|event| event.concerns(database))
            .map(|it| (it.at, it.message.to_string()))
            .collect(),
        Item::Cache(cache) => place
            .feeds
            .cache_events
            .items()
            .filter(|event| cache.is_told_of(event))
            .map(|it| (it.at, it.message.to_string()))
            .collect(),
        _ => delivery::events(item, place),
    };
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all.into_iter().take(SHOWN).map(|(at, what)| format!("{} {what}", stamp(at, zone))).collect()
}
