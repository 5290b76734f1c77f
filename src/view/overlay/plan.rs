//! A plan: its values, what comes of them, what has to be typed, and two buttons, of which the first does nothing.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::app::model::Model;
use crate::app::planning::{Focus, PlanForm};
use crate::domain::scope::Environment;
use crate::domain::units::{brief, since};
use crate::ops::plan::Why;
use crate::ops::preview::{LineKind, lines};
use crate::view::text::{fill, fit, width, wrap};
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

const WIDTH: u16 = 96;
const LABEL: usize = 11;

/// Returns how far what is told can be scrolled.
pub(super) fn draw(form: &PlanForm, model: &Model, theme: Theme, within: Rect, frame: &mut Frame<'_>) -> usize {
    let room = usize::from(WIDTH.min(within.width)).saturating_sub(4);
    let told = told(form, model, theme, room);
    let foot = foot(form, model, theme, room);
    let height = (form.fields.len() + usize::from(!form.fields.is_empty()) + told.len() + foot.len() + 3) as u16;
    let title = match &form.planned {
        Ok(plan) => plan.title.clone(),
        Err(_) => format!("{}: {}", form.operation.title, name_of(form, model)),
    };
    let is_production = form.planned.as_ref().is_ok_and(|plan| plan.environment == Environment::Prod);
    let inside = if is_production {
        popup::open_in_production(&title, (WIDTH, height), theme, within, frame)
    } else {
        popup::open(&title, (WIDTH, height), theme, within, frame)
    };
    let mut at = inside.y;
    for (number, field) in form.fields.iter().enumerate() {
        if at >= inside.bottom() {
            return 0;
        }
        let is_here = form.focus == Focus::Field(number);
        let style = if is_here { theme.style(Role::Accent) } else { theme.style(Role::Dim) };
        let value_room = room.saturating_sub(LABEL + 30).max(10);
        let shown = tail_of(&field.text, value_room.saturating_sub(1));
        let value = match (is_here, field.is_untouched) {
            (true, true) => theme.selected(),
            (true, false) => theme.style(Role::Strong),
            (false, true) => theme.style(Role::Dim),
            (false, false) => theme.style(Role::Text),
        };
        let gap = value_room.saturating_sub(width(&shown));
        let line = Line::from(vec![
            Span::styled(format!(" {}", fill(field.param.name, LABEL)), style),
            Span::styled(if shown.is_empty() { "_".to_owned() } else { shown.clone() }, value),
            Span::raw(" ".repeat(gap)),
            Span::styled(fit(field.param.doc, 28), theme.style(Role::Faint)),
        ]);
        frame.render_widget(line, Rect { y: at, height: 1, ..inside });
        if is_here {
            let x = inside.x + (1 + LABEL + width(&shown)) as u16;
            frame.set_cursor_position(Position { x: x.min(inside.right().saturating_sub(1)), y: at });
        }
        at += 1;
    }
    if !form.fields.is_empty() && at < inside.bottom() {
        let rule = "─".repeat(usize::from(inside.width));
        frame.render_widget(Line::styled(rule, theme.style(Role::Faint)), Rect { y: at, height: 1, ..inside });
        at += 1;
    }
    let foot_height = (foot.len() as u16).min(inside.bottom().saturating_sub(at));
    let middle = Rect { y: at, height: inside.bottom().saturating_sub(at + foot_height), ..inside };
    let end = popup::scrolled(told, form.scroll.offset, theme, middle, frame);
    let foot_at = inside.bottom() - foot_height;
    for (row, line) in foot.into_iter().take(usize::from(foot_height)).enumerate() {
        frame.render_widget(line, Rect { y: foot_at + row as u16, height: 1, ..inside });
    }
    if form.focus == Focus::Typed && foot_height > 0 {
        let typed = tail_of(&form.typed, room.saturating_sub(LABEL + 2));
        let x = inside.x + (1 + LABEL + width(&typed)) as u16;
        let row = if foot_height >= 3 { inside.bottom() - 3 } else { foot_at };
        frame.set_cursor_position(Position { x: x.min(inside.right().saturating_sub(1)), y: row });
    }
    end
}

/// What it would be done to, as people call it.
fn name_of(form: &PlanForm, model: &Model) -> String {
    let sight = model.sight();
    let item = form.target.item(&sight).map(|item| item.name().to_string());
    let place = || Some(sight.world.places().get(form.target.place())?.scope.to_string());
    item.or_else(place).unwrap_or_default()
}

