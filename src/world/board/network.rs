//! Network layer: VPC, subnets, gateways, security groups, ACLs.

use super::{BoxSpec, Check, Facts, Finding, Seen, Verdict, Within};
use crate::domain::board::BoxId;
use crate::domain::metric::Measure;
use crate::domain::network::{NatGateway, Subnet, Vpc};
use crate::domain::units::{count, per_second, percent, plural};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

/// Ports that lead to a shell, a desktop or a database.
const DANGEROUS: [(u16, &str); 5] =
    [(22, "SSH"), (3389, "RDP"), (3306, "MySQL"), (5432, "PostgreSQL"), (6379, "Redis")];

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::Vpc,
        sources: &[Feed::Networks],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<&Vpc> = vpcs(sight).map(|(_, vpc)| vpc).collect();
            let Some(first) = all.first() else { return Facts::absent() };
            let free: u32 = all.iter().map(|vpc| vpc.free_addresses()).sum();
            let mut facts =
                Facts::new(if all.len() == 1 { first.cidr.to_string() } else { plural(all.len(), "VPC", "VPCs") })
                    .with("free addresses", count(u64::from(free)));
            for vpc in &all {
                facts = facts.with(
                    "vpc",
                    format!("{} {}, flow logs {}", vpc.name, vpc.cidr, if vpc.flow_logs { "on" } else { "off" }),
                );
            }
            facts
        },
        checks: &[Check {
            title: "Flow logs are on",
            limit: |_| "warn when off".into(),
            judge: |sight| {
                let findings = vpcs(sight)
                    .filter(|(_, vpc)| !vpc.flow_logs)
                    .map(|(place, vpc)| {
                        Finding::warn(
                            "no flow logs",
                            format!("{} ({}) has no flow logs: its traffic leaves no trace", vpc.name, vpc.id),
                        )
                        .at(place)
                    })
                    .collect();
                Verdict::of(findings, "on everywhere")
            },
        }],
    },
    BoxSpec {
        id: BoxId::PublicSubnets,
        sources: &[Feed::Networks],
        within: Within::Everything,
        facts: |sight| subnet_facts(sight, true),
        checks: &[Check {
            title: "Addresses are left",
            limit: address_limit,
            judge: |sight| addresses_left(sight, true),
        }],
    },
    BoxSpec {
        id: BoxId::PrivateSubnets,
        sources: &[Feed::Networks],
        within: Within::Everything,
        facts: |sight| subnet_facts(sight, false),
        checks: &[Check {
            title: "Addresses are left",
            limit: address_limit,
            judge: |sight| addresses_left(sight, false),
        }],
    },
    BoxSpec {
        id: BoxId::InternetGateway,
        sources: &[Feed::Networks],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> =
                vpcs(sight).flat_map(|(_, vpc)| vpc.internet_gateways.iter().map(move |g| (vpc, g))).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let attached = all.iter().filter(|(_, gateway)| gateway.attached).count();
            let mut facts = Facts::new(format!("{attached} attached"));
            for (vpc, gateway) in &all {
                facts = facts.with("gateway", format!("{} of {}", gateway.id, vpc.name));
            }
            facts
        },
        checks: &[Check {
            title: "Attached",
            limit: |_| "bad when detached".into(),
            judge: |sight| {
                let findings = vpcs(sight)
                    .flat_map(|(place, vpc)| vpc.internet_gateways.iter().map(move |gateway| (place, gateway)))
                    .filter(|(_, gateway)| !gateway.attached)
                    .map(|(place, gateway)| {
                        Finding::bad("detached", format!("{} is detached: nothing from outside gets in", gateway.id))
                            .at(place)
                    })
                    .collect();
                Verdict::of(findings, "all attached")
            },
        }],
    },
    BoxSpec {
        id: BoxId::NatGateway,
        sources: &[Feed::Networks, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = nat_gateways(sight).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let up = all.iter().filter(|(_, nat)| nat.state == "available").count();
            Facts::new(format!("{up} of {} up", all.len())).with("available", format!("{up} of {}", all.len()))
        },
        checks: &[
            Check {
                title: "Every gateway is available",
                limit: |_| "bad when failed".into(),
                judge: |sight| {
                    let findings = nat_gateways(sight)
                        .filter(|(_, nat)| nat.state == "failed")
                        .map(|(place, nat)| {
                            Finding::bad("failed", format!("NAT gateway {} in {} failed", nat.id, nat.zone)).at(place)
                        })
                        .collect();
                    Verdict::of(findings, "all available")
                },
            },
            Check {
                title: "Ports are left",
                limit: |_| "bad on any port allocation error".into(),
                judge: |sight| {
                    let all = nat_gateways(sight).map(|(place, nat)| {
                        let Some(errors) = place.latest(Measure::NatPortErrors, &nat.id) else {
                            let is_up = nat.state == "available";
                            return if is_up { Seen::Blank(nat.id.to_string()) } else { Seen::Nothing };
                        };
                        Seen::of((errors > 0.0).then(|| {
                            let text = format!(
                                "{} runs out of ports: {} connections refused",
                                nat.id,
                                per_second(errors / 60.0)
                            );
                            Finding::bad("out of ports", text).at(place)
                        }))
                    });
                    Verdict::each(all, "no allocation errors")
                },
            },
            Check {
                title: "One gateway in each zone",
                limit: |_| "warn when one serves several zones".into(),
                judge: |sight| {
                    let findings = vpcs(sight)
                        .filter(|(_, vpc)| {
                            let zones = distinct(vpc.subnets.iter().filter(|s| !s.is_public).map(|s| s.zone.as_str()));
                            !vpc.nat_gateways.is_empty()
                                && distinct(vpc.nat_gateways.iter().map(|nat| nat.zone.as_str())) < zones
                                && vpc.environment == crate::domain::scope::Environment::Prod
                        })
                        .map(|(place, vpc)| {
                            Finding::warn(
                                "shared by zones",
                                format!(
                                    "{}: {} for several zones; losing its zone cuts off the others",
                                    vpc.name,
                                    plural(vpc.nat_gateways.len(), "NAT gateway", "NAT gateways")
                                ),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "one per zone")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::SecurityGroups,
        sources: &[Feed::Networks],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = vpcs(sight).flat_map(|(_, vpc)| &vpc.security_groups).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let mut open: Vec<u16> = all.iter().flat_map(|group| group.open_to_world.iter().copied()).collect();
            open.sort_unstable();
            open.dedup();
            let ports = if open.is_empty() {
                "none".into()
            } else {
                open.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
            };
            Facts::new(format!("{} groups", all.len()))
                .with("groups", all.len().to_string())
                .with("ports open to the world", ports)
                .with("unused", all.iter().filter(|group| !group.in_use).count().to_string())
        },
        checks: &[Check {
            title: "No way in but the front door",
            limit: |_| "bad: 22, 3389, 3306, 5432 or 6379 open to 0.0.0.0/0 or ::/0".into(),
            judge: |sight| {
                let findings = vpcs(sight)
                    .flat_map(|(place, vpc)| vpc.security_groups.iter().map(move |group| (place, group)))
                    .flat_map(|(place, group)| {
                        DANGEROUS.iter().filter(|(port, _)| group.open_to_world.contains(port)).map(
                            move |(port, name)| {
                                Finding::bad(
                                    format!("{port} open"),
                                    format!(
                                        "{} ({}) opens {name} port {port} to the whole internet",
                                        group.name, group.id
                                    ),
                                )
                                .at(place)
                            },
                        )
                    })
                    .collect();
                Verdict::of(findings, "closed")
            },
        }],
    },
    BoxSpec {
        id: BoxId::NetworkAcls,
        sources: &[Feed::Networks],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = vpcs(sight).flat_map(|(_, vpc)| &vpc.acls).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let rules: u32 = all.iter().map(|acl| acl.rules).sum();
            let open = all.iter().filter(|acl| acl.allows_everything).count();
            Facts::new(format!("{rules} rules"))
                .with("lists", all.len().to_string())
                .with("rules", rules.to_string())
                .with("allowing everything", open.to_string())
        },
        checks: &[Check {
            title: "No rule blocks a port in use",
            limit: |_| "warn on any".into(),
            judge: |sight| {
                let findings = vpcs(sight)
                    .flat_map(|(place, vpc)| vpc.acls.iter().map(move |acl| (place, acl)))
                    .filter(|(_, acl)| !acl.blocks_used_ports.is_empty())
                    .map(|(place, acl)| {
                        let ports: Vec<String> = acl.blocks_used_ports.iter().map(u16::to_string).collect();
                        Finding::warn(
                            "blocks used port",
                            format!("{} denies port {}, which a security group opens", acl.id, ports.join(", ")),
                        )
                        .at(place)
                    })
                    .collect();
                Verdict::of(findings, "none")
            },
        }],
    },
];

fn vpcs<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a Vpc)> + use<'a> {
    sight.items(|f| &f.networks)
}

