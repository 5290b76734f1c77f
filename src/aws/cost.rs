//! Cost Explorer: the month's bill by service. A request costs a cent, so its answer is kept, see [`bill_cache`], and asked for
//! again only when there can be something new.
//!
//! [`bill_cache`]: super::bill_cache

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_costexplorer::operation::get_anomalies::GetAnomaliesOutput;
use aws_sdk_costexplorer::types::{
    Anomaly as FoundAnomaly, AnomalyDateInterval, AnomalyFeedbackType, DateInterval, Dimension, DimensionValues,
    Expression, ForecastResult, Granularity, Group, GroupDefinition, GroupDefinitionType, Metric, MetricValue,
};
use aws_smithy_types::error::operation::BuildError;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::ask::{Ask, malformed};
use super::bill_cache::{Kept, file_of, read, write};
use super::identity::caller;
use crate::domain::list::List;
use crate::domain::money::Usd;
use crate::domain::spend::{Anomaly, ServiceSpend, Spend};
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

/// A cent for each request and each page, in millionths of a dollar. <https://aws.amazon.com/aws-cost-management/pricing/>
const REQUEST: u32 = 10_000;
/// Pages read of one answer: services times kinds of record are some hundreds of groups.
const PAGES: usize = 10;
const METRIC: &str = "UnblendedCost";
/// Kinds of record that are money back. They are kept apart: deducted, they make a large bill read as zero.
const CREDITS: [&str; 2] = ["Credit", "Refund"];
/// Anomalies of so many days are read.
const ANOMALY_DAYS: i32 = 7;

const USAGE: &str = "ce:GetCostAndUsage";
const FORECAST: &str = "ce:GetCostForecast";
const ANOMALIES: &str = "ce:GetAnomalies";

/// The newest answer of this session, whether or not it could be kept on disk.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<Option<Kept>>);

/// At most every some hours, whoever asks. A request that fails leaves what the console already shows; an answer too old to
/// be taken for new is not brought back by it.
pub(super) async fn spend(ask: &Ask<'_>) -> Result<Spend, CloudError> {
    // Asked each time, which costs nothing: who was seen before may have signed in as somebody else since.
    let account = caller(ask).await?.account;
    let file = file_of(ask.place.cache.as_deref(), &account, ask.place.login.endpoint.banner().as_deref());
    let held = ask.place.spend.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let is_good = |kept: &Kept| kept.is_good(&account, ask.at);
    let kept = held.filter(is_good).or_else(|| file.as_deref().and_then(read).filter(is_good));
    if let Some(kept) = kept {
        kept.gaps.iter().for_each(|gap| ask.gap(gap.clone()));
        return Ok(kept.spend);
    }
    let kept = asked(ask, account).await?;
    if let Some(file) = file
        && let Err(error) = write(&file, &kept)
    {
        tracing::warn!(%error, file = %file.display(), "the bill could not be kept");
    }
    let spend = kept.spend.clone();
    *ask.place.spend.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    Ok(spend)
}

/// Four requests. What a bill can do without is left out where it fails, and that is told.
async fn asked(ask: &Ask<'_>, account: Text) -> Result<Kept, CloudError> {
    let days = Days::of(ask.at);
    let mut gaps = Vec::new();
    let now = Bill::of(&usage(ask, days.first, days.tomorrow).await?)?;
    let before = match days.same_of_last_month() {
        Some((from, to)) => {
            let before = usage(ask, from, to).await.and_then(|groups| Bill::of(&groups));
            spare(ask, &mut gaps, before)
        }
        None => None,
    };
    let rest = forecast(ask, &days).await;
    let rest = spare(ask, &mut gaps, rest);
    let found = anomalies(ask, &days).await;
    let found = spare(ask, &mut gaps, found);
    let spend = Spend {
        account,
        as_of: ask.at,
        month_to_date: now.total(),
        credits: Some(now.credits),
        forecast: rest.map(|rest| now.total() + rest),
        last_month_same_days: before.as_ref().map(Bill::total),
        services: List::new(now.services(before.as_ref())),
        // Those of another API, of which there is no client here.
        budgets: List::default(),
        anomalies: found.map(List::new),
    };
    Ok(Kept::new(spend, gaps))
}

