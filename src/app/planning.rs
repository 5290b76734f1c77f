//! A plan on screen: its values being typed, what comes of them, and the way to say yes.
//!
//! Made so that nothing is confirmed by accident: the focus begins where nothing happens, moving it to the button and
//! pressing the button are two different keys, what has to be typed is typed and never pasted, and a world that changes under
//! the preview takes back what was typed.

use jiff::{SignedDuration, Timestamp};

use crate::app::overlay::Scroll;
use crate::domain::text::Text;
use crate::ops::plan::{Plan, Refusal};
use crate::ops::policy::Need;
use crate::ops::{Operation, Param, Params, Target};
use crate::world::sight::Sight;

/// Data older than this is read anew before anything rests on it.
pub const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// Longest value or name worth typing.
const LONGEST: usize = 400;

#[derive(Debug)]
pub struct PlanForm {
    pub operation: &'static Operation,
    pub target: Target,
    pub fields: Vec<Field>,
    /// What has been typed of what has to be.
    pub typed: String,
    pub focus: Focus,
    pub planned: Result<Plan, Refusal>,
    /// What the operator has to know since the last key: why it was not done, or what changed meanwhile.
    pub trouble: Option<String>,
    pub scroll: Scroll,
}

#[derive(Debug)]
pub struct Field {
    pub param: &'static Param,
    pub text: String,
    /// As it was found: the first letter typed replaces it.
    pub is_untouched: bool,
    /// It came with the plan, as an undo brings its own: asked for although nobody typed it.
    pub is_given: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    Field(usize),
    Cancel,
    /// Where the name is typed.
    Typed,
    Go,
}

impl PlanForm {
    /// As things are, with `params` over what there is.
    pub fn open(operation: &'static Operation, target: Target, params: &Params, sight: &Sight<'_>) -> Self {
        let present = operation.present(&target, sight);
        let value = |name: &str| params.get(name).or_else(|| present.get(name)).cloned().unwrap_or_default();
        let field = |param: &'static Param| Field {
            param,
            text: value(param.name),
            is_untouched: true,
            is_given: params.contains_key(param.name),
        };
        let fields: Vec<Field> = operation.params.iter().map(field).collect();
        let planned = operation.plan(&target, &said(&fields), sight);
        // Where nothing is left to say, what is typed next is the name: it must not go into a value that was right.
        let is_said = planned.is_ok() && fields.iter().all(|field| !field.text.is_empty());
        let focus = if is_said || !params.is_empty() { Focus::Cancel } else { Focus::Field(0) };
        let mut form = Self {
            operation,
            target,
            fields,
            typed: String::new(),
            focus,
            planned,
            trouble: None,
            scroll: Scroll::default(),
        };
        // A value that is said to be what there is already is no refusal yet: nothing has been asked for.
        if form.planned.is_err() && form.fields.is_empty() {
            form.focus = Focus::Cancel;
        }
        form
    }

    pub fn params(&self) -> Params {
        said(&self.fields)
    }

    /// Plans anew with what is known now. What would be done differently takes back what was typed.
    pub fn replan(&mut self, sight: &Sight<'_>) {
        let again = self.operation.plan(&self.target, &self.params(), sight);
        let is_other = match (&self.planned, &again) {
            (Ok(shown), Ok(again)) => !shown.is_same_as(again),
            (Ok(_), Err(_)) => true,
            (Err(_), _) => false,
        };
        if is_other && matches!(self.focus, Focus::Typed | Focus::Go) {
            self.typed.clear();
            self.focus = Focus::Cancel;
            self.trouble = Some("it has just changed: read it again".into());
        }
        self.planned = again;
    }

    /// What has to be typed, word for word.
    pub fn words(&self) -> Option<String> {
        let plan = self.planned.as_ref().ok()?;
        Need::of(plan).words(plan)
    }

    /// Whether what it rests on is too old to rest on.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.planned.as_ref().is_ok_and(|plan| now.duration_since(plan.seen_at) > FRESH)
    }

    fn stops(&self) -> Vec<Focus> {
        let mut all: Vec<Focus> = (0..self.fields.len()).map(Focus::Field).collect();
        all.push(Focus::Cancel);
        if self.words().is_some() {
            all.push(Focus::Typed);
        }
        if self.planned.is_ok() {
            all.push(Focus::Go);
        }
        all
    }

    /// To the next stop, round the ends.
    pub fn step(&mut self, by: isize) {
        let stops = self.stops();
        let here = stops.iter().position(|stop| *stop == self.focus).unwrap_or(0);
        self.focus = stops[(here as isize + by).rem_euclid(stops.len() as isize) as usize];
    }

    /// A letter, where the focus is. Returns whether a value of the plan has changed.
    pub fn insert(&mut self, letter: char) -> bool {
        self.trouble = None;
        if !Text::may_hold(letter) {
            return false;
        }
        match self.focus {
            Focus::Field(at) => {
                let Some(field) = self.fields.get_mut(at) else { return false };
                if std::mem::take(&mut field.is_untouched) {
                    field.text.clear();
                }
                if field.text.chars().count() < LONGEST {
                    field.text.push(letter);
                }
                true
            }
            Focus::Typed => {
                if self.typed.chars().count() < LONGEST {
                    self.typed.push(letter);
                }
                false
            }
            Focus::Go => false,
            Focus::Cancel => {
                if self.words().is_some() {
                    self.trouble = Some("Tab moves on to where it is typed".into());
                }
                false
            }
        }
    }

    /// Takes back a letter, or all of them. Returns whether a value of the plan has changed.
    pub fn erase(&mut self, is_all: bool) -> bool {
        self.trouble = None;
        let (text, is_value) = match self.focus {
            Focus::Field(at) => match self.fields.get_mut(at) {
                Some(field) => {
                    field.is_untouched = false;
                    (&mut field.text, true)
                }
                None => return false,
            },
            Focus::Typed => (&mut self.typed, false),
            Focus::Cancel | Focus::Go => return false,
        };
        if is_all {
            text.clear();
        } else {
            text.pop();
        }
        is_value
    }
}

/// What was said: what has to be, and of the rest what somebody has touched. The others are the operation's own affair, which
/// may move them where it must.
fn said(fields: &[Field]) -> Params {
    let is_asked = |field: &Field| field.param.is_needed || field.is_given || !field.is_untouched;
    let is_said = |field: &&Field| is_asked(field) && !field.text.trim().is_empty();
    let all = fields.iter().filter(is_said);
    all.map(|field| (field.param.name.to_owned(), field.text.trim().to_owned())).collect()
}
