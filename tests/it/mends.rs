//! From launch to a verified mend, by keys alone, in every drill: how many keys that takes, and how long the company is
//! broken meanwhile.

use jiff::SignedDuration;
use opscon::app::operation::Phase;
use opscon::app::overlay::Overlay;
use opscon::app::planning::Focus;
use opscon::domain::units::long;
use opscon::ops::record::Outcome;

use crate::support::{Stage, operator};

/// A console armed from its launch, as `--write INC-7` does, and the keys pressed in it.
struct Incident {
    stage: Stage,
    keys: usize,
    _state: tempfile::TempDir,
}

impl Incident {
    async fn of(scenario: &str, minutes: i64) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut stage = Stage::open_at(scenario, SignedDuration::from_mins(minutes)).await;
        stage.console.employ(operator(state.path()));
        stage.console.arm("INC-7");
        stage.run(SignedDuration::ZERO).await;
        Self { stage, keys: 0, _state: state }
    }

    async fn press(&mut self, keys: &str) {
        self.keys += keys.split(' ').count();
        self.stage.press(keys).await;
    }

    async fn type_text(&mut self, text: &str) {
        self.keys += text.chars().count();
        self.stage.type_text(text).await;
    }

    fn focus(&self) -> Option<Focus> {
        match self.stage.model().overlays.last() {
            Some(Overlay::Plan(form)) => Some(form.focus),
            _ => None,
        }
    }

    /// Finds the operation by a part of its name and its target by a part of its own, says the values (an empty one is left
    /// as it was found), types what has to be
    /// typed, and waits until it is verified.
    async fn carry_out(&mut self, operation: &str, target: &str, values: &[&str], words: &str) {
        self.press(":").await;
        self.type_text(operation).await;
        self.press("enter").await;
        if self.focus().is_none() {
            self.type_text(target).await;
            self.press("enter").await;
        }
        for value in values {
            self.type_text(value).await;
            self.press("tab").await;
        }
        self.sign(words).await;
        self.verified(operation).await;
    }

    /// Types what has to be typed, and presses the button.
    async fn sign(&mut self, words: &str) {
        for _ in 0..8 {
            if self.focus() == Some(Focus::Typed) {
                break;
            }
            self.press("tab").await;
        }
        self.type_text(words).await;
        self.press("tab enter").await;
        assert!(self.stage.model().overlays.is_empty(), "it was not begun:\n{}", self.stage.screen());
    }

    /// Waits until what was begun is verified.
    async fn verified(&mut self, operation: &str) {
        for _ in 0..60 {
            self.stage.run_minutes(1).await;
            if let Phase::Ended { outcome, words, .. } = &self.stage.model().courses.last().unwrap().phase {
                assert_eq!(*outcome, Outcome::Verified, "{operation}: {words}");
                return;
            }
        }
        panic!("{operation} did not end:\n{}", self.stage.screen());
    }

    /// Waits until the drill says so; returns the keys, and how long it was broken.
    async fn mended(mut self) -> (usize, SignedDuration) {
        for _ in 0..40 {
            let drill = self.stage.model().exercise().unwrap();
            if let (Some(broke), Some(mended)) = (drill.broke_at, drill.mended_at) {
                self.stage.shows("mended in");
                let keys = self.keys;
                self.press("M").await;
                self.stage.shows(&format!("mended           after {}", long(mended.duration_since(broke))));
                self.stage.shows(&format!("keys             {keys}"));
                return (keys, mended.duration_since(broke));
            }
            self.stage.run_minutes(1).await;
        }
        panic!("not mended: {:?}", self.stage.model().exercise());
    }
}

/// What it takes from the alarm that fires, with the cursor on it: to the change that caused it, to the plan that takes that
/// back, to the rollback verified.
#[tokio::test(start_paused = true)]
#[allow(clippy::print_stderr, reason = "figures for whoever asks for them")]
async fn keys_counted_from_a_firing_alarm() {
    let web = ("deploy web v418 → v419", "web: Production back to v418", "web acme-prod");
    let catalog = ("deploy catalog v87 → v88", "catalog: stop the deployment of v88", "catalog acme-prod");
    for (scenario, minutes, alarm, (suspect, plan, typed)) in [
        ("bad-deploy", 9, "web-5xx-high", web),
        ("bad-deploy", 9, "web-unhealthy-hosts", web),
        ("bad-deploy", 9, "shop-impaired", web),
        ("failing-gate", 4, "web-5xx-high", web),
        ("stuck-deploy", 12, "web-5xx-high", catalog),
    ] {
        let mut it = Incident::of(scenario, minutes).await;
        it.stage.press("2").await;
        while selected(&it.stage) != alarm {
            it.stage.press("down").await;
        }
        it.press("w").await;
        it.stage.shows("suspect 1 of");
        it.stage.shows(suspect);
        let to_suspect = it.keys;
        it.press("a enter").await;
        it.stage.shows(plan);
        assert!(matches!(it.stage.model().overlays.last(), Some(Overlay::Plan(form)) if form.planned.is_ok()));
        let to_plan = it.keys;
        it.sign(typed).await;
        it.verified("the rollback").await;
        // What has to be typed counts, and is as long as the name.
        let (to_rollback, letters) = (it.keys, typed.chars().count());
        let told = format!(
            "{scenario}, from {alarm}: {to_suspect} keys to the suspect, {to_plan} to the plan that takes it back, \
             {to_rollback} to the verified rollback, {letters} of them letters of its name"
        );
        eprintln!("{told}");
        assert!(to_suspect <= 1 && to_plan <= 3 && to_rollback <= 6 + letters, "{told}");
    }
}

