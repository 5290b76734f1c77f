//! What takes a call for each of many things: read in turn, kept for a while, and never all of it at once.
//!
//! An account with a thousand functions is so known after some minutes, and never asked for a thousand things in one go.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How many things are read in one turn, and how long what was read is taken for true.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub at_a_time: usize,
    pub kept: SignedDuration,
}

/// Something there is, and what it says of its last change, if it says anything.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a, I> {
    pub key: &'a str,
    pub changed: Option<&'a str>,
    pub it: &'a I,
}

/// What was read of each thing, by its key.
#[derive(Debug)]
pub(super) struct Rota<T>(Mutex<HashMap<String, Known<T>>>);

#[derive(Clone, Debug)]
struct Known<T> {
    at: Timestamp,
    changed: Option<String>,
    value: T,
}

impl<T> Default for Rota<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Rota<T> {
    /// What is to be read now: what was never read first, then what changed, then what was read longest ago.
    pub fn wanted<'a, I>(&self, pace: Pace, found: &'a [Found<'a, I>], now: Timestamp) -> Vec<&'a Found<'a, I>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wanted: Vec<(u8, Timestamp, &Found<'a, I>)> = found
            .iter()
            .filter_map(|it| match all.get(it.key) {
                None => Some((0, Timestamp::MIN, it)),
                Some(known) if known.changed.as_deref() != it.changed => Some((1, known.at, it)),
                Some(known) if now.duration_since(known.at) >= pace.kept => Some((2, known.at, it)),
                Some(_) => None,
            })
            .collect();
        wanted.sort_by_key(|(order, at, it)| (*order, *at, it.key));
        wanted.into_iter().take(pace.at_a_time).map(|(_, _, it)| it).collect()
    }

    /// What was read so far, however long ago.
    pub fn all(&self) -> HashMap<String, T> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|(key, known)| (key.clone(), known.value.clone())).collect()
    }

    /// Takes in what was read, forgets what is gone, and returns all that is known.
    pub fn take<'a, I: 'a>(
        &self,
        read: impl Iterator<Item = (&'a Found<'a, I>, T)>,
        found: &'a [Found<'a, I>],
        now: Timestamp,
    ) -> HashMap<String, T> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there: HashSet<&str> = found.iter().map(|it| it.key).collect();
        all.retain(|key, _| there.contains(key.as_str()));
        for (it, value) in read {
            all.insert(it.key.to_owned(), Known { at: now, changed: it.changed.map(str::to_owned), value });
        }
        all.iter().map(|(key, known)| (key.clone(), known.value.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { at_a_time: 40, kept: SignedDuration::from_mins(15) };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn few_are_read_at_a_time_and_the_changed_before_the_old() {
        let of = |key, changed| Found { key, changed: Some(changed), it: &() };
        let rota = Rota::default();
        let before = [of("fresh", "1"), of("old", "1"), of("changed", "1"), of("gone", "1")];
        rota.take([(&before[1], 1), (&before[3], 3)].into_iter(), &before, at(100));
        rota.take([(&before[0], 0), (&before[2], 2)].into_iter(), &before, at(9_900));
        let found = [of("fresh", "1"), of("old", "1"), of("changed", "2"), of("new", "1")];
        let names: Vec<&str> = rota.wanted(PACE, &found, at(10_000)).iter().map(|it| it.key).collect();
        assert_eq!(names, ["new", "changed", "old"]);
        let all = rota.take(std::iter::empty(), &found, at(10_000));
        assert_eq!((all.len(), all.get("gone"), all.get("old")), (3, None, Some(&1)));
        let names: Vec<String> = (0..100).map(|number| format!("f{number:03}")).collect();
        let many: Vec<_> = names.iter().map(|key| Found { key, changed: None, it: &() }).collect();
        assert_eq!(rota.wanted(PACE, &many, at(10_000)).len(), PACE.at_a_time);
    }
}
