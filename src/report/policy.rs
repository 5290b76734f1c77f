//! `opscon iam-policy`: the permissions the console uses, and no others, made from the same table that asks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

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
            let sid: String = service.split('-').map(capital).collect();
            json!({ "Sid": format!("OpsconReads{sid}"), "Effect": "Allow", "Action": actions, "Resource": "*" })
        })
        .collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
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
        let reads = ["Describe", "List", "Get", "Batch", "Filter", "Lookup"];
        for action in &allowed {
            let verb = action.split_once(':').unwrap().1;
            assert!(reads.iter().any(|read| verb.starts_with(read)), "{action}");
        }
    }

    #[test]
    fn it_fits_into_a_managed_policy() {
        // 6,144 characters, white space not counted:
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
        let length = reading().to_string().chars().filter(|c| !c.is_whitespace()).count();
        assert!(length <= 6_144, "{length}");
    }
}
