//! The rule of a composite alarm as a tree, each child with its state.

use std::collections::HashMap;

use ratatui::text::{Line, Span};

use crate::domain::alarm::{Alarm, AlarmRule, AlarmState};
use crate::domain::composite::Rule;
use crate::domain::health::Health;
use crate::domain::text::Text;
use crate::view::theme::{Role, Theme};
use crate::world::Place;

/// Lines drawn of one tree; a rule over everything is no tree any more.
const MOST_LINES: usize = 400;

pub(super) fn lines(alarm: &Alarm, place: &Place, theme: Theme) -> Vec<Line<'static>> {
    let by_name = place.feeds.alarms.items().map(|alarm| (alarm.name.as_str(), alarm));
    let by_arn = place.feeds.alarms.items().map(|alarm| (alarm.arn.as_str(), alarm));
    let known: HashMap<&str, &Alarm> = by_arn.chain(by_name).collect();
    let mut tree = Tree { known, theme, path: vec![alarm.name.clone()], opened: Vec::new(), lines: Vec::new() };
    if let AlarmRule::Composite { expression } = &alarm.rule {
        tree.expression(expression.as_str(), 0);
    }
    if tree.lines.len() > MOST_LINES {
        tree.lines.truncate(MOST_LINES);
        tree.note(0, "and more", Role::Dim);
    }
    tree.lines
}

struct Tree<'w> {
    known: HashMap<&'w str, &'w Alarm>,
    theme: Theme,
    /// Names from the root to here, to notice a rule that comes back to itself.
    path: Vec<Text>,
    /// Composites already drawn with what is below them: once is enough.
    opened: Vec<Text>,
    lines: Vec<Line<'static>>,
}

impl Tree<'_> {
    fn expression(&mut self, expression: &str, depth: usize) {
        match Rule::parse(expression) {
            Ok(rule) => self.rule(&rule, depth),
            Err(error) => self.note(depth, &format!("cannot read the rule {error}: {expression}"), Role::Unknown),
        }
    }

    fn rule(&mut self, rule: &Rule, depth: usize) {
        if self.lines.len() > MOST_LINES {
            return;
        }
        let holds = rule.holds(&|name| self.known.get(name).map(|alarm| alarm.state));
        let said = |word: &str| format!("{word}{}", if holds { ": holds" } else { "" });
        match rule {
            Rule::And(rules) | Rule::Or(rules) => {
                self.note(depth, &said(if matches!(rule, Rule::And(_)) { "all of" } else { "any of" }), role(holds));
                for rule in rules {
                    self.rule(rule, depth + 1);
                }
            }
            Rule::Not(rule) => {
                self.note(depth, &said("not"), role(holds));
                self.rule(rule, depth + 1);
            }
            Rule::Constant(value) => self.note(depth, if *value { "always" } else { "never" }, Role::Dim),
            Rule::Is(state, name) => self.child(*state, name, holds, depth),
        }
    }

    fn child(&mut self, wanted: AlarmState, name: &str, holds: bool, depth: usize) {
        let Some(alarm) = self.known.get(name).copied() else {
            self.note(depth, &format!("{name}: no such alarm here, so it is never {}", wanted.word()), Role::Unknown);
            return;
        };
        let (health, theme) = (crate::world::room::alarms::health(alarm), self.theme);
        let asked = if holds { String::new() } else { format!(", the rule asks for {}", wanted.word()) };
        self.lines.push(Line::from(vec![
            Span::raw(indent(depth)),
            Span::styled(format!("{} {} ", theme.sign(health), alarm.name), theme.of_health(health)),
            Span::styled(format!("{}{asked}", alarm.state.word()), theme.style(role(holds))),
        ]));
        let AlarmRule::Composite { expression } = &alarm.rule else { return };
        if self.path.contains(&alarm.name) {
            self.note(depth + 1, "comes back to itself: CloudWatch never settles it", Role::Warn);
        } else if self.opened.contains(&alarm.name) {
            self.note(depth + 1, "as above", Role::Dim);
        } else {
            let (name, expression) = (alarm.name.clone(), expression.clone());
            self.opened.push(name.clone());
            self.path.push(name);
            self.expression(expression.as_str(), depth + 1);
            self.path.pop();
        }
    }

    fn note(&mut self, depth: usize, text: &str, role: Role) {
        let text = Text::new(text);
        self.lines.push(Line::styled(format!("{}{text}", indent(depth)), self.theme.style(role)));
    }
}

