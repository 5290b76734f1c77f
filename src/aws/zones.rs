//! Zonal shifts: which balancers can be led away from a zone, and which are.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_arczonalshift::operation::list_managed_resources::ListManagedResourcesOutput;
use aws_sdk_arczonalshift::types::{
    AppliedStatus, AutoshiftAppliedStatus, AutoshiftInResource, ManagedResourceSummary, ZonalAutoshiftStatus,
    ZonalShiftInResource,
};
use jiff::SignedDuration;

use super::ask::Ask;
use super::convert::{text, time};
use crate::domain::text::Text;
use crate::domain::zone::{Shifting, Zone, ZoneShift, Zones};
use crate::world::port::CloudError;

/// What a zone is called in an account does not change.
const NAMES_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Names of zones by their ids.
type Names = HashMap<String, Text>;

/// What is known of each balancer, by its ARN; nothing where it may not be read.
pub(super) async fn shifting(ask: &Ask<'_>) -> Option<HashMap<String, Shifting>> {
    let pages = ask.clients.zonal_shift.list_managed_resources().max_results(100);
    let pages = pages.into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.beside(ask.pages("arc-zonal-shift:ListManagedResources", pages).await)?;
    if pages.iter().all(|page| page.items().is_empty()) {
        return Some(HashMap::new());
    }
    let names = ask.beside(ask.seldom("zone names", NAMES_KEPT, Box::pin(names(ask))).await).unwrap_or_default();
    let listed = pages.iter().flat_map(ListManagedResourcesOutput::items).filter_map(|it| Some((it.arn()?, it)));
    Some(listed.map(|(arn, it)| (arn.to_owned(), Shifting::Enabled(zones(it, &names)))).collect())
}

async fn names(ask: &Ask<'_>) -> Result<Names, CloudError> {
    let answer = ask.clients.ec2.describe_availability_zones().send();
    let answer = ask.call("ec2:DescribeAvailabilityZones", answer).await?;
    let all = answer.availability_zones.unwrap_or_default().into_iter();
    Ok(all.filter_map(|it| Some((it.zone_id?, Text::new(&it.zone_name?)))).collect())
}

fn zones(it: &ManagedResourceSummary, names: &Arc<Names>) -> Zones {
    let mut zones: Vec<Zone> = it
        .availability_zones()
        .iter()
        .map(|id| Zone {
            id: Text::new(id),
            name: names.get(id).cloned().unwrap_or_default(),
            // Where no weight is told, nothing is shifted.
            is_on: it.applied_weights().and_then(|weights| weights.get(id)).is_none_or(|weight| *weight > 0.0),
        })
        .collect();
    zones.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    let mut shifts: Vec<ZoneShift> = it.zonal_shifts().iter().map(shift).collect();
    shifts.extend(it.autoshifts().iter().map(autoshift));
    let is_automatic = it.zonal_autoshift_status().map(|status| *status == ZonalAutoshiftStatus::Enabled);
    Zones { zones, shifts, is_automatic }
}

fn shift(it: &ZonalShiftInResource) -> ZoneShift {
    ZoneShift {
        id: Some(it.zonal_shift_id()).filter(|id| !id.is_empty()).map(Text::new),
        away_from: Text::new(it.away_from()),
        // Older shifts tell no kind, and were all begun by hand.
        kind: text(Some(it.shift_type().map_or("ZONAL_SHIFT", |kind| kind.as_str()))),
        is_applied: *it.applied_status() == AppliedStatus::Applied,
        until: Some(time(it.expiry_time())),
        comment: Text::new(it.comment()),
    }
}

fn autoshift(it: &AutoshiftInResource) -> ZoneShift {
    ZoneShift {
        id: None,
        away_from: Text::new(it.away_from()),
        kind: "ZONAL_AUTOSHIFT".into(),
        is_applied: *it.applied_status() == AutoshiftAppliedStatus::Applied,
        until: None,
        comment: Text::default(),
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;

    use super::*;

    #[test]
    fn a_balancer_tells_its_zones_and_what_is_shifted() {
        let by_hand = ZonalShiftInResource::builder()
            .applied_status(AppliedStatus::Applied)
            .zonal_shift_id("shift-1")
            .resource_identifier("arn")
            .away_from("euw1-az1")
            .expiry_time(DateTime::from_secs(3_600))
            .start_time(DateTime::from_secs(0))
            .comment("INC-42\u{1b}")
            .build()
            .unwrap();
        let automatic = AutoshiftInResource::builder()
            .applied_status(AutoshiftAppliedStatus::NotApplied)
            .away_from("euw1-az2")
            .start_time(DateTime::from_secs(0))
            .build()
            .unwrap();
        let it = ManagedResourceSummary::builder()
            .availability_zones("euw1-az2")
            .availability_zones("euw1-az1")
            .availability_zones("euw1-az3")
            .applied_weights("euw1-az1", 0.0)
            .applied_weights("euw1-az2", 1.0)
            .zonal_shifts(by_hand)
            .autoshifts(automatic)
            .zonal_autoshift_status(ZonalAutoshiftStatus::Enabled)
            .build()
            .unwrap();
        let names = [("euw1-az1", "eu-west-1b"), ("euw1-az2", "eu-west-1a")];
        let names = names.into_iter().map(|(id, name)| (id.to_owned(), name.into())).collect();
        let zones = zones(&it, &Arc::new(names));
        let seen: Vec<_> = zones.zones.iter().map(|zone| (zone.id.as_str(), zone.name.as_str(), zone.is_on)).collect();
        assert_eq!(seen, [("euw1-az3", "", true), ("euw1-az2", "eu-west-1a", true), ("euw1-az1", "eu-west-1b", false)]);
        let [first, second] = zones.shifts.as_slice() else { panic!("{:?}", zones.shifts) };
        assert_eq!((first.id.as_ref().map(Text::as_str), first.kind.as_str()), (Some("shift-1"), "ZONAL_SHIFT"));
        assert_eq!((first.is_applied, first.comment.as_str()), (true, "INC-42\\x1b"));
        assert_eq!((&second.id, second.is_applied, second.until), (&None, false, None));
        assert_eq!((zones.is_automatic, zones.by_hand().is_some()), (Some(true), true));
    }
}
