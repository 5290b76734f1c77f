//! A call as a line for the `aws` command: its names follow from the API's by a rule, so nothing is said twice.

use serde_json::Value;

use crate::world::act::Call;

pub(super) fn line(call: &Call, region: &str) -> String {
    let mut line = format!("aws {} {} --region {region}", call.service.command(), dashed(call.operation));
    for (name, value) in call.input.as_object().into_iter().flatten() {
        let option = dashed(name);
        match value {
            Value::Bool(true) => line.push_str(&format!(" --{option}")),
            Value::Bool(false) => line.push_str(&format!(" --no-{option}")),
            Value::Array(values) if values.iter().all(Value::is_string) => {
                line.push_str(&format!(" --{option}"));
                values.iter().filter_map(Value::as_str).for_each(|value| line.push_str(&format!(" {}", quoted(value))));
            }
            Value::String(value) => line.push_str(&format!(" --{option} {}", quoted(value))),
            other => line.push_str(&format!(" --{option} {}", quoted(&other.to_string()))),
        }
    }
    line
}

/// `DBInstanceIdentifier` as `db-instance-identifier`: a new word begins at a capital letter that ends a run of them or
/// follows a small one.
fn dashed(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || letters.get(at + 1).is_some_and(|next| next.is_lowercase())
            });
        if begins {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// For a POSIX shell: names may hold whatever a stranger has called something.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_api_are_names_of_the_command() {
        for (name, wanted) in [
            ("SetDesiredCapacity", "set-desired-capacity"),
            ("DBInstanceIdentifier", "db-instance-identifier"),
            ("TargetDbClusterIdentifier", "target-db-cluster-identifier"),
            ("RebootDBInstance", "reboot-db-instance"),
            ("serviceDeploymentArn", "service-deployment-arn"),
            ("pipelineName", "pipeline-name"),
        ] {
            assert_eq!(dashed(name), wanted);
        }
    }
}
