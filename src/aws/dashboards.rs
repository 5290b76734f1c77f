//! Dashboards, as CloudWatch keeps them: a name and a body of JSON.

use aws_sdk_cloudwatch::operation::list_dashboards::ListDashboardsOutput;
use aws_sdk_cloudwatch::types::DashboardEntry;
use jiff::Timestamp;

use super::ask::{Ask, denied_in_part, gather, unread};
use super::convert::{text, time};
use crate::domain::dashboard::Dashboard;
use crate::domain::list::List;
use crate::world::port::{CloudError, FaultClass};

/// Three are free and most teams have a handful; an account with thousands has them made by a program, and reading each
/// would be thousands of calls.
const MOST: usize = 200;

pub(super) async fn dashboards(ask: &Ask<'_>) -> Result<List<Dashboard>, CloudError> {
    let pages = ask.clients.cloudwatch.list_dashboards().into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.pages("cloudwatch:ListDashboards", pages).await?;
    let mut entries: Vec<_> = pages.iter().flat_map(ListDashboardsOutput::dashboard_entries).collect();
    entries.sort_by(|a, b| {
        b.last_modified().cmp(&a.last_modified()).then_with(|| a.dashboard_name().cmp(&b.dashboard_name()))
    });
    if entries.len() > MOST {
        ask.gap(unread("cloudwatch:GetDashboard", entries.len() - MOST, "dashboards"));
    }
    let (mut all, mut denied) = (Vec::new(), None);
    let read = entries.into_iter().take(MOST).map(|entry| dashboard(ask, entry)).collect();
    for one in gather(read).await? {
        match one {
            Ok(dashboard) => all.extend(dashboard),
            Err(error) => denied = Some(error),
        }
    }
    denied_in_part(ask, denied, all.is_empty())?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

/// One dashboard with its body; nothing if it was deleted since it was listed. One that is denied is no reason to show none.
async fn dashboard(ask: &Ask<'_>, entry: &DashboardEntry) -> Result<Result<Option<Dashboard>, CloudError>, CloudError> {
    let Some(name) = entry.dashboard_name() else { return Ok(Ok(None)) };
    let request = ask.clients.cloudwatch.get_dashboard().dashboard_name(name).send();
    let body = match ask.call("cloudwatch:GetDashboard", request).await {
        Ok(answer) => answer.dashboard_body().unwrap_or("").to_owned(),
        Err(error) if error.class == FaultClass::NotFound => return Ok(Ok(None)),
        Err(error) if error.class == FaultClass::Denied => return Ok(Err(error)),
        Err(error) => return Err(error),
    };
    let name = text(Some(name));
    let modified = entry.last_modified().map_or(Timestamp::UNIX_EPOCH, time);
    // A body that is no JSON is one dashboard that cannot be drawn, and says so.
    let unreadable =
        |_| Dashboard { name: name.clone(), widgets: Vec::new(), broken: vec!["its body is no JSON".into()], modified };
    Ok(Ok(Some(Dashboard::parse(name.clone(), &body, modified).unwrap_or_else(unreadable))))
}
