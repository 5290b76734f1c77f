//! Failover pairs of Route 53: which names there are to lead elsewhere, by which health check, and where they lead by what it
//! says.
//!
//! Route 53 takes five calls a second of an account, whoever makes them. So zones are read in turn and kept for a while; what
//! health checks say is asked every time, of those a pair is led by.

mod health;
mod zone;

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_route53::types::HealthCheck;
use jiff::SignedDuration;

use super::ask::{Ask, denied_in_part, gather, malformed};
use super::rota::{Found, Pace, Rota};
use crate::domain::list::List;
use crate::domain::recovery::{FailoverRecord, Switch};
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};
use health::Check;
use zone::{Pair, Side, Zone};

/// How long the list of hosted zones is kept.
const ZONES: SignedDuration = SignedDuration::from_mins(5);
/// A call for every three hundred records.
const ZONE_PACE: Pace = Pace { at_a_time: 10, kept: SignedDuration::from_mins(10) };
/// A call for each. What was said a moment ago is asked again.
const CHECK_PACE: Pace = Pace { at_a_time: 20, kept: SignedDuration::from_secs(20) };
/// Pages of three hundred records read of one zone.
const PAGES: usize = 20;

/// What was read before and need not be read again.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Or why a zone may not be read.
    zones: Rota<Result<Arc<Zone>, CloudError>>,
    /// What the checkers say, `None` where none says anything; or why that may not be read.
    checks: Rota<Result<Option<bool>, CloudError>>,
}

/// A hosted zone as it is listed.
#[derive(Debug)]
struct Listed {
    id: String,
    /// How many records it has: another number is another zone.
    count: String,
    is_private: bool,
}