fn nat_gateways<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a NatGateway)> + use<'a> {
    vpcs(sight).flat_map(|(place, vpc)| vpc.nat_gateways.iter().map(move |nat| (place, nat)))
}

fn subnets<'a>(sight: &Sight<'a>, public: bool) -> impl Iterator<Item = (&'a Place, &'a Subnet)> + use<'a> {
    vpcs(sight)
        .flat_map(|(place, vpc)| vpc.subnets.iter().map(move |subnet| (place, subnet)))
        .filter(move |(_, subnet)| subnet.is_public == public)
}

fn subnet_facts(sight: &Sight<'_>, public: bool) -> Facts {
    let all: Vec<&Subnet> = subnets(sight, public).map(|(_, subnet)| subnet).collect();
    if all.is_empty() {
        return Facts::absent();
    }
    let tightest = all.iter().map(|subnet| free_percent(subnet)).fold(f64::INFINITY, f64::min);
    Facts::new(format!("{} free", percent(tightest)))
        .with("subnets", all.len().to_string())
        .with("zones", distinct(all.iter().map(|subnet| subnet.zone.as_str())).to_string())
        .with("tightest has free", percent(tightest))
}

fn address_limit(limits: &crate::world::thresholds::Thresholds) -> String {
    format!("warn under {} %, bad under {} addresses", limits.subnet_free_percent, limits.subnet_free_addresses)
}

fn addresses_left(sight: &Sight<'_>, public: bool) -> Verdict {
    let limits = sight.limits();
    let findings = subnets(sight, public)
        .filter_map(|(place, subnet)| {
            let text = format!(
                "{} in {}: {} of {} addresses free",
                subnet.id, subnet.zone, subnet.free_addresses, subnet.addresses
            );
            if f64::from(subnet.free_addresses) < limits.subnet_free_addresses {
                Some(Finding::bad(format!("{} left", subnet.free_addresses), text).at(place))
            } else if free_percent(subnet) < limits.subnet_free_percent {
                Some(Finding::warn(format!("{} free", percent(free_percent(subnet))), text).at(place))
            } else {
                None
            }
        })
        .collect();
    Verdict::of(findings, "enough in every subnet")
}

fn free_percent(subnet: &Subnet) -> f64 {
    if subnet.addresses == 0 { 0.0 } else { f64::from(subnet.free_addresses) * 100.0 / f64::from(subnet.addresses) }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.collect::<std::collections::BTreeSet<_>>().len()
}
