//! Lambda, as the drill tells of it.

use crate::domain::function::{Function, Provisioned, Reserved};
use crate::domain::scope::Environment;
use crate::domain::text::Text;
use crate::drill::company::Site;
use crate::drill::function::ALIAS;
use crate::drill::publish::CONCURRENCY_LIMIT;
use crate::drill::simulation::Simulation;

pub(super) fn functions(s: &Simulation, site: Site) -> Vec<Function> {
    if site != Site::Prod {
        return Vec::new();
    }
    s.functions
        .iter()
        .map(|it| Function {
            name: it.name.into(),
            environment: Environment::Prod,
            runtime: it.runtime.into(),
            alias: Some(ALIAS.into()),
            version: Some(it.version.clone()),
            previous_version: Some(it.previous.clone()),
            published_before: None,
            revision: Some(it.revision(s.noise)),
            shift: None,
            modified: None,
            // The supplier cannot take more at once.
            reserved: Some(if it.name == "stock-sync" { Reserved::Executions(20) } else { Reserved::Nothing }),
            provisioned: Some(if it.name == "receipts" { vec![warm(ALIAS, 5)] } else { Vec::new() }),
            account_concurrency_limit: Some(CONCURRENCY_LIMIT),
        })
        .collect()
}

fn warm(of: &str, executions: u32) -> Provisioned {
    Provisioned {
        of: of.into(),
        wanted: Some(executions),
        ready: Some(executions),
        status: "READY".into(),
        reason: Text::default(),
    }
}