pub(super) async fn records(ask: &Ask<'_>) -> Result<List<FailoverRecord>, CloudError> {
    let listed = ask.seldom("hosted zones", ZONES, hosted_zones(ask)).await?;
    let zones = read_zones(ask, &listed).await?;
    let pairs: Vec<&Pair> = zones.iter().flat_map(|zone| &zone.pairs).collect();
    if pairs.is_empty() {
        return Ok(List::default());
    }
    // Without them no name is known to lead anywhere, but that there are two places is worth knowing.
    let checks = ask.or_gap(health_checks(ask).await)?;
    let told = match &checks {
        Some(checks) => statuses(ask, checks, &pairs).await?,
        None => HashMap::new(),
    };
    let mut all: Vec<FailoverRecord> =
        pairs.iter().map(|pair| record(pair, &zones, checks.as_deref().unwrap_or_default(), &told)).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

async fn hosted_zones(ask: &Ask<'_>) -> Result<Vec<Listed>, CloudError> {
    let pages = ask.clients.route53.list_hosted_zones().into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.pages("route53:ListHostedZones", pages).await?;
    let listed = pages
        .iter()
        .flat_map(aws_sdk_route53::operation::list_hosted_zones::ListHostedZonesOutput::hosted_zones)
        .map(|it| Listed {
            id: it.id().trim_start_matches("/hostedzone/").to_owned(),
            count: it.resource_record_set_count().map_or_else(String::new, |count| count.to_string()),
            is_private: it.config().is_some_and(aws_sdk_route53::types::HostedZoneConfig::private_zone),
        });
    let mut all: Vec<Listed> = listed.collect();
    all.sort_by(|a, b| (a.is_private, &a.id).cmp(&(b.is_private, &b.id)));
    Ok(all)
}

async fn read_zones(ask: &Ask<'_>, listed: &[Listed]) -> Result<Vec<Arc<Zone>>, CloudError> {
    let found: Vec<Found<'_, Listed>> =
        listed.iter().map(|it| Found { key: &it.id, changed: Some(&it.count), it }).collect();
    let wanted = ask.place.records.zones.wanted(ZONE_PACE, &found, ask.at);
    let read = gather(wanted.iter().map(|found| async { kept(read_zone(ask, found.it).await) }).collect()).await?;
    let read = wanted.into_iter().zip(read.into_iter().map(|zone| zone.map(Arc::new)));
    let known = ask.place.records.zones.take(read, &found, ask.at);
    let unread = listed.iter().filter(|it| !known.contains_key(&it.id)).count();
    if unread > 0 {
        let text = format!("{unread} of {} hosted zones are still to be read", listed.len());
        ask.gap(CloudError { class: FaultClass::Throttled, ..malformed("route53:ListResourceRecordSets", &text) });
    }
    let (mut all, mut denied) = (Vec::new(), None);
    for zone in listed.iter().filter_map(|it| known.get(&it.id)) {
        match zone {
            Ok(zone) => all.push(Arc::clone(zone)),
            // It was deleted since it was listed.
            Err(error) if error.class == FaultClass::NotFound => {}
            Err(error) => denied = Some(error.clone()),
        }
    }
    denied_in_part(ask, denied, all.is_empty())?;
    for zone in &all {
        if let Some(cut) = &zone.cut {
            ask.gap(cut.clone());
        }
    }
    Ok(all)
}

/// What will be no better in a moment is kept as the answer it is; anything else passes.
fn kept<T>(outcome: Result<T, CloudError>) -> Result<Result<T, CloudError>, CloudError> {
    match outcome {
        Err(error) if !matches!(error.class, FaultClass::Denied | FaultClass::Unsupported | FaultClass::NotFound) => {
            Err(error)
        }
        outcome => Ok(outcome),
    }
}

async fn read_zone(ask: &Ask<'_>, it: &Listed) -> Result<Zone, CloudError> {
    const OPERATION: &str = "route53:ListResourceRecordSets";
    let (mut all, mut next) = (Vec::new(), None);
    for _ in 0..PAGES {
        let mut request = ask.clients.route53.list_resource_record_sets().hosted_zone_id(&it.id);
        if let Some((name, kind, set)) = &next {
            request = request.set_start_record_name(Option::clone(name));
            request =
                request.set_start_record_type(Option::clone(kind)).set_start_record_identifier(Option::clone(set));
        }
        let page = ask.call(OPERATION, request.send()).await?;
        let before = next.take();
        if page.is_truncated {
            next = Some((page.next_record_name, page.next_record_type, page.next_record_identifier));
        }
        all.extend(page.resource_record_sets);
        if next.is_none() {
            break;
        }
        if next == before {
            return Err(malformed(OPERATION, "the page tokens go in circles"));
        }
    }
    let cut = next.is_some().then(|| {
        let text = format!("zone {} has more than the {} records that are read", it.id, all.len());
        CloudError { class: FaultClass::Unsupported, ..malformed(OPERATION, &text) }
    });
    Ok(Zone { cut, ..Zone::of(&all, it.is_private) })
}

async fn health_checks(ask: &Ask<'_>) -> Result<Vec<Check>, CloudError> {
    let pages = ask.clients.route53.list_health_checks().into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.pages("route53:ListHealthChecks", pages).await?;
    Ok(pages.into_iter().flat_map(|page| page.health_checks).map(|it: HealthCheck| Check::of(&it)).collect())
}

/// What the checkers say of the checks by which pairs are led, where that is told at all.
async fn statuses(
    ask: &Ask<'_>,
    checks: &[Check],
    pairs: &[&Pair],
) -> Result<HashMap<String, Option<bool>>, CloudError> {
    let is_used = |check: &&Check| {
        let mut sides = pairs.iter().flat_map(|pair| [&pair.primary, &pair.secondary]);
        check.is_told() && sides.any(|side| side.check.as_deref() == Some(check.id.as_str()))
    };
    let found: Vec<Found<'_, Check>> =
        checks.iter().filter(is_used).map(|it| Found { key: &it.id, changed: None, it }).collect();
    let wanted = ask.place.records.checks.wanted(CHECK_PACE, &found, ask.at);
    let one = async |check: &Check| {
        let request = ask.clients.route53.get_health_check_status().health_check_id(&check.id).send();
        let answer = ask.call("route53:GetHealthCheckStatus", request).await;
        kept(answer.map(|it| health::is_healthy(it.health_check_observations())))
    };
    let read = gather(wanted.iter().map(|found| one(found.it)).collect()).await?;
    let known = ask.place.records.checks.take(wanted.into_iter().zip(read), &found, ask.at);
    for error in known.values().filter_map(|it| it.as_ref().err()).filter(|it| it.class != FaultClass::NotFound) {
        ask.gap(error.clone());
    }
    Ok(known.into_iter().map(|(id, said)| (id, said.ok().flatten())).collect())
}

/// What a side is found to be, before and after its check is turned.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stand {
    found: Option<bool>,
    counted: Option<bool>,
}

