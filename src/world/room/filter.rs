//! The filter language: words that must all be there, `!` for those that must not, `key:value` for one column.
//!
//! ```text
//! checkout !staging        both words anywhere in the row, the second one not
//! state:alarm since>30     in the column; numbers compare, ages in minutes
//! name="web edge"          exactly; quotes hold blanks together
//! ```

use std::ops::Range;

/// What to look for. Empty matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter(Vec<Term>);

#[derive(Clone, Debug, PartialEq)]
struct Term {
    negated: bool,
    what: What,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Anywhere(String),
    Contains(usize, String),
    Equals(usize, String),
    Above(usize, f64),
    Below(usize, f64),
}

/// Where a filter stopped making sense, and what could stand there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {}: {message}", at + 1)]
pub struct FilterError {
    /// In characters, from 0.
    pub at: usize,
    pub message: String,
}

/// Longest filter read; a pasted megabyte is not a filter.
pub const LONGEST: usize = 1_000;

/// What a row says of itself, asked only as far as a filter needs it.
pub trait Fields {
    /// Everything it shows and is called, in lower case.
    fn everything(&self) -> &str;
    /// One column as shown, in lower case.
    fn shown(&self, column: usize) -> String;
    fn number(&self, column: usize) -> Option<f64>;
}

impl Filter {
    /// Reads a filter over columns of these keys.
    pub fn parse(text: &str, columns: &[&str]) -> Result<Self, FilterError> {
        let text: Vec<char> = text.chars().take(LONGEST).collect();
        let mut terms = Vec::new();
        for range in words(&text)? {
            terms.push(term(&text, range, columns)?);
        }
        Ok(Self(terms))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn matches(&self, row: &impl Fields) -> bool {
        self.0.iter().all(|term| {
            let holds = match &term.what {
                What::Anywhere(word) => row.everything().contains(word.as_str()),
                What::Contains(column, word) => row.shown(*column).contains(word.as_str()),
                What::Equals(column, word) => row.shown(*column) == *word,
                What::Above(column, limit) => row.number(*column).is_some_and(|number| number > *limit),
                What::Below(column, limit) => row.number(*column).is_some_and(|number| number < *limit),
            };
            holds != term.negated
        })
    }
}

/// Words between blanks, where quotes hold blanks together.
fn words(text: &[char]) -> Result<Vec<Range<usize>>, FilterError> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    for (at, character) in text.iter().enumerate() {
        match (character, quote) {
            ('"', None) => {
                quote = Some(at);
                start = start.or(Some(at));
            }
            ('"', Some(_)) => quote = None,
            (c, None) if c.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push(start..at);
                }
            }
            _ => start = start.or(Some(at)),
        }
    }
    if let Some(at) = quote {
        return Err(FilterError { at, message: "this quote is not closed".into() });
    }
    words.extend(start.map(|start| start..text.len()));
    Ok(words)
}

fn term(text: &[char], range: Range<usize>, columns: &[&str]) -> Result<Term, FilterError> {
    let begin = range.start;
    let word = &text[range];
    let negated = word.first() == Some(&'!');
    let word = if negated { &word[1..] } else { word };
    let offset = begin + usize::from(negated);
    if word.is_empty() {
        return Err(FilterError { at: begin, message: "`!` wants a word behind it".into() });
    }
    let plain = |word: &[char]| word.iter().filter(|c| **c != '"').collect::<String>().to_lowercase();
    let sign = word.iter().position(|c| matches!(c, ':' | '=' | '>' | '<'));
    let quoted = word.first() == Some(&'"');
    let Some(sign) = sign.filter(|at| *at > 0 && !quoted) else {
        return Ok(Term { negated, what: What::Anywhere(plain(word)) });
    };
    let key = plain(&word[..sign]);
    let Some(column) = columns.iter().position(|known| *known == key) else {
        // An ARN or an address has colons of its own and is looked for as it stands.
        if word[sign] == ':' && (key == "arn" || word.get(sign + 1).is_some_and(|next| matches!(next, '/' | ':'))) {
            return Ok(Term { negated, what: What::Anywhere(plain(word)) });
        }
        let message = format!("there is no column `{key}`; there are {}", columns.join(", "));
        return Err(FilterError { at: offset, message });
    };
    let value = plain(&word[sign + 1..]);
    let number = || {
        value.parse::<f64>().map_err(|_| FilterError {
            at: offset + sign + 1,
            message: format!("`{}` wants a number behind it", word[sign]),
        })
    };
    let what = match word[sign] {
        '=' => What::Equals(column, value),
        '>' => What::Above(column, number()?),
        '<' => What::Below(column, number()?),
        _ => What::Contains(column, value),
    };
    Ok(Term { negated, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Line(&'static str, f64);

    impl Fields for Line {
        fn everything(&self) -> &str {
            self.0
        }

        fn shown(&self, column: usize) -> String {
            self.0.split(' ').nth(column).unwrap_or("").to_owned()
        }

        fn number(&self, _: usize) -> Option<f64> {
            Some(self.1)
        }
    }

    #[track_caller]
    fn check(filter: &str, expected: bool) {
        let row = Line("web-5xx-high alarm arn:aws:cloudwatch:eu-west-1", 42.0);
        assert_eq!(Filter::parse(filter, &["name", "state"]).unwrap().matches(&row), expected, "{filter}");
    }

    #[test]
    fn words_are_joined_by_and_and_may_be_inverted() {
        check("", true);
        check("WEB alarm", true);
        check("web checkout", false);
        check("!checkout", true);
        check("!web", false);
        check("state:ala", true);
        check("!state:ok", true);
        check("state=ala", false);
        check("state=alarm", true);
        check("name>41", true);
        check("name<41", false);
        check("arn:aws:cloudwatch", true);
        check("\"high alarm\"", true);
        check("name=\"web-5xx-high\"", true);
    }

    #[track_caller]
    fn fails(filter: &str, expected: &str) {
        let error = Filter::parse(filter, &["name", "state"]).unwrap_err();
        assert_eq!(error.to_string(), expected, "{filter}");
    }

    #[test]
    fn what_does_not_parse_is_named_by_its_place() {
        fails("web colour:red", "at character 5: there is no column `colour`; there are name, state");
        fails("name>soon", "at character 6: `>` wants a number behind it");
        fails("a \"b", "at character 3: this quote is not closed");
        fails("a !", "at character 3: `!` wants a word behind it");
    }

    #[test]
    fn a_pasted_megabyte_is_only_read_so_far() {
        let filter = Filter::parse(&"x".repeat(1_000_000), &[]).unwrap();
        assert!(!filter.matches(&Line("x", 0.0)));
    }
}
