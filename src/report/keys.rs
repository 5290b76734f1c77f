//! The key table as Markdown: what `opscon keys` prints and the README holds.

use crate::app::command::{COMMANDS, Context};
use crate::app::keymap::Keymap;

pub fn table(keymap: &Keymap) -> String {
    let mut table = String::from("| Key | Command | |\n| --- | --- | --- |\n");
    for context in Context::ALL {
        for spec in COMMANDS.iter().filter(|spec| spec.context == *context) {
            let keys: Vec<String> = keymap.keys(spec.id).iter().map(|key| format!("`{key}`")).collect();
            let keys = if keys.is_empty() { "`:` and its name".into() } else { keys.join(" ") };
            table.push_str(&format!("| {keys} | {} | {} |\n", spec.name, spec.doc));
        }
    }
    table
}