fn stand(side: &Side, checks: &[Check], told: &HashMap<String, Option<bool>>) -> Stand {
    let Some(id) = &side.check else {
        // What is not checked is well, unless the target of an alias is asked.
        let well = (!side.asks_target).then_some(true);
        return Stand { found: well, counted: well };
    };
    let Some(check) = checks.iter().find(|check| check.id == *id) else { return Stand { found: None, counted: None } };
    let found = if check.is_disabled { Some(true) } else { told.get(id).copied().flatten() };
    Stand { found, counted: found.map(|well| well != check.is_inverted) }
}

fn record(pair: &Pair, zones: &[Arc<Zone>], checks: &[Check], told: &HashMap<String, Option<bool>>) -> FailoverRecord {
    let (primary, secondary) = (stand(&pair.primary, checks, told), stand(&pair.secondary, checks, told));
    let (first, second) = pair.regions();
    let serving = match (primary.counted, secondary.counted) {
        // Where both fail it is as if both were well.
        (Some(true), _) | (Some(false), Some(false)) => Some(first.clone()),
        (Some(false), _) => Some(second.clone()),
        (None, _) => None,
    };
    let turned = pair.primary.check.as_ref().and_then(|id| checks.iter().find(|check| check.id == *id));
    FailoverRecord {
        name: pair.name.clone(),
        primary_region: first,
        secondary_region: second,
        // One that is switched off finds nothing.
        primary_healthy: primary.found.filter(|_| turned.is_none_or(|check| !check.is_disabled)),
        serving,
        asks_target: pair.primary.asks_target || pair.secondary.asks_target,
        switch: turned.filter(|check| check.is_told() || check.is_disabled).map(|check| Switch {
            check: Text::new(&check.id),
            is_inverted: check.is_inverted,
            shared_with: shared(check, pair, zones, checks),
        }),
    }
}

