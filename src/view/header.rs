//! The header and the tab bar: where we are, as whom, how safely, and what time it is there.

mod who;

use jiff::SignedDuration;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::tab::bar::bar;
use crate::domain::health::Health;
use crate::domain::units::{brief, clock, long, since};
use crate::view::text::{fit, fit_middle, width};
use crate::view::theme::{Role, Theme};
use crate::world::Place;
use crate::world::board::{FeedFault, faults};

pub(super) fn draw(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let bar = || Span::styled(" │ ", theme.style(Role::Faint));
    let mut left: Vec<Span<'_>> = vec![Span::styled(" opscon", theme.style(Role::Strong)), bar()];
    // Two badges and the clock leave no room for words on a narrow screen.
    let is_narrow = model.rewound.is_some() && area.width < 90;
    if let Some(drill) = &model.session.drill {
        let name = if is_narrow { String::new() } else { format!(" {}", drill.spec.scenario) };
        left.push(Span::styled(format!(" DRILL{name} "), theme.style(Role::Badge)));
        left.push(bar());
    }
    if let Some(endpoint) = &model.session.endpoint {
        let host = if area.width < 90 { String::new() } else { format!(" {}", fit_middle(endpoint, 28)) };
        left.push(Span::styled(format!(" ENDPOINT{host} "), theme.style(Role::Badge)));
        left.push(bar());
    }
    if model.rewound.is_some() {
        let ago = brief(since(model.live_now(), model.now));
        let at = clock(model.now, &model.settings.bearings.zone);
        let ago = if is_narrow { String::new() } else { format!(", {ago} ago") };
        left.push(Span::styled(format!(" REWIND {at}{ago} "), theme.style(Role::Badge)));
        left.push(bar());
    }
    let right = right_side(model, theme);
    // What is left of the line goes to account and region, the first things to be cut.
    let taken: usize = left.iter().chain(&right).map(|span| width(&span.content)).sum();
    let mode = mode(model, theme, if area.width < 100 { 0 } else { 24 });
    let room = usize::from(area.width).saturating_sub(taken + width(&mode.content) + " │  ".chars().count());
    if model.session.drill.is_some() {
        left.push(Span::styled(fit(&place(model), room), theme.style(Role::Text)));
    } else {
        left.extend(cut(who::spans(model, theme, room), room));
    }
    left.push(bar());
    left.push(mode);
    both_ends(left, right, area, frame);
}

/// SAFE, or for how long changes are allowed, and why as far as there is room.
fn mode(model: &Model, theme: Theme, room: usize) -> Span<'static> {
    let Some(armed) = &model.armed else { return Span::styled("SAFE", theme.style(Role::Dim)) };
    let left = brief(armed.until.duration_since(model.live_now()).max(SignedDuration::ZERO));
    let reason = if room == 0 { String::new() } else { format!(" {}", fit(armed.reason.as_str(), room)) };
    Span::styled(format!(" ARMED {left}{reason} "), theme.style(Role::Bad).add_modifier(Modifier::REVERSED))
}

/// As many of the spans as fit, the last of them cut.
fn cut(spans: Vec<Span<'static>>, mut room: usize) -> Vec<Span<'static>> {
    let mut all = Vec::new();
    for span in spans {
        let text = fit(&span.content, room);
        room -= width(&text);
        let is_whole = text == span.content;
        all.push(Span::styled(text, span.style));
        if !is_whole {
            break;
        }
    }
    all
}

fn right_side(model: &Model, theme: Theme) -> Vec<Span<'static>> {
    let there = model.live_now().to_zoned(model.settings.bearings.zone.clone());
    vec![Span::styled(there.strftime("%H:%M:%S %Z ").to_string(), theme.style(Role::Text))]
}

/// Accounts, then regions, each named once.
fn place(model: &Model) -> String {
    let mut accounts: Vec<String> = Vec::new();
    for scope in model.world.scopes() {
        let account = scope.account_name();
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    format!("{} │ {}", accounts.join(" "), who::regions(&model.world).join(" "))
}

pub(super) fn draw_tabs(model: &Model, theme: Theme, area: Rect, frame: &mut Frame<'_>) {
    let mut left = Vec::new();
    let mut at = 0;
    for entry in bar(&model.settings.keymap, model.tab, usize::from(area.width)) {
        let style = if entry.tab == model.tab { theme.selected() } else { theme.style(Role::Dim) };
        left.push(Span::raw(" ".repeat(entry.at.saturating_sub(at))));
        at = entry.end();
        left.push(Span::styled(entry.text, style));
    }
    let ledger = model.world.ledger();
    let pace = format!("{:.0} calls/min {}/h ", ledger.calls_per_minute(), ledger.usd_per_hour());
    let mut room = usize::from(area.width).saturating_sub(left.iter().map(|span| width(&span.content)).sum());
    let mut right = Vec::new();
    let (progress, role) = progress(model);
    let failing = failing(model, theme, room.saturating_sub(width(&progress)));
    room = room.saturating_sub(width(&failing));
    left.push(Span::styled(failing, theme.style(Role::Unknown)));
    // The drill's progress gets the room first.
    for (text, role) in [(progress, role), (format!("  {pace}"), Role::Dim)] {
        if width(&text) <= room {
            room -= width(&text);
            right.push(Span::styled(text, theme.style(role)));
        }
    }
    both_ends(left, right, area, frame);
}

/// How many feeds cannot be read, behind the tab that names them, which is the last: in words where there is room.
fn failing(model: &Model, theme: Theme, room: usize) -> String {
    // What is read only for who looks is told where they look.
    let standing = |(fault, place): &(FeedFault<'_>, &Place)| place.is_asked(fault.feed);
    match faults(&model.world).into_iter().filter(standing).count() {
        0 => String::new(),
        number => {
            let words = format!(" {number} failing ");
            if width(&words) <= room { words } else { format!(" {}{number}", theme.sign(Health::Unknown)) }
        }
    }
}

/// How the drill stands.
fn progress(model: &Model) -> (String, Role) {
    let Some(drill) = model.exercise() else { return (String::new(), Role::Dim) };
    match (drill.broke_at, drill.mended_at) {
        (Some(broke), Some(mended)) => (format!("mended in {} ", long(since(mended, broke))), Role::Strong),
        (Some(broke), None) => (format!("broken for {} ", brief(since(model.now, broke))), Role::Dim),
        (None, _) => (String::new(), Role::Dim),
    }
}

/// One line with something at each end; what meets in the middle is cut on the left.
pub(super) fn both_ends<'a>(left: Vec<Span<'a>>, right: Vec<Span<'a>>, area: Rect, frame: &mut Frame<'_>) {
    let right = Line::from(right);
    let right_width = (right.width() as u16).min(area.width);
    let left_area = Rect { width: area.width - right_width, ..area };
    let right_area = Rect { x: area.x + left_area.width, width: right_width, ..area };
    frame.render_widget(Line::from(left), left_area);
    frame.render_widget(right, right_area);
}
