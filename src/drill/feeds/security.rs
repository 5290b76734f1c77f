//! Identities, keys, the firewall.

use jiff::SignedDuration;

use crate::domain::security::{AccessKey, AccessReport, IamSummary, KmsKey, WebAcl};
use crate::drill::company::Site;
use crate::drill::publish::{USUALLY_BLOCKED, WEB_ACL};
use crate::drill::simulation::Simulation;

pub(super) const DATA_KEY: &str = "8d1f2c3a-55e0-4b7c-9a2e-1f6c0d9be471";

pub(super) fn web_acls(site: Site) -> Vec<WebAcl> {
    match site {
        Site::Prod => vec![WebAcl {
            name: WEB_ACL.into(),
            rules: 7,
            guards: vec!["web-edge".into(), "checkout".into()],
            top_rule: Some("AWSManagedRulesBotControlRuleSet".into()),
            usual_blocked_per_minute: USUALLY_BLOCKED,
        }],
        Site::Standby => vec![WebAcl {
            name: "shop-front-dr".into(),
            rules: 7,
            guards: vec!["web-edge-dr".into()],
            top_rule: None,
            usual_blocked_per_minute: 0.0,
        }],
        _ => Vec::new(),
    }
}

pub(super) fn keys(site: Site) -> Vec<KmsKey> {
    let key = |id: &str, alias: &str, customer_managed| KmsKey {
        id: id.into(),
        alias: alias.into(),
        state: "Enabled".into(),
        rotation: true,
        customer_managed,
    };
    match site {
        Site::Prod | Site::Standby => vec![
            key(DATA_KEY, "alias/data", true),
            key("c2b7a9d0-1e44-4f0b-8a6d-93b5c7e21f08", "alias/messages", true),
            key("0f9e8d7c-6b5a-4938-a716-25f4e3d2c1b0", "alias/aws/s3", false),
        ],
        Site::Dev => vec![key("5a4b3c2d-1e0f-4a9b-8c7d-6e5f4a3b2c1d", "alias/dev", true)],
        _ => Vec::new(),
    }
}

pub(super) fn iam(site: Site) -> IamSummary {
    let is_dev = site == Site::DevGlobal;
    IamSummary {
        caller: format!("arn:aws:sts::{}:assumed-role/oncall-read/you", site.account()).into(),
        roles: if is_dev { 19 } else { 41 },
        admin_roles: if is_dev { vec!["dev-admin".into()] } else { vec!["break-glass".into()] },
        workload_admin_roles: Vec::new(),
        unused_90_days: if is_dev { 4 } else { 3 },
        root_access_keys: false,
    }
}

pub(super) fn access(s: &Simulation, site: Site) -> AccessReport {
    let ago = |days: i64| s.scenario.start - SignedDuration::from_hours(24 * days);
    let key = |user: &str, days: i64, used: i64| AccessKey {
        user: user.into(),
        created: ago(days),
        last_used: Some(s.scenario.start - SignedDuration::from_hours(used)),
    };
    match site {
        Site::ProdGlobal => AccessReport { findings: Vec::new(), keys: vec![key("partner-upload", 38, 2)] },
        _ => AccessReport { findings: Vec::new(), keys: vec![key("ci-mirror", 61, 20)] },
    }
}
