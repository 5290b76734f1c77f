//! The limits the checks judge by. Each has a key of the same name under `[thresholds]` in the configuration.

use serde::{Deserialize, Serialize};

/// Two steps of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    pub warn: f64,
    pub bad: f64,
}

impl Steps {
    const fn new(warn: f64, bad: f64) -> Self {
        Self { warn, bad }
    }
}

/// What a limit may be, so that a check by it can both pass and fail.
#[derive(Clone, Copy, Debug)]
enum Allowed {
    /// Any number above zero.
    Positive,
    /// A share of a hundred.
    Percent,
    /// Above zero and no more than this.
    UpTo(f64),
    /// Two steps where more is worse.
    Rising,
    /// Two steps where less is worse.
    Falling,
}

trait Limit {
    /// What is wrong with it, in words.
    fn problem(&self, allowed: Allowed) -> Option<String>;
}

impl Limit for f64 {
    fn problem(&self, allowed: Allowed) -> Option<String> {
        let most = match allowed {
            Allowed::Percent => 100.0,
            Allowed::UpTo(most) => most,
            _ => Self::MAX,
        };
        match allowed {
            // NaN is neither.
            _ if *self > 0.0 && *self <= most => None,
            Allowed::Percent | Allowed::UpTo(_) => Some(format!("{self} is not above 0 and at most {most}")),
            _ => Some(format!("{self} is not a number above 0")),
        }
    }
}

impl Limit for Steps {
    fn problem(&self, allowed: Allowed) -> Option<String> {
        let Self { warn, bad } = self;
        if let Some(step) = [warn, bad].into_iter().find(|step| !(step.is_finite() && **step >= 0.0)) {
            return Some(format!("{step} is not a number from 0 up"));
        }
        match allowed {
            Allowed::Falling if warn < bad => Some(format!("warn ({warn}) is below bad ({bad}), but less is worse")),
            Allowed::Rising if warn > bad => Some(format!("warn ({warn}) is above bad ({bad})")),
            _ => None,
        }
    }
}