/// Takes an answer the bill can do without, whatever is wrong with it: the bill itself is paid for, and failing now would
/// mean to pay for it again. An account too young for a forecast is told so in a `ValidationException`.
fn spare<T>(ask: &Ask<'_>, gaps: &mut Vec<CloudError>, outcome: Result<T, CloudError>) -> Option<T> {
    match outcome {
        Ok(answer) => Some(answer),
        Err(error) => {
            ask.gap(error.clone());
            gaps.push(error);
            None
        }
    }
}

/// What was spent in these days, the last one not included, by service and kind of record.
async fn usage(ask: &Ask<'_>, from: Date, to: Date) -> Result<Vec<Group>, CloudError> {
    let by = |key: &str| GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(key).build();
    let period = period(from, to).map_err(|error| unsent(USAGE, &error))?;
    let mut groups = Vec::new();
    let mut token = None;
    for _ in 0..PAGES {
        let request = ask
            .clients
            .cost
            .get_cost_and_usage()
            .time_period(period.clone())
            .granularity(Granularity::Monthly)
            .metrics(METRIC)
            .group_by(by("SERVICE"))
            .group_by(by("RECORD_TYPE"))
            .set_next_page_token(token.take());
        let page = ask.call(USAGE, request.send()).await?;
        ask.charge(REQUEST);
        groups.extend(
            page.results_by_time.unwrap_or_default().into_iter().flat_map(|time| time.groups.unwrap_or_default()),
        );
        match page.next_page_token {
            Some(next) if !next.is_empty() => token = Some(next),
            _ => return Ok(groups),
        }
    }
    Err(malformed(USAGE, "more pages than there can be services"))
}

/// What the rest of this month is expected to cost, without credits, like what was spent.
async fn forecast(ask: &Ask<'_>, days: &Days) -> Result<Usd, CloudError> {
    let credits =
        DimensionValues::builder().key(Dimension::RecordType).set_values(Some(CREDITS.map(String::from).to_vec()));
    let credits = Expression::builder().dimensions(credits.build()).build();
    let request = ask
        .clients
        .cost
        .get_cost_forecast()
        .time_period(period(days.today, days.next_month).map_err(|error| unsent(FORECAST, &error))?)
        .metric(Metric::UnblendedCost)
        // By the day, because what a monthly one says of a month half over is not documented.
        .granularity(Granularity::Daily)
        .filter(Expression::builder().not(credits).build());
    let answer = ask.call(FORECAST, request.send()).await?;
    ask.charge(REQUEST);
    let total = answer.total().ok_or_else(|| malformed(FORECAST, "no total in it"))?;
    let total = amount(FORECAST, total)?;
    Ok(rest(total, answer.forecast_results_by_time(), days.elapsed))
}

/// Today is in the forecast from its first hour, and what has gone of it is in what was spent.
fn rest(total: Usd, by_day: &[ForecastResult], elapsed: f64) -> Usd {
    let today = by_day.first().and_then(|day| day.mean_value()?.parse::<f64>().ok()).unwrap_or(0.0);
    (total - Usd::from_dollars(today * elapsed)).max(Usd::ZERO)
}

async fn anomalies(ask: &Ask<'_>, days: &Days) -> Result<Vec<Anomaly>, CloudError> {
    let since = days.today.checked_sub(ANOMALY_DAYS.days()).unwrap_or(days.first);
    let since = AnomalyDateInterval::builder().start_date(since.to_string()).build();
    let since = since.map_err(|error| unsent(ANOMALIES, &error))?;
    let pages =
        ask.clients.cost.get_anomalies().date_interval(since).into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.pages(ANOMALIES, pages).await?;
    ask.charge(REQUEST.saturating_mul(u32::try_from(pages.len()).unwrap_or(u32::MAX)));
    let mut all: Vec<Anomaly> = pages.iter().flat_map(GetAnomaliesOutput::anomalies).filter_map(anomaly).collect();
    all.sort_by(|a, b| b.impact.cmp(&a.impact).then_with(|| a.id.cmp(&b.id)));
    Ok(all)
}

