//! `opscon iam-policy`: the permissions the console uses, and no others, made from the same tables that ask and act.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::world::act::{RIGHTS, RIGHTS_BESIDE};
use crate::world::feed::READ_FROM_AWS;

/// A policy document that allows every question opscon asks. Reading actions of these services mostly know no single
/// resources, so the resource is everything; a scope is narrowed by the account the role is in.
pub fn reading() -> Value {
    let mut by_service: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for action in READ_FROM_AWS.iter().flat_map(|feed| feed.actions()) {
        if let Some((service, _)) = action.split_once(':') {
            by_service.entry(service).or_default().insert(action);
        }
    }
    let statements: Vec<Value> = by_service
        .into_iter()
        .map(|(service, actions)| {
            json!({ "Sid": format!("OpsconReads{}", sid(service)), "Effect": "Allow", "Action": actions, "Resource": "*" })
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A policy document that allows every call opscon can change something with, each on the kind of thing it is about. What AWS
/// demands beside them now and then (`iam:PassRole` of the roles of a task or a database) is not in it: for which roles, only
/// their owner can say.
pub fn acting() -> Value {
    let mut by_resource: BTreeMap<(&str, &[&str]), Vec<&str>> = BTreeMap::new();
    for right in RIGHTS.iter().chain(RIGHTS_BESIDE) {
        if let Some((service, _)) = right.action.split_once(':') {
            by_resource.entry((service, right.on)).or_default().push(right.action);
        }
    }
    let mut of_service: BTreeMap<&str, u32> = BTreeMap::new();
    let statements: Vec<Value> = by_resource
        .into_iter()
        .map(|((service, on), actions)| {
            let number = of_service.entry(service).or_default();
            *number += 1;
            let resource = if on.is_empty() {
                json!("*")
            } else {
                json!(on.iter().map(|resource| format!("arn:aws:{resource}")).collect::<Vec<_>>())
            };
            let sid = format!("OpsconChanges{}{number}", sid(service));
            json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource })
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn sid(service: &str) -> String {
    service.split('-').map(capital).collect()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_allows_what_is_asked_and_nothing_else() {
        let policy = reading();
        let allowed: BTreeSet<String> = policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|statement| statement["Action"].as_array().unwrap())
            .map(|action| action.as_str().unwrap().to_owned())
            .collect();
        let asked: BTreeSet<String> =
            READ_FROM_AWS.iter().flat_map(|feed| feed.actions()).map(|action| (*action).to_owned()).collect();
        assert_eq!(allowed, asked);
        assert!(allowed.iter().all(|action| !action.contains('*')));
        // Only verbs that read.
        let reads = ["Describe", "List", "Get", "Batch", "Evaluate", "Filter", "Lookup"];
        for action in &allowed {
            let verb = action.split_once(':').unwrap().1;
            assert!(reads.iter().any(|read| verb.starts_with(read)), "{action}");
        }
    }

    #[test]
    fn it_fits_into_a_managed_policy() {
        // 6,144 characters, white space not counted:
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        for policy in [reading(), acting()] {
            let length = policy.to_string().chars().filter(|c| !c.is_whitespace()).count();
            assert!(length <= 6_144, "{length}");
        }
    }

    #[test]
    fn what_changes_something_is_allowed_on_its_kind_of_thing_alone() {
        let policy = acting();
        let statements = policy["Statement"].as_array().unwrap();
        let mut allowed = Vec::new();
        for statement in statements {
            let actions = statement["Action"].as_array().unwrap();
            allowed.extend(actions.iter().map(|action| action.as_str().unwrap()));
            if statement["Resource"] == "*" {
                // IAM knows no resource for it.
                assert_eq!(actions, &["codedeploy:StopDeployment"]);
                continue;
            }
            for resource in statement["Resource"].as_array().unwrap() {
                let parts: Vec<&str> = resource.as_str().unwrap().splitn(6, ':').collect();
                assert_eq!((parts.len(), parts[0], parts[1]), (6, "arn", "aws"), "{resource}");
                let service = actions[0].as_str().unwrap().split(':').next().unwrap();
                assert!(parts[2] == service || service == "arc-zonal-shift", "{service} on {resource}");
            }
        }
        allowed.sort_unstable();
        let mut known: Vec<&str> = RIGHTS.iter().chain(RIGHTS_BESIDE).map(|right| right.action).collect();
        known.sort_unstable();
        assert_eq!(allowed, known);
        let sids: BTreeSet<&str> = statements.iter().map(|one| one["Sid"].as_str().unwrap()).collect();
        assert_eq!(sids.len(), statements.len());
        assert!(sids.iter().all(|sid| sid.chars().all(|c| c.is_ascii_alphanumeric())), "{sids:?}");
    }
}
