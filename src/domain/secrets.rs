//! Masking what looks like a secret in text that others wrote: log lines, exported variables.
//!
//! It is a net, not a wall: a password in the middle of a sentence looks like any word. So what passes through here is shown,
//! and never written anywhere.

/// How known tokens begin: access keys of AWS, tokens of GitHub, GitLab, Slack and npm, signed web tokens.
const TOKENS: &[&str] =
    &["AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "npm_", "eyJ"];
/// What names of secrets have in them, in lower case.
const NAMES: &[&str] = &[
    "secret",
    "passw",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "credential",
    "private_key",
    "access_key",
    "authorization",
];
const MASK: &str = "****";
/// A word that begins like a token and is shorter is just a word.
const LEAST: usize = 16;

/// Whether a variable of this name holds something nobody else should see.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}

/// A line with what looks like a secret masked.
pub fn masked(line: &str) -> String {
    if line.contains("PRIVATE KEY-----") {
        return MASK.to_owned();
    }
    let mut out = String::with_capacity(line.len());
    // A name of a secret came last; and what follows is what it is the name of.
    let (mut is_named, mut is_value) = (false, false);
    for part in line.split_inclusive(is_between) {
        let word = part.trim_end_matches(is_between);
        let rest = &part[word.len()..];
        let is_scheme = ["bearer", "basic"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        if is_value && !word.is_empty() && !is_scheme {
            out.push_str(MASK);
            is_value = false;
        } else if word.len() >= LEAST && TOKENS.iter().any(|token| word.starts_with(token)) {
            out.push_str(MASK);
        } else {
            out.push_str(word);
            if !word.is_empty() {
                is_named = is_secret_name(word);
            }
            if is_named && matches!(rest, "=" | ":") {
                (is_named, is_value) = (false, true);
            }
        }
        // `https://user:password@host`
        if rest == "@" && out.ends_with(|c: char| !c.is_whitespace()) {
            let start = out.rfind([':', '/']).map_or(0, |at| at + 1);
            if out[..start].ends_with(':') && out[..start].contains("://") {
                out.truncate(start);
                out.push_str(MASK);
            }
        }
        out.push_str(rest);
    }
    out
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '=' | ':' | '"' | '\'' | ',' | ';' | '(' | ')' | '@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, shown: &str) {
        assert_eq!(masked(line), shown);
    }

    #[test]
    fn what_looks_like_a_secret_is_masked() {
        check("export DB_PASSWORD=hunter2 HOST=db", "export DB_PASSWORD=**** HOST=db");
        check(r#"{"api_key": "abc", "user": "jun"}"#, r#"{"api_key": "****", "user": "jun"}"#);
        check("Authorization: Bearer abc.def", "Authorization: Bearer ****");
        check("cloning https://jun:hunter2@example.com/x", "cloning https://jun:****@example.com/x");
        check("key AKIAIOSFODNN7EXAMPLE used", "key **** used");
        check("ghp_0123456789abcdef0123", "****");
        check("-----BEGIN RSA PRIVATE KEY-----", "****");
    }

    #[test]
    fn what_does_not_is_left_as_it_is() {
        for line in [
            "author: Jun Park",
            "the token expired: renew it",
            "FAILED tests/basket.py::test_total - assert 3 == 4",
            "error[E0308]: mismatched types",
            "eyJust a word: AKIA",
            "mail jun@example.com at 10:42",
            "",
        ] {
            check(line, line);
        }
        assert!(is_secret_name("NPM_TOKEN") && !is_secret_name("IMAGE_TAG"));
    }
}
