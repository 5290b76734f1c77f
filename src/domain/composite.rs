//! The rule language of composite alarms: `ALARM("a") AND NOT (OK(b) OR TRUE)`.

use crate::domain::alarm::AlarmState;

/// A parsed rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    Is(AlarmState, String),
    Constant(bool),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

/// Where a rule stopped making sense, in characters from its start, and what could have stood there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: expected {expected}")]
pub struct RuleError {
    pub at: usize,
    pub expected: &'static str,
}

/// Longer rules are not AWS's, and a recursive parser must not be led down for ever.
const MAX_DEPTH: usize = 64;

impl Rule {
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut parser = Parser { rest: text, at: 0, depth: 0 };
        let rule = parser.or()?;
        parser.skip_space();
        if parser.rest.is_empty() { Ok(rule) } else { Err(parser.expected("AND, OR or the end")) }
    }

    /// Whether the rule holds. A child that does not exist is in no state, so nothing said of it holds.
    pub fn holds(&self, state_of: &dyn Fn(&str) -> Option<AlarmState>) -> bool {
        match self {
            Self::Is(state, alarm) => state_of(alarm) == Some(*state),
            Self::Constant(value) => *value,
            Self::Not(rule) => !rule.holds(state_of),
            Self::And(rules) => rules.iter().all(|rule| rule.holds(state_of)),
            Self::Or(rules) => rules.iter().any(|rule| rule.holds(state_of)),
        }
    }

    /// Names of the alarms the rule mentions, in order, with repeats.
    pub fn children(&self) -> Vec<&str> {
        match self {
            Self::Is(_, alarm) => vec![alarm],
            Self::Constant(_) => Vec::new(),
            Self::Not(rule) => rule.children(),
            Self::And(rules) | Self::Or(rules) => rules.iter().flat_map(Self::children).collect(),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn or(&mut self) -> Result<Rule, RuleError> {
        self.joined("OR", Self::and, Rule::Or)
    }

    fn and(&mut self) -> Result<Rule, RuleError> {
        self.joined("AND", Self::term, Rule::And)
    }

    fn joined(
        &mut self,
        word: &'static str,
        part: fn(&mut Self) -> Result<Rule, RuleError>,
        join: fn(Vec<Rule>) -> Rule,
    ) -> Result<Rule, RuleError> {
        let mut parts = vec![part(self)?];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn term(&mut self) -> Result<Rule, RuleError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.expected("a rule less deeply nested"));
        }
        let term = self.term_inside();
        self.depth -= 1;
        term
    }

    fn term_inside(&mut self) -> Result<Rule, RuleError> {
        if self.take_word("NOT") {
            return Ok(Rule::Not(Box::new(self.term()?)));
        }
        if self.take("(") {
            let inner = self.or()?;
            return if self.take(")") { Ok(inner) } else { Err(self.expected(")")) };
        }
        if self.take_word("TRUE") {
            return Ok(Rule::Constant(true));
        }
        if self.take_word("FALSE") {
            return Ok(Rule::Constant(false));
        }
        for state in [AlarmState::InsufficientData, AlarmState::Alarm, AlarmState::Ok] {
            if self.take_word(state.word()) {
                return self.child(state);
            }
        }
        Err(self.expected("ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT or ("))
    }

    fn child(&mut self, state: AlarmState) -> Result<Rule, RuleError> {
        if !self.take("(") {
            return Err(self.expected("("));
        }
        self.skip_space();
        let quote = self.rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        if let Some(quote) = quote {
            self.advance(1);
            let Some(end) = self.rest.find(quote) else { return Err(self.expected("a closing quote")) };
            let name = self.rest[..end].to_owned();
            self.advance(end + 1);
            return if self.take(")") { Ok(Rule::Is(state, name)) } else { Err(self.expected(")")) };
        }
        let Some(end) = self.rest.find(')') else { return Err(self.expected(")")) };
        let name = self.rest[..end].trim().to_owned();
        if name.is_empty() {
            return Err(self.expected("the name of an alarm"));
        }
        self.advance(end + 1);
        Ok(Rule::Is(state, name))
    }

    fn take(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let found = self.rest.starts_with(symbol);
        if found {
            self.advance(symbol.len());
        }
        found
    }

    /// Takes a keyword, but not the beginning of a longer word.
    fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let is_whole = self.rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
            && !self.rest[word.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
        if is_whole {
            self.advance(word.len());
        }
        is_whole
    }

    fn skip_space(&mut self) {
        let trimmed = self.rest.trim_start();
        self.advance(self.rest.len() - trimmed.len());
    }

    fn advance(&mut self, bytes: usize) {
        self.at += self.rest[..bytes].chars().count();
        self.rest = &self.rest[bytes..];
    }

    fn expected(&self, expected: &'static str) -> RuleError {
        RuleError { at: self.at, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, firing: &[&str], holds: bool) {
        let rule = Rule::parse(text).unwrap();
        let state = |name: &str| {
            if name == "missing" {
                None
            } else if firing.contains(&name) {
                Some(AlarmState::Alarm)
            } else {
                Some(AlarmState::Ok)
            }
        };
        assert_eq!(rule.holds(&state), holds, "{text}");
    }

    #[test]
    fn rules_hold_by_the_states_of_their_children() {
        check(r#"ALARM("a")"#, &["a"], true);
        check("ALARM(a) AND ALARM(b)", &["a"], false);
        check("ALARM(a) or ALARM('b')", &["b"], true);
        check("NOT ALARM(a) AND OK(b)", &["c"], true);
        check("ALARM(a) OR ALARM(b) AND ALARM(c)", &["a"], true);
        check("(ALARM(a) OR ALARM(b)) AND ALARM(c)", &["a"], false);
        check("TRUE AND NOT FALSE", &[], true);
        check("ALARM(missing) OR OK(missing)", &[], false);
        check(
            r#"ALARM("arn:aws:cloudwatch:eu-west-1:1:alarm:a (old)")"#,
            &["arn:aws:cloudwatch:eu-west-1:1:alarm:a (old)"],
            true,
        );
    }

    #[track_caller]
    fn check_error(text: &str, at: usize, expected: &str) {
        let error = Rule::parse(text).unwrap_err();
        assert_eq!((error.at, error.expected), (at, expected), "{text}");
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        check_error("", 0, "ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT or (");
        check_error("ALARM a", 6, "(");
        check_error("ALARM(a) XOR OK(b)", 9, "AND, OR or the end");
        check_error("(ALARM(a)", 9, ")");
        check_error("ALARM(\"a)", 7, "a closing quote");
        check_error(&"(".repeat(1_000), 64, "a rule less deeply nested");
    }

    #[test]
    fn children_are_listed() {
        assert_eq!(Rule::parse("ALARM(a) AND (OK(b) OR NOT ALARM(a))").unwrap().children(), ["a", "b", "a"]);
    }
}
