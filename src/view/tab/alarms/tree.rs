//! The rule of a composite alarm as a tree, each child with its state.

use ratatui::text::{Line, Span};

use crate::domain::alarm::{Alarm, AlarmRule, AlarmState};
use crate::domain::composite::Rule;
use crate::domain::health::Health;
use crate::view::theme::{Role, Theme};
use crate::world::Place;

/// Composites of composites of composites; deeper ones are not followed.
const DEEPEST: usize = 8;

pub(super) fn lines(alarm: &Alarm, place: &Place, theme: Theme) -> Vec<Line<'static>> {
    let mut tree = Tree { place, theme, path: vec![alarm.name.to_string()], lines: Vec::new() };
    if let AlarmRule::Composite { expression } = &alarm.rule {
        tree.expression(expression.as_str(), 0);
    }
    tree.lines
}

struct Tree<'w> {
    place: &'w Place,
    theme: Theme,
    /// Names from the root to here, to notice a rule that comes back to itself.
    path: Vec<String>,
    lines: Vec<Line<'static>>,
}

impl<'w> Tree<'w> {
    fn expression(&mut self, expression: &str, depth: usize) {
        match Rule::parse(expression) {
            Ok(rule) => self.rule(&rule, depth),
            Err(error) => self.note(depth, &format!("cannot read the rule {error}: {expression}"), Role::Unknown),
        }
    }

    fn rule(&mut self, rule: &Rule, depth: usize) {
        let holds = rule.holds(&|name| self.find(name).map(|alarm| alarm.state));
        match rule {
            Rule::And(rules) | Rule::Or(rules) => {
                let word = if matches!(rule, Rule::And(_)) { "all of" } else { "any of" };
                self.note(depth, &format!("{word}{}", if holds { ": holds" } else { "" }), role(holds));
                for rule in rules {
                    self.rule(rule, depth + 1);
                }
            }
            Rule::Not(rule) => {
                self.note(depth, &format!("not{}", if holds { ": holds" } else { "" }), role(holds));
                self.rule(rule, depth + 1);
            }
            Rule::Constant(value) => self.note(depth, if *value { "always" } else { "never" }, Role::Dim),
            Rule::Is(state, name) => self.child(*state, name, holds, depth),
        }
    }

    fn child(&mut self, wanted: AlarmState, name: &str, holds: bool, depth: usize) {
        let Some(alarm) = self.find(name) else {
            self.note(depth, &format!("{name}: no such alarm here, so it is never {}", wanted.word()), Role::Unknown);
            return;
        };
        let (health, theme) = (crate::world::room::alarms::health(alarm), self.theme);
        let words = if holds { format!("is {}", wanted.word()) } else { format!("not {}", wanted.word()) };
        self.lines.push(Line::from(vec![
            Span::raw(indent(depth)),
            Span::styled(format!("{} {name} ", theme.sign(health)), theme.of_health(health)),
            Span::styled(format!("{words}, {}", alarm.state.word()), theme.style(role(holds))),
        ]));
        if let AlarmRule::Composite { expression } = &alarm.rule {
            if self.path.iter().any(|known| known == name) {
                self.note(depth + 1, "comes back to itself: CloudWatch never settles it", Role::Warn);
            } else if depth < DEEPEST {
                self.path.push(name.to_owned());
                let expression = expression.clone();
                self.expression(expression.as_str(), depth + 1);
                self.path.pop();
            }
        }
    }

    fn find(&self, name: &str) -> Option<&'w Alarm> {
        // A rule may name an alarm by its ARN.
        let name = name.rsplit(":alarm:").next().unwrap_or(name);
        self.place.feeds.alarms.items().find(|alarm| alarm.name == *name)
    }

    fn note(&mut self, depth: usize, text: &str, role: Role) {
        let text = crate::domain::text::Text::new(text);
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
        let mut world = World::of(&[scope.clone()]);
        world.apply(Observation {
            key: FeedKey::all(Feed::Alarms, scope),
            at: Timestamp::UNIX_EPOCH,
            outcome: Ok(Payload::Alarms(Arc::new(List::new(alarms)))),
            usage: Usage::default(),
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
                "     ✖ web is ALARM, ALARM",
                "       always",
                "     not: holds",
                "       ? db not OK, INSUFFICIENT_DATA",
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
