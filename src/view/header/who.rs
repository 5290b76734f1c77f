//! Which accounts, as whom, and where: the words of the header for a world that is real.

use ratatui::text::Span;

use crate::app::model::Model;
use crate::domain::scope::{Environment, grouped};
use crate::domain::text::Text;
use crate::view::text::width;
use crate::view::theme::{Role, Theme};
use crate::world::port::FaultClass;
use crate::world::{Place, World};

/// How much of an account is told. Where it is, and whether that is production, goes last of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Name,
    Number,
    Role,
}

/// One account as fully as there is room for, or the names of several; then the regions.
pub(super) fn spans(model: &Model, theme: Theme, room: usize) -> Vec<Span<'static>> {
    let of = |detail| spans_of(model, theme, detail);
    let fits = |spans: &Vec<Span<'_>>| spans.iter().map(|span| width(&span.content)).sum::<usize>() <= room;
    let mut wanted = [Detail::Role, Detail::Number].into_iter().map(of);
    wanted.find(fits).unwrap_or_else(|| of(Detail::Name))
}

fn spans_of(model: &Model, theme: Theme, detail: Detail) -> Vec<Span<'static>> {
    let world = &model.world;
    let mut accounts: Vec<&Text> = world.scopes().map(|scope| &scope.alias).collect();
    accounts.dedup();
    let mut spans = Vec::new();
    for (number, account) in accounts.iter().enumerate() {
        if number > 0 {
            spans.push(Span::raw("  "));
        }
        spans.extend(account_spans(model, theme, account, if accounts.len() == 1 { detail } else { Detail::Name }));
    }
    spans.push(Span::styled(" │ ", theme.style(Role::Faint)));
    spans.push(Span::styled(regions(world).join(" "), theme.style(Role::Text)));
    spans
}

fn account_spans(model: &Model, theme: Theme, label: &Text, detail: Detail) -> Vec<Span<'static>> {
    let Some(place) = model.world.places().iter().find(|place| place.scope.alias == *label) else { return Vec::new() };
    let own = model.session.colours.iter().find(|(name, _)| name == label).map(|(_, colour)| *colour);
    let style = own.map_or_else(|| theme.style(Role::Strong), |colour| theme.own(colour));
    let mut spans = vec![Span::styled(name(&model.world, label), style)];
    if let Some(identity) = model.world.identity(label).filter(|_| detail > Detail::Name) {
        spans.push(Span::styled(format!(" {}", grouped(identity.account.as_str())), theme.style(Role::Text)));
        if detail == Detail::Role {
            spans.push(Span::styled(format!(" as {}", identity.role()), theme.style(Role::Dim)));
        }
    }
    if is_signed_out(&model.world, label) {
        spans.push(Span::styled(" not signed in", theme.style(Role::Bad)));
    }
    match place.scope.environment {
        Environment::Unknown => {}
        // Whoever acts should know where; nothing else in the header is this loud.
        Environment::Prod => spans.push(Span::styled(" PROD", theme.style(Role::Bad))),
        other => spans.push(Span::styled(format!(" {}", other.word()), theme.style(Role::Dim))),
    }
    spans
}

/// What the operator calls it; the account's own alias where they call it nothing.
fn name(world: &World, label: &Text) -> String {
    let alias = world.identity(label).and_then(|identity| identity.alias.as_ref());
    match alias {
        Some(alias) if *label == "default" => alias.to_string(),
        _ => label.to_string(),
    }
}

fn is_signed_out(world: &World, label: &Text) -> bool {
    let mut faults = of_account(world, label).filter_map(|place| place.feeds.identity.status().fault);
    faults.any(|fault| fault.error.class == FaultClass::Expired)
}

fn of_account<'a>(world: &'a World, label: &Text) -> impl Iterator<Item = &'a Place> {
    world.places().iter().filter(move |place| place.scope.alias == *label)
}

/// Each region once.
pub(super) fn regions(world: &World) -> Vec<String> {
    let mut regions: Vec<String> = Vec::new();
    for scope in world.scopes().filter(|scope| !scope.is_global()) {
        if !regions.contains(&scope.region.to_string()) {
            regions.push(scope.region.to_string());
        }
    }
    regions
}