fn tail_of(text: &str, room: usize) -> String {
    let skip = text.chars().count().saturating_sub(room);
    text.chars().skip(skip).collect()
}

/// What it would do, or why it cannot be done.
fn told(form: &PlanForm, model: &Model, theme: Theme, room: usize) -> Vec<Line<'static>> {
    let mut all = Vec::new();
    match &form.planned {
        Ok(plan) => {
            let mut before = String::new();
            for line in lines(plan, &model.sight()) {
                let (sign, role) = match line.kind {
                    LineKind::Plain => ("", Role::Text),
                    LineKind::Change => ("", Role::Strong),
                    LineKind::Warning => ("▲ ", Role::Warn),
                    LineKind::Command => ("", Role::Dim),
                };
                let words = format!("{sign}{}", line.words);
                for (number, text) in wrap(&words, room.saturating_sub(LABEL)).into_iter().enumerate() {
                    let label = if number == 0 && line.label != *before { line.label.as_str() } else { "" };
                    all.push(Line::from(vec![
                        Span::styled(format!(" {}", fill(label, LABEL)), theme.style(Role::Faint)),
                        Span::styled(text, theme.style(role)),
                    ]));
                }
                before = line.label.to_string();
            }
        }
        Err(refusal) => {
            // That it is so already is no trouble.
            let role = if refusal.why == Why::Nothing { Role::Dim } else { Role::Warn };
            for text in wrap(&refusal.text, room) {
                all.push(Line::styled(format!(" {text}"), theme.style(role)));
            }
            for text in refusal.remedy.iter().flat_map(|remedy| wrap(remedy, room.saturating_sub(2))) {
                all.push(Line::styled(format!(" → {text}"), theme.style(Role::Text)));
            }
        }
    }
    all
}

/// What has to be typed, the buttons, and what is in the way.
fn foot(form: &PlanForm, model: &Model, theme: Theme, room: usize) -> Vec<Line<'static>> {
    let mut all = vec![Line::default()];
    if let Some(words) = form.words() {
        let is_here = form.focus == Focus::Typed;
        let style = if is_here { theme.style(Role::Accent) } else { theme.style(Role::Dim) };
        let typed = tail_of(&form.typed, room.saturating_sub(LABEL + 2));
        let open = width(&words).saturating_sub(width(&form.typed));
        let is_wrong = !words.starts_with(form.typed.as_str());
        all.push(Line::from(vec![
            Span::styled(format!(" {}", fill("type", LABEL)), style),
            Span::styled(typed, theme.style(if is_wrong { Role::Bad } else { Role::Strong })),
            Span::styled("_".repeat(open), theme.style(Role::Faint)),
            Span::styled(
                fit(&format!("  {words}"), room.saturating_sub(LABEL + width(&words))),
                theme.style(Role::Dim),
            ),
        ]));
    }
    let button = |text: &str, is_here: bool, is_usable: bool| {
        let style = match (is_here, is_usable) {
            (true, _) => theme.selected(),
            (false, true) => theme.style(Role::Text),
            (false, false) => theme.style(Role::Faint),
        };
        Span::styled(format!("[ {text} ]"), style)
    };
    let mut buttons = vec![
        Span::raw(format!(" {}", " ".repeat(LABEL))),
        button("Cancel", form.focus == Focus::Cancel, true),
        Span::raw("  "),
    ];
    if let Ok(plan) = &form.planned {
        let go = if model.armed.is_some() { form.operation.title.to_owned() } else { "Arm first".to_owned() };
        buttons.push(button(&go, form.focus == Focus::Go, true));
        let age = brief(since(model.now, plan.seen_at));
        buttons.push(Span::styled(format!("   read {age} ago"), theme.style(Role::Faint)));
    }
    all.push(Line::from(buttons));
    let hint = match (&form.trouble, form.focus) {
        (Some(trouble), _) => Line::styled(format!(" {}", fit(trouble, room)), theme.style(Role::Warn)),
        (None, Focus::Go) if model.armed.is_none() => {
            Line::styled(" SAFE: Enter asks for the reason and allows changes for a while", theme.style(Role::Dim))
        }
        (None, Focus::Go) => Line::styled(" Enter carries it out", theme.style(Role::Dim)),
        (None, Focus::Typed) => Line::styled(" letter by letter, then Tab to the button", theme.style(Role::Dim)),
        (None, _) => Line::styled(" Tab moves on   Esc leaves, and nothing was done", theme.style(Role::Dim)),
    };
    all.push(hint);
    all
}
