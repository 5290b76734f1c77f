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

macro_rules! thresholds {
    ($($(#[$doc:meta])+ $name:ident: $type:ty = $default:expr;)+) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Thresholds { $($(#[$doc])+ pub $name: $type),+ }

        impl Default for Thresholds {
            fn default() -> Self {
                Self { $($name: $default),+ }
            }
        }
    };
}

thresholds! {
    /// Dev and test resources that run without a schedule, in USD per day.
    unscheduled_usd_per_day: Steps = Steps::new(5.0, 500.0);
    /// Oldest open pull request, in days.
    pull_request_days: f64 = 7.0;
    /// Longest wait for a review, in hours.
    review_hours: f64 = 24.0;
    /// How long a head commit may wait for its pipeline execution, in minutes.
    ci_trigger_minutes: f64 = 10.0;
    /// A run slower than this many times its median.
    slow_run_factor: f64 = 2.0;
    /// A deployment slower than this many times the one before is stuck.
    stuck_deploy_factor: f64 = 3.0;
    /// How long an approval may wait, in minutes.
    approval_minutes: f64 = 60.0;
    /// Free addresses of a subnet, in percent, and the count below which it is bad whatever the share.
    subnet_free_percent: f64 = 10.0;
    /// See above.
    subnet_free_addresses: f64 = 8.0;
    /// Failed requests of a load balancer, in percent.
    alb_error_percent: Steps = Steps::new(1.0, 5.0);
    /// Slowest hundredth of a load balancer's requests, in seconds.
    alb_p99_seconds: Steps = Steps::new(1.0, 3.0);
    /// How long a service may run fewer tasks than wanted, in minutes.
    ecs_short_minutes: f64 = 5.0;
    /// Restarts of one task in ten minutes that make a loop.
    task_restarts: f64 = 3.0;
    /// Failed invocations of a function, in percent.
    lambda_error_percent: Steps = Steps::new(1.0, 5.0);
    /// Concurrent executions in percent of the account's limit.
    lambda_concurrency_percent: f64 = 80.0;
    /// Free storage of a database, in percent.
    rds_free_storage_percent: Steps = Steps::new(15.0, 5.0);
    /// Replica lag, in seconds.
    replica_lag_seconds: Steps = Steps::new(30.0, 300.0);
    /// How far the latest restorable time may lie behind, in minutes.
    restorable_minutes: f64 = 15.0;
    /// Cache hits, in percent.
    cache_hit_percent: f64 = 80.0;
    /// Cache memory in use, in percent.
    cache_memory_percent: Steps = Steps::new(80.0, 95.0);
    /// A bucket of this size should have a lifecycle rule, in GiB.
    large_bucket_gib: f64 = 100.0;
    /// Age of the oldest message of a queue, in minutes.
    queue_age_minutes: Steps = Steps::new(5.0, 30.0);
    /// How long a queue may grow without pause, in minutes.
    queue_rising_minutes: f64 = 10.0;
    /// Errors logged per minute, as a multiple of the hour before.
    log_error_factor: f64 = 5.0;
    /// How long an alarm may lack data, in minutes.
    insufficient_data_minutes: f64 = 60.0;
    /// Faults of a traced service, in percent.
    trace_fault_percent: Steps = Steps::new(1.0, 5.0);
    /// p99 of a traced service, as a multiple of the hour before.
    trace_slow_factor: f64 = 2.0;
    /// Age of an access key, in days.
    access_key_days: f64 = 90.0;
    /// Requests blocked by the firewall, as a multiple of the usual.
    waf_block_factor: f64 = 5.0;
    /// How much data may be lost, in minutes.
    rpo_minutes: f64 = 15.0;
    /// How long recovery may take, in minutes.
    rto_minutes: f64 = 60.0;
    /// How old the last failover drill may be, in days.
    failover_drill_days: f64 = 180.0;
    /// Room left to scale, in percent.
    headroom_percent: f64 = 20.0;
    /// Possible savings, in percent of the month's spend.
    right_sizing_percent: f64 = 10.0;
    /// Use of what was reserved, in percent.
    reservation_percent: f64 = 90.0;
    /// Notice wanted before a reservation ends, in days.
    reservation_days: f64 = 30.0;
}

impl Thresholds {
    /// Names a pair of steps that is the wrong way round, so that `warn` would never be seen.
    pub fn check(&self) -> Result<(), String> {
        let rising = [
            ("unscheduled_usd_per_day", self.unscheduled_usd_per_day),
            ("alb_error_percent", self.alb_error_percent),
            ("alb_p99_seconds", self.alb_p99_seconds),
            ("lambda_error_percent", self.lambda_error_percent),
            ("replica_lag_seconds", self.replica_lag_seconds),
            ("cache_memory_percent", self.cache_memory_percent),
            ("queue_age_minutes", self.queue_age_minutes),
            ("trace_fault_percent", self.trace_fault_percent),
        ];
        for (name, steps) in rising {
            if steps.warn > steps.bad {
                return Err(format!("thresholds.{name}: warn ({}) is above bad ({})", steps.warn, steps.bad));
            }
        }
        let steps = self.rds_free_storage_percent;
        if steps.warn < steps.bad {
            return Err(format!(
                "thresholds.rds_free_storage_percent: warn ({}) is below bad ({}), but less is worse",
                steps.warn, steps.bad
            ));
        }
        Ok(())
    }
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
    }
}
