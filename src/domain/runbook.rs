//! Where to read what to do about an alarm.

use serde::{Deserialize, Serialize};

use crate::domain::pattern::is_like;
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
        is_like(&self.pattern, name.as_str()).then(|| self.url.replace("{name}", name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_put_into_the_link() {
        let rule = Runbook { pattern: "web-*".into(), url: "https://wiki/{name}".into() };
        assert_eq!(rule.link(&"web-5xx".into()), Some("https://wiki/web-5xx".into()));
        assert_eq!(rule.link(&"a-web-5xx".into()), None);
    }
}
