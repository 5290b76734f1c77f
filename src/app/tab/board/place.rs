//! Places of boxes, by hand where the eye decides, by rule where it does not.

use super::chart::{Area, Chart, Kind};
use crate::domain::board::{BoxId as B, Group as G};

/// Boxes with their column and row.
type Places = &'static [(B, u16, u16)];

/// Column and row of each box in its group's chart. Chosen so that every arrow leads to a neighbour, or bends once.
const CHARTS: &[(G, u16, Places)] = &[
    (
        G::DeveloperWorkflow,
        5,
        &[
            (B::DevelopmentEnvironment, 0, 0),
            (B::GitRepository, 1, 0),
            (B::PullRequests, 2, 0),
            (B::CodeReview, 3, 0),
            (B::CiTrigger, 4, 0),
        ],
    ),
    (
        G::CiPipeline,
        7,
        &[
            (B::Linting, 0, 0),
            (B::UnitTests, 1, 0),
            (B::IntegrationTests, 2, 0),
            (B::SecurityScan, 3, 0),
            (B::BuildArtifact, 4, 0),
            (B::DockerImage, 5, 0),
            (B::RegistryPush, 6, 0),
        ],
    ),
    (
        G::CdPipeline,
        6,
        &[
            (B::Staging, 0, 0),
            (B::StagingTests, 1, 0),
            (B::ApprovalGate, 2, 0),
            (B::Production, 3, 0),
            (B::SmokeTests, 4, 0),
            (B::RollbackPlan, 5, 0),
        ],
    ),
    (
        G::NetworkLayer,
        3,
        &[
            (B::InternetGateway, 0, 0),
            (B::PublicSubnets, 1, 0),
            (B::Vpc, 2, 0),
            (B::NatGateway, 1, 1),
            (B::PrivateSubnets, 2, 1),
            (B::SecurityGroups, 0, 2),
            (B::NetworkAcls, 1, 2),
        ],
    ),
    (
        G::ComputeLayer,
        3,
        &[
            (B::LoadBalancer, 0, 0),
            (B::AutoScalingGroup, 1, 0),
            (B::Ec2Instances, 2, 0),
            (B::Lambda, 0, 1),
            (B::EcsCluster, 1, 1),
            (B::DockerContainers, 2, 1),
        ],
    ),
    (
        G::DataLayer,
        3,
        &[
            (B::ReadReplicas, 0, 0),
            (B::RdsPrimary, 1, 0),
            (B::AutomatedBackups, 2, 0),
            (B::Redis, 0, 1),
            (B::CacheClusterNodes, 1, 1),
            (B::S3Buckets, 0, 2),
            (B::S3LifecycleRules, 1, 2),
        ],
    ),
    (
        G::MessagingLayer,
        2,
        &[(B::SqsQueues, 0, 0), (B::DeadLetterQueues, 1, 0), (B::SnsTopics, 0, 1), (B::TopicSubscribers, 1, 1)],
    ),
    (
        G::MonitoringLayer,
        3,
        &[
            (B::LogGroups, 0, 0),
            (B::CloudWatch, 1, 0),
            (B::Alarms, 2, 0),
            (B::Dashboards, 1, 1),
            (B::XRay, 0, 2),
            (B::TraceAnalysis, 1, 2),
        ],
    ),
    (
        G::SecurityLayer,
        3,
        &[(B::IamRoles, 0, 0), (B::AccessControl, 1, 0), (B::Waf, 2, 0), (B::KmsKeys, 0, 1), (B::DataEncryption, 1, 1)],
    ),
    (
        G::DisasterRecovery,
        3,
        &[
            (B::BackupStrategy, 0, 0),
            (B::MultiRegion, 1, 0),
            (B::Rpo, 2, 0),
            (B::RegularBackups, 0, 1),
            (B::FailoverPlan, 1, 1),
            (B::Rto, 2, 1),
        ],
    ),
    (
        G::ScalingStrategy,
        3,
        &[
            (B::AutoScalingPolicies, 0, 0),
            (B::ScaleOutTriggers, 1, 0),
            (B::Caching, 2, 0),
            (B::ScaleInTriggers, 0, 1),
            (B::MultiLevelCaching, 2, 1),
            (B::ReadScaling, 0, 2),
            (B::DatabaseScaling, 1, 2),
            (B::WriteScaling, 2, 2),
        ],
    ),
    (
        G::CostOptimization,
        3,
        &[
            (B::OnDemandInstances, 0, 0),
            (B::RightSizing, 1, 0),
            (B::SpotInstances, 2, 0),
            (B::ReservedInstances, 1, 1),
            (B::AutoShutdown, 0, 2),
            (B::CostMonitoring, 1, 2),
        ],
    ),
];

