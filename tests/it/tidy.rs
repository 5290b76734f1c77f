//! The house rules that no compiler keeps: floors, sizes, words.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules by floor: each may use only floors below its own, and its own files.
const FLOORS: &[(u8, &[&str])] = &[
    (0, &["domain"]),
    (1, &["world"]),
    (2, &["ops"]),
    (3, &["app"]),
    (4, &["aws", "config", "drill", "journal", "report", "view"]),
    (5, &["runtime", "cli"]),
];

/// What may be named only there.
const ONLY: &[(&str, &[&str])] = &[
    ("ratatui", &["view/", "runtime/terminal.rs", "runtime/console.rs"]),
    ("crossterm", &["runtime/", "cli/console.rs"]),
    ("tokio", &["runtime/", "aws/", "cli/console.rs"]),
    ("aws_sdk_", &["aws/"]),
    ("aws_config", &["aws/"]),
    ("aws_smithy_", &["aws/"]),
    ("color_eyre", &["cli/", "runtime/", "main.rs"]),
    ("clap", &["cli/", "config/"]),
];

const LONGEST_FILE: usize = 500;

/// Every source file with its path inside `src/` and its text.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

/// Without tests, and without comments.
fn production(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

fn floor(module: &str) -> u8 {
    FLOORS
        .iter()
        .find(|(_, modules)| modules.contains(&module))
        .unwrap_or_else(|| panic!("`{module}` is on no floor: add it to the table in tests/it/tidy.rs"))
        .0
}

#[test]
fn a_module_uses_only_the_floors_below_its_own() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let Some((module, _)) = name.split_once('/') else { continue };
        for used in production(&text).split("crate::").skip(1) {
            let used: String = used.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            // A floor's modules are strangers to each other, but the top floor is one flat.
            let is_allowed =
                used == module || floor(&used) < floor(module) || (floor(module) == 5 && floor(&used) == 5);
            if !is_allowed {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_belongs_to_one_place_is_named_only_there() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (word, places) in ONLY {
            let uses = production(&text)
                .lines()
                .any(|line| line.contains(&format!("{word}::")) || (word.ends_with('_') && line.contains(word)));
            if uses && !places.iter().any(|place| name.starts_with(place)) {
                wrong.push(format!("{name} names {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_list_ends_where_its_tokens_repeat() {
    for (name, text) in sources() {
        let text: String = production(&text).split_whitespace().collect();
        let all = text.matches(".into_paginator()").count();
        let told = text.matches(".into_paginator().stop_on_duplicate_token(false)").count();
        assert_eq!(all, told, "{name}: half of a list would pass for the whole");
    }
}

#[test]
fn files_stay_short() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(name, text)| (text.split("\n#[cfg(test)]\nmod tests").next().unwrap().lines().count(), name))
        .filter(|(lines, _)| *lines > LONGEST_FILE)
        .map(|(lines, name)| format!("{name}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_binary_is_thin() {
    assert!(sources()["main.rs"].lines().count() < 80);
    assert!(production(&sources()["world/port.rs"]).lines().filter(|line| !line.trim().is_empty()).count() < 150);
}

#[test]
fn every_file_says_what_it_is_and_no_comment_is_empty() {
    for (name, text) in sources() {
        assert!(text.starts_with("//!"), "{name} does not say what it is");
        // A blank line inside a comment is a paragraph; a comment that is nothing but blank says nothing.
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (number, line) in lines.iter().enumerate() {
            let is_comment = |at: Option<usize>| at.and_then(|at| lines.get(at)).is_some_and(|l| l.starts_with("///"));
            let is_alone = !is_comment(number.checked_sub(1)) || !is_comment(Some(number + 1));
            assert!(*line != "///" || !is_alone, "{name}:{}: an empty comment", number + 1);
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    for (name, text) in sources() {
        for word in ["TODO", "FIXME", "XXX", "todo!", "unimplemented!"] {
            assert!(!text.contains(word), "{name} says {word}");
        }
    }
}
