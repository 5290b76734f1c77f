//! A call as a line for the `aws` command: its names follow from the API's by a rule, so nothing is said twice.

use serde_json::Value;

use crate::domain::scope::GLOBAL;
use crate::world::act::Call;

pub(super) fn line(call: &Call, region: &str) -> String {
    let mut line = format!("aws {} {}", call.service.command(), dashed(call.operation));
    // What has no region finds its own way.
    if region != GLOBAL {
        line.push_str(&format!(" --region {}", quoted(region)));
    }
    if call.input.as_object().into_iter().flatten().any(|(_, value)| means_more(value)) {
        line.push_str(&format!(" --cli-input-json {}", quoted(&call.input.to_string())));
        return line;
    }
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

/// Whether a word would be taken for something else than itself: for an option, for the name of a file or an address whose
/// content is meant, or for JSON. Within JSON it is only itself.
fn means_more(value: &Value) -> bool {
    const MARKS: [&str; 7] = ["-", "[", "{", "file://", "fileb://", "http://", "https://"];
    match value {
        Value::String(word) => word.is_empty() || MARKS.iter().any(|mark| word.trim_start().starts_with(mark)),
        Value::Array(values) => values.is_empty() || values.iter().any(|value| value.is_string() && means_more(value)),
        _ => false,
    }
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
