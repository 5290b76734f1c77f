//! What would be done, or why it cannot be, for a person and as JSON.

use serde_json::{Value, json};

use crate::ops::plan::{Plan, Refusal};
use crate::ops::policy::Need;
use crate::ops::preview::lines;
use crate::world::sight::Sight;

/// For a person.
pub fn text(plan: &Plan, sight: &Sight<'_>) -> String {
    let lines = lines(plan, sight);
    let width = lines.iter().map(|line| line.label.as_str().chars().count()).max().unwrap_or(0);
    let mut out = format!("{}\n", plan.title);
    let mut before = "";
    for line in &lines {
        let label = line.label.as_str();
        let shown = if label == before { "" } else { label };
        out.push_str(&format!("  {shown:<width$}  {}\n", line.words));
        before = label;
    }
    out
}

pub fn json(plan: &Plan) -> Value {
    let mut value = serde_json::to_value(plan).unwrap_or_default();
    value["need"] = json!(Need::of(plan));
    value["type"] = json!(Need::of(plan).words(plan));
    value["commands"] = json!(plan.commands());
    value["deadline_seconds"] = json!(plan.deadline.as_secs());
    value
}

pub fn refusal_text(refusal: &Refusal) -> String {
    let remedy = refusal.remedy.as_ref().map_or_else(String::new, |remedy| format!("\n  -> {remedy}"));
    format!("refused: {}{remedy}\nNothing was sent.\n", refusal.text)
}

pub fn refusal_json(refusal: &Refusal) -> Value {
    json!({ "refused": refusal })
}
