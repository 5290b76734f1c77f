//! The picture of the board in the README, drawn from the board itself.
//!
//! `OPSCON_UPDATE_PICTURE=1 cargo test --no-default-features picture` draws it anew.

use std::fmt::Write as _;
use std::path::Path;

use opscon::app::msg::Size;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::support::{draw, model_at};

const BACKGROUND: &str = "#181a1f";
const FOREGROUND: &str = "#d0d4dc";
const CELL: (f64, f64) = (8.4, 18.0);

#[test]
fn the_picture_is_of_this_board() {
    let (model, _) = model_at("bad-deploy", 9, Size { width: 160, height: 50 });
    let drawn = svg(&draw(&model));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/board.svg");
    if std::env::var_os("OPSCON_UPDATE_PICTURE").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "assets/board.svg is of another board; see the head of tests/it/picture.rs");
}

/// A screen as SVG: one text for each run of cells that look alike.
fn svg(buffer: &Buffer) -> String {
    let (columns, rows) = (f64::from(buffer.area.width), f64::from(buffer.area.height));
    let (width, height) = (columns * CELL.0 + 20.0, rows * CELL.1 + 20.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n"
    );
    for (row, cells) in buffer.content.chunks(usize::from(buffer.area.width)).enumerate() {
        let mut column = 0;
        for run in cells.chunk_by(looks_alike) {
            let text: String = run.iter().map(Cell::symbol).collect();
            let (foreground, background) = colours(&run[0]);
            let (x, y) = (10.0 + column as f64 * CELL.0, 10.0 + row as f64 * CELL.1);
            let length = run.len() as f64 * CELL.0;
            if let Some(background) = background {
                let _ = writeln!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{length:.1}\" height=\"{}\" fill=\"{background}\"/>",
                    CELL.1
                );
            }
            if !text.trim().is_empty() {
                let weight = if run[0].modifier.contains(Modifier::BOLD) { " font-weight=\"700\"" } else { "" };
                let _ = writeln!(
                    out,
                    "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{foreground}\"{weight} textLength=\"{length:.1}\" xml:space=\"preserve\">{}</text>",
                    y + 13.5,
                    text.replace('&', "&amp;").replace('<', "&lt;")
                );
            }
            column += run.len();
        }
    }
    out + "</svg>\n"
}

fn looks_alike(one: &Cell, other: &Cell) -> bool {
    one.fg == other.fg && one.bg == other.bg && one.modifier == other.modifier
}

fn colours(cell: &Cell) -> (String, Option<String>) {
    let of = |color: Color| match color {
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        _ => None,
    };
    let foreground = of(cell.fg).unwrap_or_else(|| FOREGROUND.into());
    let background = of(cell.bg);
    if cell.modifier.contains(Modifier::REVERSED) {
        (background.unwrap_or_else(|| BACKGROUND.into()), Some(foreground))
    } else {
        (foreground, background)
    }
}
