//! A JSON document as lines, to read, fold and search.
//!
//! The lines are a flat list, each knowing where its bracket closes, and what is visible is a list of their positions:
//! a document of a hundred thousand lines costs one pass when a fold changes, and nothing per key otherwise.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use crate::domain::text::Text;

/// Longest value shown, in characters. A log line or a policy inside a string fits; a megabyte is not read on one line.
const LONGEST_VALUE: usize = 10_000;

/// Longest query worth looking for; a pasted megabyte is not a word.
const LONGEST_QUERY: usize = 200;

/// A document, what is folded in it, what is selected and what was searched for.
#[derive(Debug)]
pub struct JsonView {
    title: Text,
    /// As it came, for copying: the lines are cleaned and cut.
    value: Value,
    lines: Vec<Line>,
    /// Positions of the lines not inside a fold, in order.
    visible: Vec<usize>,
    /// Position of the selected line; always a visible one.
    selected: usize,
    query: String,
    /// Positions of the lines that hold the query, in order, folded away or not.
    hits: Vec<usize>,
}

#[derive(Debug)]
struct Line {
    depth: usize,
    kind: JsonKind,
    /// Escaped as in the document, without its quotes.
    key: Option<Text>,
    /// What is written, for anything but brackets.
    text: Option<Text>,
    /// The line that opens what this one is in; of a closing bracket, the line it closes. The first line is its own.
    parent: usize,
    /// The line that closes it; itself if it is whole on one line.
    end: usize,
    /// Which of its parent's members it is.
    place: usize,
    members: usize,
    is_last: bool,
    is_folded: bool,
}

impl Line {
    fn is_foldable(&self) -> bool {
        matches!(self.kind, JsonKind::Object | JsonKind::Array) && self.members > 0
    }
}

/// A line as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonLine<'a> {
    pub depth: usize,
    /// Without quotes; the quotes in it are escaped.
    pub key: Option<&'a str>,
    pub kind: JsonKind,
    /// What follows the key: a value with its quotes, a bracket, or a folded pair of them.
    pub text: Cow<'a, str>,
    pub is_foldable: bool,
    pub is_folded: bool,
    pub is_selected: bool,
    pub is_match: bool,
    pub has_comma: bool,
}

impl fmt::Display for JsonLine<'_> {
    /// The line without its indentation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = self.key {
            write!(f, "\"{key}\": ")?;
        }
        f.write_str(&self.text)?;
        if self.has_comma { f.write_str(",") } else { Ok(()) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    Object,
    Array,
    /// A closing bracket.
    Close,
    String,
    Number,
    Bool,
    Null,
}

impl JsonView {
    pub fn new(title: impl Into<Text>, value: &Value) -> Self {
        let mut lines = Vec::new();
        push(&mut lines, value, Spot { depth: 0, parent: 0, place: 0, is_last: true }, None);
        let mut view = Self {
            title: title.into(),
            value: value.clone(),
            lines,
            visible: Vec::new(),
            selected: 0,
            query: String::new(),
            hits: Vec::new(),
        };
        view.refresh();
        view
    }

    pub fn title(&self) -> &Text {
        &self.title
    }

