//! Builds, images, branches.

use opscon::domain::delivery::RunStatus;
use opscon::domain::source::Review;
use opscon::domain::text::Text;
use opscon::world::feed::{Feed, Payload};
use opscon::world::port::FaultClass;

use super::super::{HOME, ask, on_company};
use super::{all, list, named, shown, time, whole, word};

#[test]
fn builds_of_what_pipelines_name() {
    on_company(async |bench, company| {
        let (aws, origin) = whole(&bench, &company).await;
        ask(&aws, &origin, HOME, Feed::Pipelines).await.outcome.unwrap();
        let answer = ask(&aws, &origin, HOME, Feed::Builds).await;
        assert_eq!(answer.gaps, []);
        let Ok(Payload::Builds(builds)) = answer.outcome else { panic!("{:?}", answer.outcome) };
        let facts = &company["facts"][HOME]["codebuild"];
        assert_eq!((builds.len(), all(&facts["builds"]).len()), (2, 2));
        for build in builds.iter() {
            let fact = named(&facts["builds"], "id", build.id.as_str());
            assert_eq!(build.word, shown(&fact["buildStatus"]));
            assert_eq!(build.started, Some(time(&fact["startTime"])));
            assert_eq!(build.finished, Some(time(&fact["endTime"])));
            assert_eq!(build.number, fact["buildNumber"].as_u64());
            assert_eq!(build.phases.len(), all(&fact["phases"]).len());
        }
        let failed = builds.iter().find(|build| build.status == RunStatus::Failed).unwrap();
        assert_eq!(failed.failure().map(|phase| phase.name.as_str()), Some("BUILD"));
        assert_eq!(failed.artifacts[0].location, "s3://artifacts/shop/out.zip");
        let tests = failed.tests.as_ref().unwrap();
        assert_eq!((tests.passed, tests.failed), (812, 2));
        assert_eq!(tests.failing, ["basket::total", "basket::empties"]);
        // The same lines as boto3 has, but for the secret in them.
        let log = failed.log.as_ref().unwrap();
        let lines: Vec<&str> = all(&facts["log"]).iter().map(|event| word(&event["message"]).trim_end()).collect();
        assert_eq!((log.len(), lines.len()), (30, 30));
        assert_eq!(log[0], Text::new(lines[0]));
        assert_eq!(
            (lines[28], log[28].as_str()),
            ("API_TOKEN=hunter2 npm run report", "API_TOKEN=**** npm run report")
        );
        assert!(!log[29].as_str().contains('\u{1b}'), "{}", log[29]);
        let written = serde_json::to_string(&Payload::Builds(builds)).unwrap();
        assert!(!written.contains("hunter2") && !written.contains("basket::total FAILED"), "{written}");
        // What has ended is not read again.
        let before = bench.called().len();
        ask(&aws, &origin, HOME, Feed::Builds).await.outcome.unwrap();
        assert_eq!(bench.called().len(), before);
    });
}

#[test]
fn images_and_what_scans_found() {
    on_company(async |bench, company| {
        let Payload::Images(images) = list(&bench, &company, Feed::Images).await else { panic!() };
        let facts = &company["facts"][HOME]["ecr"];
        assert_eq!((images.len(), all(facts).len()), (3, 3));
        for repository in images.iter() {
            let fact = named(facts, "repositoryName", repository.name.as_str());
            assert_eq!(repository.uri, shown(&fact["repositoryUri"]));
            let told = all(&fact["images"]);
            assert_eq!((repository.images.len(), repository.has_more), (told.len(), false));
            for image in &repository.images {
                let fact = named(&fact["images"], "imageDigest", image.digest.as_str());
                assert_eq!(image.pushed, time(&fact["imagePushedAt"]));
                assert_eq!(Some(image.bytes), fact["imageSizeInBytes"].as_u64());
                assert_eq!(image.tag, shown(&fact["imageTags"][0]));
            }
            let counts = &fact["findings"]["findingSeverityCounts"];
            let of = |name: &str| counts[name].as_u64().unwrap_or(0);
            let scan = repository.scan.as_ref();
            assert_eq!(scan.map(|scan| u64::from(scan.high)), counts.as_object().map(|_| of("HIGH")));
            assert_eq!(scan.map(|scan| u64::from(scan.critical)), counts.as_object().map(|_| of("CRITICAL")));
        }
        let web = images.iter().find(|it| it.name == "acme/web").unwrap();
        assert_eq!(web.images[0].tag, "v42", "the newest first");
        assert_eq!(web.scan.as_ref().unwrap().newest, ["CVE-9999-9999"]);
    });
}

#[test]
fn branches_at_codecommit_and_behind_a_connection() {
    on_company(async |bench, company| {
        let (aws, origin) = whole(&bench, &company).await;
        ask(&aws, &origin, HOME, Feed::Pipelines).await.outcome.unwrap();
        let answer = ask(&aws, &origin, HOME, Feed::Repositories).await;
        let Ok(Payload::Repositories(found)) = answer.outcome else { panic!("{:?}", answer.outcome) };
        let names: Vec<(&str, &str)> = found.iter().map(|it| (it.name.as_str(), it.provider.as_str())).collect();
        assert_eq!(names, [("acme/shop", "GitHub"), ("shop", "CodeCommit"), ("site", "CodeCommit")]);
        assert_eq!(found[0].connection, Some("AVAILABLE".into()));
        assert!(found[0].commits.is_none() && found[0].pulls.is_none(), "nobody may be asked");
        let gaps: Vec<FaultClass> = answer.gaps.iter().map(|gap| gap.class).collect();
        assert_eq!(gaps, [FaultClass::Unsupported]);
        let head = found[1].head().unwrap();
        assert_eq!((head.author.as_str(), head.message.as_str()), ("Maria", "Cheaper shipping"));
        let pulls: Vec<(u32, &str, Option<&Review>)> =
            found[1].pulls.iter().flatten().map(|it| (it.number, it.title.as_str(), it.review.as_ref())).collect();
        assert_eq!(pulls.len(), 2, "one goes into another branch: {pulls:?}");
        assert!(matches!(pulls[0], (8, "search", Some(Review::Waiting { .. }))), "{pulls:?}");
        assert_eq!(pulls[1], (7, "gift cards", Some(&Review::Approved { by: "lena".into() })));
        assert_eq!(found[2].pulls.as_deref(), Some(&[][..]));
    });
}
