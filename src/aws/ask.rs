//! One question being answered: its calls take turns, are counted, and fail in one of a few ways.

use std::collections::HashSet;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};

use super::fault;
use super::place::{Clients, Place};
use crate::domain::scope::Scope;
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass, Usage};

/// Pages read of one answer. Ten thousand pages of a hundred are a million things; more is an endpoint that does not end.
const MOST_PAGES: usize = 10_000;

/// What one question has taken so far.
#[derive(Debug, Default)]
struct Meter {
    attempts: AtomicU32,
    micro_usd: AtomicU32,
    calls: AtomicU32,
    milliseconds: AtomicU32,
}

tokio::task_local! {
    /// The question whose call is under way. The SDK's interceptors are made once for each client and cannot be handed it.
    static METER: Arc<Meter>;
    /// Which pages of one answer were asked for, by what the request said.
    static PAGES: Arc<Mutex<HashSet<u64>>>;
}

/// An endpoint that gives a token it gave before would be asked for ever.
#[derive(Debug, thiserror::Error)]
#[error("the page tokens go in circles")]
pub(super) struct Circle;

/// Watches what goes out and comes back: counts every attempt, the SDK's own retries too, asks for no page twice, and takes
/// nothing for an answer that is none.
#[derive(Debug)]
pub(super) struct Watch;

#[dyn_dispatch_hint]
impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn read_after_serialization(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut said = DefaultHasher::new();
        context.request().uri().hash(&mut said);
        context.request().body().bytes().hash(&mut said);
        let said = said.finish();
        let is_new = PAGES.try_with(|pages| pages.lock().unwrap_or_else(PoisonError::into_inner).insert(said));
        if is_new.unwrap_or(true) { Ok(()) } else { Err(Circle.into()) }
    }

    /// The services that speak JSON are taken to mean an empty list by nothing at all, which is what a proxy may answer.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let is_empty = response.status().is_success() && response.body().bytes().is_some_and(<[u8]>::is_empty);
        if is_empty && context.output_or_error().is_ok() { Err("it is empty".into()) } else { Ok(()) }
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let _ = METER.try_with(|meter| meter.attempts.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

/// One question, in one place, at one time.
pub(super) struct Ask<'a> {
    pub place: &'a Place,
    pub clients: Arc<Clients>,
    pub at: Timestamp,
    gaps: Arc<Mutex<Vec<CloudError>>>,
    meter: Arc<Meter>,
}

/// Answers a question, and tells what it took and what it had to do without.
pub(super) async fn answering<'a, T, F>(
    place: &'a Place,
    at: Timestamp,
    read: impl FnOnce(Ask<'a>) -> F,
) -> (Result<T, CloudError>, Usage, Vec<CloudError>)
where
    F: Future<Output = Result<T, CloudError>>,
{
    let meter = Arc::new(Meter::default());
    let gaps = Arc::new(Mutex::new(Vec::new()));
    let clients = place.clients().await;
    let ask = Ask { place, clients, at, gaps: Arc::clone(&gaps), meter: Arc::clone(&meter) };
    let outcome = METER.scope(Arc::clone(&meter), read(ask)).await;
    // A sign-in that waits for a code is whole; there is nothing new in the files.
    if let Err(error) = &outcome
        && error.class == FaultClass::Expired
        && !error.wants_code()
    {
        place.forget_login().await;
    }
    let of = |number: &AtomicU32| number.load(Ordering::Relaxed);
    let usage = Usage {
        calls: of(&meter.attempts),
        latency_ms: of(&meter.milliseconds) / of(&meter.calls).max(1),
        micro_usd: of(&meter.micro_usd),
    };
    let gaps = std::mem::take(&mut *gaps.lock().unwrap_or_else(PoisonError::into_inner));
    (outcome, usage, gaps)
}

