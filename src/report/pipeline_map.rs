//! `opscon config pipeline-map`: which box each action of each pipeline belongs to, and by which rule.

use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::domain::board::BoxId;
use crate::domain::pipeline_rule::NO_BOX;
use crate::world::board::pipeline_map::{By, Placed, every, mapped};
use crate::world::sight::Sight;

const TITLES: [&str; 6] = ["ACTION", "CATEGORY", "PROVIDER", "BOX", "RULE", "SCOPE"];

/// A line for each action, in the order of the pipelines.
pub fn to_text(sight: &Sight<'_>) -> String {
    let own = &sight.bearings.pipeline_rules;
    let mut rows: Vec<[String; 6]> = vec![TITLES.map(str::to_owned)];
    rows.extend(every(sight).map(|it| {
        let found = mapped(own, it.stage.name.as_str(), it.action);
        [
            format!("{}/{}/{}", it.pipeline.name, it.stage.name, it.action.name),
            it.action.category.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            it.action.provider.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            found.to.map_or(NO_BOX, BoxId::id).to_owned(),
            found.by.words(own),
            it.place.scope.to_string(),
        ]
    }));
    if rows.len() == 1 {
        return "there are no actions of pipelines here\n".into();
    }
    let widths: Vec<usize> =
        (0..TITLES.len()).map(|at| rows.iter().map(|row| row[at].width()).max().unwrap_or(0)).collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

pub fn to_json(sight: &Sight<'_>) -> String {
    let own = &sight.bearings.pipeline_rules;
    let row = |it: Placed<'_>| {
        let found = mapped(own, it.stage.name.as_str(), it.action);
        let (kind, number) = match found.by {
            By::Own(at) => ("own", Some(at)),
            By::BuiltIn(at) => ("built-in", Some(at)),
            By::Nothing => ("none", None),
        };
        json!({
            "scope": it.place.scope.to_string(),
            "pipeline": it.pipeline.name,
            "stage": it.stage.name,
            "action": it.action.name,
            "category": it.action.category,
            "provider": it.action.provider,
            "box": found.to.map(BoxId::id),
            "rule": { "kind": kind, "number": number, "words": found.by.words(own) },
        })
    };
    format!("{:#}\n", json!({ "actions": every(sight).map(row).collect::<Vec<_>>() }))
}
