//! Asking GitHub: one request at a time, none twice for an answer that has not changed, and none beyond what it allows.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::byte_stream::ByteStream;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;

use super::token::Token;
use super::wire::{RateLimit, Trouble};
use crate::aws::Now;
use crate::aws::ask::{Ask, malformed};
use crate::aws::login::connector;
use crate::domain::text::Text;
use crate::domain::units::{brief, count};
use crate::world::port::{CloudError, FaultClass};

const API: &str = "https://api.github.com";
/// How long a connection, a silence and a whole request may take.
const CONNECT: Duration = Duration::from_secs(3);
const SILENCE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest answer read: a page of a hundred pull requests is a tenth of it.
const LONGEST: usize = 16 << 20;
/// A repository that was renamed answers with its new address.
const HOPS: usize = 3;
/// Answers held.
const HELD: usize = 2_000;
/// An answer this young is good enough: pipelines of several regions ask for the same.
const YOUNG: SignedDuration = SignedDuration::from_secs(20);
/// How old an answer may be that stands in for one that did not come.
const STANDS_IN: SignedDuration = SignedDuration::from_mins(15);
/// Where GitHub says to wait and not for how long. <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>
const A_WHILE: SignedDuration = SignedDuration::from_mins(1);
/// Longest wait believed.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// Requests an hour without a token, shared with everybody behind the same address.
const ANONYMOUS: i64 = 60;
/// One in so many requests is left to the person the token is of.
const LEFT: u32 = 20;

/// A client of one GitHub, for every account and region.
pub struct GitHub {
    api: String,
    token: Token,
    now: Now,
    http: SharedHttpConnector,
    state: Mutex<State>,
    /// GitHub wants requests one after the other.
    turn: tokio::sync::Mutex<()>,
    /// The token, once it was found; a command is asked again when GitHub has refused what it printed.
    value: tokio::sync::Mutex<Option<String>>,
}

/// How much may still be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub limit: u32,
    pub remaining: u32,
    pub resets: Timestamp,
}

impl Budget {
    /// `4,992 of 5,000 requests left, anew in 12 min`.
    pub fn words(&self, now: Timestamp) -> String {
        let left = self.resets.duration_since(now).max(SignedDuration::ZERO);
        let (remaining, limit) = (count(u64::from(self.remaining)), count(u64::from(self.limit)));
        format!("{remaining} of {limit} requests left, anew in {}", brief(left))
    }
}

#[derive(Default)]
struct State {
    budget: Option<Budget>,
    /// Until when nothing is asked, and why.
    waits: Option<(Timestamp, &'static str)>,
    held: HashMap<String, Held>,
}

struct Held {
    etag: Option<String>,
    read: Timestamp,
    next: Option<String>,
    it: Arc<dyn Any + Send + Sync>,
}

/// An answer, and where the next page of it is.
pub(super) struct Answer<T> {
    pub it: Arc<T>,
    pub next: Option<String>,
}

impl GitHub {
    /// GitHub itself where `api` is empty, else an Enterprise server: `https://github.example/api/v3`.
    pub fn new(api: &str, token: Token, now: Now) -> Self {
        let api = api.trim_end_matches('/');
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(SILENCE).build();
        Self {
            api: if api.is_empty() { API.to_owned() } else { api.to_owned() },
            token,
            now,
            http: connector(&settings, Some(SharedAsyncSleep::new(TokioSleep::new()))),
            state: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            value: tokio::sync::Mutex::default(),
        }
    }

    /// Whether it is GitHub itself that is asked.
    pub(in crate::aws) fn is_the_usual(&self) -> bool {
        self.api == API
    }

    pub(super) async fn has_token(&self) -> bool {
        matches!(self.secret().await, Ok(Some(_)))
    }

    /// Where the token is from.
    pub fn whence(&self) -> String {
        self.token.whence()
    }

    /// How much may still be asked. Asking this is free.
    pub async fn budget(&self) -> Result<Budget, CloudError> {
        const WHAT: &str = "github:rate_limit";
        let _turn = self.turn.lock().await;
        let (status, _, body) = self.send(WHAT, "/rate_limit", None).await?;
        if status != 200 {
            return Err(self.refused(WHAT, "the rate limit", status, &Headers::default(), &body));
        }
        let told: RateLimit = serde_json::from_slice(&body).map_err(|error| malformed(WHAT, &error.to_string()))?;
        let core = told.resources.core;
        let resets = Timestamp::from_second(core.reset).unwrap_or(Timestamp::MAX);
        Ok(Budget { limit: core.limit, remaining: core.remaining, resets })
    }

