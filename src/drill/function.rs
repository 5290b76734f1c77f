//! The company's functions, each called by its alias `live`.

use crate::domain::text::Text;
use crate::drill::noise::Noise;

pub const ALIAS: &str = "live";

#[derive(Clone, Debug)]
pub struct Function {
    pub name: &'static str,
    pub runtime: &'static str,
    /// What its alias pointed at before, and points at now.
    pub previous: Text,
    pub version: Text,
    /// How often an operator moved the alias.
    pub moved: i64,
}

impl Function {
    pub fn all() -> Vec<Self> {
        let of = |name, runtime, previous: &str, version: &str| Self {
            name,
            runtime,
            previous: previous.into(),
            version: version.into(),
            moved: 0,
        };
        vec![
            of("receipts", "nodejs22.x", "60", "61"),
            of("thumbnails", "python3.13", "17", "18"),
            of("stock-sync", "python3.13", "43", "44"),
        ]
    }

    /// Another after each change of the alias.
    pub fn revision(&self, noise: Noise) -> Text {
        noise.of("alias").of(self.name).hex(self.moved, 32).into()
    }
}
