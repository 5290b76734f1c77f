//! The README says what is so.

use opscon::drill::scenario::{SHIPPED, Scenario};

const README: &str = include_str!("../../README.md");

#[test]
fn its_key_table_is_the_command_table() {
    let table = opscon::report::keys::table(&opscon::app::keymap::Keymap::default());
    assert!(README.contains(&table), "the README's table should be:\n{table}");
}

#[test]
fn it_names_every_scenario_by_its_title() {
    for (name, text) in SHIPPED {
        let title = Scenario::parse(name, text).unwrap().title;
        assert!(README.contains(&format!("| `{name}` | {title} |")), "{name}");
    }
}

#[test]
fn its_test_command_is_the_one_that_is_run_on_every_change() {
    let command = "cargo test";
    assert!(README.contains(&format!("```sh\n{command}\n```")));
    assert!(include_str!("../../.ci/run").lines().any(|line| line.trim() == command));
}
