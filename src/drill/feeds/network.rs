//! The network.

use crate::domain::network::{InternetGateway, NatGateway, NetworkAcl, SecurityGroup, Subnet, Vpc};
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::simulation::Simulation;

pub(super) fn networks(s: &Simulation, site: Site) -> Vec<Vpc> {
    let (name, second) = match site {
        Site::Prod => ("shop", 0),
        Site::Standby => ("shop-dr", 1),
        Site::Dev => ("dev", 2),
        _ => return Vec::new(),
    };
    let zones = zones(site);
    let fleets: usize = s.fleets().iter().filter(|fleet| fleet.plan.site == site).map(|fleet| fleet.units.len()).sum();
    let in_use = if site == Site::Dev {
        s.dev.machines.len() + s.dev.fleets().map(|it| it.units.len()).sum::<usize>()
    } else {
        fleets
    };
    let subnet = |zone: usize, is_public: bool| {
        let (addresses, taken) = if is_public { (251, 12) } else { (1_019, 60 + in_use / zones) };
        Subnet {
            id: format!("subnet-0{second}{}{zone}f3a91c7be2d4", u8::from(is_public)).into(),
            zone: site.zone(zone),
            is_public,
            free_addresses: addresses - (taken as u32).min(addresses),
            addresses,
        }
    };
    let group = |number: usize, name: &str, open: &[u16]| SecurityGroup {
        id: format!("sg-0{second}4b7c2e9d1f83a{number}").into(),
        name: name.into(),
        open_to_world: open.to_vec(),
        in_use: true,
    };
    vec![Vpc {
        id: format!("vpc-0{second}a1b2c3d4e5f6078").into(),
        name: name.into(),
        environment: site.environment(),
        cidr: format!("10.{second}.0.0/16").into(),
        flow_logs: true,
        subnets: (0..zones).flat_map(|zone| [subnet(zone, true), subnet(zone, false)]).collect(),
        internet_gateways: vec![InternetGateway { id: format!("igw-0{second}9d8c7b6a5f4e321").into(), attached: true }],
        nat_gateways: (0..zones)
            .map(|zone| NatGateway {
                id: nat_id(site, zone),
                zone: site.zone(zone),
                state: if s.home_lost.is_some() && site == Site::Prod { "failed".into() } else { "available".into() },
            })
            .collect(),
        security_groups: vec![
            group(1, "edge", &[80, 443]),
            group(2, "web", &[]),
            group(3, "services", &[]),
            group(4, "data", &[]),
        ],
        acls: vec![NetworkAcl {
            id: format!("acl-0{second}5e6f708192a3b4c").into(),
            subnets: (zones * 2) as u32,
            rules: 8,
            blocks_used_ports: Vec::new(),
            allows_everything: false,
        }],
    }]
}

pub fn zones(site: Site) -> usize {
    if site == Site::Dev { 1 } else { 3 }
}

pub fn nat_id(site: Site, zone: usize) -> Text {
    let letter = ["a", "b", "c"][zone % 3];
    match site {
        Site::Prod => format!("nat-0a1b2c3d4e5f6070{letter}").into(),
        Site::Standby => format!("nat-0b2c3d4e5f607081{letter}").into(),
        _ => format!("nat-0c3d4e5f60708192{letter}").into(),
    }
}