/// Nothing if somebody has said that it is none.
fn anomaly(found: &FoundAnomaly) -> Option<Anomaly> {
    if matches!(found.feedback(), Some(AnomalyFeedbackType::No | AnomalyFeedbackType::PlannedActivity)) {
        return None;
    }
    let cause = found.root_causes().first();
    let service = cause.and_then(|cause| cause.service()).or(found.dimension_value()).unwrap_or("unknown service");
    let said = [
        cause.and_then(|cause| cause.usage_type()).map(str::to_owned),
        cause.and_then(|cause| cause.region()).map(|region| format!("in {region}")),
        cause
            .and_then(|cause| cause.linked_account_name().or(cause.linked_account()))
            .map(|account| format!("of {account}")),
    ];
    let said = said.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(Anomaly {
        id: Text::new(found.anomaly_id()),
        // A date, or a time that is the beginning of a day.
        since: found.anomaly_start_date().and_then(|since| midnight(since.get(..10)?.parse().ok()?)),
        service: Text::new(service),
        cause: if said.is_empty() { "no cause named".into() } else { Text::from(said) },
        impact: found.impact().map(|impact| Usd::from_dollars(impact.total_impact())),
    })
}

/// What a period cost.
#[derive(Debug, Default, PartialEq)]
struct Bill {
    by_service: BTreeMap<Text, Usd>,
    /// Above zero.
    credits: Usd,
}

impl Bill {
    fn of(groups: &[Group]) -> Result<Self, CloudError> {
        let mut bill = Self::default();
        for group in groups {
            let [service, kind] = group.keys() else {
                return Err(malformed(USAGE, "not grouped by service and kind of record"));
            };
            let Some(metric) = group.metrics().and_then(|metrics| metrics.get(METRIC)) else {
                return Err(malformed(USAGE, "no costs in it"));
            };
            let amount = amount(USAGE, metric)?;
            if CREDITS.contains(&kind.as_str()) {
                bill.credits = bill.credits - amount;
            } else {
                *bill.by_service.entry(Text::new(service)).or_default() += amount;
            }
        }
        Ok(bill)
    }

    fn total(&self) -> Usd {
        self.by_service.values().copied().sum()
    }

    /// The largest first, beside what each cost before. What costs nothing at all is left out.
    fn services(&self, before: Option<&Self>) -> Vec<ServiceSpend> {
        const CENT: i64 = 10_000;
        let gone = before.into_iter().flat_map(|before| before.by_service.keys());
        let mut names: Vec<&Text> = self.by_service.keys().chain(gone).collect();
        names.sort();
        names.dedup();
        let mut all: Vec<ServiceSpend> = names
            .into_iter()
            .map(|name| ServiceSpend {
                name: name.clone(),
                month_to_date: self.by_service.get(name).copied().unwrap_or_default(),
                last_month_same_days: before.map(|before| before.by_service.get(name).copied().unwrap_or_default()),
            })
            .filter(|it| {
                let least = it.last_month_same_days.unwrap_or_default().micros.abs();
                it.month_to_date.micros.abs().max(least) >= CENT
            })
            .collect();
        all.sort_by(|a, b| b.month_to_date.cmp(&a.month_to_date).then_with(|| a.name.cmp(&b.name)));
        all
    }
}