impl Ask<'_> {
    pub fn scope(&self) -> &Scope {
        &self.place.scope
    }

    /// One call, in its turn. `operation` is its IAM action: `ecs:DescribeClusters`.
    pub async fn call<T, E>(
        &self,
        operation: &'static str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, CloudError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.place.turn(operation).await;
        let begun = instant();
        let outcome = request.await;
        self.note(begun);
        outcome.map_err(|error| fault::of(operation, &error, &self.place.login))
    }

    /// Something asked that is not AWS.
    pub async fn outside<T>(&self, request: impl Future<Output = T>) -> T {
        self.meter.attempts.fetch_add(1, Ordering::Relaxed);
        let begun = instant();
        let outcome = request.await;
        self.note(begun);
        outcome
    }

    /// Every page of an answer, each in its turn. The paginator is told not to stop at a token that repeats, or an answer that
    /// goes in circles would look like a whole one.
    pub async fn pages<T, E>(
        &self,
        operation: &'static str,
        stream: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<Vec<T>, CloudError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let mut pages = Vec::new();
        self.each_page(operation, stream, |page| pages.push(page)).await?;
        Ok(pages)
    }

    /// As [`Self::pages`], but handed over one by one: the SDK's types are many times as large as what is made of them.
    pub async fn each_page<T, E>(
        &self,
        operation: &'static str,
        mut stream: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
        mut take: impl FnMut(T),
    ) -> Result<(), CloudError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let asked = Arc::default();
        for _ in 0..MOST_PAGES {
            self.place.turn(operation).await;
            let begun = instant();
            let Some(page) = PAGES.scope(Arc::clone(&asked), stream.next()).await else { return Ok(()) };
            self.note(begun);
            take(page.map_err(|error| fault::of(operation, &error, &self.place.login))?);
        }
        Err(malformed(operation, &format!("more than {MOST_PAGES} pages")))
    }

    /// An answer that changes seldom and takes many calls: the last one, if that is not older than `age`.
    pub async fn seldom<T: Send + Sync + 'static>(
        &self,
        what: &'static str,
        age: SignedDuration,
        read: impl Future<Output = Result<T, CloudError>>,
    ) -> Result<Arc<T>, CloudError> {
        match self.place.kept(what) {
            Some((at, value)) if self.at.duration_since(at) < age => Ok(value),
            _ => {
                let value = Arc::new(read.await?);
                self.place.keep(what, self.at, Arc::clone(&value));
                Ok(value)
            }
        }
    }

    /// Some of very many, which are looked into in turn: `most` of them, from where the last answer to this left off. `all`
    /// is sorted.
    pub fn turn<'b>(&self, what: &'static str, all: &'b [String], most: usize) -> Vec<&'b String> {
        let last = self.place.kept::<String>(what);
        let chosen = next_in_turn(all, last.as_ref().map(|(_, last)| last.as_str()), most);
        if let Some(last) = chosen.last() {
            self.place.keep(what, self.at, Arc::new((*last).clone()));
        }
        chosen
    }

    /// An answer one can do without: where it is denied, unknown here or gone, the gap is told beside what was read.
    /// Anything else (a throttle, a timeout) passes, and is no reason to show half of the truth as the whole.
    pub fn or_gap<T>(&self, outcome: Result<T, CloudError>) -> Result<Option<T>, CloudError> {
        match outcome {
            Ok(answer) => Ok(Some(answer)),
            Err(error)
                if matches!(error.class, FaultClass::Denied | FaultClass::Unsupported | FaultClass::NotFound) =>
            {
                self.gap(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// An answer that only adds to what the question is about: whatever stands in its way is a gap, and takes nothing of the
    /// rest.
    pub fn beside<T>(&self, outcome: Result<T, CloudError>) -> Option<T> {
        outcome.map_err(|error| self.gap(error)).ok()
    }

    /// Notes what the answer had to do without; one of each kind is enough.
    pub fn gap(&self, error: CloudError) {
        let mut gaps = self.gaps.lock().unwrap_or_else(PoisonError::into_inner);
        if !gaps.iter().any(|known| known.operation == error.operation && known.class == error.class) {
            gaps.push(error);
        }
    }

    /// Notes what a call cost at list price, in millionths of a dollar.
    pub fn charge(&self, micro_usd: u32) {
        self.meter.micro_usd.fetch_add(micro_usd, Ordering::Relaxed);
    }

    fn note(&self, begun: Instant) {
        let took = u32::try_from(instant().saturating_duration_since(begun).as_millis()).unwrap_or(u32::MAX);
        self.meter.calls.fetch_add(1, Ordering::Relaxed);
        self.meter.milliseconds.fetch_add(took, Ordering::Relaxed);
    }
}

/// Several calls at once, but not all: their answers in the order of the calls, or the first failure. The futures are made
/// before they are run, because a stream of closures over borrowed answers is not general enough for a boxed future.
pub(super) async fn gather<T>(calls: Vec<impl Future<Output = Result<T, CloudError>>>) -> Result<Vec<T>, CloudError> {
    const AT_ONCE: usize = 8;
    stream::iter(calls).buffered(AT_ONCE).try_collect().await
}

fn next_in_turn<'b>(all: &'b [String], last: Option<&str>, most: usize) -> Vec<&'b String> {
    let from = last.map_or(0, |last| all.partition_point(|one| one.as_str() <= last));
    all.iter().cycle().skip(from).take(most.min(all.len())).collect()
}

/// Some of many things may be denied one by one: a gap then, and a failure only where nothing is left to show.
pub(super) fn denied_in_part(ask: &Ask<'_>, denied: Option<CloudError>, is_empty: bool) -> Result<(), CloudError> {
    match denied {
        Some(error) if is_empty => Err(error),
        Some(error) => {
            ask.gap(error);
            Ok(())
        }
        None => Ok(()),
    }
}

/// A gap for what is beyond a bound of ours.
pub(super) fn unread(operation: &'static str, more: usize, what: &str) -> CloudError {
    CloudError {
        class: FaultClass::Unsupported,
        operation: operation.into(),
        message: Text::new(&format!("{more} more {what} are not read: one call each is too much")),
        missing: None,
    }
}

/// An answer that does not say what it must.
pub(super) fn malformed(operation: &'static str, message: &str) -> CloudError {
    CloudError { class: FaultClass::Malformed, operation: operation.into(), message: Text::new(message), missing: None }
}

#[expect(clippy::disallowed_methods, reason = "how long a call takes is measured by the wall, whatever time it is")]
fn instant() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_its_turn_once_whatever_comes_and_goes() {
        let all: Vec<String> = ["a", "c", "e", "g"].map(str::to_owned).to_vec();
        let of = |last, most| next_in_turn(&all, last, most).into_iter().map(String::as_str).collect::<String>();
        assert_eq!(of(None, 3), "ace");
        assert_eq!(of(Some("e"), 3), "gac");
        assert_eq!(of(Some("d"), 2), "eg");
        assert_eq!(of(Some("z"), 9), "aceg");
        assert!(next_in_turn(&[], Some("a"), 3).is_empty());
    }
}
