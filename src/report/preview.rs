//! What would be done, or why it cannot be, in words and as JSON. The overlay, `opscon plan` and the journal tell the same.

use serde_json::{Value, json};

use crate::domain::units::{clock, long};
use crate::ops::plan::{Plan, Refusal};
use crate::ops::policy::Need;
use crate::world::sight::Sight;

/// A label and what it says, line by line.
pub fn lines(plan: &Plan, sight: &Sight<'_>) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("what", format!("{}, {}", plan.operation, plan.blast.word())),
        ("where", format!("{}, {}", plan.scope, plan.environment.word())),
    ];
    all.extend(plan.changes.iter().map(|change| (change.what, format!("{} → {}", change.before, change.after))));
    all.extend(plan.effects.iter().map(|effect| ("effect", effect.clone())));
    all.extend(plan.warnings.iter().map(|warning| ("warning", warning.clone())));
    all.extend(plan.per_hour.map(|per_hour| ("costs", format!("{per_hour} an hour"))));
    all.push(("undo", plan.undo.as_ref().map_or_else(|| "there is none".into(), |undo| undo.words.clone())));
    all.push(("expected", format!("{}, within {}", plan.expects, long(plan.deadline))));
    let approval = Need::of(plan).words(plan).map_or_else(|| "one key".into(), |words| format!("typing `{words}`"));
    all.push(("approval", approval));
    all.push(("read", format!("at {}", clock(plan.seen_at, sight.zone()))));
    all.extend(plan.commands().into_iter().map(|command| ("sends", command)));
    all
}

/// For a person.
pub fn text(plan: &Plan, sight: &Sight<'_>) -> String {
    let lines = lines(plan, sight);
    let width = lines.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
    let mut out = format!("{}\n", plan.title);
    let mut before = "";
    for (label, words) in &lines {
        let shown = if *label == before { "" } else { label };
        out.push_str(&format!("  {shown:<width$}  {words}\n"));
        before = label;
    }
    out + "Nothing was sent.\n"
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
