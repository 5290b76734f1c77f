//! What a thing was before it was shut down, kept in a tag on the thing itself: no file of ours has to survive for it, and
//! anybody can read it. Letters, digits, spaces and `=` are what every service takes in a tag.

use crate::domain::tags::{Tag, exact};
use crate::domain::text::Text;

/// Name of the tag.
pub(super) const BEFORE: &str = "opscon:before";

/// Of an instance.
pub(super) const RUNNING: &str = "running";
/// Of a database, and of a cluster.
pub(super) const AVAILABLE: &str = "available";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupSize {
    pub(super) min: u32,
    pub(super) desired: u32,
    pub(super) max: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServiceSize {
    pub(super) desired: u32,
    /// Where something scales it.
    pub(super) bounds: Option<(u32, u32)>,
}

/// What is remembered with it, as it is written there.
pub(super) fn written(tags: &[Tag]) -> Option<&str> {
    exact(tags, BEFORE).map(Text::as_str)
}

impl GroupSize {
    pub(super) fn words(self) -> String {
        format!("min={} desired={} max={}", self.min, self.desired, self.max)
    }

    /// Nothing where it is not exactly what is written here.
    pub(super) fn read(text: &str) -> Option<Self> {
        let [min, desired, max] = numbers(text, ["min", "desired", "max"])?;
        ((min..=max).contains(&desired) && max > 0).then_some(Self { min, desired, max })
    }
}

impl ServiceSize {
    pub(super) fn words(self) -> String {
        match self.bounds {
            Some((min, max)) => format!("desired={} min={min} max={max}", self.desired),
            None => format!("desired={}", self.desired),
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        if let Some([desired]) = numbers(text, ["desired"]) {
            return (desired > 0).then_some(Self { desired, bounds: None });
        }
        let [desired, min, max] = numbers(text, ["desired", "min", "max"])?;
        (min <= max && desired > 0).then_some(Self { desired, bounds: Some((min, max)) })
    }
}

/// The numbers under exactly these names, in this order, and nothing else.
fn numbers<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() != N {
        return None;
    }
    let mut all = [0; N];
    for ((slot, name), word) in all.iter_mut().zip(names).zip(words) {
        let digits = word.strip_prefix(name)?.strip_prefix('=')?;
        *slot = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let group = GroupSize { min: 2, desired: 3, max: 6 };
        assert_eq!(group.words(), "min=2 desired=3 max=6");
        assert_eq!(GroupSize::read(&group.words()), Some(group));
        for bounds in [None, Some((1, 4))] {
            let service = ServiceSize { desired: 2, bounds };
            assert_eq!(ServiceSize::read(&service.words()), Some(service));
        }
    }

    #[test]
    fn what_somebody_else_wrote_is_not_guessed_at() {
        for text in [
            "",
            "3",
            "min=2 desired=3",
            "min=2 desired=3 max=6 more=1",
            "desired=3 min=2 max=6",
            "min=4 desired=3 max=6",
            "min=2 desired=9 max=6",
            "min=-2 desired=3 max=6",
            "min=+2 desired=3 max=6",
            "min=2  desired=3 max=6",
            "min=2 desired=3 max=99999999999",
            "min=0 desired=0 max=0",
        ] {
            assert_eq!(GroupSize::read(text), None, "{text}");
        }
        for text in ["", "desired=", "desired=0", "desired=x", "desired=2 min=4 max=1", "desired=2 min=1"] {
            assert_eq!(ServiceSize::read(text), None, "{text}");
        }
    }

    #[test]
    fn every_service_takes_it_in_a_tag() {
        let all = [
            BEFORE.to_owned(),
            RUNNING.to_owned(),
            AVAILABLE.to_owned(),
            GroupSize { min: 1, desired: 2, max: 3 }.words(),
            ServiceSize { desired: 1, bounds: Some((1, 2)) }.words(),
        ];
        for text in all {
            let is_taken = |letter: char| letter.is_ascii_alphanumeric() || " +-=._:/@".contains(letter);
            assert!(text.chars().all(is_taken) && text.len() <= 128, "{text}");
        }
    }
}
