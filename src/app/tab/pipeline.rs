//! What is looked at on the page of a pipeline: one of its actions, and that action's own page.

use crate::app::overlay::Scroll;
use crate::domain::delivery::{Action, Pipeline, RunStatus, Stage};
use crate::domain::text::Text;

#[derive(Clone, Debug)]
pub struct Cursor {
    /// Stage and name of the action that was chosen. By name, so that it stays where it is when the pipeline is edited.
    chosen: Option<(Text, Text)>,
    /// The page keeps it in view, until somebody scrolls elsewhere.
    pub is_followed: bool,
    /// Its line on the page, as it was drawn last.
    pub line: usize,
    /// The page of the action itself.
    pub card: Option<Card>,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Card {
    pub scroll: Scroll,
    /// It is to be opened where its log begins to tell of an error.
    pub seeks_log: bool,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { chosen: None, is_followed: true, line: 0, card: None }
    }
}

impl Cursor {
    /// The selected action: the one that was chosen, or until then the one that wants eyes most.
    pub fn action<'a>(&self, pipeline: &'a Pipeline) -> Option<(&'a Stage, &'a Action)> {
        pipeline.actions().nth(self.position(pipeline)?)
    }

    /// Its position among all actions of the pipeline.
    pub fn position(&self, pipeline: &Pipeline) -> Option<usize> {
        let chosen = self.chosen.as_ref().and_then(|(stage, action)| {
            pipeline.actions().position(|(at, it)| at.name == *stage && it.name == *action)
        });
        let of = |status| pipeline.actions().position(|(_, action)| action.status == status);
        let first = pipeline.actions().next().map(|_| 0);
        chosen
            .or_else(|| of(RunStatus::Failed))
            .or_else(|| of(RunStatus::Cancelled))
            .or_else(|| of(RunStatus::Stopped))
            .or_else(|| of(RunStatus::InProgress))
            .or(first)
    }

    pub fn is_chosen(&self) -> bool {
        self.chosen.is_some()
    }

    /// To the next action or the one before; false where there is none.
    pub fn step(&mut self, pipeline: &Pipeline, by: isize) -> bool {
        let Some(at) = self.position(pipeline) else { return false };
        let Some(next) = at.checked_add_signed(by) else { return false };
        self.choose(pipeline, next)
    }

    pub fn choose(&mut self, pipeline: &Pipeline, position: usize) -> bool {
        let Some((stage, action)) = pipeline.actions().nth(position) else { return false };
        self.chosen = Some((stage.name.clone(), action.name.clone()));
        self.is_followed = true;
        true
    }
}
