//! What lies over the tab: data, drawn bottom up, with the keys going to the top one.

use crate::app::actions::ActionsMenu;
use crate::app::json::JsonView;
use crate::app::palette::Palette;
use crate::app::planning::PlanForm;
use crate::domain::identity::MfaDevice;
use crate::domain::text::Text;
use crate::world::room::filter::LONGEST;

#[derive(Debug)]
pub enum Overlay {
    Help(Scroll),
    Palette(Palette),
    /// A line typed into, with what it does at once.
    Prompt(Prompt),
    Json(Box<JsonView>),
    /// The choice of a drill: position in the list of scenarios.
    Picker {
        selected: usize,
    },
    /// A few lines to read.
    Card {
        title: String,
        lines: Vec<String>,
        scroll: Scroll,
    },
    /// The code of a second factor is asked for.
    Code(CodePrompt),
    /// What can be done to what is selected.
    Actions(ActionsMenu),
    /// What would be done, and the way to say yes.
    Plan(Box<PlanForm>),
    /// Why changes are to be allowed, as far as it has been typed.
    Arm(String),
    /// Something is under way; leave all the same?
    Leave,
}

/// A code being typed, and what became of the one before.
#[derive(Debug)]
pub struct CodePrompt {
    pub device: MfaDevice,
    /// Digits, never more than a code has.
    pub typed: String,
    /// Why the last one was not accepted.
    pub trouble: Option<Text>,
    /// AWS is being asked.
    pub is_busy: bool,
}

impl CodePrompt {
    pub fn new(device: MfaDevice) -> Self {
        Self { device, typed: String::new(), trouble: None, is_busy: false }
    }

    /// Adds the digits of what was typed or pasted; while AWS is asked, nothing.
    pub fn insert(&mut self, text: &str) {
        if !self.is_busy {
            let room = MfaDevice::DIGITS.saturating_sub(self.typed.len());
            self.typed.extend(MfaDevice::digits(text).take(room));
        }
    }

    pub fn is_whole(&self) -> bool {
        self.typed.len() == MfaDevice::DIGITS
    }
}

/// Text being typed at the foot of the screen.
#[derive(Debug)]
pub struct Prompt {
    pub purpose: Purpose,
    /// What Esc brings back.
    pub before: String,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Filter,
    Search,
}

impl Prompt {
    /// Adds typed or pasted text; a line break ends it.
    pub fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text.chars().count());
        self.text
            .extend(text.chars().take_while(|c| !matches!(c, '\n' | '\r')).filter(|c| Text::may_hold(*c)).take(room));
    }
}

/// What only drawing finds out, told back to the model so that the next key starts from what is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// The last offset of the text on top.
    pub scroll_end: usize,
    /// Where the text begins, where drawing chose that itself to keep something in view.
    pub offset: Option<usize>,
    /// The line of what is selected in it.
    pub line: usize,
}

impl Drawn {
    pub fn to(scroll_end: usize) -> Self {
        Self { scroll_end, ..Self::default() }
    }
}

/// A position in something longer than the screen. The end is only known when drawing, so it may lie beyond until then;
/// [`Drawn`] brings it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    pub offset: usize,
}

impl Scroll {
    pub fn by(&mut self, lines: isize, longest: usize) {
        self.offset = self.offset.min(longest).saturating_add_signed(lines).min(longest);
    }

    pub fn settle(&mut self, drawn: Drawn) {
        self.offset = drawn.offset.unwrap_or(self.offset).min(drawn.scroll_end);
    }
}
