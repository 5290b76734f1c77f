//! Databases fail over, are promoted and copied; the cache gains, loses and moves nodes; DNS is turned.

use super::Trouble;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::feeds::recovery::SWITCH;
use crate::drill::publish::SESSIONS;
use crate::drill::simulation::Simulation;
use crate::world::act::Step;

pub(super) fn take(simulation: &mut Simulation, site: Site, step: &Step) -> Option<Result<(), Trouble>> {
    let s = simulation;
    let tick = s.tick;
    Some(match step {
        Step::RebootWithFailover { database } => {
            there(s, site, database).and_then(|()| s.mysql.fail_over(tick, database).map_err(Trouble::invalid))
        }
        Step::PromoteReadReplica { replica, retention_days } => there(s, site, replica)
            .and_then(|()| s.mysql.promote(tick, replica, *retention_days).map_err(Trouble::invalid)),
        Step::CreateReadReplica { source, replica } => {
            there(s, site, source).and_then(|()| s.mysql.add_replica(tick, source, replica).map_err(Trouble::invalid))
        }
        Step::IncreaseReplicaCount { group, replicas } => {
            cache(site, group).and_then(|()| s.redis.set_replicas(tick, *replicas, true).map_err(Trouble::invalid))
        }
        Step::DecreaseReplicaCount { group, replicas } => {
            cache(site, group).and_then(|()| s.redis.set_replicas(tick, *replicas, false).map_err(Trouble::invalid))
        }
        Step::TestFailover { group, shard } => {
            cache(site, group).and_then(|()| s.redis.fail_over(tick, shard).map_err(Trouble::invalid))
        }
        Step::InvertHealthCheck { check, is_inverted } => {
            if site == Site::ProdGlobal && *check == SWITCH {
                s.switch(tick, *is_inverted);
                Ok(())
            } else {
                Err(Trouble::unknown("health check", check))
            }
        }
        _ => return None,
    })
}

/// Whether a server is where it was asked for.
fn there(s: &Simulation, site: Site, id: &Text) -> Result<(), Trouble> {
    let is_there = |is_remote| site == if is_remote { Site::Standby } else { Site::Prod };
    let found = s.mysql.servers.iter().any(|server| server.id == *id && is_there(server.is_remote));
    if found { Ok(()) } else { Err(Trouble::unknown("DBInstance", id)) }
}

fn cache(site: Site, group: &Text) -> Result<(), Trouble> {
    let is_it = site == Site::Prod && *group == SESSIONS;
    if is_it { Ok(()) } else { Err(Trouble::unknown("ReplicationGroup", group)) }
}
