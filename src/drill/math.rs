//! As much metric math as the company's alarms and dashboards use: arithmetic over series, period by period.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>. A gap in any operand is a gap in
//! the result, and so is a division by zero, as in CloudWatch.

/// A series or a number.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Number(f64),
    Series(Vec<f64>),
}

/// Works out `expression` over the series `of` finds by id. The error says what could not be understood.
pub fn evaluate(expression: &str, length: usize, of: &dyn Fn(&str) -> Option<Vec<f64>>) -> Result<Vec<f64>, String> {
    let mut parser = Parser { rest: expression, of, depth: 0 };
    let value = parser.sum()?;
    parser.skip();
    if !parser.rest.is_empty() {
        return Err(format!("unexpected `{}`", parser.rest));
    }
    Ok(match value {
        Operand::Number(number) => vec![number; length],
        Operand::Series(values) => values,
    })
}

const MAX_DEPTH: usize = 32;

struct Parser<'a> {
    rest: &'a str,
    of: &'a dyn Fn(&str) -> Option<Vec<f64>>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn sum(&mut self) -> Result<Operand, String> {
        let mut left = self.product()?;
        loop {
            let right_of = if self.take('+') {
                |a: f64, b: f64| a + b
            } else if self.take('-') {
                |a: f64, b: f64| a - b
            } else {
                return Ok(left);
            };
            let right = self.product()?;
            left = left.with(&right, right_of);
        }
    }

    fn product(&mut self) -> Result<Operand, String> {
        let mut left = self.term()?;
        loop {
            let right_of = if self.take('*') {
                |a: f64, b: f64| a * b
            } else if self.take('/') {
                |a: f64, b: f64| if b == 0.0 { f64::NAN } else { a / b }
            } else {
                return Ok(left);
            };
            let right = self.term()?;
            left = left.with(&right, right_of);
        }
    }

    fn term(&mut self) -> Result<Operand, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("too deeply nested".into());
        }
        let term = self.term_inside();
        self.depth -= 1;
        term
    }

    fn term_inside(&mut self) -> Result<Operand, String> {
        if self.take('-') {
            return Ok(Operand::Number(0.0).with(&self.term()?, |a, b| a - b));
        }
        if self.take('(') {
            let inner = self.sum()?;
            return if self.take(')') { Ok(inner) } else { Err("`)` is missing".into()) };
        }
        let word = self.word();
        if let Ok(number) = word.parse::<f64>() {
            return Ok(Operand::Number(number));
        }
        match word {
            "" => Err(format!("a value is missing before `{}`", self.rest)),
            "FILL" => {
                if !self.take('(') {
                    return Err("`(` is missing after FILL".into());
                }
                let series = self.sum()?;
                let filler = if self.take(',') { self.sum()? } else { Operand::Number(0.0) };
                if !self.take(')') {
                    return Err("`)` is missing after FILL".into());
                }
                Ok(series.with(&filler, |value, filler| if value.is_nan() { filler } else { value }))
            }
            id => (self.of)(id).map(Operand::Series).ok_or_else(|| format!("`{id}` is not known")),
        }
    }

    fn word(&mut self) -> &'a str {
        self.skip();
        let end =
            self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

impl Operand {
    fn with(self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => Self::Number(join(a, *b)),
            (Self::Series(a), Self::Number(b)) => Self::Series(a.into_iter().map(|a| join(a, *b)).collect()),
            (Self::Number(a), Self::Series(b)) => Self::Series(b.iter().map(|b| join(a, *b)).collect()),
            (Self::Series(a), Self::Series(b)) => {
                Self::Series(a.into_iter().zip(b).map(|(a, b)| join(a, *b)).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, expected: Result<&[f64], &str>) {
        let of = |id: &str| match id {
            "m1" => Some(vec![1.0, 2.0, f64::NAN]),
            "m2" => Some(vec![10.0, 0.0, 4.0]),
            _ => None,
        };
        match (evaluate(expression, 3, &of), expected) {
            (Ok(values), Ok(expected)) => {
                let same = values.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9 || a.is_nan() && b.is_nan());
                assert!(same && values.len() == expected.len(), "{expression}: {values:?}");
            }
            (Err(error), Err(expected)) => assert_eq!(error, expected, "{expression}"),
            (got, _) => panic!("{expression}: {got:?}"),
        }
    }

    #[test]
    fn arithmetic_goes_period_by_period_and_gaps_stay_gaps() {
        check("m1 + m2 * 2", Ok(&[21.0, 2.0, f64::NAN]));
        check("100*(m1/m2)", Ok(&[10.0, f64::NAN, f64::NAN]));
        check("FILL(m1, 0) - 1", Ok(&[0.0, 1.0, -1.0]));
        check("-m2", Ok(&[-10.0, 0.0, -4.0]));
        check("7", Ok(&[7.0, 7.0, 7.0]));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        check("m1 + m9", Err("`m9` is not known"));
        check("(m1", Err("`)` is missing"));
        check("m1 m2", Err("unexpected `m2`"));
        check("m1 +", Err("a value is missing before ``"));
        check(&"(".repeat(99), Err("too deeply nested"));
    }
}
