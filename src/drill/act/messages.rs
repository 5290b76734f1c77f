//! Dead letters go back, and alarms are muted.

use super::Trouble;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::queue::Queue;
use crate::drill::simulation::Simulation;
use crate::world::act::Step;

pub(super) fn take(simulation: &mut Simulation, site: Site, step: &Step) -> Option<Result<(), Trouble>> {
    let s = simulation;
    Some(match step {
        Step::StartMessageMoveTask { source, per_second } => begin_move(s, site, source, *per_second),
        Step::CancelMessageMoveTask { task } => cancel_move(s, site, task),
        Step::PutAlarmMuteRule { rule, alarms, from, lasts } => {
            // Nobody knows what AWS makes of a beginning that has passed.
            if *from < s.now() {
                return Some(Err(Trouble::invalid("the schedule of the rule is in the past")));
            }
            let is_known = s.alarms.mute(site, rule, alarms, *from, *from + *lasts);
            if is_known { Ok(()) } else { Err(Trouble::invalid("one of the alarms of the rule does not exist")) }
        }
        Step::DeleteAlarmMuteRule { rule } => {
            if s.alarms.unmute(site, rule) {
                Ok(())
            } else {
                Err(Trouble::unknown("mute rule", rule))
            }
        }
        _ => return None,
    })
}

fn begin_move(s: &mut Simulation, site: Site, source: &Text, per_second: u32) -> Result<(), Trouble> {
    let (tick, number) = (s.tick, s.taken.len() as i64);
    let handle: Text = s.noise.of("move").hex(number, 32).into();
    let is_it = |queue: &&mut Queue| site == Site::Prod && site.arn("sqs", queue.dead_letters.as_str()) == *source;
    let queue = s.queues_mut().into_iter().find(is_it).ok_or_else(|| Trouble::unknown("queue", source))?;
    if !(1..=500).contains(&per_second) {
        return Err(Trouble::invalid("MaxNumberOfMessagesPerSecond has to be between 1 and 500"));
    }
    queue.begin_move(tick, handle, per_second).map_err(Trouble::invalid)
}

fn cancel_move(s: &mut Simulation, site: Site, task: &Text) -> Result<(), Trouble> {
    let has_it = |queue: &&mut Queue| site == Site::Prod && queue.moves.iter().any(|one| one.handle == *task);
    let queue = s.queues_mut().into_iter().find(has_it).ok_or_else(|| Trouble::unknown("task", task))?;
    queue.cancel_move(task).map_err(Trouble::invalid)
}
