//! The last runs of every action of a pipeline, of a list that has those of all together.

use std::collections::{HashMap, HashSet};

use super::{Run, run};
use crate::aws::ask::Ask;
use crate::domain::delivery::{RUNS, RunStatus};
use crate::world::port::CloudError;

/// Runs of actions in a page, and the pages read of a pipeline that is new to us: the last runs of each action of most. From
/// then on the newest page is added to what is known.
const PAGE: i32 = 100;
const PAGES: usize = 3;

/// The last runs of all its actions, newest first.
pub(super) async fn last(
    ask: &Ask<'_>,
    name: &str,
    actions: usize,
    known: Option<&[Run]>,
) -> Result<Vec<Run>, CloudError> {
    let all = (actions * RUNS).div_ceil(PAGE as usize).clamp(1, PAGES);
    let pages = if known.is_some() { 1 } else { all };
    let (mut read, mut token) = (Vec::new(), None);
    for _ in 0..pages {
        let request = ask.clients.codepipeline.list_action_executions().pipeline_name(name).max_results(PAGE);
        let page = request.set_next_token(token.take()).send();
        let page = ask.call("codepipeline:ListActionExecutions", page).await?;
        // It is not the whole page that is kept: the configurations in it are many times as large.
        read.extend(page.action_execution_details().iter().filter_map(run));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    Ok(merged(read, known.unwrap_or_default()))
}

/// What was read now and what was known before, no more than the last of each action.
fn merged(read: Vec<Run>, known: &[Run]) -> Vec<Run> {
    let fresh: HashSet<String> = read.iter().map(|run| run.id.clone()).collect();
    // One that was under way then, and is not among the newest any more, has ended unseen.
    let older = known.iter().filter(|run| !fresh.contains(&run.id) && run.status != RunStatus::InProgress).cloned();
    let mut all: Vec<Run> = read.into_iter().chain(older).collect();
    all.sort_by_key(|run| std::cmp::Reverse(run.started));
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    all.retain(|run| {
        let count = counts.entry((run.stage.clone(), run.action.clone())).or_default();
        *count += 1;
        *count <= RUNS
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Text;
    use jiff::Timestamp;

    fn of(id: &str, action: &str, status: RunStatus, second: i64) -> Run {
        let at = Timestamp::from_second(1_773_000_000 + second).unwrap();
        Run {
            id: id.into(),
            execution: "e".into(),
            stage: "Checks".into(),
            action: action.into(),
            status,
            started: at,
            updated: at,
            outputs: Vec::new(),
            summary: Text::default(),
            external_id: None,
            link: None,
        }
    }

    #[test]
    fn what_is_read_anew_is_added_to_what_is_known() {
        use RunStatus as S;
        let mut known: Vec<Run> = (0..20).map(|at| of(&format!("a{at}"), "Unit", S::Succeeded, at * 100)).collect();
        known.push(of("b", "Unit", S::InProgress, 3_000));
        known.push(of("c", "Unit", S::InProgress, 500));
        let read = vec![of("b", "Unit", S::Failed, 3_000), of("d", "Lint", S::Succeeded, 3_100)];
        let all = merged(read, &known);
        let its = |action: &str| all.iter().filter(|run| run.action == action).collect::<Vec<&Run>>();
        assert_eq!((its("Unit").len(), its("Lint").len()), (RUNS, 1), "the last of each");
        assert_eq!((its("Unit")[0].id.as_str(), its("Unit")[0].status), ("b", S::Failed), "as it is told now");
        assert!(all.iter().all(|run| run.id != "c" && run.id != "a0"), "what ended unseen, and the oldest");
        assert_eq!(merged(Vec::new(), &known[..3]).len(), 3);
    }
}