/// What else moves when this check is turned: other names, and checks that are made of it.
fn shared(check: &Check, pair: &Pair, zones: &[Arc<Zone>], checks: &[Check]) -> Vec<Text> {
    let users = zones.iter().flat_map(|zone| &zone.checked).filter(|(_, id)| *id == check.id);
    let mut all: Vec<Text> = users.map(|(name, _)| name.clone()).filter(|name| *name != pair.record).collect();
    let parents = checks.iter().filter(|other| other.children.contains(&check.id));
    all.extend(parents.map(|other| Text::from(format!("health check {}", other.id))));
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use aws_sdk_route53::types::{
        AliasTarget, HealthCheckConfig, HealthCheckObservation, HealthCheckType, ResourceRecord, ResourceRecordSet,
        ResourceRecordSetFailover, RrType, StatusReport,
    };

    use super::*;

    const NAME: &str = "shop.example.com.";

    fn set(failover: ResourceRecordSetFailover, id: &str, check: Option<&str>) -> ResourceRecordSet {
        ResourceRecordSet::builder()
            .name(NAME)
            .r#type(RrType::A)
            .failover(failover)
            .set_identifier(id)
            .set_health_check_id(check.map(str::to_owned))
            .resource_records(ResourceRecord::builder().value("192.0.2.7").build().unwrap())
            .build()
            .unwrap()
    }

    fn alias(failover: ResourceRecordSetFailover, target: &str, check: Option<&str>, asks: bool) -> ResourceRecordSet {
        let target = AliasTarget::builder().hosted_zone_id("Z1").dns_name(target).evaluate_target_health(asks);
        let plain = set(failover, "s", check);
        ResourceRecordSet::builder()
            .name(plain.name())
            .r#type(RrType::A)
            .set_failover(plain.failover().cloned())
            .set_health_check_id(check.map(str::to_owned))
            .alias_target(target.build().unwrap())
            .build()
            .unwrap()
    }

    fn check(id: &str, kind: HealthCheckType, is_inverted: bool, is_disabled: bool) -> Check {
        let config = HealthCheckConfig::builder().r#type(kind).inverted(is_inverted).disabled(is_disabled);
        let sdk = HealthCheck::builder().id(id).caller_reference("r").health_check_version(1);
        Check::of(&sdk.health_check_config(config.build().unwrap()).build().unwrap())
    }

    fn read(records: &[ResourceRecordSet], checks: &[Check], said: &[(&str, bool)]) -> Vec<FailoverRecord> {
        let zones = [Arc::new(Zone::of(records, false))];
        let told = said.iter().map(|(id, well)| ((*id).to_owned(), Some(*well))).collect();
        zones[0].pairs.iter().map(|pair| record(pair, &zones, checks, &told)).collect()
    }

    fn pair() -> [ResourceRecordSet; 2] {
        [
            set(ResourceRecordSetFailover::Primary, "eu-west-1", Some("c1")),
            set(ResourceRecordSetFailover::Secondary, "eu-central-1", None),
        ]
    }

    #[test]
    fn a_pair_leads_where_its_check_says_however_it_is_turned() {
        // Whether it is turned upside down, what is found, and where that leads.
        for (is_inverted, well, leads) in [
            (false, true, "eu-west-1"),
            (true, true, "eu-central-1"),
            (false, false, "eu-central-1"),
            (true, false, "eu-west-1"),
        ] {
            let checks = [check("c1", HealthCheckType::Https, is_inverted, false)];
            let all = read(&pair(), &checks, &[("c1", well)]);
            let [it] = all.as_slice() else { panic!("{all:?}") };
            assert_eq!((it.name.as_str(), it.serving_word()), ("shop.example.com", leads));
            assert_eq!(it.primary_healthy, Some(well));
            let switch = it.switch.as_ref().unwrap();
            assert_eq!((switch.check.as_str(), switch.is_inverted), ("c1", is_inverted));
        }
    }

    #[test]
    fn what_a_check_says_that_has_no_checkers_is_not_told() {
        for kind in [HealthCheckType::Calculated, HealthCheckType::CloudwatchMetric, HealthCheckType::RecoveryControl] {
            let it = read(&pair(), &[check("c1", kind.clone(), false, false)], &[]).remove(0);
            assert_eq!((it.primary_healthy, it.serving, it.switch), (None, None, None), "{kind:?}");
        }
        // Switched off it counts as well, and turned upside down as not.
        let off = [check("c1", HealthCheckType::Calculated, true, true)];
        let it = read(&pair(), &off, &[]).remove(0);
        assert_eq!((it.primary_healthy, it.serving_word(), it.switch.is_some()), (None, "eu-central-1", true));
        // One that is asked and does not answer.
        let it = read(&pair(), &[check("c1", HealthCheckType::Tcp, false, false)], &[]).remove(0);
        assert_eq!((it.serving.clone(), it.switch.is_some()), (None, true));
    }

    #[test]
    fn where_both_fail_the_first_answers() {
        let mut records = pair();
        records[1] = set(ResourceRecordSetFailover::Secondary, "eu-central-1", Some("c2"));
        let checks = ["c1", "c2"].map(|id| check(id, HealthCheckType::Https, false, false));
        let serving = |first, second| read(&records, &checks, &[("c1", first), ("c2", second)]).remove(0).serving;
        assert_eq!(serving(false, true), Some("eu-central-1".into()));
        assert_eq!(serving(false, false), Some("eu-west-1".into()));
    }

    #[test]
    fn an_alias_may_be_led_by_its_target() {
        let west = "dualstack.shop-1.eu-west-1.elb.amazonaws.com.";
        let central = "dualstack.shop-2.eu-central-1.elb.amazonaws.com.";
        let (primary, secondary) = (ResourceRecordSetFailover::Primary, ResourceRecordSetFailover::Secondary);
        let records = [alias(primary.clone(), west, None, true), alias(secondary.clone(), central, None, true)];
        let it = read(&records, &[], &[]).remove(0);
        assert_eq!((it.primary_region.as_str(), it.secondary_region.as_str()), ("eu-west-1", "eu-central-1"));
        assert_eq!((it.serving, it.asks_target, it.switch), (None, true, None));
        let records = [alias(primary, west, Some("c1"), true), alias(secondary, central, None, true)];
        let it = read(&records, &[check("c1", HealthCheckType::Https, false, false)], &[("c1", true)]).remove(0);
        assert_eq!((it.serving_word(), it.asks_target), ("eu-west-1", true));
    }

    #[test]
    fn what_moves_with_a_name_is_told() {
        let mut records = pair().to_vec();
        let other = ResourceRecordSet::builder().name("api.example.com.").r#type(RrType::Cname).health_check_id("c1");
        records.push(other.build().unwrap());
        let mut parent = check("c9", HealthCheckType::Calculated, false, false);
        parent.children.push("c1".to_owned());
        let checks = [check("c1", HealthCheckType::Https, false, false), parent];
        let it = read(&records, &checks, &[("c1", true)]).remove(0);
        assert_eq!(it.switch.unwrap().shared_with, ["api.example.com", "health check c9"]);
    }

    #[test]
    fn one_name_is_one_pair_where_its_addresses_move_together() {
        let mut records = pair().to_vec();
        let other = |of: &ResourceRecordSet, check: Option<&str>| {
            let six = ResourceRecordSet::builder().name(NAME).r#type(RrType::Aaaa).set_failover(of.failover().cloned());
            six.set_health_check_id(check.map(str::to_owned)).build().unwrap()
        };
        records.extend([other(&pair()[0], Some("c1")), other(&pair()[1], None)]);
        assert_eq!(Zone::of(&records, false).pairs.len(), 1);
        records.truncate(2);
        records.extend([other(&pair()[0], Some("c2")), other(&pair()[1], None)]);
        let names: Vec<String> = Zone::of(&records, true).pairs.iter().map(|pair| pair.name.to_string()).collect();
        assert_eq!(names, ["shop.example.com (private)", "shop.example.com (AAAA, private)"]);
        // Half of a pair leads nowhere else.
        assert!(Zone::of(&records[..1], false).pairs.is_empty());
    }

    #[test]
    fn one_region_twice_is_told_apart_by_what_it_was_called() {
        let records = [
            set(ResourceRecordSetFailover::Primary, "blue", Some("c1")),
            set(ResourceRecordSetFailover::Secondary, "green", None),
        ];
        let it = read(&records, &[], &[]).remove(0);
        assert_eq!((it.primary_region.as_str(), it.secondary_region.as_str()), ("blue", "green"));
        let same =
            [set(ResourceRecordSetFailover::Primary, "x", None), set(ResourceRecordSetFailover::Secondary, "x", None)];
        let it = read(&same, &[], &[]).remove(0);
        assert_eq!((it.primary_region.as_str(), it.secondary_region.as_str()), ("primary", "secondary"));
    }

    #[test]
    fn a_fifth_of_the_checkers_is_enough() {
        let said = |well: usize, ill: usize| {
            let one = |status: &str| {
                let report = StatusReport::builder().status(status).build();
                HealthCheckObservation::builder().status_report(report).build()
            };
            let mut all = vec![one("Success: HTTP Status Code 200, OK"); well];
            all.extend(vec![one("Failure: connection timed out"); ill]);
            health::is_healthy(&all)
        };
        assert_eq!((said(4, 14), said(3, 14), said(0, 3)), (Some(true), Some(false), Some(false)));
        assert_eq!(said(0, 0), None);
        assert_eq!(health::is_healthy(&[HealthCheckObservation::builder().build()]), None);
    }
}