macro_rules! thresholds {
    ($($(#[$doc:meta])+ $name:ident: $type:ty = $default:expr, $allowed:expr;)+) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Thresholds { $($(#[$doc])+ pub $name: $type),+ }

        impl Default for Thresholds {
            fn default() -> Self {
                Self { $($name: $default),+ }
            }
        }

        impl Thresholds {
            /// Names a limit by which nothing could be judged: not a number, out of range, or a pair of steps the wrong
            /// way round, so that one of them would never be seen.
            pub fn check(&self) -> Result<(), String> {
                $(if let Some(problem) = self.$name.problem($allowed) {
                    return Err(format!("thresholds.{}: {problem}", stringify!($name)));
                })+
                Ok(())
            }
        }
    };
}

/// How many minutes of each metric the board holds.
pub const MINUTES_HELD: f64 = 60.0;

thresholds! {
    /// Dev and test resources that run without a schedule, in USD per day.
    unscheduled_usd_per_day: Steps = Steps::new(5.0, 500.0), Allowed::Rising;
    /// Oldest open pull request, in days.
    pull_request_days: f64 = 7.0, Allowed::Positive;
    /// Longest wait for a review, in hours.
    review_hours: f64 = 24.0, Allowed::Positive;
    /// How long a head commit may wait for its pipeline execution, in minutes.
    ci_trigger_minutes: f64 = 10.0, Allowed::Positive;
    /// A run slower than this many times its median.
    slow_run_factor: f64 = 2.0, Allowed::Positive;
    /// A deployment slower than this many times the one before is stuck.
    stuck_deploy_factor: f64 = 3.0, Allowed::Positive;
    /// How long an approval may wait, in minutes.
    approval_minutes: f64 = 60.0, Allowed::Positive;
    /// Successful runs of a canary, in percent.
    canary_success_percent: Steps = Steps::new(100.0, 90.0), Allowed::Falling;
    /// Free addresses of a subnet, in percent, and the count below which it is bad whatever the share.
    subnet_free_percent: f64 = 10.0, Allowed::Percent;
    /// See above.
    subnet_free_addresses: f64 = 8.0, Allowed::Positive;
    /// Failed requests of a load balancer, in percent.
    alb_error_percent: Steps = Steps::new(1.0, 5.0), Allowed::Rising;
    /// Slowest hundredth of a load balancer's requests, in seconds.
    alb_p99_seconds: Steps = Steps::new(1.0, 3.0), Allowed::Rising;
    /// Unhealthy targets of a load balancer from which it is bad, in percent.
    unhealthy_targets_percent: f64 = 33.0, Allowed::Percent;
    /// How long a service may run fewer tasks than wanted, in minutes.
    ecs_short_minutes: f64 = 5.0, Allowed::Positive;
    /// Restarts of one task in ten minutes that make a loop.
    task_restarts: f64 = 3.0, Allowed::Positive;
    /// Failed invocations of a function, in percent.
    lambda_error_percent: Steps = Steps::new(1.0, 5.0), Allowed::Rising;
    /// Concurrent executions in percent of the account's limit.
    lambda_concurrency_percent: f64 = 80.0, Allowed::Percent;
    /// Free storage of a database, in percent.
    rds_free_storage_percent: Steps = Steps::new(15.0, 5.0), Allowed::Falling;
    /// Replica lag, in seconds.
    replica_lag_seconds: Steps = Steps::new(30.0, 300.0), Allowed::Rising;
    /// How far the latest restorable time may lie behind, in minutes.
    restorable_minutes: f64 = 15.0, Allowed::Positive;
    /// Cache hits, in percent.
    cache_hit_percent: f64 = 80.0, Allowed::Percent;
    /// How far the hit rate may fall within a quarter of an hour, in points of a percent.
    cache_hit_drop_points: f64 = 5.0, Allowed::Percent;
    /// Cache memory in use, in percent.
    cache_memory_percent: Steps = Steps::new(80.0, 95.0), Allowed::Rising;
    /// A bucket of this size should have a lifecycle rule, in GiB.
    large_bucket_gib: f64 = 100.0, Allowed::Positive;
    /// Age of the oldest message of a queue, in minutes.
    queue_age_minutes: Steps = Steps::new(5.0, 30.0), Allowed::Rising;
    /// How long a queue may grow without pause, in minutes.
    queue_rising_minutes: f64 = 10.0, Allowed::UpTo(MINUTES_HELD);
    /// Errors logged per minute, as a multiple of the hour before.
    log_error_factor: f64 = 5.0, Allowed::Positive;
    /// How long an alarm may lack data, in minutes.
    insufficient_data_minutes: f64 = 60.0, Allowed::Positive;
    /// Faults of a traced service, in percent.
    trace_fault_percent: Steps = Steps::new(1.0, 5.0), Allowed::Rising;
    /// p99 of a traced service, as a multiple of the hour before.
    trace_slow_factor: f64 = 2.0, Allowed::Positive;
    /// Age of an access key, in days.
    access_key_days: f64 = 90.0, Allowed::Positive;
    /// Requests blocked by the firewall, as a multiple of the usual.
    waf_block_factor: f64 = 5.0, Allowed::Positive;
    /// How much data may be lost, in minutes.
    rpo_minutes: f64 = 15.0, Allowed::Positive;
    /// How long recovery may take, in minutes.
    rto_minutes: f64 = 60.0, Allowed::Positive;
    /// A backup later than this many times its plan's interval.
    missed_backup_factor: f64 = 1.5, Allowed::Positive;
    /// How old the last failover drill may be, in days.
    failover_drill_days: f64 = 180.0, Allowed::Positive;
    /// Room left to scale, in percent.
    headroom_percent: f64 = 20.0, Allowed::Percent;
    /// State changes of a scaling trigger in an hour.
    trigger_flaps_per_hour: f64 = 6.0, Allowed::Positive;
    /// Possible savings, in percent of the month's spend.
    right_sizing_percent: f64 = 10.0, Allowed::Percent;
    /// Instance hours paid at full price, in percent, where there are reservations.
    on_demand_percent: f64 = 80.0, Allowed::Percent;
    /// Use of what was reserved, in percent.
    reservation_percent: f64 = 90.0, Allowed::Percent;
    /// Notice wanted before a reservation ends, in days.
    reservation_days: f64 = 30.0, Allowed::Positive;
    /// Dev and test instances without a schedule from which it is bad.
    uncovered_instances: f64 = 10.0, Allowed::Positive;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_right_way_round() {
        assert_eq!(Thresholds::default().check(), Ok(()));
    }

    #[test]
    fn steps_the_wrong_way_round_are_named() {
        let thresholds = Thresholds { alb_error_percent: Steps::new(9.0, 5.0), ..Thresholds::default() };
        assert_eq!(thresholds.check(), Err("thresholds.alb_error_percent: warn (9) is above bad (5)".into()));
        let thresholds = Thresholds { canary_success_percent: Steps::new(90.0, 99.0), ..Thresholds::default() };
        assert_eq!(
            thresholds.check(),
            Err("thresholds.canary_success_percent: warn (90) is below bad (99), but less is worse".into())
        );
    }

    #[test]
    fn limits_that_judge_nothing_are_named() {
        let check = |thresholds: Thresholds, problem: &str| assert_eq!(thresholds.check(), Err(problem.to_owned()));
        let default = Thresholds::default;
        check(Thresholds { rpo_minutes: f64::NAN, ..default() }, "thresholds.rpo_minutes: NaN is not a number above 0");
        check(Thresholds { task_restarts: 0.0, ..default() }, "thresholds.task_restarts: 0 is not a number above 0");
        check(
            Thresholds { cache_hit_percent: 120.0, ..default() },
            "thresholds.cache_hit_percent: 120 is not above 0 and at most 100",
        );
        check(
            Thresholds { queue_rising_minutes: 90.0, ..default() },
            "thresholds.queue_rising_minutes: 90 is not above 0 and at most 60",
        );
        check(
            Thresholds { alb_p99_seconds: Steps::new(-1.0, f64::INFINITY), ..default() },
            "thresholds.alb_p99_seconds: -1 is not a number from 0 up",
        );
    }
}