    /// When an answer was read last.
    pub(super) fn read_at(&self, path: &str) -> Option<Timestamp> {
        self.state().held.get(path).map(|held| held.read)
    }

    /// What was answered before.
    pub(super) fn held<T: Send + Sync + 'static>(&self, path: &str) -> Option<Answer<T>> {
        let state = self.state();
        let held = state.held.get(path)?;
        Some(Answer { it: Arc::clone(&held.it).downcast().ok()?, next: held.next.clone() })
    }

    /// The answer to a question about a repository: the one before, where that is young or has not changed.
    pub(super) async fn get<T: DeserializeOwned + Send + Sync + 'static>(
        &self,
        ask: &Ask<'_>,
        what: &'static str,
        repository: &Text,
        path: &str,
    ) -> Result<Answer<T>, CloudError> {
        let secret = self.secret().await?;
        let _turn = self.turn.lock().await;
        let now = (self.now)();
        let before = self.held::<T>(path);
        if let (Some(before), Some(read)) = (&before, self.read_at(path))
            && now.duration_since(read) < self.good_for(secret.is_some())
        {
            return Ok(Answer { it: Arc::clone(&before.it), next: before.next.clone() });
        }
        let outcome = match self.waits(what, now) {
            Some(waits) => Err(waits),
            None => ask.outside(self.fetch(what, repository, path, before.as_ref())).await,
        };
        match (outcome, before, self.read_at(path)) {
            // Better than nothing for a while, where it is the way that is blocked and not the answer that has changed.
            (Err(error), Some(before), Some(read))
                if matches!(
                    error.class,
                    FaultClass::Throttled | FaultClass::Timeout | FaultClass::Transport | FaultClass::Internal
                ) && now.duration_since(read) < STANDS_IN =>
            {
                ask.gap(CloudError {
                    message: format!(
                        "{}; shown is what was read {} ago",
                        error.message,
                        brief(now.duration_since(read))
                    )
                    .into(),
                    ..error
                });
                Ok(before)
            }
            (outcome, ..) => outcome,
        }
    }

    async fn fetch<T: DeserializeOwned + Send + Sync + 'static>(
        &self,
        what: &'static str,
        repository: &Text,
        path: &str,
        before: Option<&Answer<T>>,
    ) -> Result<Answer<T>, CloudError> {
        let etag = self.state().held.get(path).and_then(|held| held.etag.clone()).filter(|_| before.is_some());
        let (status, headers, body) = self.send(what, path, etag.as_deref()).await?;
        self.take_note(status, &headers);
        let now = (self.now)();
        match (status, before) {
            (304, Some(before)) => {
                if let Some(held) = self.state().held.get_mut(path) {
                    held.read = now;
                }
                Ok(Answer { it: Arc::clone(&before.it), next: before.next.clone() })
            }
            (200, _) => {
                let it: T = serde_json::from_slice(&body)
                    .map_err(|error| malformed(what, &format!("{repository}: {error}")))?;
                let it = Arc::new(it);
                let next = headers.next.as_deref().and_then(|url| self.path_of(url));
                let held = Held { etag: headers.etag, read: now, next: next.clone(), it: Arc::clone(&it) as _ };
                self.state().hold(path, held);
                Ok(Answer { it, next })
            }
            _ => Err(self.refused(what, repository.as_str(), status, &headers, &body)),
        }
    }

    /// One request, and the answer wherever a repository has moved to; never to another host, which would get the token.
    async fn send(
        &self,
        what: &'static str,
        path: &str,
        etag: Option<&str>,
    ) -> Result<(u16, Headers, Vec<u8>), CloudError> {
        let fault = |class: FaultClass, words: String| CloudError {
            class,
            operation: what.into(),
            message: Text::cut_to(&words, 300),
            missing: None,
        };
        let secret = self.secret().await?;
        let mut path = path.to_owned();
        for _ in 0..=HOPS {
            let mut request = HttpRequest::get(format!("{}{path}", self.api))
                .map_err(|_| fault(FaultClass::Malformed, format!("{} is no address", Text::new(&self.api))))?;
            let headers = request.headers_mut();
            headers.insert("accept", "application/vnd.github+json");
            headers.insert("x-github-api-version", "2022-11-28");
            headers.insert("user-agent", concat!("opscon/", env!("CARGO_PKG_VERSION")));
            if let Some(etag) = etag {
                headers.insert("if-none-match", etag.to_owned());
            }
            if let Some(secret) = &secret {
                headers.insert("authorization", format!("Bearer {secret}"));
            }
            let exchange = async {
                let response = self.http.call(request).await.map_err(|error| {
                    let class = if error.is_timeout() { FaultClass::Timeout } else { FaultClass::Transport };
                    let innermost =
                        std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
                    fault(
                        class,
                        format!(
                            "GitHub cannot be reached: {}",
                            innermost.last().map_or_else(String::new, ToString::to_string)
                        ),
                    )
                })?;
                let (status, headers) = (response.status().as_u16(), Headers::of(&response));
                let body = whole(response).await.map_err(|words| fault(FaultClass::Transport, words))?;
                Ok((status, headers, body))
            };
            let answer = tokio::time::timeout(PATIENCE, exchange).await;
            let (status, headers, body) =
                answer.map_err(|_| fault(FaultClass::Timeout, "no answer from GitHub in time".into()))??;
            match (status, &headers.location) {
                (301 | 302 | 307 | 308, Some(location)) => {
                    path = self.path_of(location).ok_or_else(|| {
                        fault(FaultClass::Malformed, format!("GitHub leads elsewhere ({status}); that is not followed"))
                    })?;
                }
                _ => return Ok((status, headers, body)),
            }
        }
        Err(fault(FaultClass::Malformed, "GitHub leads on and on".into()))
    }

    /// The part of an address behind the API's own, if it is one of the API's.
    fn path_of(&self, url: &str) -> Option<String> {
        url.strip_prefix(&self.api).filter(|path| path.starts_with('/')).map(str::to_owned)
    }

    async fn secret(&self) -> Result<Option<String>, CloudError> {
        let mut value = self.value.lock().await;
        if value.is_none() {
            *value = self.token.value().await?;
        }
        Ok(value.clone())
    }

    /// What an answer says of how much more may be asked.
    fn take_note(&self, status: u16, headers: &Headers) {
        let now = (self.now)();
        let mut state = self.state();
        if let Some(budget) = headers.budget {
            state.budget = Some(budget);
        }
        let is_refused = matches!(status, 403 | 429);
        let spent = headers.budget.filter(|budget| budget.remaining == 0);
        state.waits = match (headers.retry_after, spent) {
            (Some(seconds), _) if is_refused => Some((now + seconds.min(LONGEST_WAIT), "it asks for a pause")),
            (_, Some(budget)) => Some((budget.resets.min(now + LONGEST_WAIT), "its limit is reached")),
            _ if status == 429 => Some((now + A_WHILE, "it asks for a pause")),
            _ => None,
        };
        // A token that was refused may have been replaced by now.
        if status == 401
            && let Ok(mut value) = self.value.try_lock()
        {
            *value = None;
        }
    }

    /// Why nothing may be asked now, if that is so.
    fn waits(&self, what: &'static str, now: Timestamp) -> Option<CloudError> {
        let state = self.state();
        let budget = state.budget.filter(|budget| budget.resets > now);
        let waits = state.waits.filter(|(until, _)| *until > now);
        let low = budget.filter(|budget| budget.remaining <= budget.limit / LEFT);
        let (until, why) = waits.or(low.map(|budget| (budget.resets, "the rest is left to others")))?;
        let left = budget.map_or_else(String::new, |budget| format!(" ({})", budget.words(now)));
        let hint = if self.token.is_some() {
            ""
        } else {
            "; a token raises it to 5,000 an hour: set GITHUB_TOKEN or `token_command`"
        };
        let words = format!("GitHub is not asked for {}: {why}{left}{hint}", brief(until.duration_since(now)));
        Some(CloudError { class: FaultClass::Throttled, operation: what.into(), message: words.into(), missing: None })
    }

    /// How long an answer is good for. Without a token every request counts, also one for what has not changed.
    fn good_for(&self, has_token: bool) -> SignedDuration {
        if has_token {
            return YOUNG;
        }
        let each = SignedDuration::from_secs(3_600 / ANONYMOUS * 3 / 2);
        let all = i32::try_from(self.state().held.len()).unwrap_or(i32::MAX);
        each.saturating_mul(all).max(SignedDuration::from_mins(5))
    }

    fn refused(&self, what: &'static str, of: &str, status: u16, headers: &Headers, body: &[u8]) -> CloudError {
        let said = serde_json::from_slice::<Trouble>(body).map(|trouble| trouble.message).unwrap_or_default();
        let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
        let has_token = self.token.is_some();
        let spent = headers.budget.is_some_and(|budget| budget.remaining == 0);
        let is_limit = spent || headers.retry_after.is_some() || said.to_ascii_lowercase().contains("rate limit");
        let (class, words) = match status {
            401 => (FaultClass::Expired, format!("GitHub does not accept {}: renew it{said}", self.token.whence())),
            403 | 429 if is_limit || status == 429 => {
                if headers.retry_after.is_none() && !spent {
                    self.state().waits = Some(((self.now)() + A_WHILE, "it asks for a pause"));
                }
                let left =
                    headers.budget.map_or_else(String::new, |budget| format!(": {}", budget.words((self.now)())));
                (FaultClass::Throttled, format!("GitHub lets no more through{left}{said}"))
            }
            403 if headers.wants_sso => (
                FaultClass::Denied,
                format!("{of}: the organisation wants the token authorised for its single sign-on"),
            ),
            403 => (
                FaultClass::Denied,
                format!(
                    "{of}: the token may not read it: scope `repo`, or \"Pull requests: read\" and \"Contents: read\"{said}"
                ),
            ),
            404 if has_token => (
                FaultClass::NotFound,
                format!(
                    "{of} is gone, or the token may not see it: scope `repo`, or \"Pull requests: read\" and \"Contents: read\""
                ),
            ),
            404 => (
                FaultClass::NotFound,
                format!(
                    "{of} is gone, or private: set GITHUB_TOKEN or `token_command`, with scope `repo` or \"Pull requests: \
                     read\" and \"Contents: read\""
                ),
            ),
            410 | 451 => (FaultClass::NotFound, format!("{of} is gone{said}")),
            // An empty repository has no commits.
            409 => (FaultClass::NotFound, format!("{of}: nothing there{said}")),
            500.. => (FaultClass::Internal, format!("GitHub answered {status}{said}")),
            _ => (FaultClass::Malformed, format!("{of}: GitHub answered {status}{said}")),
        };
        CloudError { class, operation: what.into(), message: Text::cut_to(&words, 300), missing: None }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn hold(&mut self, path: &str, held: Held) {
        if self.held.len() >= HELD && !self.held.contains_key(path) {
            let oldest = self.held.iter().min_by_key(|(_, held)| held.read).map(|(path, _)| path.clone());
            oldest.map(|path| self.held.remove(&path));
        }
        self.held.insert(path.to_owned(), held);
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub").field("api", &self.api).field("token", &self.token).finish_non_exhaustive()
    }
}

