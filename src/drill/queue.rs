//! Queues whose depth is what came in minus what went out.

use std::collections::VecDeque;

use crate::domain::text::Text;
use crate::drill::fleet::TICK;

/// Ticks a message stays hidden after it was received and not deleted.
pub const VISIBILITY: i64 = 3;
/// What one poisoned message costs its consumer, as a multiple of a good one: it crashes on it and starts again.
const POISON_WORK: f64 = 10.0;
/// Moves remembered, as many as AWS tells.
const MOVES: usize = 10;

#[derive(Clone, Debug)]
pub struct Queue {
    pub name: Text,
    pub dead_letters: Text,
    /// Receives after which a message goes to the dead letter queue.
    pub max_receives: u32,
    /// Oldest arrival first among those that can be received.
    waiting: VecDeque<Batch>,
    hidden: Vec<Batch>,
    pub total: Tally,
    /// How many of the dead the consumer could read by now.
    readable: u64,
    /// What was moved out of the dead letter queue and is, newest first.
    pub moves: Vec<Move>,
    /// Tick of the first message now in the dead letter queue.
    pub first_dead: Option<i64>,
    pub minute: Minute,
}

/// Messages that arrived together and were received equally often.
#[derive(Clone, Copy, Debug)]
struct Batch {
    arrived: i64,
    good: u64,
    poisoned: u64,
    receives: u32,
    hidden_until: i64,
}

/// Dead messages on their way back.
#[derive(Clone, Debug)]
pub struct Move {
    pub handle: Text,
    pub began: i64,
    pub per_second: u32,
    pub moved: u64,
    pub of: u64,
    pub state: MoveState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveState {
    Running,
    Completed,
    Cancelled,
}

/// Messages since the beginning. Sent always equals deleted plus dead plus what is still here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub sent: u64,
    pub deleted: u64,
    pub dead: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Minute {
    pub sent: u64,
    pub deleted: u64,
    pub crashes: u64,
}

impl Queue {
    pub fn new(name: &str, max_receives: u32) -> Self {
        Self {
            name: name.into(),
            dead_letters: format!("{name}-dlq").into(),
            max_receives,
            waiting: VecDeque::new(),
            hidden: Vec::new(),
            total: Tally::default(),
            readable: 0,
            moves: Vec::new(),
            first_dead: None,
            minute: Minute::default(),
        }
    }

    pub fn send(&mut self, tick: i64, good: u64, poisoned: u64) {
        if good + poisoned == 0 {
            return;
        }
        self.total.sent += good + poisoned;
        self.minute.sent += good + poisoned;
        self.waiting.push_back(Batch { arrived: tick, good, poisoned, receives: 0, hidden_until: tick });
    }

    /// Lets the consumers work for a tick. `budget` is how many good messages they could take; returns how many they took
    /// and the share of the budget used.
    pub fn consume(&mut self, tick: i64, budget: f64) -> (u64, f64) {
        self.reappear(tick);
        let mut left = budget;
        let mut deleted = 0;
        while left >= 1.0 {
            let Some(batch) = self.waiting.pop_front() else { break };
            left = self.receive(tick, batch, left, &mut deleted);
        }
        self.total.deleted += deleted;
        self.minute.deleted += deleted;
        (deleted, if budget > 0.0 { 1.0 - left / budget } else { 0.0 })
    }

