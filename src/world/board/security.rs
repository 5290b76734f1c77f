//! Security layer: identities, access, keys, encryption, the firewall.

use super::{BoxSpec, Check, Facts, Finding, Verdict, Within, known, some_names, sum_known};
use crate::domain::board::BoxId;
use crate::domain::metric::Measure;
use crate::domain::scope::Environment;
use crate::domain::security::{KmsKey, WebAcl};
use crate::domain::units::{brief, count, percent, plural, since};
use crate::world::Place;
use crate::world::feed::Feed;
use crate::world::sight::Sight;

pub(super) const BOXES: &[BoxSpec] = &[
    BoxSpec {
        id: BoxId::IamRoles,
        sources: &[Feed::Iam],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = sight.values(|f| &f.iam).map(|(_, iam)| iam).collect();
            let Some(first) = all.first() else { return Facts::absent() };
            let roles: u32 = all.iter().map(|iam| iam.roles).sum();
            let admins: usize = all.iter().map(|iam| iam.admin_roles.len()).sum();
            Facts::new(format!("{roles} roles"))
                .with("roles", roles.to_string())
                .with("admin roles", admins.to_string())
                .with("unused for 90 days", all.iter().map(|iam| iam.unused_90_days).sum::<u32>().to_string())
                .with("signed in as", first.caller.as_str())
        },
        checks: &[
            Check {
                title: "No workload is an administrator",
                limit: |_| "warn on any".into(),
                judge: |sight| {
                    let findings = sight
                        .values(|f| &f.iam)
                        .filter(|(_, iam)| !iam.workload_admin_roles.is_empty())
                        .map(|(place, iam)| {
                            Finding::warn(
                                "admin workload",
                                format!(
                                    "workloads can act as administrators through {}",
                                    some_names(&iam.workload_admin_roles)
                                ),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "none")
                },
            },
            Check {
                title: "The root user has no keys",
                limit: |_| "bad on any".into(),
                judge: |sight| {
                    let findings = sight
                        .values(|f| &f.iam)
                        .filter(|(_, iam)| iam.root_access_keys)
                        .map(|(place, _)| {
                            Finding::bad(
                                "root keys",
                                format!("the root user of {} has access keys", place.scope.account_name()),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "none")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::AccessControl,
        sources: &[Feed::Access],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = sight.values(|f| &f.access).map(|(_, access)| access).collect();
            if all.is_empty() {
                return Facts::absent();
            }
            let findings: usize = all.iter().map(|access| access.findings.len()).sum();
            let keys: Vec<_> = all.iter().flat_map(|access| &access.keys).collect();
            let oldest = keys.iter().map(|key| key.created).min();
            Facts::new(if findings == 0 { "nothing shared".into() } else { plural(findings, "finding", "findings") })
                .with("reachable from outside", findings.to_string())
                .with("access keys", keys.len().to_string())
                .with("oldest key", oldest.map_or_else(|| "-".into(), |at| brief(since(sight.at, at))))
        },
        checks: &[
            Check {
                title: "Nothing is open to strangers",
                limit: |_| "warn: another account, bad: public".into(),
                judge: |sight| {
                    let findings = sight
                        .values(|f| &f.access)
                        .flat_map(|(place, access)| access.findings.iter().map(move |finding| (place, finding)))
                        .map(|(place, finding)| {
                            let text = format!("{}: {}", finding.resource, finding.what);
                            let found = if finding.is_public {
                                Finding::bad("public", text)
                            } else {
                                Finding::warn("shared", text)
                            };
                            found.since(finding.since).at(place)
                        })
                        .collect();
                    Verdict::of(findings, "no active external finding")
                },
            },
            Check {
                title: "Keys are young",
                limit: |t| format!("warn over {} d", t.access_key_days),
                judge: |sight| {
                    let findings = sight
                        .values(|f| &f.access)
                        .flat_map(|(place, access)| access.keys.iter().map(move |key| (place, key)))
                        .filter(|(_, key)| {
                            since(sight.at, key.created).as_secs_f64() / 86_400.0 > sight.limits().access_key_days
                        })
                        .map(|(place, key)| {
                            let used = key
                                .last_used
                                .map_or("never used".into(), |at| format!("used {} ago", brief(since(sight.at, at))));
                            Finding::warn(
                                format!("key {} old", brief(since(sight.at, key.created))),
                                format!(
                                    "access key of {} is {} old, {used}",
                                    key.user,
                                    brief(since(sight.at, key.created))
                                ),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "all young")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::KmsKeys,
        sources: &[Feed::Keys],
        within: Within::Everything,
        facts: |sight| {
            let own: Vec<_> = own_keys(sight).collect();
            if sight.items(|f| &f.keys).next().is_none() {
                return Facts::absent();
            }
            let rotating = own.iter().filter(|(_, key)| key.rotation).count();
            Facts::new(format!("{} keys", own.len()))
                .with("customer managed", own.len().to_string())
                .with("rotating", format!("{rotating} of {}", own.len()))
                .with(
                    "AWS managed",
                    sight.items(|f| &f.keys).filter(|(_, key)| !key.customer_managed).count().to_string(),
                )
        },
        checks: &[
            Check {
                title: "None is about to be deleted",
                limit: |_| "bad when pending deletion".into(),
                judge: |sight| {
                    let findings = own_keys(sight)
                        .filter(|(_, key)| key.state == "PendingDeletion")
                        .map(|(place, key)| {
                            Finding::bad(
                                "pending delete",
                                format!("{} is to be deleted: what it encrypts is lost with it", key.alias),
                            )
                            .at(place)
                        })
                        .collect();
                    Verdict::of(findings, "none")
                },
            },
            Check {
                title: "Keys rotate",
                limit: |_| "warn when off".into(),
                judge: |sight| {
                    let findings = own_keys(sight)
                        .filter(|(_, key)| key.state == "Enabled" && !key.rotation)
                        .map(|(place, key)| {
                            Finding::warn("no rotation", format!("{} is never rotated", key.alias)).at(place)
                        })
                        .collect();
                    Verdict::of(findings, "all rotate")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::DataEncryption,
        sources: &[Feed::Databases, Feed::Buckets, Feed::Caches, Feed::Queues, Feed::Topics, Feed::Keys],
        within: Within::Everything,
        facts: |sight| {
            let stores = stores(sight);
            if stores.is_empty() {
                return Facts::absent();
            }
            let encrypted = stores.iter().filter(|store| store.encrypted == Some(true)).count();
            let mut facts = Facts::new(percent(encrypted as f64 * 100.0 / stores.len() as f64))
                .with("encrypted", format!("{encrypted} of {}", stores.len()));
            for kind in ["databases", "buckets", "caches", "queues", "topics"] {
                let of_kind: Vec<_> = stores.iter().filter(|store| store.kind == kind).collect();
                if !of_kind.is_empty() {
                    let sealed = of_kind.iter().filter(|store| store.encrypted == Some(true)).count();
                    facts = facts.with(kind, format!("{sealed} of {}", of_kind.len()));
                }
            }
            facts
        },
        checks: &[
            Check {
                title: "Everything at rest is encrypted",
                limit: |_| "warn on any without".into(),
                judge: |sight| {
                    let (told, untold): (Vec<Store>, Vec<Store>) =
                        stores(sight).into_iter().partition(|store| store.encrypted.is_some());
                    let names = |stores: Vec<Store>| stores.into_iter().map(|store| store.name).collect::<Vec<_>>();
                    let open = names(told.into_iter().filter(|store| store.encrypted == Some(false)).collect());
                    let untold = names(untold);
                    if open.is_empty() {
                        return if untold.is_empty() {
                            Verdict::Pass("all".into())
                        } else {
                            Verdict::Blank(format!("not told of {}", some_names(&untold)))
                        };
                    }
                    Verdict::Fail(vec![Finding::warn(
                        format!("{} open", open.len()),
                        format!(
                            "{} at rest in the clear: {}",
                            plural(open.len(), "store is", "stores are"),
                            some_names(&open)
                        ),
                    )])
                },
            },
            Check {
                title: "No store hangs on a dead key",
                limit: |_| "bad when the key is disabled".into(),
                judge: |sight| {
                    let findings = sight
                        .items(|f| &f.databases)
                        .filter_map(|(place, db)| {
                            let key = db.kms_key.as_ref()?;
                            let dead =
                                place.feeds.keys.items().find(|known| known.id == *key && known.state != "Enabled")?;
                            Some(
                                Finding::bad(
                                    "dead key",
                                    format!("{} is encrypted with {}, which is {}", db.id, dead.alias, dead.state),
                                )
                                .at(place),
                            )
                        })
                        .collect();
                    Verdict::of(findings, "all keys enabled")
                },
            },
        ],
    },
    BoxSpec {
        id: BoxId::Waf,
        sources: &[Feed::WebAcls, Feed::Balancers, Feed::Metrics],
        within: Within::Everything,
        facts: |sight| {
            let all: Vec<_> = acls(sight).collect();
            if all.is_empty() && sight.items(|f| &f.balancers).next().is_none() {
                return Facts::absent();
            }
            let blocked = sum_known(all.iter().filter_map(|(place, acl)| place.latest(Measure::WafBlocked, &acl.name)));
            let blocked = blocked.map(|blocked| count(blocked as u64));
            let headline = match &blocked {
                Some(blocked) => format!("{blocked} blocked/min"),
                None => plural(all.len(), "web ACL", "web ACLs"),
            };
            let top = all.iter().find_map(|(_, acl)| acl.top_rule.as_ref());
            Facts::new(headline)
                .with("lists", all.len().to_string())
                .with("rules", all.iter().map(|(_, acl)| acl.rules).sum::<u32>().to_string())
                .with("blocked", known(blocked, |blocked| format!("{blocked}/min")))
                .with("top rule", top.map_or("-", |rule| rule.as_str()))
        },
        checks: &[
            Check {
                title: "Every public balancer is guarded",
                limit: |_| "warn without a web ACL in prod".into(),
                judge: |sight| {
                    let findings = sight
                        .items(|f| &f.balancers)
                        .filter(|(place, lb)| {
                            lb.environment == Environment::Prod
                                && !place.feeds.web_acls.items().any(|acl| acl.guards.contains(&lb.name))
                        })
                        .map(|(place, lb)| {
                            Finding::warn("unguarded", format!("{} has no web ACL in front of it", lb.name)).at(place)
                        })
                        .collect();
                    Verdict::lacking(findings, "all guarded")
                },
            },
            Check {
                title: "No burst of blocked requests",
                limit: |t| format!("warn over {} x the usual", t.waf_block_factor),
                judge: |sight| {
                    let findings = acls(sight)
                        .filter_map(|(place, acl)| {
                            let series = place.series(Measure::WafBlocked, &acl.name)?;
                            let blocked = series.latest()?;
                            let limit = acl.usual_blocked_per_minute * sight.limits().waf_block_factor;
                            (acl.usual_blocked_per_minute > 0.0 && blocked > limit).then(|| {
                                Finding::warn(
                                    format!("{} blocked/min", count(blocked as u64)),
                                    format!(
                                        "{} blocks {} requests a minute, usually {}",
                                        acl.name,
                                        count(blocked as u64),
                                        count(acl.usual_blocked_per_minute as u64)
                                    ),
                                )
                                .since(series.holding_since(|value| value > limit))
                                .at(place)
                            })
                        })
                        .collect();
                    Verdict::of(findings, "as usual")
                },
            },
        ],
    },
];

struct Store {
    kind: &'static str,
    name: String,
    /// Absent where AWS did not say.
    encrypted: Option<bool>,
}

fn stores(sight: &Sight<'_>) -> Vec<Store> {
    let store = |kind, name: &str, encrypted| Store { kind, name: name.to_owned(), encrypted };
    sight
        .items(|f| &f.databases)
        .map(|(_, db)| store("databases", db.id.as_str(), db.encrypted))
        .chain(
            sight
                .items(|f| &f.buckets)
                .map(|(_, bucket)| store("buckets", bucket.name.as_str(), Some(bucket.encrypted))),
        )
        .chain(sight.items(|f| &f.caches).map(|(_, group)| store("caches", group.id.as_str(), group.encrypted_at_rest)))
        .chain(sight.items(|f| &f.queues).map(|(_, queue)| store("queues", queue.name.as_str(), queue.encrypted)))
        .chain(sight.items(|f| &f.topics).map(|(_, topic)| store("topics", topic.name.as_str(), topic.encrypted)))
        .collect()
}

fn own_keys<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a KmsKey)> + use<'a> {
    sight.items(|f| &f.keys).filter(|(_, key)| key.customer_managed)
}

fn acls<'a>(sight: &Sight<'a>) -> impl Iterator<Item = (&'a Place, &'a WebAcl)> + use<'a> {
    sight.items(|f| &f.web_acls)
}
