//! GitHub, as its REST interface is documented: pages, answers that have not changed, limits, and what it hides.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use opscon::aws::{Aws, GitHub, Token};
use opscon::domain::origin::Origin;
use opscon::domain::source::{Review, SourceRepository};
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::{Answer, CloudError, FaultClass};
use serde_json::{Value, json};

use super::act::catcher::{Catcher, Request, answer};
use super::{Bench, HOME, ask, now, on_company, origin};

const TOKEN: &str = "ghp_0123456789abcdefghij";
const COMMITS: &str = "/repos/acme/shop/commits?sha=main&per_page=30";
const PULLS: &str = "/repos/acme/shop/pulls?state=open&base=main&sort=created&direction=asc&per_page=100";

/// An adapter with a GitHub of the test's own, and the time it lives in.
struct Hub {
    catcher: Catcher,
    aws: Aws,
    origin: Origin,
    now: Arc<Mutex<Timestamp>>,
}

impl Hub {
    async fn start(bench: &Bench, manner: fn(usize, &Request) -> Option<Vec<u8>>, token: Option<&str>) -> Self {
        let catcher = Catcher::start(manner);
        let time = Arc::new(Mutex::new(now()));
        let clock = Arc::clone(&time);
        let token = token.map_or_else(Token::none, |token| Token::find(&format!("echo {token}"), false));
        let github = GitHub::new(&catcher.url, token, Arc::new(move || *clock.lock().unwrap()));
        let origin = origin(&[HOME]);
        let aws = bench.aws(std::slice::from_ref(&origin)).with_github(github);
        ask(&aws, &origin, HOME, Feed::Pipelines).await.outcome.unwrap();
        Self { catcher, aws, origin, now: time }
    }

    fn pass(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }

    /// The branch at GitHub, what it lacks, and what was asked for it.
    async fn read(&self) -> (SourceRepository, Vec<CloudError>, Vec<Request>) {
        self.catcher.take();
        let Answer { outcome, gaps, .. } = ask(&self.aws, &self.origin, HOME, Feed::Repositories).await;
        let Ok(Payload::Repositories(all)) = outcome else { panic!("{outcome:?}") };
        let it = all.iter().find(|it| it.name == "acme/shop").unwrap();
        let requests = self.catcher.take();
        let seen = format!("{it:?} {gaps:?} {:?}", self.aws);
        assert!(!seen.contains(TOKEN), "{seen}");
        ((**it).clone(), gaps, requests)
    }
}

/// As GitHub does: an answer that has not changed is none.
fn ok(request: &Request, headers: &str, body: &Value) -> Vec<u8> {
    let etag = format!("W/\"{}\"", body.to_string().len());
    let limits = "x-ratelimit-limit: 5000\r\nx-ratelimit-remaining: 4990\r\nx-ratelimit-reset: 4102444800\r\n";
    let head = format!("content-type: application/json; charset=utf-8\r\netag: {etag}\r\n{limits}{headers}");
    if request.header("if-none-match") == Some(&etag) {
        return answer(304, &head, "");
    }
    answer(200, &head, &body.to_string())
}

fn refused(status: u16, headers: &str, message: &str) -> Vec<u8> {
    let head = format!("content-type: application/json\r\n{headers}");
    answer(status, &head, &json!({ "message": message }).to_string())
}

fn commits() -> Value {
    let one = |sha: &str, name: &str| {
        json!({ "sha": sha, "author": { "login": "jun" }, "commit": {
            "message": "cache the basket\n\nlong", "author": { "name": name, "date": "2026-11-20T10:00:00Z" },
            "committer": { "name": "GitHub", "date": "2026-11-20T10:05:00Z" } } })
    };
    json!([one("4be1f2c0de", "Jun Park"), one("0000000000", "Lena \u{1b}[31mRed")])
}

fn pull(number: u32, title: &str) -> Value {
    json!({ "number": number, "title": title, "user": { "login": "jun" }, "created_at": "2026-11-01T10:00:00Z", "draft": number == 3 })
}

fn open_pulls(request: &Request) -> Vec<u8> {
    let page_2 = format!("{PULLS}&page=2");
    match request.target.as_str() {
        COMMITS => ok(request, "", &commits()),
        PULLS => {
            let host = request.header("host").unwrap();
            let link =
                format!("link: <http://{host}{page_2}>; rel=\"next\", <http://{host}{page_2}>; rel=\"last\"\r\n");
            ok(request, &link, &json!([pull(1, "gift cards"), pull(2, "search")]))
        }
        path if path == page_2 => ok(request, "", &json!([pull(3, "a draft")])),
        "/repos/acme/shop/pulls/1" => ok(request, "", &json!({ "mergeable": false, "mergeable_state": "dirty" })),
        "/repos/acme/shop/pulls/2" => ok(request, "", &json!({ "mergeable": null, "mergeable_state": "unknown" })),
        "/repos/acme/shop/pulls/3" => ok(request, "", &json!({ "mergeable": true, "mergeable_state": "clean" })),
        "/repos/acme/shop/pulls/1/reviews?per_page=100" => {
            let by = |who: &str, state: &str| json!({ "user": { "login": who }, "state": state });
            ok(request, "", &json!([by("lena", "CHANGES_REQUESTED"), by("lena", "COMMENTED"), by("maria", "APPROVED")]))
        }
        path if path.ends_with("/reviews?per_page=100") => ok(request, "", &json!([])),
        _ => refused(404, "", "Not Found"),
    }
}