    /// Receives as much of a batch as `left` allows and puts the rest back; returns what is left then.
    fn receive(&mut self, tick: i64, mut batch: Batch, mut left: f64, deleted: &mut u64) -> f64 {
        // The two kinds come mixed, so a budget that ends half way takes half of each.
        let work = batch.good as f64 + batch.poisoned as f64 * POISON_WORK;
        let share = if work <= left { 1.0 } else { left / work };
        let part = |number: u64| if share >= 1.0 { number } else { (number as f64 * share) as u64 };
        let (mut good, mut poisoned) = (part(batch.good), part(batch.poisoned));
        if good + poisoned == 0 {
            // One message is always begun, or a single one larger than a tick's work would never end.
            if batch.poisoned > 0 { poisoned = 1 } else { good = 1 }
        }
        left -= (good as f64 + poisoned as f64 * POISON_WORK).max(work * share);
        *deleted += good;
        self.minute.crashes += poisoned;
        if poisoned > 0 {
            let receives = batch.receives + 1;
            if receives >= self.max_receives {
                self.total.dead += poisoned;
                self.first_dead.get_or_insert(tick);
            } else {
                self.hidden.push(Batch {
                    arrived: batch.arrived,
                    good: 0,
                    poisoned,
                    receives,
                    hidden_until: tick + VISIBILITY,
                });
            }
        }
        batch.good -= good;
        batch.poisoned -= poisoned;
        if batch.good + batch.poisoned > 0 {
            self.waiting.push_front(batch);
        }
        left.max(0.0)
    }

    fn reappear(&mut self, tick: i64) {
        let mut back: Vec<Batch> = self.hidden.extract_if(.., |batch| batch.hidden_until <= tick).collect();
        back.sort_by_key(|batch| std::cmp::Reverse(batch.arrived));
        for batch in back {
            let place = self.waiting.partition_point(|other| other.arrived <= batch.arrived);
            self.waiting.insert(place, batch);
        }
    }

    /// The consumer can read every message from now on.
    pub fn cure(&mut self) {
        for batch in self.waiting.iter_mut().chain(self.hidden.iter_mut()) {
            batch.good += batch.poisoned;
            batch.poisoned = 0;
        }
        self.readable = self.total.dead;
    }

    /// Begins to move what is dead back to where it came from. AWS has one such task for a queue at a time.
    pub fn begin_move(&mut self, tick: i64, handle: Text, per_second: u32) -> Result<(), &'static str> {
        if self.moves.first().is_some_and(|one| one.state == MoveState::Running) {
            return Err("There is already a task running. Only one active task is allowed for a source queue arn");
        }
        let of = self.total.dead;
        self.moves.insert(0, Move { handle, began: tick, per_second, moved: 0, of, state: MoveState::Running });
        self.moves.truncate(MOVES);
        Ok(())
    }

