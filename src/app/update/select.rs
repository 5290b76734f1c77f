//! What is selected, wherever that is: to describe it, read it as JSON, or copy it.

use serde_json::json;

use super::pipeline;
use crate::app::json::JsonView;
use crate::app::model::Model;
use crate::app::msg::Cmd;
use crate::app::overlay::Overlay;
use crate::app::tab::{Tab, feeds, operations};
use crate::domain::delivery::web;
use crate::domain::units;
use crate::world::link;

pub(super) fn show_json(model: &mut Model) {
    match model.tab {
        Tab::Board => {
            let id = model.board_tab.focus;
            let reading = model.board.reading(id);
            let value = json!({
                "id": id.id(),
                "title": id.title(),
                "health": reading.health,
                "summary": reading.summary,
                "facts": reading.facts,
                "checks": reading.checks,
                "findings": reading.findings,
                "blind": reading.blind,
            });
            model.overlays.push(Overlay::Json(Box::new(JsonView::new(id.title(), &value))));
        }
        Tab::Room(_) => {
            let Some(item) = model.opened_item() else {
                model.notify("there is nothing to show");
                return;
            };
            let title = format!("{} {}", item.kind().word(), item.name());
            model.overlays.push(Overlay::Json(Box::new(JsonView::new(title, &item.json()))));
        }
        Tab::Operations => {
            let rows = operations::rows(model);
            let Some(row) = rows.get(model.operations_tab.selected) else { return };
            let (title, value) = (row.title().to_owned(), row.json());
            model.overlays.push(Overlay::Json(Box::new(JsonView::new(title, &value))));
        }
        Tab::Feeds => {
            let rows = feeds::rows(model);
            let Some(row) = rows.get(model.feeds_tab.selected) else { return };
            let value = json!({
                "feed": row.feed.name(),
                "scope": row.scope.to_string(),
                "actions": row.feed.actions(),
                "observed_at": row.observed_at,
                "fault": row.fault.map(|fault| json!({ "since": fault.since, "next": fault.next, "error": fault.error })),
            });
            let title = format!("{} in {}", row.feed.name(), row.scope);
            model.overlays.push(Overlay::Json(Box::new(JsonView::new(title, &value))));
        }
    }
}

/// The name by which others can find it: its ARN where it has one.
pub(super) fn copy(model: &mut Model) -> Vec<Cmd> {
    let (text, what) = match model.tab {
        Tab::Board => {
            let id = model.board_tab.focus;
            let reading = model.board.reading(id);
            (
                format!("{}: {}, {}", id.title(), reading.health.word(), reading.summary),
                "the box and what is said of it".to_owned(),
            )
        }
        Tab::Room(_) => {
            let ids: Vec<String> = match (model.list(), model.opened_item()) {
                (Some(list), _) => list.chosen().into_iter().map(|row| row.item.id().to_string()).collect(),
                (None, Some(item)) => vec![item.id().to_string()],
                (None, None) => Vec::new(),
            };
            let what = match ids.as_slice() {
                [one] => one.clone(),
                all => units::plural(all.len(), "id", "ids"),
            };
            (ids.join("\n"), what)
        }
        Tab::Operations => {
            let rows = operations::rows(model);
            let commands =
                rows.get(model.operations_tab.selected).map_or_else(String::new, |row| row.commands().join("\n"));
            (commands, "the calls as aws commands".to_owned())
        }
        Tab::Feeds => {
            let rows = feeds::rows(model);
            let actions =
                rows.get(model.feeds_tab.selected).map_or_else(String::new, |row| row.feed.actions().join("\n"));
            (actions, "the IAM actions".to_owned())
        }
    };
    copied(model, text, what)
}

/// Everything that is listed.
pub(super) fn copy_view(model: &mut Model) -> Vec<Cmd> {
    let sight = model.sight();
    let (text, what) = match (model.tab, model.list()) {
        (_, Some(list)) => (list.as_text(&sight), units::plural(list.len(), "row", "rows")),
        (Tab::Board, None) => {
            let strip = model.board.strip();
            (
                format!("BROKE {}\nWHERE {}\nCHANGED {}", strip.broke, strip.place, strip.changed),
                "what broke, where and what changed".to_owned(),
            )
        }
        (Tab::Room(_), None) => match model.opened_item() {
            Some(item) => (JsonView::new("", &item.json()).pretty(), "all of it as JSON".to_owned()),
            None => (String::new(), String::new()),
        },
        (Tab::Operations, None) => {
            let rows = operations::rows(model);
            let lines: Vec<String> = rows
                .iter()
                .map(|row| {
                    format!("{}\t{}\t{}\t{}\t{}", row.began(), row.state().0, row.title(), row.scope(), row.reason())
                })
                .collect();
            (lines.join("\n"), units::plural(lines.len(), "operation", "operations"))
        }
        (Tab::Feeds, None) => {
            let rows = feeds::rows(model);
            let lines: Vec<String> = rows
                .iter()
                .map(|row| {
                    let fault = row.fault.map_or_else(|| "ok".to_owned(), |fault| fault.error.to_string());
                    format!("{}\t{}\t{fault}", row.feed.name(), row.scope)
                })
                .collect();
            (lines.join("\n"), units::plural(lines.len(), "feed", "feeds"))
        }
    };
    copied(model, text, what)
}

/// The page of what is selected in the AWS console.
pub(super) fn browse(model: &mut Model) -> Vec<Cmd> {
    if let Some(action) = pipeline::chosen(model)
        && let Some(told) = &action.link
    {
        // Whoever carries an action out may say anything.
        let Some(link) = web(told.as_str()) else {
            model.notify(format!("what {} gives as its link is no page of the web: {told}", action.name));
            return Vec::new();
        };
        if model.session.drill.is_some() {
            model.notify(format!("a drill is in no AWS console; with an account it would be {link}"));
            return Vec::new();
        }
        return vec![Cmd::Browse(link.to_owned())];
    }
    let selected = match model.room().and_then(|room| room.page.as_ref()) {
        Some(page) => Some(page.of.clone()),
        None => model.selected_in_list(),
    };
    let link = selected.and_then(|id| {
        let item = model.world.find(&id)?;
        let place = model.world.places().get(id.place)?;
        let own = Some(place.scope.account.to_string()).filter(|account| !account.is_empty());
        let account = own.or_else(|| Some(model.world.identity(&place.scope.alias)?.account.to_string()));
        Some(link::web_console(&item, &place.scope, account.as_deref()))
    });
    match link {
        None => model.notify("select a resource first: this opens its page in the AWS console"),
        Some(link) if model.session.drill.is_some() => {
            model.notify(format!("a drill is in no AWS console; with an account it would be {link}"));
        }
        Some(link) => return vec![Cmd::Browse(link)],
    }
    Vec::new()
}

pub(super) fn copied(model: &mut Model, text: String, what: String) -> Vec<Cmd> {
    if text.is_empty() {
        model.notify("there is nothing to copy");
        return Vec::new();
    }
    vec![Cmd::Copy { text, what }]
}