    /// Every visible line; a folded part is one line.
    pub fn lines(&self) -> impl Iterator<Item = JsonLine<'_>> {
        self.visible(0, self.len())
    }

    /// At most `count` visible lines from the visible line `from`.
    pub fn visible(&self, from: usize, count: usize) -> impl Iterator<Item = JsonLine<'_>> {
        self.visible.iter().skip(from).take(count).map(|position| self.line(*position))
    }

    /// How many lines are visible; never none.
    #[expect(clippy::len_without_is_empty, reason = "a document has at least one line")]
    pub fn len(&self) -> usize {
        self.visible.len()
    }

    /// Which visible line is selected.
    pub fn selected(&self) -> usize {
        self.visible.binary_search(&self.selected).unwrap_or(0)
    }

    pub fn step(&mut self, by: isize) {
        let to = self.selected().saturating_add_signed(by).min(self.len().saturating_sub(1));
        self.selected = self.visible.get(to).copied().unwrap_or(0);
    }

    /// Folds or unfolds what the selected line opens, or what it is in if it opens nothing.
    pub fn toggle(&mut self) {
        let opening = if self.lines[self.selected].is_foldable() { self.selected } else { self.parent() };
        if self.lines[opening].is_foldable() {
            self.lines[opening].is_folded = !self.lines[opening].is_folded;
            self.selected = opening;
            self.refresh();
        }
    }

    /// Folds everything but the document itself.
    pub fn fold_all(&mut self) {
        for line in self.lines.iter_mut().skip(1) {
            line.is_folded = line.is_foldable();
        }
        self.lines[0].is_folded = false;
        self.selected = self.outermost_fold(self.selected);
        self.refresh();
    }

    pub fn unfold_all(&mut self) {
        for line in &mut self.lines {
            line.is_folded = false;
        }
        self.refresh();
    }

    /// Looks for `query` in all keys and values, also the folded ones, whatever their case, and goes to the first line
    /// that holds it at or after the selection. An empty query ends the search.
    pub fn search(&mut self, query: &str) {
        self.query = query.chars().filter(|character| Text::may_hold(*character)).take(LONGEST_QUERY).collect();
        self.hits.clear();
        if self.query.is_empty() {
            return;
        }
        let needle = Needle::new(&self.query);
        let holds = |text: &Option<Text>| text.as_ref().is_some_and(|text| needle.is_in(text.as_str()));
        let lines = self.lines.iter().enumerate();
        self.hits.extend(lines.filter(|(_, line)| holds(&line.key) || holds(&line.text)).map(|(position, _)| position));
        let next = self.hits.partition_point(|hit| *hit < self.selected);
        self.go_to_hit(next);
    }

    /// Goes `by` matches on, from the last to the first and back.
    pub fn next_match(&mut self, by: isize) {
        let (Some(count), true) = (isize::try_from(self.hits.len()).ok().filter(|count| *count > 0), by != 0) else {
            return;
        };
        // Between two matches, the next is one step away and the last one is one step back.
        let (from, by) = match self.hits.binary_search(&self.selected) {
            Ok(number) => (number, by),
            Err(next) => (next, if by > 0 { by - 1 } else { by }),
        };
        self.go_to_hit(from + by.rem_euclid(count) as usize);
    }

    /// How many lines hold the query.
    pub fn matches(&self) -> usize {
        self.hits.len()
    }

    /// Which match is selected, counted from one.
    pub fn match_number(&self) -> Option<usize> {
        self.hits.binary_search(&self.selected).ok().map(|number| number + 1)
    }

    pub fn query(&self) -> &str {
        &self.query
    }

    /// Where the selected line is, as jq writes it.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for position in self.trail() {
            let line = &self.lines[position];
            match &line.key {
                Some(key) if is_identifier(key.as_str()) => path.push_str(&format!(".{key}")),
                Some(key) => path.push_str(&format!("[\"{key}\"]")),
                None => path.push_str(&format!("[{}]", line.place)),
            }
        }
        if path.starts_with('.') { path } else { format!(".{path}") }
    }

    /// The selected value for copying: a string as it reads, anything else as compact JSON.
    pub fn selected_value(&self) -> String {
        let mut value = &self.value;
        for position in self.trail() {
            let place = self.lines[position].place;
            let member = match value {
                Value::Object(members) => members.values().nth(place),
                Value::Array(members) => members.get(place),
                _ => None,
            };
            let Some(member) = member else { return String::new() };
            value = member;
        }
        match value {
            Value::String(text) => readable(text),
            other => harmless(other.to_string()),
        }
    }

    /// The whole document for copying. What must not be printed is escaped, so it reads back the same.
    pub fn pretty(&self) -> String {
        harmless(format!("{:#}", self.value))
    }

    fn line(&self, position: usize) -> JsonLine<'_> {
        let line = &self.lines[position];
        // Brackets have no text of their own, and whether they are square is known where they open.
        let opening = if line.kind == JsonKind::Close { &self.lines[line.parent] } else { line };
        let (open, close) = if opening.kind == JsonKind::Array { ("[", "]") } else { ("{", "}") };
        let text = match (&line.text, line.kind) {
            (Some(text), _) => Cow::Borrowed(text.as_str()),
            (None, JsonKind::Close) => Cow::Borrowed(close),
            (None, _) if line.members == 0 => Cow::Owned(format!("{open}{close}")),
            (None, _) if line.is_folded => Cow::Owned(format!("{open} … {} {close}", line.members)),
            (None, _) => Cow::Borrowed(open),
        };
        let goes_on = line.is_foldable() && !line.is_folded;
        JsonLine {
            depth: line.depth,
            key: line.key.as_ref().map(Text::as_str),
            kind: line.kind,
            text,
            is_foldable: line.is_foldable(),
            is_folded: line.is_folded,
            is_selected: position == self.selected,
            is_match: self.hits.binary_search(&position).is_ok(),
            has_comma: !line.is_last && !goes_on,
        }
    }

    fn parent(&self) -> usize {
        self.lines[self.selected].parent
    }

    /// The lines from the document's first member down to what is selected, the document itself left out.
    fn trail(&self) -> Vec<usize> {
        let is_close = self.lines[self.selected].kind == JsonKind::Close;
        let mut position = if is_close { self.parent() } else { self.selected };
        let mut trail = Vec::new();
        while position != 0 {
            trail.push(position);
            position = self.lines[position].parent;
        }
        trail.reverse();
        trail
    }

    /// The outermost folded line around `position`, which is what is seen of it; itself if it is in no fold.
    fn outermost_fold(&self, position: usize) -> usize {
        let (mut seen, mut above) = (position, position);
        while above != 0 {
            above = self.lines[above].parent;
            if self.lines[above].is_folded {
                seen = above;
            }
        }
        seen
    }

    /// Selects a match, counted on from the first, and opens what hides it.
    fn go_to_hit(&mut self, number: usize) {
        let Some(hit) = number.checked_rem(self.hits.len()).and_then(|number| self.hits.get(number)) else { return };
        self.selected = *hit;
        let mut above = *hit;
        while above != 0 {
            above = self.lines[above].parent;
            self.lines[above].is_folded = false;
        }
        self.refresh();
    }

    /// Finds again what is visible.
    fn refresh(&mut self) {
        self.visible.clear();
        let mut position = 0;
        while let Some(line) = self.lines.get(position) {
            self.visible.push(position);
            position = if line.is_folded { line.end + 1 } else { position + 1 };
        }
    }
}

