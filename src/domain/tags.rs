//! What a resource is tagged with: name and value of each, sorted by name.

use crate::domain::scope::Environment;
use crate::domain::text::Text;

pub type Tag = (Text, Text);

/// Under these, in any case, teams say what a resource is for.
pub const ENVIRONMENT: [&str; 3] = ["environment", "env", "stage"];

/// The value of the first of these tags there is; names are compared without case.
pub fn value<'a>(tags: &'a [Tag], names: &[&str]) -> Option<&'a Text> {
    names
        .iter()
        .find_map(|name| tags.iter().find(|(key, _)| key.as_str().eq_ignore_ascii_case(name)))
        .map(|(_, value)| value)
}

/// The value of the tag of exactly this name.
pub fn exact<'a>(tags: &'a [Tag], name: &str) -> Option<&'a Text> {
    tags.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// What each of its tags says it is for; nothing where it has none of the kind.
pub fn environments(tags: &[Tag]) -> impl Iterator<Item = (&Text, Environment)> {
    let is_one = |key: &Text| ENVIRONMENT.iter().any(|name| key.as_str().eq_ignore_ascii_case(name));
    tags.iter().filter(move |(key, _)| is_one(key)).map(|(_, value)| (value, Environment::from_tag(value.as_str())))
}

/// The schedule named by tags, in the spellings of AWS's Instance Scheduler and its imitators.
pub fn schedule(tags: &[Tag]) -> Option<&Text> {
    value(tags, &["schedule", "instance-schedule", "scheduler"]).filter(|value| !value.is_empty())
}
