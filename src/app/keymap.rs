//! From keys to commands.

use std::collections::BTreeMap;

use crate::app::command::{COMMANDS, CommandId};
use crate::app::key::Key;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    keys: BTreeMap<Key, CommandId>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    #[error("keys: no command is called `{name}`{}", nearest.as_ref().map_or_else(String::new, |near| format!("; did you mean `{near}`?")))]
    UnknownCommand { name: String, nearest: Option<&'static str> },
    #[error("keys.{command}: {message}")]
    Key { command: String, message: String },
    #[error("keys: `{key}` is given to both `{first}` and `{second}`")]
    Clash { key: String, first: &'static str, second: &'static str },
}

impl Default for Keymap {
    fn default() -> Self {
        let keys = COMMANDS
            .iter()
            .flat_map(|spec| spec.keys.iter().filter_map(|key| key.parse().ok()).map(move |key| (key, spec.id)))
            .collect();
        Self { keys }
    }
}

impl Keymap {
    /// The defaults with the operator's own keys: a command named here has exactly the keys listed for it.
    pub fn with(overrides: &BTreeMap<String, Vec<String>>) -> Result<Self, KeymapError> {
        let mut keymap = Self::default();
        let mut chosen: BTreeMap<Key, CommandId> = BTreeMap::new();
        for (name, keys) in overrides {
            let Some(id) = CommandId::from_name(name) else {
                return Err(KeymapError::UnknownCommand { name: name.clone(), nearest: nearest(name) });
            };
            keymap.keys.retain(|_, bound| *bound != id);
            for text in keys {
                let key: Key = text.parse().map_err(|error: crate::app::key::KeyError| KeymapError::Key {
                    command: name.clone(),
                    message: error.to_string(),
                })?;
                if let Some(other) = chosen.insert(key, id).filter(|other| *other != id) {
                    return Err(clash(key, other, id));
                }
            }
        }
        for (key, id) in chosen {
            // A key taken from a command that the operator did not rebind leaves that command without it: say so.
            if let Some(other) = keymap.keys.insert(key, id).filter(|other| *other != id) {
                return Err(clash(key, other, id));
            }
        }
        Ok(keymap)
    }

    pub fn command(&self, key: Key) -> Option<CommandId> {
        self.keys.get(&key).copied()
    }

    /// Keys of a command, in the order of the table for the defaults.
    pub fn keys(&self, id: CommandId) -> Vec<Key> {
        let mut keys: Vec<Key> = self.keys.iter().filter(|(_, bound)| **bound == id).map(|(key, _)| *key).collect();
        let place = |key: &Key| id.spec().keys.iter().position(|name| *name == key.to_string()).unwrap_or(usize::MAX);
        keys.sort_by_key(place);
        keys
    }

    /// The first key of a command, for footers.
    pub fn key(&self, id: CommandId) -> Option<Key> {
        self.keys(id).into_iter().next()
    }
}

fn clash(key: Key, first: CommandId, second: CommandId) -> KeymapError {
    KeymapError::Clash { key: key.to_string(), first: first.spec().name, second: second.spec().name }
}

fn nearest(name: &str) -> Option<&'static str> {
    COMMANDS
        .iter()
        .map(|spec| (strsim::jaro_winkler(name, spec.name), spec.name))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(rows: &[(&str, &[&str])]) -> Result<Keymap, KeymapError> {
        let overrides = rows
            .iter()
            .map(|(name, keys)| ((*name).to_owned(), keys.iter().map(|key| (*key).to_owned()).collect()))
            .collect();
        Keymap::with(&overrides)
    }

    #[test]
    fn the_operators_keys_replace_a_commands_own() {
        let keymap = with(&[("zoom", &["f4"])]).unwrap();
        assert_eq!(keymap.command("f4".parse().unwrap()), Some(CommandId::Zoom));
        assert_eq!(keymap.command(Key::char('z')), None);
        assert_eq!(keymap.keys(CommandId::Up).len(), 2);
    }

    #[test]
    fn swapping_two_keys_is_not_a_clash() {
        let keymap = with(&[("zoom", &["n"]), ("next-trouble", &["z"])]).unwrap();
        assert_eq!(keymap.command(Key::char('n')), Some(CommandId::Zoom));
        assert_eq!(keymap.command(Key::char('z')), Some(CommandId::NextTrouble));
    }

    #[test]
    fn mistakes_name_both_sides() {
        assert_eq!(
            with(&[("zom", &["f4"])]).unwrap_err().to_string(),
            "keys: no command is called `zom`; did you mean `zoom`?"
        );
        assert_eq!(with(&[("zoom", &["q"])]).unwrap_err().to_string(), "keys: `q` is given to both `quit` and `zoom`");
        assert!(with(&[("zoom", &["f99"])]).unwrap_err().to_string().starts_with("keys.zoom: unknown key `f99`"));
    }
}