/// Where a value stands in the document.
#[derive(Clone, Copy)]
struct Spot {
    depth: usize,
    parent: usize,
    place: usize,
    is_last: bool,
}

fn push(lines: &mut Vec<Line>, value: &Value, spot: Spot, key: Option<Text>) {
    let (kind, members) = match value {
        Value::Object(members) => (JsonKind::Object, members.len()),
        Value::Array(members) => (JsonKind::Array, members.len()),
        Value::String(_) => (JsonKind::String, 0),
        Value::Number(_) => (JsonKind::Number, 0),
        Value::Bool(_) => (JsonKind::Bool, 0),
        Value::Null => (JsonKind::Null, 0),
    };
    let opening = lines.len();
    let Spot { depth, parent, place, is_last } = spot;
    let is_bracket = matches!(kind, JsonKind::Object | JsonKind::Array);
    let text = (!is_bracket).then(|| Text::cut_to(&harmless(value.to_string()), LONGEST_VALUE));
    let line = Line { depth, kind, key, text, parent, end: opening, place, members, is_last, is_folded: false };
    lines.push(line);
    let of = |place| Spot { depth: depth + 1, parent: opening, place, is_last: place + 1 == members };
    match value {
        Value::Object(members) => {
            for (place, (name, member)) in members.iter().enumerate() {
                push(lines, member, of(place), Some(escaped(name)));
            }
        }
        Value::Array(members) => {
            for (place, member) in members.iter().enumerate() {
                push(lines, member, of(place), None);
            }
        }
        _ => {}
    }
    if members > 0 {
        let end = lines.len();
        let (kind, key, text) = (JsonKind::Close, None, None);
        let parent = opening;
        lines.push(Line { depth, kind, key, text, parent, end, place, members: 0, is_last, is_folded: false });
        lines[opening].end = end;
    }
}

/// A key as it stands between its quotes.
fn escaped(raw: &str) -> Text {
    let json = harmless(serde_json::to_string(raw).unwrap_or_default());
    Text::new(json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).unwrap_or(&json))
}

