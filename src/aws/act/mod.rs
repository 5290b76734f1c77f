//! Changes, sent to AWS: each call once, and what became of it told as it is.
//!
//! A [`Step`] is the whole of a call. Nothing is read here and nothing is added, so that what goes over the wire is what was
//! previewed; that is tested for every step. Whether a call may be sent at all is settled above: whoever may only look is
//! handed no [`Act`], and a scope that may not be acted on is kept from [`Aws::send`], the one way out.

mod hands;
mod outcome;
mod send;

use std::time::Duration;

use super::Aws;
use crate::domain::scope::Scope;
use crate::world::act::{Act, Receipt, Sent, Step};
use crate::world::port::{BoxFuture, CloudError, FaultClass};
pub(super) use hands::Hands;

/// How long an answer to a call that changes something is waited for. Longer than for a question: giving up early makes
/// "done" into "perhaps".
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

impl Aws {
    /// The same with another patience for answers to calls that change something.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    async fn send(&self, scope: &Scope, step: &Step) -> Result<Receipt, Sent> {
        let Some(place) = self.places.get(scope) else {
            return Err(Sent::No(CloudError {
                class: FaultClass::Unsupported,
                operation: step.action().into(),
                message: format!("{scope} is not among the scopes asked for").into(),
                missing: None,
            }));
        };
        let hands = place.hands(self.patience).await;
        let outcome = send::send(&hands, &place.login, step).await;
        if let Err(Sent::No(error)) = &outcome
            && error.class == FaultClass::Expired
            && !error.wants_code()
        {
            place.forget_login().await;
        }
        outcome
    }
}

impl Act for Aws {
    fn apply<'a>(&'a self, scope: &'a Scope, step: &'a Step) -> BoxFuture<'a, Result<Receipt, Sent>> {
        Box::pin(self.send(scope, step))
    }
}
