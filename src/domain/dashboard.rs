//! CloudWatch dashboards: the body is JSON of a published structure, read as far as a terminal can draw it.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value as Json;

use crate::domain::alarm::Comparison;
use crate::domain::graph::{MetricId, Query, QueryWhat};
use crate::domain::list::Identified;
use crate::domain::text::Text;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dashboard {
    pub name: Text,
    pub widgets: Vec<Widget>,
    /// Titles of widgets that name a metric or an alarm which does not exist, or could not be read at all.
    pub broken: Vec<Text>,
    pub modified: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Widget {
    pub title: Text,
    /// On a grid 24 wide.
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
    #[serde(flatten)]
    pub what: WidgetWhat,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum WidgetWhat {
    Metric {
        queries: Vec<Query>,
        /// Where its metrics are, when not where the dashboard is.
        region: Option<Text>,
        #[serde(skip)]
        period: SignedDuration,
        /// Only the newest value, as a number.
        single: bool,
        limits: Vec<Limit>,
    },
    Alarms {
        arns: Vec<Text>,
    },
    Text {
        markdown: Text,
    },
    /// A kind the terminal does not draw (`log`, `explorer`, `custom` ...).
    Other {
        kind: Text,
    },
}

/// A horizontal line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    pub label: Text,
    pub value: f64,
    /// Which side of it is bad, where the dashboard says so by filling it.
    pub bad: Option<Comparison>,
}

/// More widgets than CloudWatch itself allows are not read.
const MOST_WIDGETS: usize = 500;
const LONGEST_MARKDOWN: usize = 8_000;

impl Dashboard {
    /// Reads a body. What is wrong with a part of it is told in `broken`; only a body that is no JSON at all is an error.
    pub fn parse(name: Text, body: &str, modified: Timestamp) -> Result<Self, String> {
        let body: Json = serde_json::from_str(body).map_err(|error| error.to_string())?;
        let mut broken = Vec::new();
        let widgets = body["widgets"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .take(MOST_WIDGETS)
            .enumerate()
            .map(|(position, json)| {
                let widget = Widget::parse(json, position);
                let is_empty = match &widget.what {
                    WidgetWhat::Metric { queries, .. } => queries.is_empty(),
                    WidgetWhat::Alarms { arns } => arns.is_empty(),
                    WidgetWhat::Text { .. } | WidgetWhat::Other { .. } => false,
                };
                if is_empty {
                    broken.push(widget.title.clone());
                }
                widget
            })
            .collect();
        Ok(Self { name, widgets, broken, modified })
    }
}

impl Widget {
    fn parse(json: &Json, position: usize) -> Self {
        let properties = &json["properties"];
        let size = |key: &str, or: u16| json[key].as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or(or).min(1_000);
        let kind = json["type"].as_str().unwrap_or("");
        let what = match kind {
            "metric" if properties["annotations"]["alarms"].as_array().is_some_and(|all| !all.is_empty()) => {
                WidgetWhat::Alarms { arns: texts(&properties["annotations"]["alarms"]) }
            }
            "metric" => metric(properties),
            "alarm" => WidgetWhat::Alarms { arns: texts(&properties["alarms"]) },
            "text" => WidgetWhat::Text {
                markdown: Text::cut_to(properties["markdown"].as_str().unwrap_or(""), LONGEST_MARKDOWN),
            },
            other => WidgetWhat::Other { kind: other.into() },
        };
        let title = match properties["title"].as_str().filter(|title| !title.is_empty()) {
            Some(title) => title.into(),
            None => format!("{} {}", if kind.is_empty() { "widget" } else { kind }, position + 1).into(),
        };
        Self { title, x: size("x", 0), y: size("y", 0), width: size("width", 6), height: size("height", 6), what }
    }
}

fn metric(properties: &Json) -> WidgetWhat {
    let rows = properties["metrics"].as_array().map_or(&[][..], Vec::as_slice);
    let stat = properties["stat"].as_str().unwrap_or("Average");
    let mut queries = Vec::new();
    let mut before: Vec<Text> = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        queries.extend(query(row, position, stat, &mut before));
    }
    let limits = properties["annotations"]["horizontal"].as_array().map_or(&[][..], Vec::as_slice);
    WidgetWhat::Metric {
        queries,
        region: properties["region"].as_str().map(Into::into),
        period: SignedDuration::from_secs(properties["period"].as_i64().unwrap_or(300).clamp(1, 86_400)),
        single: matches!(properties["view"].as_str(), Some("singleValue" | "gauge")),
        limits: limits
            .iter()
            .filter_map(|line| {
                let bad = match line["fill"].as_str() {
                    Some("above") => Some(Comparison::GreaterThanThreshold),
                    Some("below") => Some(Comparison::LessThanThreshold),
                    _ => None,
                };
                Some(Limit {
                    label: line["label"].as_str().unwrap_or("limit").into(),
                    value: line["value"].as_f64()?,
                    bad,
                })
            })
            .collect(),
    }
}

/// One row of `metrics`: names, then an object of options. `.` stands for what the row before has at this place, `...` for
/// everything before the last.
fn query(row: &Json, position: usize, stat: &str, before: &mut Vec<Text>) -> Option<Query> {
    let row = row.as_array()?;
    let (options, names) = match row.split_last() {
        Some((options, names)) if options.is_object() => (options, names),
        _ => (&Json::Null, row.as_slice()),
    };
    let id = options["id"].as_str().map_or_else(|| format!("q{position}"), str::to_owned);
    let label = options["label"].as_str();
    let returned = options["visible"].as_bool().unwrap_or(true);
    if let Some(expression) = options["expression"].as_str() {
        let label = label.unwrap_or(expression).into();
        return Some(Query { id: id.into(), label, what: QueryWhat::Expression(expression.into()), returned });
    }
    let mut full: Vec<Text> = Vec::new();
    for (position, name) in names.iter().enumerate() {
        let name = name.as_str()?;
        match name {
            "." => full.push(before.get(full.len())?.clone()),
            // Everything of the row before that the names behind do not replace.
            "..." => {
                let behind = names.len() - 1 - position;
                full.extend(before.get(full.len()..before.len().checked_sub(behind)?)?.iter().cloned());
            }
            name => full.push(name.into()),
        }
    }
    before.clone_from(&full);
    let [namespace, metric, dimensions @ ..] = full.as_slice() else { return None };
    let dimensions: Vec<(Text, Text)> =
        dimensions.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    let stat = options["stat"].as_str().unwrap_or(stat);
    let label = label.map_or_else(
        || match dimensions.last() {
            Some((_, value)) => format!("{metric} {value}").into(),
            None => metric.clone(),
        },
        Into::into,
    );
    let what = QueryWhat::Metric(MetricId {
        namespace: namespace.clone(),
        metric: metric.clone(),
        dimensions,
        stat: stat.into(),
    });
    Some(Query { id: id.into(), label, what, returned })
}

fn texts(json: &Json) -> Vec<Text> {
    json.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Json::as_str).map(Into::into).collect()
}

