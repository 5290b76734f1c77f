//! The filter language: words that must all be there, `!` for those that must not, `key:value` for one column.
//!
//! ```text
//! checkout !staging        both words anywhere in the row, the second one not
//! state:alarm since>30m    in the column; numbers compare, ages as times or in minutes
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

/// A column that can be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub key: &'static str,
    /// Compares with `>` and `<`.
    pub is_number: bool,
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
    pub fn parse(text: &str, columns: &[Field]) -> Result<Self, FilterError> {
        let text: Vec<char> = text.chars().take(LONGEST).collect();
        let mut terms = Vec::new();
        for range in words(&text)? {
            terms.push(term(&text, range, columns)?);
        }
        Ok(Self(terms))
    }

    /// Whether it compares numbers, ages among them: those move by themselves.
    pub fn compares(&self) -> bool {
        self.0.iter().any(|term| matches!(term.what, What::Above(..) | What::Below(..)))
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

fn term(text: &[char], range: Range<usize>, columns: &[Field]) -> Result<Term, FilterError> {
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
    let Some(sign) = sign.filter(|_| !quoted) else {
        // A star at either end says what is so anyway.
        let text = plain(word);
        return Ok(Term { negated, what: What::Anywhere(text.trim_matches('*').to_owned()) });
    };
    if sign == 0 {
        return Err(FilterError { at: offset, message: format!("`{}` wants a column before it", word[0]) });
    }
    let key = plain(&word[..sign]);
    let Some(column) = columns.iter().position(|known| known.key == key) else {
        // An ARN or an address has colons of its own and is looked for as it stands.
        if word[sign] == ':' && (key == "arn" || word.get(sign + 1).is_some_and(|next| matches!(next, '/' | ':'))) {
            return Ok(Term { negated, what: What::Anywhere(plain(word)) });
        }
        let all: Vec<&str> = columns.iter().map(|column| column.key).collect();
        let message = format!("there is no column `{key}`; there are {}", all.join(", "));
        return Err(FilterError { at: offset, message });
    };
    let or_equal = matches!(word[sign], '>' | '<') && word.get(sign + 1) == Some(&'=');
    let from = sign + 1 + usize::from(or_equal);
    let value = plain(&word[from..]);
    if matches!(word[sign], '>' | '<') && !columns[column].is_number {
        return Err(FilterError {
            at: offset + sign,
            message: format!("`{key}` is no number; `:` looks for a part of it"),
        });
    }
    let number = || {
        quantity(&value).ok_or_else(|| FilterError {
            at: offset + from,
            message: format!("`{}` wants a number behind it, or a time such as 90s, 5m, 2h or 3d", word[sign]),
        })
    };
    let (what, is_turned) = match (word[sign], or_equal) {
        ('=', _) => (What::Equals(column, value), false),
        ('>', false) => (What::Above(column, number()?), false),
        ('<', false) => (What::Below(column, number()?), false),
        // At least is not less.
        ('>', true) => (What::Below(column, number()?), true),
        ('<', true) => (What::Above(column, number()?), true),
        _ => (What::Contains(column, value), false),
    };
    Ok(Term { negated: negated != is_turned, what })
}

/// A number, or a time in minutes, which is what ages compare in.
fn quantity(text: &str) -> Option<f64> {
    let minutes = match text.chars().last()? {
        's' => 1.0 / 60.0,
        'm' => 1.0,
        'h' => 60.0,
        'd' => 1_440.0,
        _ => return text.parse().ok(),
    };
    text[..text.len() - 1].parse::<f64>().ok().map(|number| number * minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Line(&'static str, f64);

    const FIELDS: [Field; 3] = [
        Field { key: "name", is_number: false },
        Field { key: "state", is_number: false },
        Field { key: "since", is_number: true },
    ];

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
        assert_eq!(Filter::parse(filter, &FIELDS).unwrap().matches(&row), expected, "{filter}");
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
        check("since>41", true);
        check("since<41", false);
        check("since>=42", true);
        check("since<=42", true);
        check("since>30m", true);
        check("since>1h", false);
        check("web-*", true);
        check("arn:aws:cloudwatch", true);
        check("\"high alarm\"", true);
        check("name=\"web-5xx-high\"", true);
    }

    #[track_caller]
    fn fails(filter: &str, expected: &str) {
        let error = Filter::parse(filter, &FIELDS).unwrap_err();
        assert_eq!(error.to_string(), expected, "{filter}");
    }

    #[test]
    fn what_does_not_parse_is_named_by_its_place() {
        fails("web colour:red", "at character 5: there is no column `colour`; there are name, state, since");
        fails("since>soon", "at character 7: `>` wants a number behind it, or a time such as 90s, 5m, 2h or 3d");
        fails("name>5", "at character 5: `name` is no number; `:` looks for a part of it");
        fails(":web", "at character 1: `:` wants a column before it");
        fails("a \"b", "at character 3: this quote is not closed");
        fails("a !", "at character 3: `!` wants a word behind it");
    }

    #[test]
    fn a_pasted_megabyte_is_only_read_so_far() {
        let filter = Filter::parse(&"x".repeat(1_000_000), &[]).unwrap();
        assert!(!filter.matches(&Line("x", 0.0)));
    }
}
