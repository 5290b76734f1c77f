//! A VPC with everything in it.

use serde::Serialize;

use crate::domain::list::Identified;
use crate::domain::scope::Environment;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Vpc {
    pub id: Text,
    pub name: Text,
    pub environment: Environment,
    pub cidr: Text,
    pub flow_logs: bool,
    pub subnets: Vec<Subnet>,
    pub internet_gateways: Vec<InternetGateway>,
    pub nat_gateways: Vec<NatGateway>,
    pub security_groups: Vec<SecurityGroup>,
    pub acls: Vec<NetworkAcl>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subnet {
    pub id: Text,
    pub zone: Text,
    /// Its default route leads to an internet gateway.
    pub is_public: bool,
    pub free_addresses: u32,
    pub addresses: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InternetGateway {
    pub id: Text,
    pub attached: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NatGateway {
    pub id: Text,
    pub zone: Text,
    /// `available`, `failed` ..., in AWS's spelling.
    pub state: Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SecurityGroup {
    pub id: Text,
    pub name: Text,
    /// Ports open to 0.0.0.0/0 or `::/0`.
    pub open_to_world: Vec<u16>,
    pub in_use: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkAcl {
    pub id: Text,
    pub subnets: u32,
    pub rules: u32,
    /// Deny rules that hit a port some security group opens.
    pub blocks_used_ports: Vec<u16>,
    pub allows_everything: bool,
}

impl Vpc {
    pub fn free_addresses(&self) -> u32 {
        self.subnets.iter().map(|subnet| subnet.free_addresses).sum()
    }
}

impl Identified for Vpc {
    fn key(&self) -> &str {
        self.id.as_str()
    }
}
