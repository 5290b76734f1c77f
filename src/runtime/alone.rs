//! An operation without a console around it: carried out, told on the way, and let go of on an interrupt.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::app::msg::Msg;
use crate::app::operation::{Course, OpId, Phase};
use crate::ops::approval::Approved;
use crate::ops::record::Outcome;
use crate::runtime::executor::{Hands, Surroundings, carry_out};
use crate::runtime::inbox::Inbox;
use crate::runtime::worlds::Opened;
use crate::world::World;
use crate::world::sight::Bearings;

/// Carries it out; `tell` hears of each thing that happens. Returns all that was known of it at its end.
///
/// One interrupt ends the waiting. Another ends it as a failure of the machine would, for a call that does not come back.
pub async fn run(
    approved: Approved,
    hands: Arc<Hands>,
    opened: &Opened,
    world: World,
    bearings: Bearings,
    mut tell: impl FnMut(&Course),
) -> (Course, Outcome, String) {
    let (sender, mut news) = mpsc::unbounded_channel();
    let around = Surroundings {
        observe: Arc::clone(&opened.observe),
        clock: opened.clock,
        bearings,
        world,
        inbox: Arc::new(Inbox::default()),
        tell: sender,
        stop: Arc::default(),
    };
    let mut course = Course {
        id: OpId(0),
        plan: approved.plan().clone(),
        reason: approved.reason().clone(),
        began: opened.clock.now(),
        op: None,
        phase: Phase::Looking,
    };
    let stop = Arc::clone(&around.stop);
    let mut running = std::pin::pin!(carry_out(course.id, approved, hands, around));
    let mut is_stopped = false;
    let (outcome, words) = loop {
        tokio::select! {
            biased;
            Some(msg) = news.recv() => {
                if let Msg::Op(_, event) = msg {
                    course.take(opened.clock.now(), event);
                    tell(&course);
                }
            }
            ended = &mut running => break ended,
            Ok(()) = tokio::signal::ctrl_c() => {
                if std::mem::replace(&mut is_stopped, true) {
                    let op = course.op.as_deref().unwrap_or("it");
                    let words = format!("interrupted: what was sent stays sent, `opscon journal` tells of {op}");
                    break (Outcome::Uncertain, words);
                }
                stop.notify_one();
            }
        }
    };
    (course, outcome, words)
}
