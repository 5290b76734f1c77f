//! Where to read what to do about an alarm.

use serde::{Deserialize, Serialize};

use crate::domain::text::Text;

/// A rule of the operator's own: `pattern = "web-*"`, `url = "https://wiki.example/{name}"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runbook {
    /// The name of the alarm, `*` standing for anything.
    pub pattern: String,
    /// `{name}` is replaced by the name.
    pub url: String,
}

impl Runbook {
    /// The link for an alarm of this name, if the rule is about it.
    pub fn link(&self, name: &Text) -> Option<String> {
        matches(&self.pattern, name.as_str()).then(|| self.url.replace("{name}", name.as_str()))
    }
}

/// Whether `name` is like `pattern`: the parts between the stars come one after the other.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, is) in [
            ("web-*", "web-5xx", true),
            ("web-*", "a-web-5xx", false),
            ("*-high", "cpu-high", true),
            ("*", "", true),
            ("web", "web", true),
            ("web", "web2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
        ] {
            assert_eq!(matches(pattern, name), is, "{pattern} {name}");
        }
        let rule = Runbook { pattern: "web-*".into(), url: "https://wiki/{name}".into() };
        assert_eq!(rule.link(&"web-5xx".into()), Some("https://wiki/web-5xx".into()));
    }
}
