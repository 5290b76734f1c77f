//! What was written down: calls, what AWS says of itself, what caches went through, what is due by the clock.

use jiff::{SignedDuration, Timestamp};
use opscon::domain::advisory::Category;
use opscon::domain::scope::GLOBAL;
use opscon::domain::text::Text;
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::FaultClass;
use serde_json::json;

use super::super::{HOME, ask, on_company, on_endpoint, origin};
use super::{list, made_at};

#[test]
fn calls() {
    on_company(async |bench, company| {
        let Payload::Trail(calls) = list(&bench, &company, Feed::Trail).await else { panic!() };
        let seen: Vec<String> = calls
            .iter()
            .map(|it| {
                let on: Vec<&str> = it.resources.iter().map(Text::as_str).collect();
                format!(
                    "{}:{} by {} from [{}] on {} [{}]",
                    it.service,
                    it.name,
                    it.by,
                    it.from,
                    on.join(","),
                    it.refused
                )
            })
            .collect();
        // Neither what a service did by itself nor the chatter of agents.
        assert_eq!(
            seen,
            [
                "ecs:UpdateService by lena from [203.0.113.7] on web []",
                "rds:ModifyDBInstance by lena from [] on orders [AccessDenied]",
                "ec2:RunInstances by jun\\u{202e} from [] on i-0,i-1,i-2 []",
            ]
        );
        assert!(calls[0].at < made_at(&company) && calls[0].at > calls[1].at);
        let asked = bench.front.calls(&bench.key);
        let lookups: Vec<_> = asked.iter().filter(|call| call["operation"] == "LookupEvents").collect();
        // Twice two pages: the second answer asks again for what may have come late, and stops where nothing is new.
        assert_eq!(lookups.len(), 3, "{lookups:?}");
    });
}

#[test]
fn what_there_is_no_time_for_is_told_and_read_by_the_next_answer() {
    on_endpoint(async |bench| {
        let at: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
        let place = origin(&["tr-ail-1"]);
        let aws = bench.aws_at(std::slice::from_ref(&place), at);
        let page = |number: i64| {
            let time = (at - SignedDuration::from_mins(number)).as_second();
            let name = |part: i64| {
                json!({ "EventId": format!("{number}-{part}"), "EventName": "StopInstances",
                "EventSource": "ec2.amazonaws.com", "EventTime": time })
            };
            let events: Vec<_> = (0..50).map(name).collect();
            json!({ "body": { "Events": events, "NextToken": format!("after {number}") } })
        };
        let script = |steps: Vec<serde_json::Value>| {
            bench.script("cloudtrail", "LookupEvents", json!({ "region": "tr-ail-1", "responses": steps }));
        };
        script((1..=4).map(page).collect());
        let first = ask(&aws, &place, "tr-ail-1", Feed::Trail).await;
        let Ok(Payload::Trail(calls)) = &first.outcome else { panic!("{first:?}") };
        assert_eq!((calls.len(), first.usage.calls), (200, 4), "no more than four pages to an answer");
        assert_eq!(first.gaps.len(), 1);
        assert!(first.gaps[0].message.as_str().contains("24 h are still to be read"), "{:?}", first.gaps);
        // The newest again, where nothing is new, and then what is older. A throttle in the middle takes nothing away.
        let throttled = json!({ "status": 400, "code": "ThrottlingException", "message": "Rate exceeded" });
        script([page(1), page(5)].into_iter().chain(std::iter::repeat_n(throttled, 6)).collect());
        let second = ask(&aws, &place, "tr-ail-1", Feed::Trail).await;
        let Ok(Payload::Trail(calls)) = &second.outcome else { panic!("{second:?}") };
        assert_eq!(calls.len(), 250);
        assert!(second.gaps.iter().all(|gap| gap.class == FaultClass::Throttled), "{:?}", second.gaps);
    });
}

#[test]
fn advisories() {
    on_company(async |bench, company| {
        let origin = origin(&[HOME]);
        let aws = bench.aws_at(std::slice::from_ref(&origin), made_at(&company));
        let answer = ask(&aws, &origin, GLOBAL, Feed::Advisories).await;
        let Ok(Payload::Advisories(all)) = &answer.outcome else { panic!("{answer:?}") };
        assert_eq!((all.len(), answer.gaps.as_slice()), (1, &[][..]));
        let it = &all[0];
        assert_eq!(
            (it.title().as_str(), it.category, it.status.as_str()),
            ("EC2 operational issue", Category::Issue, "open")
        );
        assert_eq!((it.region.as_str(), it.zone.as_str(), it.ended), ("eu-west-1", "eu-west-1b", None));
        assert_eq!(it.touches, Some(vec!["i-2".into(), "i-7".into()]), "what says nothing of what is left out");
        assert_eq!(it.words.as_str(), "We are investigating increased error rates.");
    });
}

#[test]
fn an_account_without_a_support_plan_is_told_so_and_nothing_fails() {
    on_endpoint(async |bench| {
        let place = origin(&[HOME]);
        let aws = bench.aws(std::slice::from_ref(&place));
        let refused = json!({ "status": 400, "code": "SubscriptionRequiredException", "message": "" });
        bench.script("health", "DescribeEvents", json!({ "repeat": true, "responses": [refused] }));
        let answer = ask(&aws, &place, GLOBAL, Feed::Advisories).await;
        let Ok(Payload::Advisories(all)) = &answer.outcome else { panic!("{answer:?}") };
        assert_eq!(all.len(), 0);
        assert_eq!(answer.gaps.iter().map(|gap| gap.class).collect::<Vec<_>>(), [FaultClass::Unsupported]);
    });
}

#[test]
fn cache_events() {
    on_company(async |bench, company| {
        let Payload::CacheEvents(events) = list(&bench, &company, Feed::CacheEvents).await else { panic!() };
        let seen: Vec<(&str, &str)> = events.iter().map(|it| (it.source.as_str(), it.message.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("carts-001", "Recovering cache nodes 0001"),
                ("carts", "Failover from primary node carts-001 to replica node carts-002 completed"),
            ]
        );
        assert!(events[0].at > events[1].at && events.iter().all(|it| it.disturbs() && !it.is_failure()));
    });
}

#[test]
fn timers() {
    on_company(async |bench, company| {
        let Payload::Timers(timers) = list(&bench, &company, Feed::Timers).await else { panic!() };
        let seen: Vec<String> = timers
            .iter()
            .map(|it| format!("{} {} {} {} {}", it.name, it.expression, it.zone, it.target, it.is_enabled))
            .collect();
        assert_eq!(
            seen,
            [
                "nights/stop-dev cron(0 20 ? * MON-FRI *) Europe/Berlin ec2:stopInstances false",
                "report rate(1 day) UTC checkout true",
            ]
        );
        assert!(timers.iter().all(|it| it.from.is_some()), "a rate counts from when it was made");
    });
}
