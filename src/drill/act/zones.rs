//! Traffic is led away from a zone, and back.

use jiff::SignedDuration;

use super::Trouble;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::fleet::{Fleet, TICK, ZoneShift};
use crate::drill::publish::{WEB_EDGE, WEB_EDGE_DR};
use crate::drill::simulation::Simulation;
use crate::world::act::Step;

pub(super) fn take(simulation: &mut Simulation, site: Site, step: &Step) -> Option<Result<(), Trouble>> {
    let s = simulation;
    Some(match step {
        Step::StartZonalShift { resource, away_from, expires_in, comment } => {
            begin(s, site, resource, (away_from, expires_in, comment))
        }
        Step::CancelZonalShift { shift } => {
            let has_it = |fleet: &&mut Fleet| fleet.shift.as_ref().is_some_and(|one| one.id == *shift);
            match [&mut s.web, &mut s.web_dr].into_iter().find(has_it) {
                Some(fleet) if fleet.plan.site == site => {
                    fleet.shift = None;
                    Ok(())
                }
                _ => Err(Trouble::unknown("zonal shift", shift)),
            }
        }
        _ => return None,
    })
}

fn begin(
    s: &mut Simulation,
    site: Site,
    resource: &Text,
    (away_from, expires_in, comment): (&Text, &Text, &Text),
) -> Result<(), Trouble> {
    let (tick, number) = (s.tick, s.taken.len() as i64);
    let id: Text = s.noise.of("shift").hex(number, 32).into();
    let arn = |dimension: &str| site.arn("elasticloadbalancing", &format!("loadbalancer/{dimension}"));
    let fleet = match site {
        Site::Prod if *resource == arn(WEB_EDGE) => &mut s.web,
        Site::Standby if *resource == arn(WEB_EDGE_DR) => &mut s.web_dr,
        _ => return Err(Trouble::unknown("managed resource", resource)),
    };
    let zone = (0..3).find(|zone| site.zone_id(*zone) == *away_from);
    let zone = zone.ok_or_else(|| Trouble::invalid(format!("InvalidAz: {away_from}")))?;
    if fleet.shift.is_some() {
        return Err(Trouble::invalid("ZonalShiftAlreadyExists"));
    }
    let lasts: SignedDuration =
        expires_in.as_str().parse().map_err(|_| Trouble::invalid(format!("InvalidExpiresIn: {expires_in}")))?;
    if lasts > SignedDuration::from_hours(72) {
        return Err(Trouble::invalid(format!("InvalidExpiresIn: {expires_in}")));
    }
    let until = tick + lasts.as_secs() / TICK;
    fleet.shift = Some(ZoneShift { id, zone, began: tick, until, comment: comment.clone() });
    Ok(())
}
