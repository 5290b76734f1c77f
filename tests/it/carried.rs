//! What is carried out, whatever operation, whatever goes wrong, and whenever its console dies.

use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::SignedDuration;
use opscon::app::msg::WorldSpec;
use opscon::app::operation::OpId;
use opscon::domain::scope::Scope;
use opscon::drill::act::Mishap;
use opscon::drill::scenario::SHIPPED;
use opscon::journal::Journal;
use opscon::ops::approval::{Approved, Armed, approve};
use opscon::ops::plan::Plan;
use opscon::ops::policy::Need;
use opscon::ops::record::{Outcome, Story, What, stories};
use opscon::ops::{OPERATIONS, On, Operation, Params, Target, named};
use opscon::runtime::executor::{Hands, Surroundings, carry_out, look_again};
use opscon::runtime::inbox::Inbox;
use opscon::runtime::worlds::Opened;
use opscon::world::World;
use opscon::world::act::{Act, Receipt, Sent, Step};
use opscon::world::item::ItemId;
use opscon::world::port::{BoxFuture, FaultClass, FeedKey, Observation};
use opscon::world::sight::{Bearings, Sight};
use tokio::sync::mpsc;

use crate::support::operator;

/// Takes nothing that is not in the journal first.
struct Witness {
    to: Arc<dyn Act>,
    journal: Journal,
    taken: Mutex<usize>,
}

impl Act for Witness {
    fn apply<'a>(&'a self, scope: &'a Scope, step: &'a Step) -> BoxFuture<'a, Result<Receipt, Sent>> {
        let entries = self.journal.read(None).unwrap().entries;
        let last = entries.last().expect("sent before anything was written");
        let What::Sending { step: number } = last.what else { panic!("sent, and the last line is {last:?}") };
        let intent = entries.iter().find_map(|entry| match &entry.what {
            What::Intent(intent) if entry.op == last.op => Some(intent),
            _ => None,
        });
        let intent = intent.expect("sent without an intent");
        assert_eq!(intent.steps.get(number), Some(step), "what is sent is not what was written");
        assert_eq!(intent.scope, scope.to_string());
        *self.taken.lock().unwrap() += 1;
        self.to.apply(scope, step)
    }
}

/// A drill that runs, at a moment of it, with everything read.
struct Ground {
    opened: Opened,
    world: World,
    bearings: Bearings,
    witness: Arc<Witness>,
    hands: Arc<Hands>,
}

impl Ground {
    fn of(scenario: &str, minutes: i64, state: &Path) -> Self {
        let at = SignedDuration::from_mins(minutes);
        let opened = Opened::running(&WorldSpec { at, speed: 20.0, ..WorldSpec::of(scenario) }).unwrap();
        let mine = operator(state);
        let journal = mine.journal(true);
        let to = opened.act.clone().unwrap();
        let witness = Arc::new(Witness { to, journal: journal.clone(), taken: Mutex::new(0) });
        let act = Arc::clone(&witness) as Arc<dyn Act>;
        let hands = Hands { act, journal, me: mine.me, world: opened.session.name.clone(), second_person: Vec::new() };
        let bearings = Bearings { failover: opened.session.failover.clone(), ..Bearings::default() };
        let world = opened.session.world();
        let mut ground = Self { opened, world, bearings, witness, hands: Arc::new(hands) };
        ground.read();
        ground
    }

    fn read(&mut self) {
        let keys: Vec<FeedKey> = self.world.keys().collect();
        for key in keys {
            let answer = self.opened.drill.as_ref().unwrap().answer(&key);
            self.world.apply(Observation::of(key, self.opened.clock.now(), answer, None));
        }
    }

    fn sight(&self) -> Sight<'_> {
        Sight { world: &self.world, at: self.opened.clock.now(), bearings: &self.bearings }
    }

    fn around(&self) -> Surroundings {
        Surroundings {
            observe: Arc::clone(&self.opened.observe),
            clock: self.opened.clock,
            bearings: self.bearings.clone(),
            world: self.world.clone(),
            inbox: Arc::new(Inbox::default()),
            tell: mpsc::unbounded_channel().0,
            stop: Arc::default(),
        }
    }

    fn taken(&self) -> usize {
        *self.witness.taken.lock().unwrap()
    }

    fn story(&self) -> Option<Story> {
        stories(&self.hands.journal.read(None).unwrap().entries).into_iter().next()
    }

    /// Everything this operation could be done to.
    fn targets(&self, operation: &Operation) -> Vec<Target> {
        let On::One(kind) = operation.on else {
            return (0..self.world.places().len()).map(Target::Scope).collect();
        };
        let all = self.world.all_of(kind);
        all.map(|(place, item)| Target::One(ItemId { kind, place, id: item.id().clone() })).collect()
    }
}

/// The approval of somebody who types what has to be typed.
fn approved(plan: &Plan) -> Approved {
    let now = plan.made_at;
    let armed = Armed { until: now + SignedDuration::from_mins(5), reason: "a test".into() };
    let typed = Need::of(plan).words(plan).unwrap_or_default();
    assert!(approve(plan.clone(), None, &typed, now).is_err(), "approved while SAFE");
    assert!(approve(plan.clone(), Some(&armed), &typed, armed.until).is_err(), "approved after its time");
    if !typed.is_empty() {
        for wrong in ["", "yes", plan.scope.region.as_str(), &typed[1..]] {
            assert!(approve(plan.clone(), Some(&armed), wrong, now).is_err(), "approved by {wrong:?}");
        }
    }
    approve(plan.clone(), Some(&armed), &typed, now).unwrap()
}

