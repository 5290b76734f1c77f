//! The operations of one console: begun, waited for no longer, looked into, and the journal they are written in.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinSet;

use crate::app::model::{Changes, Model};
use crate::app::msg::Msg;
use crate::app::operation::OpId;
use crate::ops::approval::Approved;
use crate::ops::plan::Plan;
use crate::runtime::executor::{self, Hands, Surroundings};
use crate::runtime::inbox::Inbox;
use crate::runtime::operator::{self, Operator};
use crate::runtime::worlds::Opened;

/// Dropped with the console; the journal then does not say how those under way ended.
#[derive(Debug)]
pub(super) struct Works {
    /// Nobody: it only looks.
    operator: Option<Operator>,
    hands: Option<Arc<Hands>>,
    tasks: JoinSet<()>,
    /// How each is told to wait no longer.
    stops: BTreeMap<OpId, Arc<Notify>>,
    news: (UnboundedSender<Msg>, UnboundedReceiver<Msg>),
}

impl Works {
    pub fn new() -> Self {
        Self {
            operator: None,
            hands: None,
            tasks: JoinSet::new(),
            stops: BTreeMap::new(),
            news: mpsc::unbounded_channel(),
        }
    }

    /// Lets somebody operate this world; returns what they may change.
    pub fn employ(&mut self, operator: Operator, opened: &Opened) -> Changes {
        self.operator = Some(operator);
        self.enter(opened).unwrap_or_default()
    }

    /// Into another world, with the same operator. What was under way in the old one is let go of, and heard of no more.
    pub fn enter(&mut self, opened: &Opened) -> Option<Changes> {
        self.tasks = JoinSet::new();
        self.stops.clear();
        self.news = mpsc::unbounded_channel();
        let (changes, hands) = self.operator.as_ref()?.hands(opened);
        self.hands = hands;
        self.read_journal(opened);
        Some(changes)
    }

    /// The next thing that happened. Never, where nothing does.
    pub async fn news(&mut self) -> Msg {
        loop {
            tokio::select! {
                biased;
                Some(news) = self.news.1.recv() => return news,
                Some(done) = self.tasks.join_next() => {
                    if let Err(error) = done {
                        tracing::error!(%error, "an operation failed inside the console");
                    }
                }
                else => std::future::pending::<()>().await,
            }
        }
    }

    /// Carries out what was approved; false where nothing may be.
    pub fn execute(&mut self, id: OpId, approved: Approved, around: Surroundings) -> bool {
        let Some(hands) = self.hands.clone() else { return false };
        self.stops.retain(|_, stop| Arc::strong_count(stop) > 1);
        self.stops.insert(id, Arc::clone(&around.stop));
        self.tasks.spawn(async move {
            executor::carry_out(id, approved, hands, around).await;
        });
        true
    }

    pub fn look_again(&mut self, id: OpId, op: String, plan: Plan, around: Surroundings) {
        let Some(hands) = self.hands.clone() else { return };
        self.tasks.spawn(async move {
            executor::look_again(id, op, plan, hands, around).await;
        });
    }

    pub fn stop_waiting(&self, id: OpId) {
        if let Some(stop) = self.stops.get(&id) {
            stop.notify_one();
        }
    }

    /// Off the loop: a journal of years is long.
    pub fn read_journal(&mut self, opened: &Opened) {
        let Some(operator) = &self.operator else { return };
        let (journal, tell) = (operator.journal(opened.drill.is_some()), self.news.0.clone());
        self.tasks.spawn_blocking(move || {
            let _ = tell.send(Msg::Journal(operator::read(&journal)));
        });
    }

    /// What an operation needs of the console around it.
    pub fn surroundings(&self, model: &Model, opened: &Opened, inbox: &Arc<Inbox>) -> Surroundings {
        Surroundings {
            observe: Arc::clone(&opened.observe),
            clock: opened.clock,
            bearings: model.settings.bearings.clone(),
            world: model.live_world().clone(),
            inbox: Arc::clone(inbox),
            tell: self.news.0.clone(),
            stop: Arc::default(),
        }
    }
}