/// An amount as Cost Explorer writes it: `12.3456789`, `-3E-7`. What is not in dollars is not counted as dollars.
fn amount(operation: &'static str, value: &MetricValue) -> Result<Usd, CloudError> {
    let text = value.amount().unwrap_or("");
    let dollars = text.parse::<f64>().ok().filter(|dollars| dollars.is_finite());
    let dollars = dollars.ok_or_else(|| malformed(operation, &format!("`{text}` is not an amount")))?;
    match value.unit() {
        Some("USD") => Ok(Usd::from_dollars(dollars)),
        // Nothing is nothing in every currency.
        _ if dollars == 0.0 => Ok(Usd::ZERO),
        Some(unit) => Err(CloudError {
            class: FaultClass::Unsupported,
            operation: operation.into(),
            message: format!("the bill is in {unit}, and only US dollars are counted here").into(),
            missing: None,
        }),
        None => Err(malformed(operation, &format!("`{text}` of no currency"))),
    }
}

/// The days a bill is about. Cost Explorer counts them in UTC, and a period ends before its last day.
#[derive(Debug, PartialEq)]
struct Days {
    today: Date,
    tomorrow: Date,
    /// Of this month.
    first: Date,
    next_month: Date,
    /// Share of today that is over.
    elapsed: f64,
}

impl Days {
    fn of(at: Timestamp) -> Self {
        let now = at.to_zoned(TimeZone::UTC);
        let today = now.date();
        let first = today.first_of_month();
        let midnight = midnight(today).unwrap_or(at);
        Self {
            today,
            // The calendar ends in the year 9999.
            tomorrow: today.tomorrow().unwrap_or(today),
            first,
            next_month: first.checked_add(1.month()).unwrap_or(today),
            elapsed: (at.duration_since(midnight).as_secs_f64() / 86_400.0).clamp(0.0, 1.0),
        }
    }

    /// As many days of last month as are over in this one; none on the first, and no more than last month had.
    fn same_of_last_month(&self) -> Option<(Date, Date)> {
        let from = self.first.checked_sub(1.month()).ok()?;
        let to = from.checked_add(i32::from(self.today.day() - 1).days()).ok()?.min(self.first);
        (from < to).then_some((from, to))
    }
}

