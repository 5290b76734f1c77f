//! What was done with opscon, for a person.

use jiff::tz::TimeZone;

use crate::domain::text::Text;
use crate::domain::units::{brief, plural, stamp};
use crate::ops::record::{Intent, Person, Story};

/// Every operation, newest first, each with what is known of it.
pub fn text(stories: &[Story], breaks: &[String], zone: &TimeZone) -> String {
    let mut out = String::new();
    for place in breaks {
        out.push_str(&format!("changed after it was written: {}\n", Text::new(place)));
    }
    for story in stories {
        out.push_str(&told(story, zone));
    }
    if stories.is_empty() {
        out.push_str("Nothing was done in that time.\n");
    }
    out
}

fn told(story: &Story, zone: &TimeZone) -> String {
    let intent = &story.intent;
    let mut lines = vec![format!(
        "{}  {:<12}  {:<14} {}",
        stamp(story.began, zone),
        story.state(),
        Text::new(&intent.operation),
        Text::new(&intent.title)
    )];
    let mut facts = vec![Text::new(&intent.scope).to_string(), format!("by {}", who(&intent.by))];
    if let Some(caller) = &intent.caller {
        facts.push(format!("as {caller}"));
    }
    if let Some(second) = &story.granted_by {
        facts.push(format!("approved by {}", who(second)));
    }
    facts.push(format!("because: {}", intent.reason));
    lines.push(facts.join("  "));
    lines.extend(
        intent
            .changes
            .iter()
            .map(|change| format!("{}: {} -> {}", change.what, Text::new(&change.before), Text::new(&change.after))),
    );
    lines.push(sent(story));
    if let Some(error) = &story.trouble {
        lines.push(format!("{error}"));
    }
    if let Some((at, _, words)) = &story.ended {
        lines.push(format!("after {}: {}", brief(at.duration_since(story.began)), Text::new(words)));
    }
    lines.join("\n    ") + "\n"
}

fn sent(story: &Story) -> String {
    let ids: Vec<&str> = story.requests.iter().map(Text::as_str).collect();
    let ids = if ids.is_empty() { String::new() } else { format!("  request {}", ids.join(", ")) };
    let calls = plural(story.sent, "call", "calls");
    format!(
        "{calls} sent of {}, {} accepted{ids}  op {}",
        story.intent.steps.len(),
        story.accepted,
        Text::new(&story.op)
    )
}

/// What a second person is asked to approve.
pub fn asked(intent: &Intent, until: &str) -> String {
    let mut lines = vec![
        format!("{}  {}", Text::new(&intent.operation), Text::new(&intent.title)),
        format!("asked by {}, because: {}", who(&intent.by), intent.reason),
        format!("in {}, until {until}", Text::new(&intent.scope)),
    ];
    lines.extend(
        intent
            .changes
            .iter()
            .map(|change| format!("{}: {} -> {}", change.what, Text::new(&change.before), Text::new(&change.after))),
    );
    lines.extend(intent.steps.iter().map(|step| step.command(region(&intent.scope))));
    lines.join("\n  ") + "\n"
}

/// The region of `acme-prod/eu-west-1`.
fn region(scope: &str) -> &str {
    scope.rsplit('/').next().unwrap_or(scope)
}

fn who(person: &Person) -> String {
    let login = person.login.as_ref().map_or_else(String::new, |login| format!(" ({})", Text::new(login)));
    format!("{}@{}{login}", Text::new(&person.user), Text::new(&person.host))
}
