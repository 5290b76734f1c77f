//! Who we are to AWS, and in which regions.

use super::ask::Ask;
use super::convert::text;
use crate::domain::identity::Identity;
use crate::domain::text::Text;
use crate::world::port::CloudError;

/// `GetCallerIdentity` needs no permission, and so is also the plainest test of a sign-in. The account's alias would need
/// another SDK crate for one word; the scope's own name stands for it.
pub(super) async fn caller(ask: &Ask<'_>) -> Result<Identity, CloudError> {
    let answer = ask.call("sts:GetCallerIdentity", ask.clients.sts.get_caller_identity().send()).await?;
    Ok(Identity { account: text(answer.account()), alias: None, arn: text(answer.arn()), regions: None })
}

pub(super) async fn identity(ask: &Ask<'_>) -> Result<Identity, CloudError> {
    let caller = caller(ask).await?;
    let regions = ask.call("ec2:DescribeRegions", ask.clients.ec2.describe_regions().send()).await;
    let regions = ask.or_gap(regions)?.map(|answer| {
        let mut names: Vec<Text> = answer.regions().iter().map(|region| text(region.region_name())).collect();
        names.sort();
        names
    });
    Ok(Identity { regions, ..caller })
}
