//! The session and catalogue cache in front of the database: a primary and its replicas.

use crate::domain::text::Text;
use crate::drill::fleet::Mean;
use crate::drill::noise::Noise;
use crate::drill::publish::SESSIONS;

/// Replicas a shard may have.
const MOST_REPLICAS: u32 = 5;
/// Its one shard, as AWS numbers them.
pub const SHARD: &str = "0001";
/// How long nothing answers while another node takes over, in ticks.
const GAP: i64 = 3;

#[derive(Clone, Debug)]
pub struct Redis {
    pub hit_percent: f64,
    pub memory_percent: f64,
    pub evictions: f64,
    pub nodes: Vec<Node>,
    /// Until then nobody is primary.
    gap: Option<i64>,
    /// What ElastiCache tells of it, and when, oldest first.
    pub notices: Vec<(i64, String)>,
    pub minute: Minute,
    noise: Noise,
}

#[derive(Clone, Debug)]
pub struct Node {
    /// `sessions-001`.
    pub id: Text,
    pub zone: usize,
    pub is_primary: bool,
    pub state: NodeState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    Available,
    Creating { until: i64 },
    Deleting { until: i64 },
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Minute {
    pub hit: Mean,
    pub memory: Mean,
    pub evictions: f64,
}

impl Redis {
    pub fn new(seed: Noise) -> Self {
        let node = |number: usize| Node {
            id: name(number),
            zone: number - 1,
            is_primary: number == 1,
            state: NodeState::Available,
        };
        Self {
            hit_percent: 96.5,
            memory_percent: 61.0,
            evictions: 0.0,
            nodes: (1..=3).map(node).collect(),
            gap: None,
            notices: Vec::new(),
            minute: Minute::default(),
            noise: seed.of("redis"),
        }
    }

    /// One tick under `crowd` times the usual visitors: a crowd brings sessions, sessions fill the memory, and a full
    /// memory evicts what would have been hit.
    pub fn work(&mut self, tick: i64, crowd: f64) {
        self.settle(tick);
        let wanted = 61.0 * (0.75 + 0.25 * crowd);
        self.memory_percent += (wanted.min(99.0) - self.memory_percent) * 0.02;
        self.evictions = ((self.memory_percent - 90.0) * 40.0).max(0.0);
        let wobble = self.noise.smooth(tick, 12) * 0.35;
        self.hit_percent = (96.6 - (crowd - 1.0).max(0.0) * 1.6 - self.evictions * 0.01 + wobble).clamp(0.0, 99.9);
        if self.gap.is_some() {
            // Replicas answer what is read; what would be written is missed next time.
            self.hit_percent *= 0.7;
        }
        self.minute.hit.add(self.hit_percent);
        self.minute.memory.add(self.memory_percent);
        self.minute.evictions += self.evictions / 6.0;
    }

    /// Share of lookups that fall through to the database.
    pub fn misses(&self) -> f64 {
        1.0 - self.hit_percent / 100.0
    }

    /// Nothing is being made, removed or moved.
    pub fn is_settled(&self) -> bool {
        self.gap.is_none() && self.nodes.iter().all(|node| node.state == NodeState::Available)
    }

    /// The number of replicas, some minutes from now.
    pub fn set_replicas(&mut self, tick: i64, replicas: u32, is_more: bool) -> Result<(), &'static str> {
        let present = self.nodes.len().saturating_sub(1) as u32;
        if !self.is_settled() {
            return Err("Replication group is not in available state");
        }
        if replicas == present || is_more != (replicas > present) {
            return Err("The replica count does not change in this direction");
        }
        if !(1..=MOST_REPLICAS).contains(&replicas) {
            return Err("The replica count has to be between 1 and 5 while Multi-AZ is enabled");
        }
        if is_more {
            let highest = self.nodes.iter().filter_map(|node| node.id.as_str().rsplit('-').next()?.parse().ok()).max();
            let until = tick + 24 + (self.noise.of("replica").unit(tick) * 18.0) as i64;
            for number in (1..).map(|more: usize| highest.unwrap_or(0) + more).take((replicas - present) as usize) {
                let state = NodeState::Creating { until };
                self.nodes.push(Node { id: name(number), zone: (number - 1) % 3, is_primary: false, state });
            }
        } else {
            let until = tick + 9;
            let leaving = self.nodes.iter_mut().rev().filter(|node| !node.is_primary);
            leaving.take((present - replicas) as usize).for_each(|node| node.state = NodeState::Deleting { until });
        }
        Ok(())
    }

