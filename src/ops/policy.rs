//! What has to be typed before something is done: the more can go wrong, the more.

use serde::Serialize;

use crate::domain::scope::Environment;
use crate::ops::plan::{Blast, Plan};

/// What an approval takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// One key on the button, to which the focus has to be moved first.
    Key,
    /// The name of what is changed.
    Name,
    /// The name, and the account it is in.
    NameAndAccount,
}

/// Production asks for both whatever is done to it: reversible is not harmless there. What nobody has said the purpose of
/// is taken for production.
pub fn need(blast: Blast, environment: Environment) -> Need {
    use Environment::{Dev, Prod, Staging, Test, Unknown};
    match (blast, environment) {
        (Blast::Destructive, _) | (_, Prod | Unknown) => Need::NameAndAccount,
        (Blast::Disruptive, Dev | Test) | (Blast::Reversible | Blast::Disruptive, Staging) => Need::Name,
        (Blast::Reversible, Dev | Test) => Need::Key,
    }
}

impl Need {
    pub fn of(plan: &Plan) -> Self {
        need(plan.blast, plan.environment)
    }

    /// What has to be typed, word for word; nothing where a key is enough.
    pub fn words(self, plan: &Plan) -> Option<String> {
        match self {
            Self::Key => None,
            Self::Name => Some(plan.target.to_string()),
            Self::NameAndAccount => Some(format!("{} {}", plan.target, plan.scope.account_name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_can_go_wrong_the_more_is_typed() {
        use Blast::{Destructive, Disruptive, Reversible};
        use Environment::{Dev, Prod, Staging, Test, Unknown};
        for (blast, environment, wanted) in [
            (Reversible, Dev, Need::Key),
            (Reversible, Test, Need::Key),
            (Reversible, Staging, Need::Name),
            (Reversible, Prod, Need::NameAndAccount),
            (Reversible, Unknown, Need::NameAndAccount),
            (Disruptive, Dev, Need::Name),
            (Disruptive, Staging, Need::Name),
            (Disruptive, Prod, Need::NameAndAccount),
            (Destructive, Dev, Need::NameAndAccount),
            (Destructive, Prod, Need::NameAndAccount),
        ] {
            assert_eq!(need(blast, environment), wanted, "{blast:?} in {environment:?}");
        }
    }
}
