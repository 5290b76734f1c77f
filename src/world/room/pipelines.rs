//! Pipelines: what is on its way, where it is stuck and why; below them what is deployed outside any pipeline.

use super::{Align, Also, Column, RoomSpec, Row, UNSEEN, Value, aside, rollouts, stages, standing};
use crate::domain::delivery::{Deployment, Execution, Pipeline};
use crate::domain::health::Health;
use crate::domain::text::Text;
use crate::world::authors::Who;
use crate::world::feed::Feed;
use crate::world::item::{Item, Kind};
use crate::world::sight::Sight;

pub const ROOM: RoomSpec = RoomSpec {
    name: "pipelines",
    kinds: &[Kind::Pipeline, Kind::Deployment],
    // AWS has no list of these: a refresh is told with its group, a shift with its function.
    also: Some(Also {
        kinds: &[Kind::Group, Kind::Function],
        while_it: |item| match item {
            Item::Group(group) => group.refresh.is_some(),
            Item::Function(function) => function.shift.is_some(),
            _ => false,
        },
    }),
    nouns: ("pipeline or deployment", "pipelines and deployments"),
    columns: &COLUMNS,
    health: |row, sight| state(row, sight).0,
    // The pipelines first; of each what is not well first, then what began last.
    rank: |row, sight| {
        let below = if matches!(row.item, Item::Pipeline(_)) { 0 } else { 10 };
        (below + 6 - state(row, sight).0 as u8, began(row).map_or(0, |began| -began.as_second()))
    },
    // Whose a commit is, its repository tells.
    feeds: &[Feed::Pipelines, Feed::Deployments, Feed::Repositories, Feed::Groups, Feed::Functions],
};

const COLUMNS: [Column; 15] = [
    Column {
        key: "state",
        title: "STATE",
        priority: 0,
        width: (8, 9),
        align: Align::Left,
        value: |row, sight| {
            let (health, word) = state(row, sight);
            Value::State(health, word)
        },
    },
    super::NAME,
    Column {
        key: "stages",
        title: "STAGES",
        priority: 1,
        width: (49, 160),
        align: Align::Left,
        value: |row, sight| match &row.item {
            Item::Pipeline(pipeline) => Value::Line(stages::line(pipeline, sight)),
            Item::Deployment(deploy) => Value::Line(rollouts::line(deploy, sight)),
            Item::Group(group) => Value::Line(aside::refresh_line(group, sight)),
            Item::Function(function) => Value::Line(aside::shift_line(function)),
            _ => Value::Nothing,
        },
    },
    Column {
        key: "started",
        title: "STARTED",
        priority: 3,
        width: (7, 7),
        align: Align::Right,
        value: |row, _| began(row).map_or(Value::Nothing, Value::Since),
    },
    Column {
        key: "trigger",
        title: "BY",
        priority: 4,
        width: (17, 34),
        align: Align::Left,
        value: |row, sight| match &row.item {
            Item::Deployment(deploy) => of_text(&deploy.by),
            _ => newest(row).map_or(Value::Nothing, |run| Value::Words(Who::of(sight, run).words(run))),
        },
    },
    Column { priority: 8, width: (14, 14), ..super::REGION },
    Column {
        key: "change",
        title: "CHANGE",
        priority: 7,
        width: (30, 60),
        align: Align::Left,
        value: |row, _| match &row.item {
            Item::Deployment(deploy) => of_text(&deploy.message),
            _ => newest(row)
                .and_then(|run| run.revision.as_ref())
                .map_or(Value::Nothing, |revision| of_text(&revision.message)),
        },
    },
    Column { priority: 9, width: (14, 18), ..super::ACCOUNT },
    Column { priority: UNSEEN, ..super::KIND },
    Column {
        key: "now",
        title: "NOW",
        priority: UNSEEN,
        width: (40, 64),
        align: Align::Left,
        value: |row, sight| match &row.item {
            Item::Pipeline(pipeline) => Value::Words(standing::standing(pipeline, sight).now),
            Item::Deployment(deploy) => Value::Words(rollouts::standing(deploy, sight).now),
            Item::Group(group) => Value::Words(aside::refresh(group).now),
            Item::Function(function) => Value::Words(aside::shift(function).now),
            _ => Value::Nothing,
        },
    },
    Column {
        key: "version",
        title: "NEWEST",
        priority: UNSEEN,
        width: (7, 10),
        align: Align::Name,
        value: |row, _| match &row.item {
            Item::Deployment(deploy) => of_text(&deploy.to),
            _ => newest(row)
                .and_then(|run| run.version.as_ref())
                .map_or(Value::Nothing, |version| Value::Text(version.clone())),
        },
    },
    Column {
        key: "author",
        title: "COMMIT BY",
        priority: UNSEEN,
        width: (8, 16),
        align: Align::Left,
        value: |row, sight| {
            newest(row).and_then(|run| Who::of(sight, run).wrote).map_or(Value::Nothing, |who| Value::Text(who.clone()))
        },
    },
    Column {
        key: "from",
        title: "FROM",
        priority: UNSEEN,
        width: (7, 10),
        align: Align::Name,
        value: |row, _| deployment(row).map_or(Value::Nothing, |deploy| of_text(&deploy.from)),
    },
    Column {
        key: "progress",
        title: "DONE",
        priority: UNSEEN,
        width: (6, 9),
        align: Align::Left,
        value: |row, _| {
            let progress = deployment(row).map(|deploy| format!("{}/{}", deploy.done, deploy.total));
            progress.map_or(Value::Nothing, Value::Words)
        },
    },
    Column {
        key: "service",
        title: "SERVICE",
        priority: UNSEEN,
        width: (10, 16),
        align: Align::Left,
        value: |row, _| match &row.item {
            Item::Deployment(deploy) => of_text(&deploy.kind),
            Item::Group(_) => Value::Words(aside::REFRESH.into()),
            Item::Function(_) => Value::Words(aside::SHIFT.into()),
            _ => Value::Words("CodePipeline".into()),
        },
    },
];

fn of_text(text: &Text) -> Value {
    if text.is_empty() { Value::Nothing } else { Value::Text(text.clone()) }
}

fn state(row: &Row, sight: &Sight<'_>) -> (Health, &'static str) {
    let standing = match &row.item {
        Item::Pipeline(pipeline) => standing::standing(pipeline, sight),
        Item::Deployment(deploy) => rollouts::standing(deploy, sight),
        Item::Group(group) => aside::refresh(group),
        Item::Function(function) => aside::shift(function),
        _ => return (Health::Unknown, "unknown"),
    };
    (standing.health, standing.word)
}

fn pipeline(row: &Row) -> Option<&Pipeline> {
    match &row.item {
        Item::Pipeline(pipeline) => Some(pipeline),
        _ => None,
    }
}

fn deployment(row: &Row) -> Option<&Deployment> {
    match &row.item {
        Item::Deployment(deploy) => Some(deploy),
        _ => None,
    }
}

fn newest(row: &Row) -> Option<&Execution> {
    pipeline(row)?.executions.first()
}

fn began(row: &Row) -> Option<jiff::Timestamp> {
    match &row.item {
        Item::Deployment(deploy) => Some(deploy.started),
        Item::Group(group) => group.refresh.as_ref()?.started,
        _ => newest(row).map(|run| run.started),
    }
}