    /// Ends a move; what is back stays back.
    pub fn cancel_move(&mut self, handle: &Text) -> Result<(), &'static str> {
        let found = self.moves.iter_mut().find(|one| one.handle == *handle);
        let Some(task) = found.filter(|one| one.state == MoveState::Running) else {
            return Err("the task is not running, or there is none");
        };
        task.state = MoveState::Cancelled;
        Ok(())
    }

    /// A tick of the move under way. What is moved begins anew: whoever could not read it then and cannot now dies of it
    /// again.
    pub fn carry_moves(&mut self, tick: i64) {
        let Some(task) = self.moves.first_mut().filter(|one| one.state == MoveState::Running) else { return };
        let number = (u64::from(task.per_second) * TICK as u64).min(self.total.dead).min(task.of - task.moved);
        task.moved += number;
        self.total.dead -= number;
        if task.moved == task.of || self.total.dead == 0 {
            task.state = MoveState::Completed;
        }
        let good = number.min(self.readable);
        self.readable -= good;
        if self.total.dead == 0 {
            self.first_dead = None;
        }
        if number > 0 {
            self.waiting.push_back(Batch {
                arrived: tick,
                good,
                poisoned: number - good,
                receives: 0,
                hidden_until: tick,
            });
        }
    }

    pub fn visible(&self) -> u64 {
        self.waiting.iter().map(|batch| batch.good + batch.poisoned).sum()
    }

    pub fn in_flight(&self) -> u64 {
        self.hidden.iter().map(|batch| batch.good + batch.poisoned).sum()
    }

    /// Age in ticks of the oldest message not deleted yet.
    pub fn oldest(&self, tick: i64) -> i64 {
        self.waiting.iter().chain(&self.hidden).map(|batch| tick - batch.arrived).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_conserved(queue: &Queue) {
        let Tally { sent, deleted, dead } = queue.total;
        assert_eq!(sent, deleted + dead + queue.visible() + queue.in_flight());
    }

    #[test]
    fn what_came_in_is_deleted_dead_or_here() {
        let mut queue = Queue::new("orders", 3);
        for tick in 0..200 {
            queue.send(tick, 250, if tick > 50 { 20 } else { 0 });
            queue.consume(tick, 400.0);
            check_conserved(&queue);
        }
        assert!(queue.total.dead > 0);
        assert_eq!(queue.first_dead, Some(51 + 2 * VISIBILITY));
    }

    #[test]
    fn a_consumer_that_keeps_up_leaves_nothing() {
        let mut queue = Queue::new("orders", 3);
        for tick in 0..50 {
            queue.send(tick, 250, 0);
            let (taken, used) = queue.consume(tick, 500.0);
            assert_eq!((taken, queue.visible()), (250, 0));
            assert!((used - 0.5).abs() < 0.01);
        }
        assert_eq!(queue.oldest(50), 0);
    }

    #[test]
    fn a_message_larger_than_a_tick_of_work_still_ends() {
        let mut queue = Queue::new("orders", 1);
        queue.send(0, 0, 3);
        for tick in 0..3 {
            queue.consume(tick, 2.0);
        }
        assert_eq!(queue.total.dead, 3);
    }

    #[test]
    fn poison_takes_the_consumers_time_and_the_good_messages_wait() {
        let mut queue = Queue::new("orders", 3);
        for tick in 0..120 {
            queue.send(tick, 250, 25);
            queue.consume(tick, 450.0);
        }
        assert!(queue.visible() > 1_000, "{}", queue.visible());
        assert!(queue.oldest(120) > 5);
        let dead = queue.total.dead;
        queue.cure();
        for tick in 120..400 {
            queue.send(tick, 250, 0);
            queue.consume(tick, 450.0);
            check_conserved(&queue);
        }
        assert_eq!(queue.total.dead, dead, "nothing dies of what was cured");
        assert_eq!(queue.visible(), 0);
        queue.begin_move(400, "task".into(), 10).unwrap();
        assert!(queue.begin_move(400, "another".into(), 10).is_err());
        for tick in 400..=400 + i64::try_from(dead).unwrap().div_euclid(10 * TICK) {
            assert!(queue.total.dead > 0);
            queue.carry_moves(tick);
            check_conserved(&queue);
        }
        assert_eq!((queue.total.dead, queue.visible(), queue.moves[0].state), (0, dead, MoveState::Completed));
    }

    #[test]
    fn what_is_moved_back_to_a_consumer_that_cannot_read_it_dies_again() {
        let mut queue = Queue::new("orders", 3);
        queue.send(0, 0, 100);
        for tick in 0..20 {
            queue.consume(tick, 2_000.0);
        }
        assert_eq!(queue.total.dead, 100);
        queue.begin_move(20, "task".into(), 5).unwrap();
        for tick in 20..30 {
            queue.carry_moves(tick);
            queue.consume(tick, 2_000.0);
            check_conserved(&queue);
        }
        assert_eq!(queue.moves[0].state, MoveState::Completed, "it ends with what there was when it began");
        assert_eq!((queue.total.dead, queue.total.deleted), (100, 0));
        queue.begin_move(30, "once more".into(), 5).unwrap();
        queue.carry_moves(30);
        queue.cancel_move(&"once more".into()).unwrap();
        assert!(queue.cancel_move(&"once more".into()).is_err());
        queue.carry_moves(31);
        assert_eq!((queue.total.dead, queue.moves[0].moved), (50, 50), "what is back stays back");
    }
}
