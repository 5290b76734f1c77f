//! A duration as a bar beside others, and the median on it.

use jiff::SignedDuration;

/// A bar of at most `room` cells, padded to them; whatever took any time has at least half a cell.
pub(super) fn of(took: SignedDuration, longest: SignedDuration, room: usize) -> String {
    let halves = scaled(took, longest, room * 2).max(1);
    let mut bar = "█".repeat(halves / 2);
    if halves % 2 == 1 {
        bar.push('▌');
    }
    let used = halves.div_ceil(2);
    bar.extend(std::iter::repeat_n(' ', room.saturating_sub(used)));
    bar
}

/// The same with a line where the usual is.
pub(super) fn with_usual(
    took: SignedDuration,
    usual: Option<SignedDuration>,
    longest: SignedDuration,
    room: usize,
) -> String {
    let bar = of(took, longest, room);
    let Some(usual) = usual else { return bar };
    let at = scaled(usual, longest, room).min(room.saturating_sub(1));
    bar.chars().enumerate().map(|(cell, letter)| if cell == at { '│' } else { letter }).collect()
}

fn scaled(length: SignedDuration, longest: SignedDuration, room: usize) -> usize {
    let share = length.as_secs_f64() / longest.as_secs_f64().max(1.0);
    ((share * room as f64).round() as usize).min(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_scaled_to_the_longest_and_never_longer() {
        let minutes = SignedDuration::from_mins;
        assert_eq!(of(minutes(10), minutes(10), 6), "██████");
        assert_eq!(of(minutes(3), minutes(10), 5), "█▌   ");
        assert_eq!(of(SignedDuration::ZERO, minutes(10), 4), "▌   ");
        assert_eq!(of(minutes(90), minutes(10), 4), "████");
        assert_eq!(with_usual(minutes(10), Some(minutes(5)), minutes(10), 6), "███│██");
        assert_eq!(with_usual(minutes(2), Some(minutes(10)), minutes(10), 5), "█   │");
        assert_eq!(with_usual(minutes(2), None, SignedDuration::ZERO, 3), "███");
    }
}