/// What is read of an answer's head.
#[derive(Debug, Default)]
struct Headers {
    etag: Option<String>,
    location: Option<String>,
    next: Option<String>,
    retry_after: Option<SignedDuration>,
    budget: Option<Budget>,
    wants_sso: bool,
}

impl Headers {
    fn of(response: &HttpResponse) -> Self {
        let text = |name: &str| response.headers().get(name).map(str::to_owned);
        let number = |name: &str| response.headers().get(name).and_then(|value| value.trim().parse::<i64>().ok());
        let small = |name: &str| number(name).and_then(|value| u32::try_from(value).ok());
        let budget = small("x-ratelimit-limit").zip(small("x-ratelimit-remaining")).zip(number("x-ratelimit-reset"));
        Self {
            etag: text("etag").filter(|etag| etag.bytes().all(|byte| (b' '..=b'~').contains(&byte))),
            location: text("location"),
            next: text("link").as_deref().and_then(next_of),
            retry_after: number("retry-after").filter(|seconds| *seconds >= 0).map(SignedDuration::from_secs),
            budget: budget.and_then(|((limit, remaining), reset)| {
                Some(Budget { limit, remaining, resets: Timestamp::from_second(reset).ok()? })
            }),
            wants_sso: response.headers().get("x-github-sso").is_some(),
        }
    }
}

/// `<https://api.github.com/…?page=2>; rel="next", <…>; rel="last"`
fn next_of(link: &str) -> Option<String> {
    link.split(',').find_map(|part| {
        let (url, said) = part.trim().split_once('>')?;
        said.contains("rel=\"next\"").then(|| url.trim_start_matches('<').to_owned())
    })
}

async fn whole(response: HttpResponse) -> Result<Vec<u8>, String> {
    let mut stream = ByteStream::new(response.into_body());
    let mut body = Vec::new();
    while let Some(part) =
        stream.try_next().await.map_err(|_| "the connection ended in the middle of an answer".to_owned())?
    {
        if body.len() + part.len() > LONGEST {
            return Err("an answer of GitHub is longer than any should be".into());
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}