/// The name of what the cursor is on.
fn selected(stage: &Stage) -> String {
    let list = stage.model().list().unwrap();
    list.rows().nth(list.position()).unwrap().item.name().to_string()
}

/// Tells the figures (`--nocapture`), and holds them: no more than so many keys, and minutes from the break to the mend.
#[allow(clippy::print_stderr, reason = "figures for whoever asks for them")]
fn within(name: &str, (keys, broken): (usize, SignedDuration), most_keys: usize, most_minutes: i64) {
    eprintln!("{name}: {keys} keys, broken for {}", long(broken));
    assert!(keys <= most_keys, "{name} takes {keys} keys");
    assert!(broken.as_mins() <= most_minutes, "{name} was broken for {}", long(broken));
}

#[tokio::test(start_paused = true)]
async fn a_bad_deploy() {
    let mut it = Incident::of("bad-deploy", 8).await;
    it.carry_out("pipeline.r", "web", &[], "web acme-prod").await;
    within("bad-deploy", it.mended().await, 40, 30);
}

/// The way forward is closed by a gate that is right; the way back is not.
#[tokio::test(start_paused = true)]
async fn a_gate_that_stops_the_fix() {
    let mut it = Incident::of("failing-gate", 4).await;
    it.carry_out("pipeline.r", "web", &[], "web acme-prod").await;
    within("failing-gate", it.mended().await, 40, 50);
}

/// Whoever waits for the next commit instead can let it through: the same mend, and half an hour of errors more.
#[tokio::test(start_paused = true)]
async fn a_gate_that_lets_the_next_one_through() {
    let mut it = Incident::of("failing-gate", 34).await;
    it.carry_out("gate.app", "web", &["", "", "patched"], "web acme-prod").await;
    within("failing-gate, waited for", it.mended().await, 60, 80);
}

/// Tried again, the test passes; its approval is asked for after that.
#[tokio::test(start_paused = true)]
async fn a_flaky_test() {
    let mut it = Incident::of("flaky-test", 8).await;
    it.carry_out("stage.re", "shop", &[], "shop acme-prod").await;
    it.stage.run_minutes(1).await;
    it.carry_out("gate.app", "shop", &["", "", "cure"], "shop acme-prod").await;
    within("flaky-test", it.mended().await, 110, 40);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_stands_still() {
    let mut it = Incident::of("stuck-deploy", 12).await;
    it.carry_out("ecs.r", "", &["catalog"], "catalog acme-prod").await;
    within("stuck-deploy", it.mended().await, 60, 40);
}

#[tokio::test(start_paused = true)]
async fn a_surge() {
    let mut it = Incident::of("traffic-surge", 8).await;
    it.carry_out("asg.sc", "web", &["24"], "web acme-prod").await;
    it.carry_out("ecs.sc", "", &["catalog", "30"], "catalog acme-prod").await;
    it.carry_out("ecs.sc", "", &["checkout", "26"], "checkout acme-prod").await;
    within("traffic-surge", it.mended().await, 140, 45);
}

#[tokio::test(start_paused = true)]
async fn a_lost_primary() {
    let mut it = Incident::of("primary-loss", 8).await;
    it.carry_out("promote", "replica-1", &[], "orders-replica-1 acme-prod").await;
    within("primary-loss", it.mended().await, 65, 30);
}

#[tokio::test(start_paused = true)]
async fn a_lost_region() {
    let mut it = Incident::of("region-loss", 8).await;
    it.carry_out("region.f", "central", &[], "orders-replica-dr acme-prod").await;
    it.carry_out("region.f", "central", &[], "web-dr acme-prod").await;
    it.carry_out("region.f", "central", &[], "shop.acme.example acme-prod").await;
    within("region-loss", it.mended().await, 130, 60);
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_queue() {
    let mut it = Incident::of("poison-queue", 14).await;
    it.carry_out("gate.app", "shop", &["", "", "cure"], "shop acme-prod").await;
    // The plan warns that they would land there again until the cure is out.
    it.stage.run_minutes(15).await;
    it.stage.console.arm("INC-7");
    it.carry_out("dlq.red", "orders-dlq", &["100"], "orders-dlq acme-prod").await;
    within("poison-queue", it.mended().await, 110, 75);
}

#[tokio::test(start_paused = true)]
async fn a_dev_account_that_runs_away() {
    let mut it = Incident::of("runaway-dev", 8).await;
    it.carry_out("dev.sh", "", &[], "acme-dev/eu-west-1").await;
    within("runaway-dev", it.mended().await, 60, 40);
}
