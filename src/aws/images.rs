//! ECR: the newest images of every repository, and what a scan found in the newest.
//!
//! Every repository is a call or more of its own, and one more where a scan found something serious: they are read in turn.

use std::collections::HashMap;

use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsOutput;
use aws_sdk_ecr::operation::describe_repositories::DescribeRepositoriesOutput;
use aws_sdk_ecr::types::{FindingSeverity, ImageDetail, ImageIdentifier, ImageScanFindings, Repository, ScanStatus};
use jiff::SignedDuration;

use super::ask::{Ask, denied_in_part, gather};
use super::convert::{count, text, time};
use super::rota::{Found, Pace};
use crate::domain::delivery::{Image, ImageRepository, ScanFindings};
use crate::domain::list::List;
use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

/// A little less than the time between two readings, so that what fits in one turn is read every time.
const PACE: Pace = Pace { at_a_time: 60, kept: SignedDuration::from_secs(55) };
const IMAGES: &str = "ecr:DescribeImages";
/// Images of a page, and pages read of one repository: they come in no order, and the newest is only known by all of them.
const PAGE: i32 = 1_000;
const PAGES: usize = 10;
/// Images kept of each, newest first.
const KEPT: usize = 200;
/// Findings named.
const NAMED: usize = 10;
const FINDINGS: i32 = 100;

pub(super) async fn images(ask: &Ask<'_>) -> Result<List<ImageRepository>, CloudError> {
    let pages = ask.clients.ecr.describe_repositories().into_paginator().stop_on_duplicate_token(false).send();
    let pages = ask.pages("ecr:DescribeRepositories", pages).await?;
    let found: Vec<&Repository> = pages.iter().flat_map(DescribeRepositoriesOutput::repositories).collect();
    let listed: Vec<Found<'_, _>> = found
        .iter()
        .filter_map(|it| Some(Found { key: it.repository_name().filter(|name| !name.is_empty())?, changed: None, it }))
        .collect();
    let wanted = ask.place.images.wanted(PACE, &listed, ask.at);
    let mut denied = None;
    let one = async |it: &Found<'_, &Repository>| match repository(ask, it.it).await {
        // One that is denied is no reason to show none; one that is gone is none.
        Err(error) if matches!(error.class, FaultClass::Denied | FaultClass::NotFound) => Ok(Err(error)),
        other => other.map(Ok),
    };
    let read = gather(wanted.iter().map(|it| one(it)).collect()).await?;
    let read: Vec<_> = wanted
        .into_iter()
        .zip(read)
        .filter_map(|(it, read)| match read {
            Ok(read) => Some((it, read)),
            Err(error) => {
                denied = denied.take().or((error.class == FaultClass::Denied).then_some(error));
                None
            }
        })
        .collect();
    let was_denied = denied.is_some();
    let known = ask.place.images.take(read.into_iter(), &listed, ask.at);
    denied_in_part(ask, denied, known.is_empty())?;
    let waiting = listed.iter().filter(|it| !known.contains_key(it.key)).count();
    if waiting > 0 && !was_denied && listed.len() > PACE.at_a_time {
        ask.gap(CloudError {
            class: FaultClass::Unsupported,
            operation: IMAGES.into(),
            message: format!("{waiting} of {} repositories are not read yet: they are read in turn", listed.len())
                .into(),
            missing: None,
        });
    }
    let mut all: Vec<ImageRepository> = known.into_values().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(List::new(all))
}

async fn repository(ask: &Ask<'_>, it: &Repository) -> Result<ImageRepository, CloudError> {
    let (name, ecr) = (it.repository_name().unwrap_or_default(), &ask.clients.ecr);
    let mut details = Vec::new();
    let (mut token, mut has_more) = (None, false);
    for page in 1..=PAGES {
        let request = ecr.describe_images().repository_name(name).max_results(PAGE).set_next_token(token);
        let answer = ask.call(IMAGES, request.send()).await?;
        details.extend(answer.image_details.unwrap_or_default().into_iter().filter(is_image));
        token = answer.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
        has_more = page == PAGES;
    }
    newest_first(&mut details);
    let scan = match details.first() {
        Some(newest) => scan(ask, name, newest).await?,
        None => None,
    };
    has_more |= details.len() > KEPT;
    Ok(ImageRepository {
        name: Text::new(name),
        uri: text(it.repository_uri()),
        images: details.iter().take(KEPT).filter_map(image).collect(),
        has_more,
        running_digest: None,
        scan,
    })
}

/// Signatures and bills of materials lie beside the images they are about.
fn is_image(it: &ImageDetail) -> bool {
    let kind = it.artifact_media_type().filter(|kind| !kind.is_empty());
    it.subject_manifest_digest().is_none() && kind.is_none_or(|kind| kind.contains("image"))
}

/// Of those pushed together the one with a name: the others are its parts for one kind of processor each.
fn newest_first(all: &mut [ImageDetail]) {
    all.sort_by_key(|it| {
        let pushed = it.image_pushed_at().map(time);
        (std::cmp::Reverse(pushed), it.image_tags().is_empty(), it.image_digest().map(str::to_owned))
    });
}

fn image(it: &ImageDetail) -> Option<Image> {
    Some(Image {
        tag: text(tag(it.image_tags())),
        digest: Text::new(it.image_digest()?),
        base: None,
        pushed: time(it.image_pushed_at()?),
        bytes: it.image_size_in_bytes().and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0),
    })
}

/// The tag that says most: `latest` is said of every newest one.
fn tag(all: &[String]) -> Option<&str> {
    all.iter().map(String::as_str).min_by_key(|tag| (*tag == "latest", *tag))
}

