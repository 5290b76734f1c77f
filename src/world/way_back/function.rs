//! A Lambda function: its alias is pointed at an earlier version.

use super::{Bar, Obstacle};
use crate::domain::function::Function;
use crate::domain::text::Text;

/// What an alias is, as far as it has to be known to move it.
#[derive(Clone, Copy, Debug)]
pub struct Pointer<'a> {
    pub alias: &'a Text,
    pub version: &'a Text,
    pub revision: &'a Text,
}

/// A canary is rolled back to the version most calls go to.
pub fn usual_version(it: &Function) -> Option<&Text> {
    if it.shift.is_some() { it.version.as_ref() } else { it.previous_version.as_ref().or(it.published_before.as_ref()) }
}

/// What it would return to.
pub fn back(it: &Function) -> Result<Text, Obstacle> {
    let (alias, version) = aliased(it)?;
    Ok(usual(it, pointer(it, alias, version)?)?.clone())
}

/// The alias callers go by, and what it points at.
pub fn aliased(it: &Function) -> Result<(&Text, &Text), Obstacle> {
    let Some(version) = &it.version else {
        let text = format!("which version of {} is called was not read, or no alias says it is the one", it.name);
        return Err(Obstacle::new(Bar::Blind, text).with("look again when its aliases are read"));
    };
    let Some(alias) = &it.alias else {
        let text = format!("{} has no alias: callers get {version}, which is whatever was deployed last", it.name);
        return Err(Obstacle::new(Bar::State, text).with("deploy the code before again").without_good());
    };
    Ok((alias, version))
}

/// Whether that alias can be moved.
pub fn pointer<'a>(it: &'a Function, alias: &'a Text, version: &'a Text) -> Result<Pointer<'a>, Obstacle> {
    if version == "$LATEST" {
        let text = format!("{alias} of {} points at $LATEST, which has no version before", it.name);
        let obstacle = Obstacle::new(Bar::State, text).without_good();
        return Err(obstacle.with("deploy the code before again, and publish versions"));
    }
    let Some(revision) = &it.revision else {
        let text = format!("the revision of {alias} was not read: what somebody else does would be overwritten");
        return Err(Obstacle::new(Bar::Blind, text).with("look again when its aliases are read"));
    };
    Ok(Pointer { alias, version, revision })
}

/// The version before, where somebody keeps account of it.
pub fn usual<'a>(it: &'a Function, pointer: Pointer<'_>) -> Result<&'a Text, Obstacle> {
    usual_version(it).ok_or_else(|| {
        let version = pointer.version;
        let text = format!("which version of {} was before {version} is not known: Lambda keeps no account", it.name);
        Obstacle::new(Bar::Bounds, text).with("say `to`, a version")
    })
}
