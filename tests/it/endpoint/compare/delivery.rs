//! Pipelines, the service map, traces, the bill.

use opscon::domain::delivery::{Action, Execution, Pipeline, RunStatus};
use opscon::domain::money::Usd;
use opscon::domain::scope::GLOBAL;
use opscon::domain::spend::Spend;
use opscon::domain::text::Text;
use opscon::domain::trace::{ServiceNode, TraceSummary};
use opscon::world::feed::{Feed, Payload};
use serde_json::Value;

use super::super::{HOME, ask, on_company};
use super::{all, list, named, shown, time, whole, word};

#[test]
fn pipelines() {
    on_company(async |bench, company| {
        let Payload::Pipelines(pipelines) = list(&bench, &company, Feed::Pipelines).await else { panic!() };
        let facts = company["facts"][HOME]["codepipeline"].as_object().unwrap();
        assert_eq!(pipelines.len(), facts.len());
        for pipeline in pipelines.iter() {
            same_pipeline(pipeline, &facts[pipeline.name.as_str()]);
        }
        let failed = pipelines[0].executions.iter().filter(|run| run.status == RunStatus::Failed).count();
        assert_eq!(failed, 1);
    });
}

/// CodePipeline's own word for a state.
fn aws_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::NotStarted => "",
        RunStatus::InProgress => "InProgress",
        RunStatus::Succeeded => "Succeeded",
        RunStatus::Failed => "Failed",
        RunStatus::Stopped => "Stopped",
        RunStatus::Cancelled => "Cancelled",
        RunStatus::Superseded => "Superseded",
        RunStatus::Unknown => "Unknown",
    }
}

fn same_pipeline(pipeline: &Pipeline, fact: &Value) {
    let stages = all(&fact["state"]["stageStates"]);
    assert_eq!(pipeline.stages.len(), stages.len());
    for (stage, told) in pipeline.stages.iter().zip(stages) {
        assert_eq!(stage.name, shown(&told["stageName"]));
        assert_eq!(aws_word(stage.status), told["latestExecution"]["status"].as_str().unwrap_or(""));
        assert_eq!(stage.inbound_enabled, told["inboundTransitionState"]["enabled"].as_bool().unwrap());
        let reason = shown(&told["inboundTransitionState"]["disabledReason"]);
        assert!(stage.closed.as_str().contains(reason.as_str()), "{}", stage.closed);
        let actions = all(&told["actionStates"]);
        assert_eq!(stage.actions.len(), actions.len());
        for (action, told) in stage.actions.iter().zip(actions) {
            same_action(action, told, named(&fact["plan"]["stages"], "name", stage.name.as_str()));
        }
    }
    let runs = all(&fact["executions"]);
    assert_eq!(pipeline.executions.len(), runs.len());
    for (run, fact) in pipeline.executions.iter().zip(runs) {
        same_run(run, fact);
    }
}

fn same_action(action: &Action, told: &Value, planned: &Value) {
    assert_eq!(action.name, shown(&told["actionName"]));
    let newest = &told["latestExecution"];
    assert_eq!(aws_word(action.status), newest["status"].as_str().unwrap_or(""), "{}", action.name);
    let kind = &named(&planned["actions"], "name", action.name.as_str())["actionTypeId"];
    assert_eq!(action.category, Some(shown(&kind["category"])));
    assert_eq!(action.provider, Some(shown(&kind["provider"])));
    assert_eq!(action.summary, shown(&newest["summary"]));
    assert_eq!(action.external_id, newest["externalExecutionId"].as_str().map(Text::new));
    let is_over = newest["status"].is_string() && newest["status"] != "InProgress";
    assert_eq!(action.finished, is_over.then(|| time(&newest["lastStatusChange"])));
}

fn same_run(run: &Execution, fact: &Value) {
    assert_eq!(run.id, shown(&fact["pipelineExecutionId"]));
    assert_eq!(aws_word(run.status), word(&fact["status"]));
    assert_eq!(run.started, time(&fact["startTime"]));
    assert_eq!(run.trigger, Some(shown(&fact["trigger"]["triggerType"])));
    let is_over = fact["status"] != "InProgress";
    assert_eq!(run.finished, is_over.then(|| time(&fact["lastUpdateTime"])));
    let source = &fact["sourceRevisions"][0];
    let revision = run.revision.as_ref().unwrap();
    assert_eq!(revision.id, shown(&source["revisionId"]));
    assert_eq!(Some(revision.message.as_str()), word(&source["revisionSummary"]).lines().next());
}

#[test]
fn the_service_map() {
    on_company(async |bench, company| {
        let Payload::ServiceMap(map) = list(&bench, &company, Feed::ServiceMap).await else { panic!() };
        let facts = all(&company["facts"][HOME]["xray"]["services"]);
        assert_eq!((map.len(), facts.len()), (3, 3));
        for node in map.iter() {
            let fact = facts.iter().find(|fact| node.name == shown(&fact["Name"])).unwrap();
            same_node(node, fact, facts);
        }
    });
}

