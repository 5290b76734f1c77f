//! What lies over the tab. One file per overlay.

mod actions;
mod arm;
mod code;
mod help;
mod json;
mod palette;
mod picker;
mod plan;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::app::model::Model;
use crate::app::overlay::{Overlay, Scroll};
use crate::view::text::wrap;
use crate::view::theme::{Role, Theme};
use crate::view::widget::popup;

/// Returns how far it can be scrolled.
pub(super) fn draw(overlay: &Overlay, model: &Model, theme: Theme, within: Rect, frame: &mut Frame<'_>) -> usize {
    match overlay {
        Overlay::Help(scroll) => help::draw(*scroll, model, theme, within, frame),
        Overlay::Card { title, lines, scroll } => card(title, lines, *scroll, theme, within, frame),
        Overlay::Palette(palette) => {
            palette::draw(palette, model, theme, within, frame);
            0
        }
        Overlay::Json(view) => {
            json::draw(view, theme, within, frame);
            0
        }
        Overlay::Code(prompt) => {
            code::draw(prompt, theme, within, frame);
            0
        }
        Overlay::Actions(menu) => {
            actions::draw(menu, theme, within, frame);
            0
        }
        Overlay::Plan(form) => plan::draw(form, model, theme, within, frame),
        Overlay::Arm(reason) => {
            arm::draw(reason, model, theme, within, frame);
            0
        }
        Overlay::Leave => card("Something is under way", &leaving(model), Scroll::default(), theme, within, frame),
        // At the foot of the screen, in place of the keys.
        Overlay::Prompt(_) => 0,
        Overlay::Picker { selected } => {
            picker::draw(*selected, model, theme, within, frame);
            0
        }
    }
}

/// What becomes of what is under way when nobody watches it.
fn leaving(model: &Model) -> Vec<String> {
    let mut lines: Vec<String> = model
        .courses
        .iter()
        .filter(|course| course.is_running())
        .map(|course| format!("{}: {}", course.plan.title, course.words()))
        .collect();
    lines.push(String::new());
    lines.push(
        "What was sent goes on in AWS. Nobody will watch it from here, and the journal will not say how it ended: the \
         next start offers to look."
            .into(),
    );
    lines.push(String::new());
    lines.push("q leaves all the same   Esc stays".into());
    lines
}

fn card(title: &str, lines: &[String], scroll: Scroll, theme: Theme, within: Rect, frame: &mut Frame<'_>) -> usize {
    const WIDTH: u16 = 76;
    let room = usize::from(WIDTH.min(within.width)).saturating_sub(4);
    let wrapped: Vec<String> = lines.iter().flat_map(|line| wrap(line, room)).collect();
    let inside = popup::open(title, (WIDTH, wrapped.len() as u16 + 2), theme, within, frame);
    let text = wrapped.into_iter().map(|line| Line::styled(format!(" {line}"), theme.style(Role::Text))).collect();
    popup::scrolled(text, scroll.offset, theme, inside, frame)
}
