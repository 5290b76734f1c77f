//! F4: the model as a frame. [`draw`] reads and decides nothing; the only code that knows ratatui.
//!
//! ```text
//!  opscon │ DRILL bad-deploy │ acme-prod │ eu-west-1 │ SAFE                                        14:12:07 CET   header
//!  1 board  2 feeds                                           broke 4 min ago  169 calls/min 0.09 USD/h          tab bar
//!  BROKE    ✖ web-edge 5xx 7.4 % (limit 5 %) for 4 min · 2 alarms firing                                         strip
//!  WHERE    Application Load Balancer → Deploy to Production
//!  CHANGED  14:06:32 deploy web v418 → v419 "cache the basket" by maria, 98 s before the first sign
//!  ...                                                                                                           tab
//!  ⏎ open  n next-trouble  z zoom  : palette  ? help                                              read 4 s ago   footer
//! ```

pub mod ascii;
mod footer;
mod header;
mod overlay;
mod strip;
mod tab;
pub mod text;
pub mod theme;
mod widget;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use crate::app::model::Model;
use crate::app::msg::Size;
use crate::app::overlay::Drawn;
use crate::app::settings::Glyphs;
use crate::app::tab::Tab;
use crate::app::tab::board::{Area, SMALLEST};
use crate::view::theme::{Role, Theme};

/// Draws the model, and says what only drawing finds out.
pub fn draw(model: &Model, frame: &mut Frame<'_>) -> Drawn {
    let drawn = lay_out(model, frame);
    if model.settings.look.glyphs == Glyphs::Ascii {
        ascii::flatten(frame.buffer_mut());
    }
    drawn
}

fn lay_out(model: &Model, frame: &mut Frame<'_>) -> Drawn {
    let theme = Theme::new(model.settings.look);
    let area = frame.area();
    if area.width < SMALLEST.width || area.height < SMALLEST.height {
        too_small(model, area, theme, frame);
        return Drawn::default();
    }
    let (tab_rows, strip_rows) = if model.is_compact { (0, 1) } else { (1, 3) };
    let [top, tabs, strip_area, body, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(tab_rows),
        Constraint::Length(strip_rows),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    header::draw(model, theme, top, frame);
    if !model.is_compact {
        header::draw_tabs(model, theme, tabs, frame);
    }
    strip::draw(model, theme, strip_area, frame);
    let mut drawn = match model.tab {
        Tab::Board => Drawn::to(tab::board::draw(model, theme, body, frame)),
        Tab::Room(_) => tab::room::draw(model, theme, body, frame),
        Tab::Operations => {
            tab::operations::draw(model, theme, body, frame);
            Drawn::default()
        }
        Tab::Feeds => {
            tab::feeds::draw(model, theme, body, frame);
            Drawn::default()
        }
    };
    footer::draw(model, theme, bottom, frame);
    for layer in &model.overlays {
        drawn = Drawn::to(overlay::draw(layer, model, theme, body, frame));
    }
    drawn
}

fn too_small(model: &Model, area: Rect, theme: Theme, frame: &mut Frame<'_>) {
    let Size { width, height } = SMALLEST;
    // Even here: simulated data must never pass for real.
    let drill = if model.session.drill.is_some() { "DRILL " } else { "" };
    let lines = [
        format!("{drill}opscon needs {width}x{height},"),
        format!("this is {}x{}.", area.width, area.height),
        "Make the window larger,".to_owned(),
        "or run `opscon status`.".to_owned(),
    ];
    for (row, text) in lines.iter().enumerate().take(usize::from(area.height)) {
        let place = Rect { x: area.x, y: area.y + row as u16, width: area.width, height: 1 };
        frame.render_widget(Line::styled(text::fit(text, usize::from(area.width)), theme.style(Role::Strong)), place);
    }
}

/// The app's geometry in the terms of ratatui.
fn rect(area: Area) -> Rect {
    Rect { x: area.x, y: area.y, width: area.width, height: area.height }
}
