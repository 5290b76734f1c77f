//! Changes, sent to AWS: that what goes over the wire is what was previewed, that it goes once, that what became of it is told
//! as it is, and that it happens.

pub mod catcher;
mod dev;
mod faults;
mod live;
mod wire;

use opscon::aws::Aws;
use opscon::domain::origin::Origin;
use opscon::domain::scope::GLOBAL;
use opscon::world::act::{Act, Receipt, Sent, Service, Step};

use super::{HOME, place};

/// Where a step is sent to.
fn region_of(step: &Step) -> &'static str {
    if step.call().service == Service::Route53 { GLOBAL } else { HOME }
}

async fn apply(aws: &Aws, origin: &Origin, step: &Step) -> Result<Receipt, Sent> {
    aws.apply(&place(origin, region_of(step)), step).await
}