fn same_node(node: &ServiceNode, fact: &Value, facts: &[Value]) {
    assert_eq!(node.kind, shown(&fact["Type"]));
    let told = &fact["SummaryStatistics"];
    let requests = node.requests.unwrap();
    assert_eq!(Some(requests.total), told["TotalCount"].as_u64());
    assert_eq!(Some(requests.faults), told["FaultStatistics"]["TotalCount"].as_u64());
    assert_eq!(Some(requests.throttles), told["ErrorStatistics"]["ThrottleCount"].as_u64());
    assert_eq!(Some(requests.errors), told["ErrorStatistics"]["OtherCount"].as_u64());
    let name_of = |edge: &Value| {
        facts.iter().find(|one| one["ReferenceId"] == edge["ReferenceId"]).map(|one| shown(&one["Name"]))
    };
    let calls: Vec<Text> = all(&fact["Edges"]).iter().filter_map(name_of).collect();
    assert_eq!(node.calls, calls);
    // Nearly all answered within a tenth of a second, and two of some hundred took one and a half.
    let (p50, p99) = (node.p50.unwrap(), node.p99.unwrap());
    assert!((0.0..=0.1).contains(&p50) && p99 >= p50 && p99 <= 1.5, "{p50} {p99}");
}

#[test]
fn traces() {
    on_company(async |bench, company| {
        let Payload::Traces(traces) = list(&bench, &company, Feed::Traces).await else { panic!() };
        let facts = &company["facts"][HOME]["xray"]["traces"];
        assert_eq!((traces.len(), all(facts).len()), (4, 4));
        for trace in traces.iter() {
            same_trace(trace, named(facts, "Id", trace.id.as_str()));
        }
    });
}

fn same_trace(trace: &TraceSummary, fact: &Value) {
    assert_eq!(trace.at, time(&fact["StartTime"]));
    assert_eq!(trace.duration.map(|took| took.as_secs_f64()), fact["ResponseTime"].as_f64());
    let http = &fact["Http"];
    assert_eq!(trace.method, Some(shown(&http["HttpMethod"])));
    assert_eq!(trace.url, Some(shown(&http["HttpURL"])));
    assert_eq!(trace.status.map(u64::from), http["HttpStatus"].as_u64());
    assert_eq!(trace.entry, Some(shown(&fact["EntryPoint"]["Name"])));
    let flags = [trace.has_fault, trace.has_error, trace.has_throttle].map(Some);
    assert_eq!(flags, ["HasFault", "HasError", "HasThrottle"].map(|name| fact[name].as_bool()));
    let blamed = all(&fact["FaultRootCauses"][0]["Services"]).last();
    let seen = trace.root_cause.as_ref().filter(|_| trace.has_fault);
    assert_eq!(seen.map(|cause| cause.service.clone()), blamed.map(|service| shown(&service["Name"])));
    let thrown = blamed.map(|service| shown(&service["EntityPath"][0]["Exceptions"][0]["Name"]));
    assert_eq!(seen.map(|cause| cause.what.clone()), thrown);
}

#[test]
fn the_bill() {
    on_company(async |bench, company| {
        let (aws, origin) = whole(&bench, &company).await;
        ask(&aws, &origin, GLOBAL, Feed::Identity).await.outcome.unwrap();
        let answer = ask(&aws, &origin, GLOBAL, Feed::Spend).await;
        assert_eq!(answer.gaps, []);
        let Ok(Payload::Spend(spend)) = answer.outcome else { panic!("{:?}", answer.outcome) };
        same_bill(&spend, &company["facts"][HOME]["ce"]);
        assert!(answer.usage.micro_usd >= 30_000, "a cent for each request: {}", answer.usage.micro_usd);
        // Asked again it costs nothing, and only whose bill it would be.
        let again = ask(&aws, &origin, GLOBAL, Feed::Spend).await;
        assert_eq!((again.usage.calls, again.usage.micro_usd), (1, 0));
    });
}

fn same_bill(spend: &Spend, facts: &Value) {
    let groups: Vec<(&str, &str, f64)> = facts["usage"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|period| all(&period["Groups"]))
        .map(|group| {
            let amount = word(&group["Metrics"]["UnblendedCost"]["Amount"]).parse().unwrap();
            (word(&group["Keys"][0]), word(&group["Keys"][1]), amount)
        })
        .collect();
    let sum = |suits: &dyn Fn(&(&str, &str, f64)) -> bool| {
        Usd::from_dollars(groups.iter().filter(|group| suits(group)).map(|(.., amount)| amount).sum())
    };
    assert_eq!(spend.account, "123456789012");
    assert_eq!(spend.month_to_date, sum(&|(_, kind, _)| *kind != "Credit"));
    assert_eq!(spend.credits, Some(Usd::ZERO - sum(&|(_, kind, _)| *kind == "Credit")));
    for service in spend.services.iter() {
        assert_eq!(service.month_to_date, sum(&|(name, kind, _)| service.name == **name && *kind != "Credit"));
    }
    assert_eq!(spend.services.first().unwrap().name, "Amazon Elastic Compute Cloud - Compute", "the largest first");
    assert_eq!(spend.services.len(), 3, "what costs less than a cent is left out");
    assert!(spend.forecast.unwrap() > spend.month_to_date);
    let anomalies = spend.anomalies.as_ref().unwrap();
    assert_eq!(anomalies.len(), 1, "what somebody planned is none");
    let fact = named(&facts["anomalies"], "AnomalyId", "odd-1");
    assert_eq!(anomalies[0].impact, fact["Impact"]["TotalImpact"].as_f64().map(Usd::from_dollars));
    assert_eq!(anomalies[0].service, shown(&fact["RootCauses"][0]["Service"]));
    assert_eq!(anomalies[0].since, Some(time(&fact["AnomalyStartDate"])));
}
