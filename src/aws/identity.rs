//! Who we are to AWS.

use super::ask::Ask;
use super::convert::text;
use crate::domain::identity::Identity;
use crate::world::port::CloudError;

/// `GetCallerIdentity` needs no permission, and so is also the plainest test of a sign-in. The account's alias would need
/// another SDK crate for one word; the scope's own name stands for it.
pub(super) async fn identity(ask: &Ask<'_>) -> Result<Identity, CloudError> {
    let answer = ask.call("sts:GetCallerIdentity", ask.clients.sts.get_caller_identity().send()).await?;
    Ok(Identity { account: text(answer.account()), alias: None, arn: text(answer.arn()) })
}
