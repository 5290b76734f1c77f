//! What became of a call that was to be sent once: done, not done, or not known.

use std::error::Error;

use aws_sdk_sts::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::hands::watched;
use crate::aws::fault;
use crate::aws::login::Login;
use crate::domain::text::Text;
use crate::world::act::{Receipt, Sent};
use crate::world::port::FaultClass;

/// Refusals that come with the status of a breakdown: somebody else is changing the thing, or a role is missing.
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html>
const REFUSED: &[&str] = &["ResourceContention", "ServiceLinkedRoleFailure", "ConcurrentUpdateException"];

/// What hyper says where no connection was made: no name, no route, no trust. Nothing of the request has gone then.
const NOT_CONNECTED: &str = "client error (Connect)";

/// One call on its way out.
pub(super) struct Parcel<'a> {
    /// As IAM names it.
    pub action: String,
    pub login: &'a Login,
}

impl Parcel<'_> {
    /// Sends it. `made` finds the name of what came into being by it.
    pub async fn send<T, E>(
        &self,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        made: impl FnOnce(&T) -> Option<&str>,
    ) -> Result<Receipt, Sent>
    where
        T: RequestId,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (outcome, has_left) = watched(request).await;
        outcome
            .map(|output| Receipt {
                request_id: output.request_id().map(Text::new),
                made: made(&output).filter(|name| !name.is_empty()).map(Text::new),
            })
            .map_err(|error| {
                let told = fault::of(&self.action, &error, self.login);
                if is_surely_not_done(&error, has_left, told.class) { Sent::No(told) } else { Sent::Perhaps(told) }
            })
    }
}

/// In doubt it may have been done.
fn is_surely_not_done<E>(error: &SdkError<E, HttpResponse>, has_left: bool, class: FaultClass) -> bool
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        _ if !has_left => true,
        SdkError::DispatchFailure(_) => fault::chain(error).any(|cause| cause.to_string() == NOT_CONNECTED),
        SdkError::ServiceError(answer) => is_refusal(answer.raw().status().as_u16(), answer.err().code(), class),
        SdkError::ResponseError(answer) => is_refusal(answer.raw().status().as_u16(), None, class),
        _ => false,
    }
}

/// Whether an answer says that nothing was done. One that speaks of a breakdown does not, whatever its status; neither does a
/// 408, by which a proxy tells that it has waited long enough.
fn is_refusal(status: u16, code: Option<&str>, class: FaultClass) -> bool {
    match status {
        408 => false,
        400..=499 => class != FaultClass::Internal,
        // Nobody here does such things.
        501 => true,
        500.. => class == FaultClass::Throttled || code.is_some_and(|code| REFUSED.contains(&code)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_doubt_it_may_have_been_done() {
        use FaultClass::{Denied, Internal, Malformed, Throttled, Unsupported};
        assert!(is_refusal(400, Some("ValidationError"), Unsupported));
        assert!(is_refusal(403, Some("AccessDenied"), Denied));
        assert!(is_refusal(404, None, Malformed));
        assert!(is_refusal(503, Some("RequestLimitExceeded"), Throttled));
        assert!(is_refusal(500, Some("ResourceContention"), Internal));
        for (status, code, class) in [
            (200, None, Malformed),
            (307, None, Malformed),
            (408, None, Malformed),
            (400, Some("InternalFailure"), Internal),
            (500, Some("InternalFailure"), Internal),
            (502, None, Internal),
            (503, Some("ServiceUnavailable"), Internal),
        ] {
            assert!(!is_refusal(status, code, class), "{status} {code:?}");
        }
    }
}
