//! The metrics that had a datapoint lately, by name.
//!
//! For people to look through. What the board reads is asked for by what was found and not by this list, which takes a
//! quarter of an hour to show a new metric, and forgets one that has been silent.

use std::collections::HashSet;

use aws_sdk_cloudwatch::types::{Metric, RecentlyActive};

use super::ask::{Ask, malformed};
use super::convert::text;
use crate::domain::list::List;
use crate::domain::metric_name::MetricName;
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

const ACTION: &str = "cloudwatch:ListMetrics";

/// Five hundred to a page. An account with more than this has too many for a list, and each page is paid for.
const MOST_PAGES: usize = 20;
/// At list price, in millionths of a dollar: 0.01 USD for a thousand requests, after a million free ones a month.
/// <https://aws.amazon.com/cloudwatch/pricing/>
const PRICE: u32 = 10;

pub(super) async fn names(ask: &Ask<'_>) -> Result<List<MetricName>, CloudError> {
    let (mut all, mut known) = (Vec::new(), HashSet::new());
    let (mut token, mut tokens) = (None, HashSet::new());
    for _ in 0..MOST_PAGES {
        let request = ask.clients.cloudwatch.list_metrics().recently_active(RecentlyActive::Pt3H);
        let request = request.set_next_token(token);
        ask.charge(PRICE);
        let page = ask.call(ACTION, request.send()).await?;
        // A page may say again what another said.
        all.extend(page.metrics().iter().filter_map(name).filter(|metric| known.insert(metric.id.clone())));
        token = page.next_token.filter(|token| !token.is_empty());
        match &token {
            None => break,
            Some(token) if !tokens.insert(token.clone()) => {
                return Err(malformed(ACTION, "the page tokens go in circles"));
            }
            Some(_) => {}
        }
    }
    if token.is_some() {
        ask.gap(CloudError {
            class: FaultClass::Unsupported,
            operation: ACTION.into(),
            message: Text::new(&format!("only the first {} metrics are read", all.len())),
            missing: None,
        });
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(List::new(all))
}

fn name(it: &Metric) -> Option<MetricName> {
    let mut dimensions: Vec<(Text, Text)> =
        it.dimensions().iter().map(|dimension| (text(dimension.name()), text(dimension.value()))).collect();
    dimensions.sort();
    Some(MetricName::new(text(it.namespace()), Text::new(it.metric_name()?), dimensions))
}