fn role(holds: bool) -> Role {
    if holds { Role::Strong } else { Role::Dim }
}

fn indent(depth: usize) -> String {
    format!("   {}", "  ".repeat(depth))
}

/// The health of a state, for words beside it.
pub(super) fn of_state(state: AlarmState) -> Health {
    match state {
        AlarmState::Alarm => Health::Bad,
        AlarmState::InsufficientData => Health::Unknown,
        AlarmState::Ok => Health::Ok,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::settings::Look;
    use crate::domain::list::List;
    use crate::domain::scope::{Environment, Scope, ScopeRef};
    use crate::world::World;
    use crate::world::feed::{Feed, Payload};
    use crate::world::port::{FeedKey, Observation, Usage};
    use jiff::Timestamp;
    use std::sync::Arc;

    fn composite(name: &str, expression: &str, state: AlarmState) -> Alarm {
        Alarm {
            name: name.into(),
            arn: format!("arn:aws:cloudwatch:eu-west-1:1:alarm:{name}").into(),
            description: "".into(),
            rule: AlarmRule::Composite { expression: expression.into() },
            state,
            reason: "".into(),
            since: Timestamp::UNIX_EPOCH,
            evaluation: None,
            actions_enabled: true,
            actions: Vec::new(),
            ok_actions: Vec::new(),
            insufficient_data_actions: Vec::new(),
            mutes: Some(Vec::new()),
            tags: Vec::new(),
        }
    }

    /// The tree of the first alarm, without its signs' colours.
    fn tree(alarms: Vec<Alarm>) -> Vec<String> {
        let scope = ScopeRef::new(Scope {
            account: "123456789012".into(),
            alias: "".into(),
            region: "eu-west-1".into(),
            environment: Environment::Prod,
        });
        let first = alarms[0].clone();
        let mut world = World::of(std::slice::from_ref(&scope));
        world.apply(Observation {
            key: FeedKey::all(Feed::Alarms, scope),
            at: Timestamp::UNIX_EPOCH,
            outcome: Ok(Payload::Alarms(Arc::new(List::new(alarms)))),
            usage: Usage::default(),
            gaps: Vec::new(),
            next: None,
        });
        let lines = lines(&first, &world.places()[0], Theme::new(Look::default()));
        lines.iter().map(|line| line.to_string().trim_end().to_owned()).collect()
    }

    #[test]
    fn each_child_is_shown_with_its_state() {
        let lines = tree(vec![
            composite("shop", r#"ALARM("web") AND NOT OK("db")"#, AlarmState::Alarm),
            composite("web", "TRUE", AlarmState::Alarm),
            composite("db", "FALSE", AlarmState::InsufficientData),
        ]);
        assert_eq!(
            lines,
            [
                "   all of: holds",
                "     ✖ web ALARM",
                "       always",
                "     not: holds",
                "       ? db INSUFFICIENT_DATA, the rule asks for OK",
                "         never",
            ]
        );
    }

    #[test]
    fn a_rule_that_comes_back_to_itself_ends() {
        let lines = tree(vec![
            composite("a", r#"ALARM("b")"#, AlarmState::Ok),
            composite("b", r#"ALARM("a") OR ALARM("b")"#, AlarmState::Ok),
        ]);
        assert_eq!(lines.iter().filter(|line| line.contains("comes back to itself")).count(), 2, "{lines:?}");
    }

    #[test]
    fn a_child_that_does_not_exist_and_a_rule_that_cannot_be_read_say_so() {
        let lines = tree(vec![composite("a", r#"ALARM("gone")"#, AlarmState::Ok)]);
        assert_eq!(lines, ["   gone: no such alarm here, so it is never ALARM"]);
        let lines = tree(vec![composite("a", "ALARM(", AlarmState::Ok)]);
        assert!(lines[0].contains("cannot read the rule at character"), "{lines:?}");
    }
}