/// The three rows of groups under the pipelines, left to right. WAF stands beside the balancer it guards.
const AWS_ROWS: [[G; 3]; 2] =
    [[G::MessagingLayer, G::SecurityLayer, G::ComputeLayer], [G::NetworkLayer, G::DataLayer, G::MonitoringLayer]];
const LAST_ROW: [G; 3] = [G::DisasterRecovery, G::ScalingStrategy, G::CostOptimization];

/// Reading order of boxes in a list, where the arrows are easier to follow than in the board's own.
const LIST_ORDER: &[(G, &[B])] = &[(
    G::NetworkLayer,
    &[
        B::Vpc,
        B::InternetGateway,
        B::PublicSubnets,
        B::NatGateway,
        B::PrivateSubnets,
        B::SecurityGroups,
        B::NetworkAcls,
    ],
)];

fn chart_of(group: G) -> (u16, Places) {
    CHARTS.iter().find(|(known, ..)| *known == group).map_or((1, &[]), |(_, columns, places)| (*columns, places))
}

pub(super) fn list_order(group: G) -> Vec<B> {
    LIST_ORDER
        .iter()
        .find(|(known, _)| *known == group)
        .map_or_else(|| group.boxes().collect(), |(_, order)| order.to_vec())
}

/// Lays out one group in columns of equal width from `x`, rows of `height` from `y`, with `gap` lines between rows.
fn lay(chart: &mut Chart, group: G, area: Area, height: u16, gutter: u16, gap: u16) {
    let (columns, places) = chart_of(group);
    let width = (area.width - gutter * (columns - 1)) / columns;
    // What does not divide evenly goes to the last column.
    let rest = area.width - gutter * (columns - 1) - width * columns;
    for (id, column, row) in places {
        let more = if *column == columns - 1 { rest } else { 0 };
        chart.put(
            *id,
            Area {
                x: area.x + column * (width + gutter),
                y: area.y + row * (height + gap),
                width: width + more,
                height,
            },
        );
    }
}

fn rows_of(group: G) -> u16 {
    chart_of(group).1.iter().map(|(_, _, row)| row + 1).max().unwrap_or(0)
}

/// The flowchart: three pipelines on top, AWS in a frame, then what rests on it.
pub(super) fn flow(canvas: Area, lines: u16) -> Chart {
    let height = lines + 2;
    let gutter = if canvas.width >= 190 { 4 } else { 2 };
    let mut chart = Chart::new(Kind::Flow { lines });
    let mut y = canvas.y;
    for group in [G::DeveloperWorkflow, G::CiPipeline, G::CdPipeline] {
        chart.groups.push((group, Area { x: canvas.x + 1, y, width: canvas.width - 2, height: 1 }));
        lay(&mut chart, group, Area { x: canvas.x + 1, y: y + 1, width: canvas.width - 2, height }, height, gutter, 0);
        y += 1 + height;
    }
    // One line for the way back from the rollback plan, and for the arrow down into AWS.
    y += 1;
    let frame_top = y;
    y += 1;
    for groups in AWS_ROWS {
        y = row(&mut chart, canvas, y, height, gutter, groups);
    }
    chart.groups.push((
        G::AwsInfrastructure,
        Area { x: canvas.x, y: frame_top, width: canvas.width, height: y - frame_top + 1 },
    ));
    y += 1;
    chart.bottom = row(&mut chart, canvas, y, height, gutter, LAST_ROW);
    chart.wire();
    chart
}

/// Three groups side by side; returns the line after the tallest.
fn row(chart: &mut Chart, canvas: Area, y: u16, height: u16, gutter: u16, groups: [G; 3]) -> u16 {
    // Between groups more room than between boxes, or three charts read as one.
    let between = gutter + 2;
    let inner = canvas.width - 2;
    let width = (inner - between * 2) / 3;
    let rest = inner - between * 2 - width * 3;
    let mut tallest = 0;
    for (position, group) in groups.into_iter().enumerate() {
        let x = canvas.x + 1 + position as u16 * (width + between);
        let width = if position == 2 { width + rest } else { width };
        chart.groups.push((group, Area { x, y, width, height: 1 }));
        lay(chart, group, Area { x, y: y + 1, width, height }, height, gutter, 0);
        tallest = tallest.max(rows_of(group));
    }
    y + 1 + tallest * height
}