    /// The primary is taken away, and a replica takes over.
    pub fn fail_over(&mut self, tick: i64, shard: &Text) -> Result<(), &'static str> {
        if shard != SHARD {
            return Err("NodeGroup not found");
        }
        if !self.is_settled() {
            return Err("Replication group is not in available state");
        }
        self.gap = Some(tick + GAP);
        self.notices.push((tick, format!("Test Failover API called for node group {SHARD}")));
        Ok(())
    }

    fn settle(&mut self, tick: i64) {
        self.nodes.retain(|node| !matches!(node.state, NodeState::Deleting { until } if tick >= until));
        for node in &mut self.nodes {
            if matches!(node.state, NodeState::Creating { until } if tick >= until) {
                node.state = NodeState::Available;
                self.notices.push((tick, format!("Added cache node {}", node.id)));
            }
        }
        if self.gap.is_some_and(|until| tick >= until) {
            self.gap = None;
            let old = self.nodes.iter().position(|node| node.is_primary);
            let new = self.nodes.iter().position(|node| !node.is_primary && node.state == NodeState::Available);
            if let (Some(old), Some(new)) = (old, new) {
                let (from, to) = (&self.nodes[old].id, &self.nodes[new].id);
                self.notices.push((tick, format!("Failover from primary node {from} to replica node {to} completed")));
                self.notices.push((tick, format!("Recovering cache node {from}")));
                for (at, node) in self.nodes.iter_mut().enumerate() {
                    node.is_primary = at == new;
                    if at == old {
                        // The node that was taken away is made anew.
                        node.state = NodeState::Creating { until: tick + 24 };
                    }
                }
            }
        }
    }
}

fn name(number: usize) -> Text {
    format!("{SESSIONS}-{number:03}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(redis: &mut Redis, ticks: std::ops::Range<i64>) {
        ticks.for_each(|tick| redis.work(tick, 1.0));
    }

    #[test]
    fn replicas_come_and_go_in_their_own_time() {
        let mut redis = Redis::new(Noise::new(3));
        redis.set_replicas(0, 4, true).unwrap();
        assert!(redis.set_replicas(1, 5, true).is_err(), "one change at a time");
        run(&mut redis, 0..20);
        assert!(!redis.is_settled() && redis.nodes.len() == 5);
        run(&mut redis, 20..60);
        assert!(redis.is_settled());
        redis.set_replicas(60, 1, false).unwrap();
        run(&mut redis, 60..80);
        assert_eq!((redis.nodes.len(), redis.is_settled()), (2, true));
        for (replicas, is_more) in [(0, false), (6, true), (1, true), (2, false)] {
            assert!(redis.set_replicas(80, replicas, is_more).is_err(), "{replicas}");
        }
    }

    #[test]
    fn a_failover_moves_the_primary_and_makes_the_old_one_anew() {
        let mut redis = Redis::new(Noise::new(3));
        assert!(redis.fail_over(0, &"0002".into()).is_err());
        redis.fail_over(0, &"0001".into()).unwrap();
        run(&mut redis, 0..2);
        assert!(redis.hit_percent < 80.0);
        run(&mut redis, 2..6);
        let primaries: Vec<&str> = redis.nodes.iter().filter(|it| it.is_primary).map(|it| it.id.as_str()).collect();
        assert_eq!(primaries, ["sessions-002"]);
        assert!(!redis.is_settled());
        run(&mut redis, 6..40);
        assert!(redis.is_settled());
    }
}