/// JSON with the characters that act on a terminal or reorder a line as escapes. They can only be inside its strings,
/// so it means the same; the breaks between lines are JSON's own.
fn harmless(json: String) -> String {
    let may_stay = |character: char| character == '\n' || Text::may_hold(character);
    if json.chars().all(may_stay) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if may_stay(character) {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// A string for copying without quotes: its lines and tabs stay, and whatever else acts on a terminal becomes visible.
fn readable(raw: &str) -> String {
    let lines = raw.lines().map(|line| {
        let parts: Vec<String> = line.split('\t').map(|part| Text::cut_to(part, part.len()).to_string()).collect();
        parts.join("\t")
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn is_identifier(key: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    key.bytes().next().is_some_and(is_letter) && key.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

/// What is searched for, as typed and as it would be escaped in a document.
struct Needle {
    typed: String,
    escaped: Option<String>,
}

impl Needle {
    fn new(query: &str) -> Self {
        let typed = query.to_lowercase();
        let escaped = escaped(&typed).to_string();
        Self { escaped: (escaped != typed).then_some(escaped), typed }
    }

    fn is_in(&self, text: &str) -> bool {
        let holds = |needle: &str| {
            // Nearly all text is ASCII, and a copy of every line for every key typed is felt.
            if text.is_ascii() {
                let mut windows = text.as_bytes().windows(needle.len().max(1));
                windows.any(|window| window.eq_ignore_ascii_case(needle.as_bytes()))
            } else {
                text.to_lowercase().contains(needle)
            }
        };
        holds(&self.typed) || self.escaped.as_deref().is_some_and(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = r#"{
        "arn": "arn:aws:events:rule/nightly",
        "dimensions": [{"name": "Cluster", "value": "prod"}, {"name": "Service", "value": null}, 7],
        "empty": {},
        "none": [],
        "tags": {"a-b": true, "owner": {"team": "Platform"}}
    }"#;

    fn view(json: &str) -> JsonView {
        JsonView::new("rule", &serde_json::from_str(json).unwrap())
    }

    /// What is visible, indented, with `>` at the selection and `*` at matches.
    fn drawn(view: &JsonView) -> Vec<String> {
        view.lines()
            .map(|line| {
                let sign = if line.is_selected { ">" } else { "" };
                let found = if line.is_match { "*" } else { "" };
                format!("{sign}{found}{}{line}", "  ".repeat(line.depth))
            })
            .collect()
    }

    fn select(view: &mut JsonView, number: usize) {
        view.step(isize::MIN);
        view.step(number as isize);
    }

    #[test]
    fn a_document_is_drawn_as_it_is_written() {
        let view = view(r#"{"a": [1, {"b": null}, []], "c": {}, "d": "x"}"#);
        let lines = [
            ">{",
            "  \"a\": [",
            "    1,",
            "    {",
            "      \"b\": null",
            "    },",
            "    []",
            "  ],",
            "  \"c\": {},",
            "  \"d\": \"x\"",
            "}",
        ];
        assert_eq!(drawn(&view), lines);
        let kinds: Vec<JsonKind> = view.visible(1, 5).map(|line| line.kind).collect();
        assert_eq!(kinds, [JsonKind::Array, JsonKind::Number, JsonKind::Object, JsonKind::Null, JsonKind::Close]);
        assert_eq!(view.title().as_str(), "rule");
    }

    #[test]
    fn a_part_folds_to_one_line_and_opens_again() {
        let mut view = view(RULE);
        let open = view.len();
        select(&mut view, 2);
        view.toggle();
        assert_eq!((view.selected(), view.len()), (2, open - 10));
        assert_eq!(drawn(&view)[2], ">  \"dimensions\": [ … 3 ],");
        view.toggle();
        assert_eq!((view.selected(), view.len()), (2, open));

        // From a value in it, and from its closing bracket.
        for inside in [4, 12] {
            select(&mut view, inside);
            view.toggle();
            let (line, selected) = if inside == 4 { (3, 3) } else { (2, 2) };
            assert_eq!(view.selected(), selected);
            assert!(view.lines().nth(line).unwrap().is_folded, "{inside}");
            view.unfold_all();
        }
        assert_eq!(view.len(), open);
    }

    #[test]
    fn what_is_folded_inside_a_fold_stays_folded() {
        let mut view = view(RULE);
        select(&mut view, 3);
        view.toggle();
        view.step(-1);
        view.toggle();
        view.toggle();
        assert_eq!(drawn(&view)[3], "    { … 2 },");

        view.fold_all();
        let lines = [
            "{",
            "  \"arn\": \"arn:aws:events:rule/nightly\",",
            ">  \"dimensions\": [ … 3 ],",
            "  \"empty\": {},",
            "  \"none\": [],",
            "  \"tags\": { … 2 }",
            "}",
        ];
        assert_eq!(drawn(&view), lines);
        view.step(isize::MIN);
        view.toggle();
        assert_eq!(drawn(&view), [">{ … 5 }"]);
    }

    #[test]
    fn a_search_looks_into_folds_and_opens_them() {
        let mut view = view(RULE);
        view.fold_all();
        view.search("PLATFORM");
        assert_eq!((view.matches(), view.match_number(), view.query()), (1, Some(1), "PLATFORM"));
        assert_eq!(view.path(), ".tags.owner.team");
        assert_eq!(drawn(&view)[view.selected()], ">*      \"team\": \"Platform\"");
        // What holds no match stays folded.
        assert_eq!(drawn(&view)[2], "  \"dimensions\": [ … 3 ],");
        view.search("");
        assert_eq!((view.matches(), view.match_number()), (0, None));
        assert_eq!(view.path(), ".tags.owner.team");
        view.search("no such thing");
        assert_eq!((view.matches(), view.match_number()), (0, None));
        view.next_match(1);
        assert_eq!(view.path(), ".tags.owner.team");
    }

    #[test]
    fn matches_go_round() {
        let mut view = view(RULE);
        view.search("name");
        assert_eq!((view.matches(), view.match_number()), (2, Some(1)));
        view.next_match(1);
        assert_eq!(view.path(), ".dimensions[1].name");
        view.next_match(1);
        assert_eq!(view.match_number(), Some(1));
        view.next_match(-1);
        assert_eq!(view.match_number(), Some(2));
        view.next_match(-4);
        assert_eq!(view.match_number(), Some(2));
        view.next_match(isize::MAX);
        assert_eq!(view.match_number(), Some(1));

        // Between two matches; and from behind the last, a search begins again.
        view.step(2);
        assert_eq!(view.match_number(), None);
        view.next_match(1);
        assert_eq!(view.match_number(), Some(2));
        view.step(-1);
        view.next_match(-1);
        assert_eq!(view.match_number(), Some(1));
        view.step(isize::MAX);
        view.next_match(1);
        assert_eq!(view.match_number(), Some(1));
        view.step(isize::MAX);
        view.search("arn");
        assert_eq!(view.path(), ".arn");
    }

    #[test]
    fn a_search_finds_what_is_typed_and_what_is_shown() {
        let mut view = view(r#"["say \"hi\"", "ZÜRICH", "web"]"#);
        for (query, path) in [("say \"hi", ".[0]"), ("say \\\"hi", ".[0]"), ("zürich", ".[1]"), ("\"web\"", ".[2]")] {
            view.search(query);
            assert_eq!((view.matches(), view.path()), (1, path.to_owned()), "{query}");
        }
        view.search("w\u{202e}eb\u{1b}");
        assert_eq!((view.query(), view.matches()), ("web", 1));
        view.search("[");
        assert_eq!(view.matches(), 0);
    }

    #[test]
    fn paths_are_written_as_jq_reads_them() {
        let mut rule = view(RULE);
        let mut paths = Vec::new();
        for number in 0..rule.len() {
            select(&mut rule, number);
            paths.push(rule.path());
        }
        assert_eq!(paths[0], ".");
        assert_eq!(paths[4], ".dimensions[0].name");
        assert_eq!(paths[6], ".dimensions[0]");
        assert_eq!(paths[16], ".tags[\"a-b\"]");
        assert_eq!(paths.last().unwrap(), ".");

        let mut odd = view(r#"{"": 1, "2nd": 2, "a.b": {"x": 3}, "q\"\u001b": 4}"#);
        for (number, path) in [(1, ".[\"\"]"), (2, ".[\"2nd\"]"), (4, ".[\"a.b\"].x"), (6, ".[\"q\\\"\\u001b\"]")] {
            select(&mut odd, number);
            assert_eq!(odd.path(), path);
        }
    }

    #[test]
    fn what_is_copied_is_the_value() {
        let mut view = view(RULE);
        for (number, value) in [
            (1, "arn:aws:events:rule/nightly"),
            (3, r#"{"name":"Cluster","value":"prod"}"#),
            (6, r#"{"name":"Cluster","value":"prod"}"#),
            (9, "null"),
            (11, "7"),
            (14, "[]"),
        ] {
            select(&mut view, number);
            assert_eq!(view.selected_value(), value);
        }
        select(&mut view, 0);
        let document: Value = serde_json::from_str(RULE).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&view.selected_value()).unwrap(), document);
        assert_eq!(view.pretty(), serde_json::to_string_pretty(&document).unwrap());
    }

    #[test]
    fn a_document_may_be_one_value() {
        for (json, line, value) in
            [("\"web\"", ">\"web\"", "web"), ("-1.5", ">-1.5", "-1.5"), ("null", ">null", "null"), ("{}", ">{}", "{}")]
        {
            let mut view = view(json);
            view.toggle();
            view.step(3);
            view.fold_all();
            assert_eq!(drawn(&view), [line]);
            assert_eq!((view.path(), view.selected_value()), (".".to_owned(), value.to_owned()));
        }
    }

    #[test]
    fn hostile_strings_become_visible() {
        let evil = "\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m\u{202e}\u{e0041} \"q\" \\";
        let value = serde_json::json!({ evil: { "key": evil, "text": "one\r\ntwo\tthree\u{7f}" } });
        let mut view = JsonView::new(evil, &value);
        let shown = "\\u001b]52;c;ZXZpbA==\\u0007\\u009b31m\\u202e\\udb40\\udc41 \\\"q\\\" \\\\";
        assert_eq!(view.lines().nth(1).unwrap().key, Some(shown));
        assert_eq!(view.lines().nth(2).unwrap().text, format!("\"{shown}\""));
        view.step(2);
        assert_eq!(view.path(), format!(".[\"{shown}\"].key"));

        let whole = view.pretty();
        let copies = [view.selected_value(), whole.clone(), view.title().to_string()];
        for copy in copies {
            assert!(copy.chars().all(|letter| letter == '\n' || Text::may_hold(letter)), "{copy:?}");
        }
        assert_eq!(serde_json::from_str::<Value>(&whole).unwrap(), value);
        view.step(1);
        assert_eq!(view.selected_value(), "one\ntwo\tthree\\x7f");
        view.step(-2);
        assert_eq!(serde_json::from_str::<Value>(&view.selected_value()).unwrap(), value[evil]);
    }

    #[test]
    fn an_endless_string_is_cut_and_says_so_but_copied_whole() {
        let long = "x".repeat(50_000);
        let mut view = JsonView::new("log", &serde_json::json!([long]));
        assert!(view.lines().nth(1).unwrap().text.ends_with("…(+40002)"));
        view.step(1);
        assert_eq!(view.selected_value(), long);
    }

    #[test]
    fn a_deep_document_can_be_read() {
        let mut value = Value::from("bottom");
        for _ in 0..200 {
            value = serde_json::json!([value]);
        }
        let mut view = JsonView::new("deep", &value);
        assert_eq!(view.len(), 401);
        view.fold_all();
        view.search("bottom");
        assert_eq!((view.selected(), view.len()), (200, 401));
        assert_eq!(view.path(), format!(".{}", "[0]".repeat(200)));
        assert_eq!(view.selected_value(), "bottom");
    }

    #[test]
    fn a_large_document_is_walked_line_by_line() {
        let members: Vec<Value> =
            (0..50_000).map(|number| serde_json::json!({ "id": number, "name": "web" })).collect();
        let mut view = JsonView::new("large", &Value::from(members));
        assert_eq!(view.len(), 200_002);
        for _ in 0..200_001 {
            view.step(1);
            assert!(view.visible(view.selected(), 40).next().unwrap().is_selected);
        }
        assert_eq!(view.selected(), 200_001);
        view.search("49999");
        assert_eq!((view.matches(), view.path()), (1, ".[49999].id".to_owned()));
        for _ in 0..50 {
            view.toggle();
        }
        view.fold_all();
        assert_eq!(view.len(), 50_002);
    }
}
