//! A stage for the real loop: a drill, paused time, a screen made of text, and keys by name.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::Stream;
use jiff::SignedDuration;
use opscon::app::key::Key;
use opscon::app::model::Model;
use opscon::app::msg::{Msg, Size, WorldSpec};
use opscon::app::settings::Settings;
use opscon::ops::record::Person;
use opscon::runtime::console::{Console, Outcome};
use opscon::runtime::operator::Operator;
use opscon::runtime::worlds::{Opened, scenario_cards};
use opscon::world::World;
use opscon::world::feed::Feed;
use opscon::world::port::{FeedKey, Observation};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

/// Keys and other inputs, as the terminal would send them: like crossterm's stream, it keeps the first waker it is shown
/// until something has arrived, and forgets those shown in between.
#[derive(Clone, Default)]
pub struct Inputs(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    inputs: VecDeque<Msg>,
    waker: Option<Waker>,
}

impl Inputs {
    pub fn send(&self, msg: Msg) {
        let mut waiting = self.0.lock().unwrap();
        waiting.inputs.push_back(msg);
        if let Some(waker) = waiting.waker.take() {
            waker.wake();
        }
    }
}

impl Stream for Inputs {
    type Item = Msg;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Msg>> {
        let mut waiting = self.0.lock().unwrap();
        if let Some(msg) = waiting.inputs.pop_front() {
            return Poll::Ready(Some(msg));
        }
        waiting.waker.get_or_insert_with(|| context.waker().clone());
        Poll::Pending
    }
}

/// Keeps what goes to the terminal beside the frames.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }

    pub fn bells(&self) -> usize {
        self.bytes().split(|byte| *byte == 0x07).count() - 1
    }
}

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub struct Stage {
    pub console: Console<TestBackend>,
    pub inputs: Inputs,
}

impl Stage {
    /// Opens a drill at 120x40, twenty times as fast as the wall, in UTC.
    pub async fn open(scenario: &str) -> Self {
        Self::open_at(scenario, SignedDuration::ZERO).await
    }

    pub async fn open_at(scenario: &str, at: SignedDuration) -> Self {
        Self::of(WorldSpec { at, speed: 20.0, ..WorldSpec::of(scenario) }).await
    }

    /// Opens a drill of one's own.
    pub async fn of(spec: WorldSpec) -> Self {
        Self::on(Opened::running(&spec).unwrap()).await
    }

    /// Opens the console on a world that is there already.
    pub async fn on(opened: Opened) -> Self {
        let terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
        let console = Console::new(settings(), opened, terminal).unwrap();
        let mut stage = Self { console, inputs: Inputs::default() };
        stage.console.prime().await;
        stage.run(SignedDuration::ZERO).await;
        stage
    }

    /// Lets the world live for so long, and the console with it.
    pub async fn run(&mut self, length: SignedDuration) {
        // A little more, so that what is due at the very end has been drawn.
        let wall = Duration::from_secs_f64(length.as_secs_f64() / 20.0) + Duration::from_millis(50);
        if let Ok(outcome) = tokio::time::timeout(wall, self.console.run(&mut self.inputs)).await {
            panic!("the console ended: {outcome:?}");
        }
    }

    pub async fn run_minutes(&mut self, minutes: i64) {
        self.run(SignedDuration::from_mins(minutes)).await;
    }

    /// Presses keys, named as in a keymap and separated by blanks, and lets the console draw.
    pub async fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.send(Msg::Key(key.parse().unwrap()));
        }
        self.run(SignedDuration::ZERO).await;
    }

    /// Types text as a person would, letter by letter.
    pub async fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            self.send(Msg::Key(Key::char(letter)));
        }
        self.run(SignedDuration::ZERO).await;
    }

    pub fn send(&self, msg: Msg) {
        self.inputs.send(msg);
    }

    /// Presses keys that are expected to end the console.
    pub async fn press_to_leave(&mut self, keys: &str) -> Outcome {
        for key in keys.split(' ') {
            self.send(Msg::Key(key.parse().unwrap()));
        }
        let leaving = self.console.run(&mut self.inputs);
        tokio::time::timeout(Duration::from_secs(5), leaving).await.expect("it stays").unwrap()
    }

    pub async fn resize(&mut self, width: u16, height: u16) {
        self.console.terminal_mut().backend_mut().resize(width, height);
        self.send(Msg::Resize(Size { width, height }));
        self.run(SignedDuration::ZERO).await;
    }

    pub fn model(&self) -> &Model {
        self.console.model()
    }

    pub fn screen(&self) -> String {
        text_of(self.console.terminal().backend().buffer())
    }

    #[track_caller]
    pub fn shows(&self, text: &str) {
        assert!(self.screen().contains(text), "{text:?} is not on screen:\n{}", self.screen());
    }

    #[track_caller]
    pub fn hides(&self, text: &str) {
        assert!(!self.screen().contains(text), "{text:?} is on screen:\n{}", self.screen());
    }
}

/// Somebody who may change everything.
pub fn operator(state: &std::path::Path) -> Operator {
    Operator {
        state: state.to_owned(),
        me: Person { user: "ann".into(), host: "bastion".into(), login: Some("session 1".into()) },
        is_read_only: false,
        read_only: Vec::new(),
        second_person: Vec::new(),
    }
}

pub fn settings() -> Settings {
    Settings { scenarios: scenario_cards(), ..Settings::default() }
}

/// The letters of a screen, without the blanks at line ends.
pub fn text_of(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let mut text = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A model with everything read once, at a moment of a scenario, without a loop.
pub fn model_at(scenario: &str, minutes: i64, size: Size) -> (Model, Opened) {
    let spec = WorldSpec { at: SignedDuration::from_mins(minutes), ..WorldSpec::of(scenario) };
    let opened = Opened::frozen(&spec).unwrap();
    let mut model = Model::new(settings(), opened.session.clone(), size);
    read_everything(&mut model, &opened);
    (model, opened)
}

pub fn read_everything(model: &mut Model, opened: &Opened) {
    read(model, opened, World::of(&opened.session.scopes).keys());
}

/// What is asked only for who looks, as if somebody did.
pub fn read_what_is_looked_at(model: &mut Model, opened: &Opened) {
    read(model, opened, World::of(&opened.session.scopes).looked_keys(Feed::ALL));
}

fn read(model: &mut Model, opened: &Opened, keys: impl Iterator<Item = FeedKey>) {
    for key in keys {
        let answer = opened.drill.as_ref().unwrap().answer(&key);
        let observation = Observation::of(key, opened.at(), answer, None);
        opscon::app::update::update(model, opened.at(), Msg::Observed(Box::new(observation)));
    }
}

pub fn draw(model: &Model) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(model.size.width, model.size.height)).unwrap();
    terminal.draw(|frame| _ = opscon::view::draw(model, frame)).unwrap();
    terminal.backend().buffer().clone()
}