fn midnight(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn period(from: Date, to: Date) -> Result<DateInterval, BuildError> {
    DateInterval::builder().start(from.to_string()).end(to.to_string()).build()
}

/// A question the SDK would not even put.
fn unsent(operation: &'static str, error: &BuildError) -> CloudError {
    malformed(operation, &error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_costexplorer::types::{Impact, RootCause};

    fn metric(amount: &str, unit: &str) -> MetricValue {
        MetricValue::builder().amount(amount).unit(unit).build()
    }

    fn group(service: &str, kind: &str, amount: &str) -> Group {
        Group::builder().keys(service).keys(kind).metrics(METRIC, metric(amount, "USD")).build()
    }

    #[test]
    fn amounts_are_read_as_they_are_written() {
        let of = |text: &str| amount(USAGE, &metric(text, "USD")).map(|usd| usd.micros);
        assert_eq!(of("12.3456789"), Ok(12_345_679));
        assert_eq!(of("-3E-7"), Ok(0));
        assert_eq!(of("-30.5"), Ok(-30_500_000));
        for odd in ["", "x", "NaN", "inf"] {
            assert_eq!(of(odd).unwrap_err().class, FaultClass::Malformed, "{odd}");
        }
        let foreign = amount(USAGE, &metric("7.2", "CNY")).unwrap_err();
        assert_eq!(foreign.class, FaultClass::Unsupported);
        assert!(foreign.message.as_str().contains("CNY"));
        assert_eq!(amount(USAGE, &metric("0", "N/A")), Ok(Usd::ZERO));
    }

    #[test]
    fn credits_stand_beside_the_bill() {
        let groups = [
            group("Amazon RDS", "Usage", "100"),
            group("Amazon RDS", "Credit", "-100"),
            group("Amazon EC2", "SavingsPlanCoveredUsage", "60"),
            group("Amazon EC2", "SavingsPlanNegation", "-60"),
            group("Amazon EC2", "Usage", "200"),
            group("AWS Key Management Service", "Usage", "0.000001"),
        ];
        let bill = Bill::of(&groups).unwrap();
        assert_eq!(bill.total(), Usd::from_dollars(300.000_001));
        assert_eq!(bill.credits, Usd::from_dollars(100.0));
        let before = Bill::of(&[group("Amazon RDS", "Usage", "80"), group("AWS Lambda", "Usage", "5")]).unwrap();
        let lines: Vec<(String, f64, Option<f64>)> = bill
            .services(Some(&before))
            .into_iter()
            .map(|it| (it.name.to_string(), it.month_to_date.dollars(), it.last_month_same_days.map(Usd::dollars)))
            .collect();
        assert_eq!(
            lines,
            [
                ("Amazon EC2".to_owned(), 200.0, Some(0.0)),
                ("Amazon RDS".to_owned(), 100.0, Some(80.0)),
                ("AWS Lambda".to_owned(), 0.0, Some(5.0)),
            ]
        );
        assert!(bill.services(None).iter().all(|it| it.last_month_same_days.is_none()));
        assert!(Bill::of(&[Group::builder().keys("one").build()]).is_err());
    }

    #[track_caller]
    fn check(at: &str, tomorrow: &str, next_month: &str, before: Option<(&str, &str)>) {
        let days = Days::of(at.parse().unwrap());
        assert_eq!((days.tomorrow.to_string(), days.next_month.to_string()), (tomorrow.into(), next_month.into()));
        assert!(days.first < days.tomorrow && days.today < days.next_month);
        let same = days.same_of_last_month().map(|(from, to)| (from.to_string(), to.to_string()));
        assert_eq!(same, before.map(|(from, to)| (from.to_owned(), to.to_owned())));
    }

    #[test]
    fn no_period_is_empty_on_any_day() {
        check("2026-03-10T14:00:00Z", "2026-03-11", "2026-04-01", Some(("2026-02-01", "2026-02-10")));
        check("2026-03-01T00:00:00Z", "2026-03-02", "2026-04-01", None);
        check("2026-03-31T23:59:59Z", "2026-04-01", "2026-04-01", Some(("2026-02-01", "2026-03-01")));
        check("2026-01-02T00:00:00Z", "2026-01-03", "2026-02-01", Some(("2025-12-01", "2025-12-02")));
        assert!((Days::of("2026-03-10T06:00:00Z".parse().unwrap()).elapsed - 0.25).abs() < 1e-9);
    }

    #[test]
    fn what_has_gone_of_today_is_not_counted_twice() {
        let today = ForecastResult::builder().mean_value("40").build();
        let total = Usd::from_dollars(400.0);
        assert_eq!(rest(total, &[today], 0.25), Usd::from_dollars(390.0));
        assert_eq!(rest(total, &[], 0.25), total);
    }

    #[test]
    fn an_anomaly_names_what_is_behind_it() {
        let found = FoundAnomaly::builder().anomaly_id("a").monitor_arn("m").anomaly_score(
            aws_sdk_costexplorer::types::AnomalyScore::builder().max_score(1.0).current_score(1.0).build(),
        );
        let cause = RootCause::builder().service("Amazon EC2").region("eu-west-1").usage_type("BoxUsage").build();
        let full = found
            .clone()
            .anomaly_start_date("2026-03-05T00:00:00Z")
            .impact(Impact::builder().max_impact(9.0).total_impact(312.4).build())
            .root_causes(cause);
        let full = anomaly(&full.build().unwrap()).unwrap();
        assert_eq!((full.service.as_str(), full.cause.as_str()), ("Amazon EC2", "BoxUsage in eu-west-1"));
        assert_eq!(full.since, Some("2026-03-05T00:00:00Z".parse().unwrap()));
        let bare = anomaly(&found.clone().build().unwrap()).unwrap();
        assert_eq!((bare.since, bare.impact), (None, None));
        assert!(anomaly(&found.feedback(AnomalyFeedbackType::No).build().unwrap()).is_none());
    }
}
