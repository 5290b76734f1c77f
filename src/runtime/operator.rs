//! Who operates a console, and with what: nothing here, and it only looks.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::model::Changes;
use crate::app::msg::Pages;
use crate::domain::text::Text;
use crate::journal::Journal;
use crate::ops::record::{Person, stories};
use crate::runtime::executor::Hands;
use crate::runtime::worlds::Opened;

/// What is the same in every world a console opens.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Folder in which journals are kept.
    pub state: PathBuf,
    pub me: Person,
    /// Nothing may be changed, by configuration.
    pub is_read_only: bool,
    /// Accounts in which nothing may be changed, and those in which a second person has to agree, by the operator's names.
    pub read_only: Vec<String>,
    pub second_person: Vec<String>,
}

impl Operator {
    /// The journal of this kind of world: what was done in a drill must never pass for something that was done.
    pub fn journal(&self, is_drill: bool) -> Journal {
        Journal::at(if is_drill { self.state.join("drill") } else { self.state.clone() })
    }

    /// What this operator may change in a world, and with what.
    pub fn hands(&self, opened: &Opened) -> (Changes, Option<Arc<Hands>>) {
        let Some(act) = opened.act.clone() else {
            return (Changes::Nothing("this console only looks"), None);
        };
        if self.is_read_only {
            return (Changes::Nothing("operations.read_only is set in the configuration"), None);
        }
        let hands = Hands {
            act,
            journal: self.journal(opened.drill.is_some()),
            me: self.me.clone(),
            world: opened.session.name.clone(),
            second_person: self.second_person.clone(),
        };
        let but = self.read_only.iter().map(|name| Text::new(name)).collect();
        (Changes::Allowed { but }, Some(Arc::new(hands)))
    }
}

/// Everything a journal holds; in words where it cannot be read.
pub fn read(journal: &Journal) -> Result<Pages, String> {
    let pages = journal.read(None).map_err(|error| error.to_string())?;
    Ok(Pages { stories: stories(&pages.entries), breaks: pages.breaks })
}