/// Values to try where an operation wants some, beside those there are.
fn tries(operation: &Operation, target: &Target, sight: &Sight<'_>) -> Vec<Params> {
    let present = operation.present(target, sight);
    let mut all = vec![Params::new(), present.clone()];
    for param in operation.params {
        for value in ["1", "2", "5", "14", "10", "a test"] {
            let mut params = present.clone();
            params.insert(param.name.to_owned(), value.to_owned());
            all.push(params);
        }
    }
    all
}

#[tokio::test(start_paused = true)]
async fn whatever_is_done_is_written_down_before_it_is_sent() {
    let mishaps = [None, Some(Mishap::Refuse(FaultClass::Denied)), Some(Mishap::LoseAnswer), Some(Mishap::Lose)];
    let mut carried: Vec<&str> = Vec::new();
    for scenario in SHIPPED {
        for operation in OPERATIONS {
            let state = tempfile::tempdir().unwrap();
            let ground = Ground::of(scenario.0, 12, state.path());
            let sight = ground.sight();
            let plans = ground.targets(operation).into_iter().flat_map(|target| {
                tries(operation, &target, &sight)
                    .into_iter()
                    .filter_map(move |params| operation.plan(&target, &params, &ground_sight(&sight)).ok())
            });
            let Some(plan) = plans.into_iter().next() else { continue };
            let mishap = mishaps[carried.len() % mishaps.len()];
            if let Some(mishap) = mishap {
                ground.opened.drill.as_ref().unwrap().mishap(mishap);
            }
            let (outcome, words) =
                carry_out(OpId(0), approved(&plan), Arc::clone(&ground.hands), ground.around()).await;
            let said = format!("{} in {}, {mishap:?}: {outcome:?}, {words}", operation.name, scenario.0);
            let story = ground.story().unwrap_or_else(|| panic!("nothing was written: {said}"));
            assert_eq!(story.sent, ground.taken(), "{said}");
            assert!(ground.taken() <= plan.steps.len(), "sent more than once: {said}");
            assert_eq!(story.ended.as_ref().map(|(_, outcome, _)| *outcome), Some(outcome), "{said}");
            match mishap {
                Some(Mishap::Refuse(_)) => assert_eq!(outcome, Outcome::Refused, "{said}"),
                Some(Mishap::Lose) => assert_ne!(outcome, Outcome::Refused, "{said}"),
                _ => {}
            }
            carried.push(operation.name);
        }
    }
    let never: Vec<&str> = OPERATIONS.iter().map(|it| it.name).filter(|name| !carried.contains(name)).collect();
    assert!(carried.len() >= OPERATIONS.len(), "{never:?}");
}

/// The same sight, for a closure.
fn ground_sight<'a>(sight: &Sight<'a>) -> Sight<'a> {
    Sight { world: sight.world, at: sight.at, bearings: sight.bearings }
}

/// A future that is dropped after it was polled so many times.
struct Dying<F> {
    inner: Pin<Box<F>>,
    polls: usize,
}

impl<F: Future> Future for Dying<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.inner.as_mut().poll(context).map(Some)
    }
}

/// Dropping it at an await is what a kill is to what is on disk: whatever was begun of a write goes on or not, nothing after it
/// is begun.
#[tokio::test(start_paused = true)]
async fn killed_between_any_two_moments_the_next_start_knows() {
    let mut states = Vec::new();
    for polls in 0.. {
        let state = tempfile::tempdir().unwrap();
        let mut ground = Ground::of("traffic-surge", 8, state.path());
        let operation = named("asg.scale").unwrap();
        let web =
            ground.targets(operation).into_iter().find(|target| target.id().is_some_and(|id| *id == "web")).unwrap();
        let params: Params = [("desired".to_owned(), "24".to_owned())].into();
        let plan = operation.plan(&web, &params, &ground.sight()).unwrap();
        let run = carry_out(OpId(0), approved(&plan), Arc::clone(&ground.hands), ground.around());
        let ended = pin!(Dying { inner: Box::pin(run), polls }).await;
        // What was handed to the disk gets there.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let story = ground.story();
        let taken = ground.taken();
        assert!(taken <= story.as_ref().map_or(0, |story| story.sent), "{polls}: sent and not written down");
        if let Some((outcome, _)) = ended {
            assert_eq!((outcome, taken), (Outcome::Verified, 1));
            break;
        }
        let Some(story) = story else {
            assert_eq!(taken, 0);
            states.push("nothing");
            continue;
        };
        states.push(story.state());
        if story.ended.is_some() {
            continue;
        }
        assert!(story.wants_a_look());
        // The next console, after a while.
        tokio::time::sleep(Duration::from_secs(20)).await;
        ground.read();
        let again = story.intent.plan(&ground.world).unwrap();
        let (outcome, words) =
            look_again(OpId(1), story.op.clone(), again, Arc::clone(&ground.hands), ground.around()).await;
        let wanted = if taken == 1 { Outcome::Verified } else { Outcome::NotReached };
        assert_eq!((outcome, ground.taken()), (wanted, taken), "{polls}: {words}");
        assert_eq!(ground.story().unwrap().ended.unwrap().1, wanted);
    }
    for state in ["nothing", "nothing sent", "no known end"] {
        assert!(states.contains(&state), "never {state}: {states:?}");
    }
}
