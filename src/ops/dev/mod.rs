//! Dev and test at rest: everything of a place that falls under the operator's rule is stopped as one plan, remembers with
//! itself what it was, and is brought back to exactly that.

mod draft;
mod memory;
mod names;
mod progress;
mod shutdown;
mod wake;

use jiff::SignedDuration;

use crate::domain::board::BoxId;
use crate::ops::{On, Operation};
use crate::world::feed::Feed;

pub(super) const SHUTDOWN: Operation = Operation {
    name: "dev.shutdown",
    title: "Shut down",
    doc: "Stop everything of dev and test in an account and region; each remembers what it was",
    on: On::Scope,
    boxes: &[BoxId::DevelopmentEnvironment, BoxId::AutoShutdown],
    params: &[],
    feeds: FEEDS,
    beside: &[Feed::Metrics],
    // A database alone may take a quarter of an hour.
    deadline: SignedDuration::from_mins(30),
    plan: shutdown::plan,
    progress: progress::of_shutdown,
};

pub(super) const WAKE: Operation = Operation {
    name: "dev.wake",
    title: "Wake",
    doc: "Bring back what dev.shutdown stopped in an account and region, as it was, and nothing else",
    on: On::Scope,
    boxes: &[BoxId::DevelopmentEnvironment, BoxId::AutoShutdown],
    params: &[],
    feeds: FEEDS,
    beside: &[],
    // RDS says minutes to hours.
    deadline: SignedDuration::from_mins(60),
    plan: wake::plan,
    progress: progress::of_wake,
};

/// Without the policies nobody knows whose size is kept within which bounds.
const FEEDS: &[Feed] = &[Feed::Instances, Feed::Groups, Feed::Clusters, Feed::Databases, Feed::Policies];

/// One call is refused as a whole for one bad id: so many go into it at most.
const BATCH: usize = 50;

/// What Application Auto Scaling calls the number of a service's tasks.
const DIMENSION: &str = "ecs:service:DesiredCount";
