//! A hosted zone: its failover pairs, and which names answer by which health check.

use std::collections::BTreeMap;

use aws_sdk_route53::types::{ResourceRecordSet, ResourceRecordSetFailover};

use crate::domain::text::Text;
use crate::world::port::CloudError;

/// What matters of the records of a zone.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Zone {
    pub pairs: Vec<Pair>,
    /// Every name that answers by a health check, with the check.
    pub checked: Vec<(Text, String)>,
    /// Why it is not all of it.
    pub cut: Option<CloudError>,
}

/// Two records of one name and type, of which one answers while it is well.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    /// By which it is called here: the name, and what tells it from another pair of that name.
    pub name: Text,
    pub record: Text,
    pub primary: Side,
    pub secondary: Side,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Side {
    region: Option<Text>,
    /// What whoever made it called it.
    set: Text,
    pub check: Option<String>,
    /// The target of an alias is asked whether it is well.
    pub asks_target: bool,
}

impl Pair {
    /// Where its two records are, in words that differ: regions, else what they were called.
    pub fn regions(&self) -> (Text, Text) {
        let of = |side: &Side| side.region.clone().unwrap_or_else(|| side.set.clone());
        let (first, second) = (of(&self.primary), of(&self.secondary));
        if first != second && !first.is_empty() && !second.is_empty() {
            return (first, second);
        }
        let (first, second) = (self.primary.set.clone(), self.secondary.set.clone());
        if first != second && !first.is_empty() && !second.is_empty() {
            return (first, second);
        }
        ("primary".into(), "secondary".into())
    }
}

impl Zone {
    pub fn of(records: &[ResourceRecordSet], is_private: bool) -> Self {
        type Sides = (Option<Side>, Option<Side>);
        let mut pairs: BTreeMap<(Text, &str), Sides> = BTreeMap::new();
        for it in records {
            let pair = match it.failover() {
                Some(_) => pairs.entry((name(it.name()), it.r#type().as_str())).or_default(),
                None => continue,
            };
            match it.failover() {
                Some(ResourceRecordSetFailover::Primary) => pair.0 = Some(side(it, records)),
                Some(ResourceRecordSetFailover::Secondary) => pair.1 = Some(side(it, records)),
                _ => {}
            }
        }
        let mut all: Vec<Pair> = Vec::new();
        for ((record, kind), sides) in pairs {
            let (Some(primary), Some(secondary)) = sides else { continue };
            // Its addresses of either kind are led by one check mostly, and move together.
            let mut same = all.iter().filter(|pair| pair.record == record);
            if same.any(|pair| pair.primary.check == primary.check && pair.secondary.check == secondary.check) {
                continue;
            }
            let another = all.iter().any(|pair| pair.record == record).then(|| kind.to_owned());
            let told: Vec<String> = another.into_iter().chain(is_private.then(|| "private".to_owned())).collect();
            let name =
                if told.is_empty() { record.clone() } else { Text::from(format!("{record} ({})", told.join(", "))) };
            all.push(Pair { name, record, primary, secondary });
        }
        let mut checked: Vec<(Text, String)> =
            records.iter().filter_map(|it| Some((name(it.name()), it.health_check_id()?.to_owned()))).collect();
        checked.sort();
        checked.dedup();
        Self { pairs: all, checked, cut: None }
    }
}

/// Without the dot at its end, and with the star of a wildcard as people write it.
fn name(raw: &str) -> Text {
    let raw = raw.strip_suffix('.').unwrap_or(raw);
    match raw.strip_prefix("\\052") {
        Some(rest) => Text::from(format!("*{rest}")),
        None => Text::new(raw),
    }
}

fn side(it: &ResourceRecordSet, zone: &[ResourceRecordSet]) -> Side {
    let target = it.alias_target();
    // An alias of another record of the zone is where that is.
    let own = target.map(aws_sdk_route53::types::AliasTarget::dns_name).filter(|target| region_in(target).is_none());
    let behind = own.and_then(|target| zone.iter().find(|other| name(other.name()) == name(target)));
    let region = [Some(it), behind].into_iter().flatten().find_map(of_values);
    let set = it.set_identifier().unwrap_or("");
    Side {
        region: region.or_else(|| region_in(set).map(Text::new)),
        set: Text::new(set),
        check: it.health_check_id().filter(|id| !id.is_empty()).map(str::to_owned),
        asks_target: target.is_some_and(aws_sdk_route53::types::AliasTarget::evaluate_target_health),
    }
}

/// The region in what a record answers with: most names of AWS have it in them.
fn of_values(it: &ResourceRecordSet) -> Option<Text> {
    let alias = it.alias_target().map(aws_sdk_route53::types::AliasTarget::dns_name);
    let values = it.resource_records().iter().map(aws_sdk_route53::types::ResourceRecord::value);
    alias.into_iter().chain(values).find_map(region_in).map(Text::new)
}

/// A part of a name that is spelt as regions are: `eu-west-1`, `us-gov-east-1`.
fn region_in(name: &str) -> Option<&str> {
    name.split(['.', '_', ' ', '/', ':']).find_map(|label| {
        // `s3-website-eu-west-1` has it at its end, and `eu-west-1a` is a zone.
        let starts = std::iter::once(0).chain(label.match_indices('-').map(|(at, _)| at + 1));
        starts.filter_map(|at| label.get(at..)).find(|rest| is_region(rest))
    })
}

fn is_region(word: &str) -> bool {
    const AREAS: [&str; 14] =
        ["af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us", "us-gov", "us-iso", "us-isob"];
    const SIDES: [&str; 9] =
        ["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];
    let Some((rest, number)) = word.rsplit_once('-') else { return false };
    let is_number = !number.is_empty() && number.len() <= 2 && number.bytes().all(|digit| digit.is_ascii_digit());
    let Some((area, side)) = rest.rsplit_once('-') else { return false };
    // The European sovereign cloud names a country in between.
    let area = area.strip_suffix("-de").unwrap_or(area);
    is_number && AREAS.contains(&area) && SIDES.contains(&side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_found_where_aws_puts_it() {
        for (name, region) in [
            ("dualstack.shop-123.eu-west-1.elb.amazonaws.com.", Some("eu-west-1")),
            ("shop-9f.elb.us-gov-east-1.amazonaws.com", Some("us-gov-east-1")),
            ("s3-website-ap-southeast-2.amazonaws.com", Some("ap-southeast-2")),
            ("shop eu-central-1", Some("eu-central-1")),
            ("shop-eusc-de-east-1", Some("eusc-de-east-1")),
            ("d111111abcdef8.cloudfront.net", None),
            ("eu-west-1a.example.com", None),
            ("10.0.0.1", None),
            ("shop-west-1", None),
            ("", None),
        ] {
            assert_eq!(region_in(name), region, "{name}");
        }
    }

    #[test]
    fn a_wildcard_is_shown_as_it_is_written() {
        assert_eq!(name("\\052.shop.example."), "*.shop.example");
        assert_eq!(name("shop.example"), "shop.example");
    }
}