/// What was found in an image. The numbers come with it only by the older kinds of scanning, and the names never do; that an
/// image says nothing of a scan therefore does not mean that there was none.
async fn scan(ask: &Ask<'_>, name: &str, it: &ImageDetail) -> Result<Option<ScanFindings>, CloudError> {
    let summary = it.image_scan_findings_summary().map(|summary| counted(summary.finding_severity_counts()));
    let status = it.image_scan_status().and_then(|status| status.status());
    let is_scanned = summary.is_some() || matches!(status, None | Some(ScanStatus::Complete | ScanStatus::Active));
    let is_serious = summary.as_ref().is_none_or(|scan| scan.critical + scan.high > 0);
    let Some(digest) = it.image_digest().filter(|_| is_scanned && is_serious) else { return Ok(summary) };
    let of = ImageIdentifier::builder().image_digest(digest).build();
    let request =
        ask.clients.ecr.describe_image_scan_findings().repository_name(name).image_id(of).max_results(FINDINGS);
    let told = match ask.call("ecr:DescribeImageScanFindings", request.send()).await {
        // Not scanned after all, or not any more.
        Err(error) if error.class == FaultClass::NotFound => return Ok(summary),
        outcome => ask.or_gap(outcome)?,
    };
    Ok(told.as_ref().and_then(DescribeImageScanFindingsOutput::image_scan_findings).map(findings).or(summary))
}

fn counted(counts: Option<&HashMap<FindingSeverity, i32>>) -> ScanFindings {
    let of = |severity: &FindingSeverity| count(counts.and_then(|counts| counts.get(severity)).copied());
    ScanFindings {
        critical: of(&FindingSeverity::Critical),
        high: of(&FindingSeverity::High),
        medium: of(&FindingSeverity::Medium),
        newest: Vec::new(),
    }
}

fn findings(it: &ImageScanFindings) -> ScanFindings {
    let plain = it.findings().iter().filter_map(|one| Some((one.severity()?.as_str(), one.name()?)));
    let enhanced = it.enhanced_findings().iter().filter_map(|one| {
        let id = one.package_vulnerability_details().and_then(|details| details.vulnerability_id());
        Some((one.severity()?, id.or(one.title())?))
    });
    let mut named: Vec<(&str, &str)> =
        plain.chain(enhanced).filter(|(severity, _)| ["CRITICAL", "HIGH"].contains(severity)).collect();
    // "CRITICAL" is before "HIGH"; newer numbers come first, and a number may be found in several packages.
    named.sort_by(|a, b| a.0.cmp(b.0).then_with(|| b.1.cmp(a.1)));
    named.dedup();
    ScanFindings {
        newest: named.into_iter().take(NAMED).map(|(_, id)| Text::new(id)).collect(),
        ..counted(it.finding_severity_counts())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecr::types::{EnhancedImageScanFinding, ImageScanFinding, PackageVulnerabilityDetails};
    use aws_smithy_types::DateTime;

    use super::*;

    fn pushed(digest: &str, at: i64, tags: &[&str]) -> ImageDetail {
        let tags = tags.iter().map(ToString::to_string).collect();
        ImageDetail::builder()
            .image_digest(digest)
            .image_pushed_at(DateTime::from_secs(at))
            .set_image_tags(Some(tags))
            .image_size_in_bytes(84)
            .build()
    }

    #[test]
    fn the_newest_is_what_has_a_name() {
        let mut all = vec![pushed("b", 100, &[]), pushed("c", 90, &["v1"]), pushed("a", 100, &["latest", "v2"])];
        newest_first(&mut all);
        let images: Vec<Image> = all.iter().filter_map(image).collect();
        let names: Vec<(&str, &str)> = images.iter().map(|it| (it.digest.as_str(), it.tag.as_str())).collect();
        assert_eq!(names, [("a", "v2"), ("b", ""), ("c", "v1")]);
        assert_eq!((images[0].bytes, images[0].base.as_ref()), (84, None));
    }

    #[test]
    fn what_lies_beside_images_is_none() {
        let of = |kind: &str| ImageDetail::builder().artifact_media_type(kind).build();
        assert!(is_image(&of("application/vnd.docker.container.image.v1+json")));
        assert!(is_image(&ImageDetail::builder().build()));
        assert!(!is_image(&of("application/vnd.cncf.helm.config.v1+json")));
        assert!(!is_image(&ImageDetail::builder().subject_manifest_digest("sha256:1").build()));
    }

    #[test]
    fn findings_are_named_worst_first_whoever_found_them() {
        let plain = |name: &str, severity| ImageScanFinding::builder().name(name).severity(severity).build();
        let details = PackageVulnerabilityDetails::builder().vulnerability_id("CVE-2026-3").build();
        let enhanced =
            EnhancedImageScanFinding::builder().severity("CRITICAL").package_vulnerability_details(details).build();
        let it = ImageScanFindings::builder()
            .findings(plain("CVE-2026-1", FindingSeverity::High))
            .findings(plain("CVE-2026-2", FindingSeverity::High))
            .findings(plain("CVE-2026-2", FindingSeverity::High))
            .findings(plain("CVE-2020-9", FindingSeverity::Low))
            .enhanced_findings(enhanced)
            .finding_severity_counts(FindingSeverity::Critical, 1)
            .finding_severity_counts(FindingSeverity::High, 3)
            .build();
        let told = findings(&it);
        assert_eq!((told.critical, told.high, told.medium), (1, 3, 0));
        assert_eq!(told.newest, ["CVE-2026-3", "CVE-2026-2", "CVE-2026-1"]);
    }

    #[test]
    fn counts_that_cannot_be_are_none() {
        let counts = HashMap::from([(FindingSeverity::Medium, -4)]);
        assert_eq!(counted(Some(&counts)), ScanFindings::default());
    }
}