impl Identified for Dashboard {
    fn key(&self) -> &str {
        self.name.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(widgets: &str) -> Dashboard {
        let body = format!(r#"{{"widgets": {widgets}}}"#);
        Dashboard::parse("shop".into(), &body, Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn rows_may_lean_on_the_row_before() {
        let dashboard = parse(
            r#"[{"type": "metric", "properties": {"title": "Load", "stat": "Sum", "metrics": [
                ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", "app/web"],
                [".", "HTTPCode_Target_5XX_Count", ".", ".", {"id": "m2", "visible": false}],
                ["...", "app/checkout", {"stat": "p99"}],
                [{"expression": "m2 * 2", "label": "double"}],
                ["...", {"stat": "p50"}]
            ]}}]"#,
        );
        let WidgetWhat::Metric { queries, .. } = &dashboard.widgets[0].what else { panic!() };
        let metric = |position: usize| match &queries[position].what {
            QueryWhat::Metric(metric) => format!("{} {} {}", metric.metric, metric.dimensions[0].1, metric.stat),
            QueryWhat::Expression(text) => text.to_string(),
        };
        assert_eq!(metric(0), "RequestCount app/web Sum");
        assert_eq!(metric(1), "HTTPCode_Target_5XX_Count app/web Sum");
        assert!(!queries[1].returned);
        assert_eq!(metric(2), "HTTPCode_Target_5XX_Count app/checkout p99");
        assert_eq!(metric(4), "HTTPCode_Target_5XX_Count app/checkout p50");
        assert_eq!((metric(3).as_str(), queries[3].label.as_str()), ("m2 * 2", "double"));
    }

    #[test]
    fn what_cannot_be_drawn_is_named_and_costs_nothing_else() {
        let dashboard = parse(
            r##"[{"type": "log", "properties": {}}, {"type": "metric", "properties": {"metrics": [["only"], 7]}},
                {"type": "text", "properties": {"markdown": "# Hello"}}, 3,
                {"type": "alarm", "properties": {"title": "All", "alarms": ["arn:1"]}}]"##,
        );
        assert_eq!(dashboard.widgets.len(), 5);
        assert_eq!(dashboard.broken, ["metric 2"]);
        assert_eq!(dashboard.widgets[2].what, WidgetWhat::Text { markdown: "# Hello".into() });
        assert!(Dashboard::parse("x".into(), "{", Timestamp::UNIX_EPOCH).is_err());
        assert!(parse("7").widgets.is_empty());
    }
}