#[test]
fn a_branch_is_read_whole_and_not_twice() {
    on_company(async |bench, _| {
        let hub = Hub::start(&bench, |_, request| Some(open_pulls(request)), Some(TOKEN)).await;
        let (it, gaps, requests) = hub.read().await;
        assert_eq!(gaps, []);
        let head = it.head().unwrap();
        assert_eq!((head.sha.as_str(), head.author.as_str()), ("4be1f2c0de", "Jun Park"));
        assert_eq!(head.at, "2026-11-20T10:05:00Z".parse().unwrap());
        assert!(!it.commits.as_ref().unwrap()[1].author.as_str().contains('\u{1b}'));
        let pulls = it.pulls.as_ref().unwrap();
        assert_eq!(pulls.iter().map(|pull| pull.number).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(pulls.iter().map(|pull| pull.conflicts).collect::<Vec<_>>(), [Some(true), None, Some(false)]);
        assert_eq!(pulls[0].review, Some(Review::ChangesRequested { by: "lena".into() }));
        assert_eq!(pulls[1].review, Some(Review::Waiting { since: "2026-11-01T10:00:00Z".parse().unwrap() }));
        assert_eq!(pulls[2].review, Some(Review::Draft));
        assert_eq!(requests.len(), 3 + 2 * 3);
        for request in &requests {
            assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
            assert_eq!(request.header("x-github-api-version"), Some("2022-11-28"));
            assert_eq!((request.method.as_str(), request.header("if-none-match")), ("GET", None));
        }
        // At once again, as for another region: nothing is asked. A minute later: whether anything has changed.
        assert_eq!(hub.read().await.2.len(), 0);
        hub.pass(SignedDuration::from_mins(1));
        let (again, gaps, requests) = hub.read().await;
        assert_eq!((&again, gaps.len(), requests.len()), (&it, 0, 9));
        assert!(requests.iter().all(|request| request.header("if-none-match").is_some()));
    });
}

#[test]
fn without_a_token_few_questions_are_asked() {
    on_company(async |bench, _| {
        let hub = Hub::start(&bench, |_, request| Some(open_pulls(request)), None).await;
        let (it, gaps, requests) = hub.read().await;
        assert_eq!(requests.len(), 3, "commits and two pages of pull requests");
        assert!(requests.iter().all(|request| request.header("authorization").is_none()));
        assert_eq!((it.pulls.as_ref().map(Vec::len), gaps.len()), (Some(3), 1));
        assert!(it.pulls.unwrap().iter().all(|pull| pull.conflicts.is_none()));
        assert!(gaps[0].message.as_str().contains("60 requests an hour"), "{}", gaps[0].message);
        hub.pass(SignedDuration::from_mins(1));
        assert_eq!(hub.read().await.2.len(), 0, "even for what has not changed a request counts");
        hub.pass(SignedDuration::from_mins(10));
        assert_eq!(hub.read().await.2.len(), 3);
    });
}

#[test]
fn what_is_hidden_is_told_with_what_would_show_it() {
    on_company(async |bench, _| {
        for (token, words) in
            [(None, "is gone, or private: set GITHUB_TOKEN"), (Some(TOKEN), "the token may not see it: scope `repo`")]
        {
            let hub = Hub::start(&bench, |_, _| Some(refused(404, "", "Not Found")), token).await;
            let (it, gaps, requests) = hub.read().await;
            assert_eq!((it.connection, it.commits, it.pulls), (Some("AVAILABLE".into()), None, None));
            assert_eq!((requests.len(), gaps.len(), gaps[0].class), (1, 1, FaultClass::NotFound));
            assert!(gaps[0].message.as_str().contains(words), "{}", gaps[0].message);
        }
        let hub = Hub::start(&bench, |_, _| Some(refused(401, "", "Bad credentials")), Some(TOKEN)).await;
        let (_, gaps, _) = hub.read().await;
        assert_eq!(gaps[0].class, FaultClass::Expired);
        assert!(
            gaps[0].message.as_str().contains("does not accept a token from `token_command`"),
            "{}",
            gaps[0].message
        );
    });
}

#[test]
fn a_limit_that_is_reached_is_kept() {
    on_company(async |bench, _| {
        static RESETS: Mutex<i64> = Mutex::new(0);
        *RESETS.lock().unwrap() = now().as_second() + 600;
        let manner = |_: usize, request: &Request| {
            static ASKED: AtomicUsize = AtomicUsize::new(0);
            if ASKED.fetch_add(1, Ordering::Relaxed) > 0 {
                return Some(open_pulls(request));
            }
            let resets = *RESETS.lock().unwrap();
            let head = format!("x-ratelimit-limit: 60\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: {resets}\r\n");
            Some(refused(403, &head, "API rate limit exceeded for 203.0.113.7."))
        };
        let hub = Hub::start(&bench, manner, Some(TOKEN)).await;
        let (it, gaps, requests) = hub.read().await;
        assert_eq!((requests.len(), it.commits), (1, None), "the next question is not even asked");
        assert!(gaps.iter().all(|gap| gap.class == FaultClass::Throttled), "{gaps:?}");
        assert!(gaps[0].message.as_str().contains("0 of 60 requests left"), "{}", gaps[0].message);
        hub.pass(SignedDuration::from_mins(9));
        assert_eq!(hub.read().await.2.len(), 0);
        hub.pass(SignedDuration::from_mins(2));
        let (it, gaps, _) = hub.read().await;
        assert_eq!((it.commits.map(|all| all.len()), gaps.len()), (Some(2), 0));
    });
}

#[test]
fn a_pause_that_is_asked_for_is_made() {
    on_company(async |bench, _| {
        let manner = |_: usize, request: &Request| {
            static ASKED: AtomicUsize = AtomicUsize::new(0);
            Some(match ASKED.fetch_add(1, Ordering::Relaxed) {
                0 => refused(429, "retry-after: 90\r\n", "You have exceeded a secondary rate limit"),
                _ => open_pulls(request),
            })
        };
        let hub = Hub::start(&bench, manner, Some(TOKEN)).await;
        assert_eq!(hub.read().await.2.len(), 1);
        hub.pass(SignedDuration::from_secs(80));
        let (_, gaps, requests) = hub.read().await;
        assert_eq!((requests.len(), gaps[0].class), (0, FaultClass::Throttled));
        hub.pass(SignedDuration::from_secs(20));
        assert_eq!(hub.read().await.2.len(), 9);
    });
}

#[test]
fn the_token_goes_nowhere_else() {
    on_company(async |bench, _| {
        static ELSEWHERE: Mutex<String> = Mutex::new(String::new());
        let other = Catcher::start(|_, _| Some(answer(200, "", "[]")));
        ELSEWHERE.lock().unwrap().clone_from(&other.url);
        let manner = |_: usize, request: &Request| {
            let elsewhere = ELSEWHERE.lock().unwrap().clone();
            let here = format!("http://{}", request.header("host").unwrap());
            Some(match request.target.as_str() {
                // Renamed: the same host by its number.
                COMMITS => {
                    refused(301, &format!("location: {here}/repositories/7/commits?sha=main\r\n"), "Moved Permanently")
                }
                "/repositories/7/commits?sha=main" => ok(request, "", &commits()),
                _ => refused(302, &format!("location: {elsewhere}/steal\r\n"), "Found"),
            })
        };
        let hub = Hub::start(&bench, manner, Some(TOKEN)).await;
        let (it, gaps, _) = hub.read().await;
        assert_eq!(it.commits.map(|all| all.len()), Some(2));
        assert_eq!((it.pulls, gaps.len()), (None, 1));
        assert!(gaps[0].message.as_str().contains("leads elsewhere"), "{}", gaps[0].message);
        assert_eq!(other.take().len(), 0);
    });
}

#[test]
fn what_was_read_stands_in_for_what_does_not_come() {
    on_company(async |bench, _| {
        static ILL: AtomicUsize = AtomicUsize::new(0);
        let manner = |_: usize, request: &Request| match ILL.load(Ordering::Relaxed) {
            0 => Some(open_pulls(request)),
            1 => Some(refused(502, "", "Bad Gateway")),
            2 => None,
            3 => Some(answer(200, "", "[{\"sha\": 7")),
            _ => Some(b"HTTP/1.1 200 .\r\ncontent-length: 900\r\n\r\n[".to_vec()),
        };
        let hub = Hub::start(&bench, manner, Some(TOKEN)).await;
        let (it, ..) = hub.read().await;
        for (ill, class) in [(1, FaultClass::Internal), (2, FaultClass::Transport)] {
            ILL.store(ill, Ordering::Relaxed);
            hub.pass(SignedDuration::from_mins(1));
            let (again, gaps, _) = hub.read().await;
            assert_eq!(again, it);
            assert!(gaps.iter().all(|gap| gap.class == class), "{gaps:?}");
            assert!(gaps[0].message.as_str().contains("shown is what was read"), "{}", gaps[0].message);
        }
        ILL.store(1, Ordering::Relaxed);
        hub.pass(SignedDuration::from_mins(20));
        assert_eq!(hub.read().await.0.commits, None, "too old to stand in");
        ILL.store(3, Ordering::Relaxed);
        let (it, gaps, _) = hub.read().await;
        assert_eq!((it.commits, gaps[0].class), (None, FaultClass::Malformed));
    });
}