/// One group with all the room there is.
pub(super) fn zoom(canvas: Area, group: G) -> Chart {
    let (columns, places) = chart_of(group);
    // A pipeline in one row becomes several where its boxes would be too narrow to read.
    const READABLE: u16 = 18;
    let fitting = ((canvas.width - 2 + 4) / (READABLE + 4)).max(1);
    let is_chain = rows_of(group) == 1;
    let (columns, rows) = if is_chain && columns > fitting {
        let columns = columns.div_ceil(columns.div_ceil(fitting));
        (columns, (places.len() as u16).div_ceil(columns))
    } else {
        (columns, rows_of(group))
    };
    // Each row of boxes has a line below it for wires; the title takes one line.
    let room = canvas.height.saturating_sub(1) / rows.max(1);
    if room < 3 {
        return single(canvas, group);
    }
    let height = room.saturating_sub(1).clamp(2, 10);
    let gap = 1;
    let gutter = if canvas.width >= 110 { 6 } else { 3 };
    let mut chart = Chart::new(Kind::Zoom { group, lines: height.saturating_sub(2) });
    chart.groups.push((group, Area { x: canvas.x + 1, y: canvas.y, width: canvas.width - 2, height: 1 }));
    let width = (canvas.width - 2 - gutter * (columns - 1)) / columns;
    for (position, (id, column, row)) in places.iter().enumerate() {
        let (column, row) =
            if is_chain { (position as u16 % columns, position as u16 / columns) } else { (*column, *row) };
        chart.put(
            *id,
            Area { x: canvas.x + 1 + column * (width + gutter), y: canvas.y + 1 + row * (height + gap), width, height },
        );
    }
    chart.wire();
    chart
}

/// One group on a screen too low for boxes: a line each.
fn single(canvas: Area, group: G) -> Chart {
    let mut chart = Chart::new(Kind::Panels);
    chart.groups.push((group, Area { height: 1, ..canvas }));
    for (line, id) in list_order(group).iter().enumerate() {
        chart.put(*id, Area { y: canvas.y + 1 + line as u16, height: 1, ..canvas });
    }
    chart.wires = super::route::rails(&chart, group);
    chart
}

/// Groups in three columns, a line a box.
pub(super) fn panels(canvas: Area, focus: B) -> Chart {
    const ROWS: [[G; 3]; 4] = [
        [G::DeveloperWorkflow, G::CiPipeline, G::CdPipeline],
        [G::NetworkLayer, G::ComputeLayer, G::DataLayer],
        [G::MessagingLayer, G::MonitoringLayer, G::SecurityLayer],
        [G::DisasterRecovery, G::ScalingStrategy, G::CostOptimization],
    ];
    let mut chart = Chart::new(Kind::Panels);
    let needed: u16 =
        ROWS.iter().map(|row| row.iter().map(|group| group.boxes().count() as u16).max().unwrap_or(0) + 1).sum();
    // With room to spare, a blank line between the rows of panels.
    let gap = u16::from(canvas.height >= needed + 3);
    let between = 2;
    let width = (canvas.width - between * 2) / 3;
    let mut y = canvas.y;
    for row in ROWS {
        let mut tallest = 0;
        for (position, group) in row.into_iter().enumerate() {
            let x = canvas.x + position as u16 * (width + between);
            chart.groups.push((group, Area { x, y, width, height: 1 }));
            let order = list_order(group);
            for (line, id) in order.iter().enumerate() {
                chart.put(*id, Area { x, y: y + 1 + line as u16, width, height: 1 });
            }
            tallest = tallest.max(order.len() as u16);
        }
        y += 1 + tallest + gap;
    }
    chart.wires = super::route::rails(&chart, focus.group());
    chart
}

/// Short names in rows, a row or two a group.
pub(super) fn grid(canvas: Area) -> Chart {
    const TITLE: u16 = 12;
    const CELL: u16 = 11;
    let per_row = ((canvas.width - TITLE) / CELL).clamp(1, 8);
    // Cells may widen a little, but a name should stay near the one before.
    let cell = ((canvas.width - TITLE) / per_row).min(18);
    let mut chart = Chart::new(Kind::Grid);
    let mut y = canvas.y;
    for group in G::leaves() {
        chart.groups.push((group, Area { x: canvas.x, y, width: TITLE, height: 1 }));
        let order = list_order(group);
        for (position, id) in order.iter().enumerate() {
            let (column, row) = (position as u16 % per_row, position as u16 / per_row);
            chart.put(*id, Area { x: canvas.x + TITLE + column * cell, y: y + row, width: cell, height: 1 });
        }
        y += (order.len() as u16).div_ceil(per_row);
    }
    chart
}

/// States alone, two groups to a line.
pub(super) fn glyphs(canvas: Area) -> Chart {
    const TITLE: u16 = 12;
    let mut chart = Chart::new(Kind::Glyphs);
    let half = canvas.width / 2;
    for (position, group) in G::leaves().enumerate() {
        let (column, row) = (position as u16 % 2, position as u16 / 2);
        let (x, y) = (canvas.x + column * half, canvas.y + row);
        chart.groups.push((group, Area { x, y, width: TITLE, height: 1 }));
        for (place, id) in list_order(group).iter().enumerate() {
            chart.put(*id, Area { x: x + TITLE + place as u16 * 2, y, width: 2, height: 1 });
        }
    }
    chart
}
