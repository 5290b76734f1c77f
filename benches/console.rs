//! How quick, how light, how quiet: the figures the console is held to.
//!
//! `cargo bench --no-default-features` measures; `-- --smoke` only proves that everything here still runs, and `-- timeline`
//! measures one part alone: start, rewind, scales, keys, lists, timeline, pipelines, drill or idle. A harness of its own, because the promise is a 99th percentile, and because half of the figures are of the whole process.

#![allow(clippy::expect_used, reason = "a bench that cannot go on should say so")]

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use opscon::app::key::{Code, Key};
use opscon::app::list::ListState;
use opscon::app::model::Model;
use opscon::app::msg::{Msg, Size, WorldSpec};
use opscon::app::rewind::History;
use opscon::app::settings::Settings;
use opscon::app::update::update;
use opscon::domain::alarm::{AlarmState, AlarmTransition};
use opscon::domain::delivery::{Action, Pipeline, Stage as PipelineStage};
use opscon::domain::list::List;
use opscon::drill::scenario::Scenario;
use opscon::drill::{Drill, company};
use opscon::runtime::worlds::Opened;
use opscon::world::World;
use opscon::world::feed::{Feed, Payload};
use opscon::world::item::Kind;
use opscon::world::port::{Answer, FeedKey, Observation, Usage};
use opscon::world::room::instances;
use opscon::world::strip::trouble_of;
use opscon::world::suspects::of_trouble;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};

const SIZE: Size = Size { width: 120, height: 40 };
const SCALES: [usize; 3] = [1_000, 10_000, 100_000];

fn main() {
    // Cargo passes flags of its own; everything but ours is let through.
    let smoke = std::env::args().any(|arg| arg == "--smoke" || arg == "--test");
    let parts: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let rounds = if smoke { 3 } else { 2_000 };
    let scales = || SCALES.into_iter().filter(|scale| !smoke || *scale == 1_000);
    say("", "median", "p99");
    // First, while this process is small and has left no memory behind: to start another it is copied, and the time that
    // takes is not the console's.
    if wants("start") {
        measure("exec to first frame", if smoke { 1 } else { 60 }, |_| first_frame());
    }
    if wants("rewind") {
        remembered(if smoke { 1_000 } else { 10_000 }, if smoke { 2 } else { 60 });
    }
    if wants("scales") {
        scales().for_each(|scale| at_scale(scale, rounds));
    }
    if wants("keys") {
        for scale in [0, 10_000, 100_000].into_iter().filter(|scale| !smoke || *scale == 0) {
            let mut typist = Typist::new(scale);
            measure(&format!("key to screen, {scale} resources"), rounds.min(400), |round| typist.press(round));
        }
    }
    if wants("lists") {
        scales().for_each(|scale| list_of(scale, rounds.min(60)));
    }
    if wants("timeline") {
        timeline_of(if smoke { 500 } else { 50_000 }, rounds.min(300));
    }
    if wants("pipelines") {
        room_of_pipelines(rounds.min(400));
    }
    if wants("drill") {
        measure("drill: an hour of the company", if smoke { 1 } else { 20 }, |_| an_hour_of_the_company());
    }
    if wants("idle") {
        let seconds = if smoke { 1 } else { 60 };
        for resources in [0, 1_000, 100_000].into_iter().filter(|resources| !smoke || *resources == 0) {
            idle(resources, seconds);
        }
    }
}

/// What keys and answers cost beside so many resources.
fn at_scale(scale: usize, rounds: usize) {
    let mut stage = Stage::new(scale);
    measure(&format!("update and draw for a key, {scale} resources"), rounds, |round| stage.key_to_frame(round));
    measure(&format!("apply, unchanged, {scale} resources"), rounds.min(300), |_| stage.apply_again());
    measure(&format!("apply, changed, {scale} resources"), rounds.min(300), |round| stage.apply_changed(round));
    stage.go_to_alarms();
    let alarms = stage.model.room().map_or(0, |room| room.list.total());
    measure(&format!("a letter into the filter of {alarms} alarms"), rounds.min(300), |round| {
        stage.filter_letter(round)
    });
    stage.press(Key::plain(Code::Esc));
    measure(&format!("a letter into the palette, {scale} resources"), rounds.min(300), |round| {
        stage.palette_letter(round)
    });
    stage.press(Key::plain(Code::Esc));
    stage.press(Key::char('1'));
    measure(&format!("draw all, {scale} resources"), rounds.min(300), |_| stage.draw_all());
}

/// Two hundred pipelines of twelve stages, all of them in one room: a key and its frame, and the answer that tells of them.
fn room_of_pipelines(rounds: usize) {
    let mut stage = Stage::new(0);
    let (place, _) = stage.model.world.all_of(Kind::Pipeline).next().expect("the company has pipelines");
    let at = &stage.model.world.places()[place];
    let key = FeedKey::all(Feed::Pipelines, Arc::clone(&at.scope));
    let own = at.feeds.pipelines.items().next().expect("the company has pipelines").clone();
    let many: Vec<Pipeline> = (0..200)
        .map(|number| {
            let stages = own.stages.iter().cycle().take(12).enumerate();
            let named = |(at, stage): (usize, &PipelineStage)| PipelineStage {
                name: format!("stage-{at:02}").into(),
                ..stage.clone()
            };
            Pipeline { name: format!("team-{number:03}").into(), stages: stages.map(named).collect(), ..own.clone() }
        })
        .collect();
    let payload = Payload::Pipelines(Arc::new(List::new(many)));
    let now = stage.model.now;
    let observe = |stage: &mut Stage, minute: i64| {
        let at = now + SignedDuration::from_mins(minute);
        let answer = Answer::of(Ok(payload.clone()), Usage::default());
        let observation = Observation::of(key.clone(), at, answer, None);
        timed(|| {
            black_box(update(&mut stage.model, at, Msg::Observed(Box::new(observation))));
            stage.draw();
        })
    };
    stage.press(Key::char('3'));
    observe(&mut stage, 0);
    let codes = [Code::Down, Code::PageDown, Code::Down, Code::Up, Code::PageUp];
    measure("update and draw for a key, 200 pipelines", rounds, |round| {
        stage.press(Key::plain(codes[round % codes.len()]))
    });
    measure("answer and draw, 200 pipelines of 12 stages", rounds.min(60), |round| observe(&mut stage, round as i64));
    stage.press(Key::plain(Code::Enter));
    measure("update and draw for a key, page of a pipeline", rounds, |round| {
        stage.press(Key::plain(codes[round % codes.len()]))
    });
    // Three hundred at once in one stage, as of tests that are split.
    let mut wide = own;
    let split = wide.stages[1].actions[0].clone();
    wide.stages[1].actions =
        (0..300).map(|at| Action { name: format!("shard-{at:03}").into(), ..split.clone() }).collect();
    let answer = Answer::of(Ok(Payload::Pipelines(Arc::new(List::new(vec![wide])))), Usage::default());
    let observation = Observation::of(key, stage.model.now, answer, None);
    let at = stage.model.now;
    black_box(update(&mut stage.model, at, Msg::Observed(Box::new(observation))));
    stage.press(Key::plain(Code::Esc));
    stage.press(Key::plain(Code::Home));
    stage.press(Key::plain(Code::Enter));
    measure("update and draw for a key, page of 300 actions", rounds, |round| {
        stage.press(Key::plain(codes[round % codes.len()]))
    });
}

fn say(what: &str, one: &str, other: &str) {
    let _ = writeln!(io::stdout(), "{what:<44}{one:>14}{other:>14}");
}

/// Times `task`, which may do its own preparing and says how long the part that counts took.
fn measure(what: &str, rounds: usize, mut task: impl FnMut(usize) -> Duration) {
    let mut times: Vec<Duration> = (0..rounds).map(&mut task).collect();
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    let show = |time: Duration| format!("{:.3} ms", time.as_secs_f64() * 1_000.0);
    say(what, &show(at(0.5)), &show(at(0.99)));
}

#[expect(clippy::disallowed_methods, reason = "a bench is there to read the clock")]
fn timed(task: impl FnOnce()) -> Duration {
    let start = Instant::now();
    task();
    start.elapsed()
}

/// Counts what would have gone over the line.
#[derive(Clone, Default)]
struct Line(Arc<AtomicUsize>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A console without a process: model, screen, world.
struct Stage {
    model: Model,
    terminal: Terminal<CrosstermBackend<Line>>,
    opened: Opened,
    other: Opened,
}

impl Stage {
    fn new(resources: usize) -> Self {
        let spec =
            |seed| WorldSpec { seed, resources, at: SignedDuration::from_mins(9), ..WorldSpec::of("bad-deploy") };
        let opened = Opened::frozen(&spec(1)).expect("a shipped scenario opens");
        let other = Opened::frozen(&spec(2)).expect("a shipped scenario opens");
        let model = Model::new(Settings::default(), opened.session.clone(), SIZE);
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, SIZE.width, SIZE.height)) };
        let terminal = Terminal::with_options(CrosstermBackend::new(Line::default()), options).expect("a line opens");
        let mut stage = Self { model, terminal, opened, other };
        stage.apply_again();
        stage
    }

    fn draw(&mut self) {
        let Self { model, terminal, .. } = self;
        terminal.draw(|frame| _ = opscon::view::draw(model, frame)).expect("a line takes everything");
    }

    fn key_to_frame(&mut self, round: usize) -> Duration {
        let codes =
            [Code::Down, Code::Right, Code::Down, Code::Left, Code::Up, Code::Enter, Code::Esc, Code::Char('n')];
        let key = Key::plain(codes[round % codes.len()]);
        let now = self.model.now;
        timed(|| {
            black_box(update(&mut self.model, now, Msg::Key(key)));
            self.draw();
        })
    }

    fn press(&mut self, key: Key) -> Duration {
        let now = self.model.now;
        timed(|| {
            black_box(update(&mut self.model, now, Msg::Key(key)));
            self.draw();
        })
    }

    fn go_to_alarms(&mut self) {
        self.press(Key::char('2'));
    }

    /// Words that match many, few and none.
    fn filter_letter(&mut self, round: usize) -> Duration {
        let letters: Vec<char> = "cpu 9".chars().collect();
        if round.is_multiple_of(letters.len()) {
            if round > 0 {
                self.press(Key::plain(Code::Esc));
            }
            self.press(Key::char('/'));
        }
        self.press(Key::char(letters[round % letters.len()]))
    }

    fn palette_letter(&mut self, round: usize) -> Duration {
        let letters: Vec<char> = "tch-0099".chars().collect();
        if round.is_multiple_of(letters.len()) {
            if round > 0 {
                self.press(Key::plain(Code::Esc));
            }
            self.press(Key::char(':'));
        }
        self.press(Key::char(letters[round % letters.len()]))
    }

    /// Every answer once more, with nothing new in it.
    fn apply_again(&mut self) -> Duration {
        let answers = answers(&self.opened);
        self.apply(answers)
    }

    /// Every answer of another world in place of this one's.
    fn apply_changed(&mut self, round: usize) -> Duration {
        let answers = answers(if round.is_multiple_of(2) { &self.other } else { &self.opened });
        self.apply(answers)
    }

    fn apply(&mut self, answers: Vec<Observation>) -> Duration {
        let now = self.model.now;
        timed(|| {
            for observation in answers {
                black_box(update(&mut self.model, now, Msg::Observed(Box::new(observation))));
            }
        })
    }

    /// A frame onto an empty screen: everything is sent.
    fn draw_all(&mut self) -> Duration {
        self.terminal.resize(Rect::new(0, 0, SIZE.width, SIZE.height)).expect("a line takes everything");
        timed(|| self.draw())
    }
}

/// One list of so many rows: read anew, sorted, filtered.
fn list_of(scale: usize, rounds: usize) {
    let stage = Stage::new(scale);
    let sight = stage.model.sight();
    let mut list = ListState::new(&instances::ROOM);
    measure(&format!("list: refresh, {scale} rows"), rounds, |_| timed(|| list.refresh(&sight, false)));
    measure(&format!("list: sort, {scale} rows"), rounds, |_| timed(|| list.sort_by_next(&sight)));
    measure(&format!("list: filter, {scale} rows"), rounds, |round| {
        // Texts are made once for each refresh: half of the rounds pay for them.
        if round.is_multiple_of(2) {
            list.refresh(&sight, false);
        }
        let filter = ["batch-0009", "state:running !spot", "up>30h", "nothing like it"][round % 4];
        timed(|| list.set_filter(filter, &sight))
    });
}

/// The timeline with so many events in it, and two hundred pipelines beside.
fn timeline_of(events: usize, rounds: usize) {
    let mut stage = Stage::new(1_000);
    let scope = Arc::clone(&stage.model.world.places()[0].scope);
    let at = stage.opened.at();
    let transition = |number: usize, last: AlarmState| AlarmTransition {
        id: format!("alarm-{number}").into(),
        alarm: format!("batch-{:04}-cpu", number % 5_000).into(),
        at: at - SignedDuration::from_secs(number as i64 * 12),
        from: AlarmState::Ok,
        to: if number == 0 { last } else { AlarmState::Alarm },
        reason: "61 % is > 60 %, in 3 of the last 3 minutes".into(),
    };
    let before = resident();
    let tell = |stage: &mut Stage, last: AlarmState, fresh: usize| {
        let newer = (0..fresh)
            .map(|number| AlarmTransition { id: format!("newer-{number}").into(), ..transition(0, AlarmState::Ok) });
        let all: Vec<AlarmTransition> = newer.chain((0..events).map(|number| transition(number, last))).collect();
        let payload = Payload::AlarmHistory(Arc::new(List::new(all)));
        let key = FeedKey::all(Feed::AlarmHistory, Arc::clone(&scope));
        let observation = Observation::of(key, at, Answer::of(Ok(payload), Usage::default()), None);
        timed(|| {
            _ = update(&mut stage.model, at, Msg::Observed(Box::new(observation)));
            stage.draw();
        })
    };
    tell(&mut stage, AlarmState::Alarm, 0);
    let template = stage.model.world.places()[0].feeds.pipelines.items().next().expect("a pipeline").clone();
    let pipeline = |number: usize| Pipeline {
        name: format!("{}-{number:03}", template.name).into(),
        stages: template.stages.iter().cycle().take(12).cloned().collect(),
        ..template.clone()
    };
    let payload = Payload::Pipelines(Arc::new(List::new((0..200).map(pipeline).collect())));
    let key = FeedKey::all(Feed::Pipelines, Arc::clone(&scope));
    let observation = Observation::of(key, at, Answer::of(Ok(payload), Usage::default()), None);
    update(&mut stage.model, at, Msg::Observed(Box::new(observation)));
    let took = resident().saturating_sub(before) as f64 / 1_048_576.0;
    say(&format!("timeline of {events} events, resident"), &format!("{took:.1} MiB"), "");
    stage.press(Key::char('t'));
    measure(&format!("timeline: a key to its frame, {events} events"), rounds, |round| {
        stage.press(Key::char(if round.is_multiple_of(2) { 'j' } else { 'k' }))
    });
    measure(&format!("timeline: answer and draw, {events} events"), rounds.min(80), |round| {
        tell(&mut stage, if round.is_multiple_of(2) { AlarmState::InsufficientData } else { AlarmState::Alarm }, 0)
    });
    measure(&format!("timeline: one event more, {events} events"), rounds.min(80), |round| {
        tell(&mut stage, AlarmState::Alarm, round + 1)
    });
    measure(&format!("suspects among {events} events"), rounds.min(40), |_| {
        timed(|| {
            _ = black_box(
                trouble_of(stage.model.board.readings(), &stage.model.sight())
                    .map(|it| of_trouble(&it, &stage.model.world)),
            );
        })
    });
    stage.press(Key::char('3'));
    measure("pipelines: a key to its frame, 200 x 12 stages", rounds, |round| {
        stage.press(Key::char(if round.is_multiple_of(2) { 'j' } else { 'k' }))
    });
}

/// What an hour of looking back costs in memory: everything read once a minute, as it changes.
fn remembered(resources: usize, minutes: i64) {
    let scenario = Scenario::shipped("bad-deploy").expect("it is shipped").expect("it is sound");
    let hand = Arc::new(Mutex::new(scenario.start));
    let clock = Arc::clone(&hand);
    let now = move || *clock.lock().expect("nobody panics with it");
    let start = scenario.start;
    let drill = Drill::new(scenario, 1, resources, Arc::new(now));
    let (mut world, mut history) = (World::of(&company::scopes()), History::default());
    let before = resident();
    for minute in 0..minutes {
        let at = start + SignedDuration::from_mins(minute);
        *hand.lock().expect("nobody panics with it") = at;
        for key in world.keys().collect::<Vec<_>>() {
            let answer = drill.answer(&key);
            world.apply(Observation::of(key, at, answer, None));
        }
        history.keep(at, &world);
    }
    let took = resident().saturating_sub(before) as f64 / 1_048_576.0;
    say(
        &format!("rewind, {minutes} min at {resources} resources"),
        &format!("{took:.1} MiB"),
        &format!("est {:.1} MiB", history.bytes() as f64 / 1_048_576.0),
    );
}

/// Bytes this process holds, the drill's own world among them.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

fn answers(opened: &Opened) -> Vec<Observation> {
    World::of(&opened.session.scopes)
        .keys()
        .map(|key| {
            let answer = opened.drill.as_ref().expect("a drill").answer(&key);
            Observation::of(key, opened.at(), answer, None)
        })
        .collect()
}

fn an_hour_of_the_company() -> Duration {
    timed(|| {
        let spec = WorldSpec { at: SignedDuration::from_hours(1), ..WorldSpec::of("bad-deploy") };
        let opened = Opened::frozen(&spec).expect("a shipped scenario opens");
        let key = opened.keys().into_iter().next().expect("a world asks something");
        black_box(opened.drill.as_ref().expect("a drill").answer(&key));
    })
}

/// The real binary in a pseudo-terminal.
struct Process {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    reader: Box<dyn Read + Send>,
    keyboard: Box<dyn Write + Send>,
    // Held, because closing it would hang up on the process.
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Process {
    fn start(resources: usize) -> Self {
        let size = PtySize { rows: SIZE.height, cols: SIZE.width, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal opens");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_opscon"));
        command.args(["drill", "calm", "--log-level", "off", "--resources", &resources.to_string()]);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        // This terminal would not say what its background is, and the first key would wait for it to.
        command.env("OPSCON_THEME", "dark");
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().expect("a pseudo-terminal can be read");
        let keyboard = pair.master.take_writer().expect("a pseudo-terminal can be written");
        Self { child, reader, keyboard, _master: pair.master }
    }

    /// Reads until the last line of a first frame has come.
    fn read_frame(&mut self) {
        let mut seen = Vec::new();
        let mut buffer = vec![0; 65_536];
        while !seen.windows(4).any(|bytes| bytes == b"quit") {
            let read = self.reader.read(&mut buffer).expect("the process goes on writing");
            assert!(read > 0, "the process ended before its first frame");
            seen.extend_from_slice(&buffer[..read]);
        }
    }

    fn id(&self) -> u32 {
        self.child.process_id().expect("a started process has an id")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody at the keys of the real binary: what a key takes from the keyboard to the last byte of its frame, at moments
/// that have nothing to do with the console's own clock.
struct Typist {
    process: Process,
    frames: Receiver<(Instant, usize)>,
}

/// A switch of tabs draws most of the screen; the clock alone never writes this much.
const A_TAB: usize = 1_000;

impl Typist {
    fn new(resources: usize) -> Self {
        let mut process = Process::start(resources);
        process.read_frame();
        let mut reader = std::mem::replace(&mut process.reader, Box::new(io::empty()));
        let (send, frames) = channel();
        #[expect(clippy::disallowed_methods, reason = "a bench is there to read the clock")]
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if send.send((Instant::now(), read)).is_err() {
                    break;
                }
            }
        });
        Self { process, frames }
    }

    #[expect(clippy::disallowed_methods, reason = "a bench is there to read the clock, and to wait for a process")]
    fn press(&mut self, round: usize) -> Duration {
        std::thread::sleep(Duration::from_millis(11 + (round as u64 * 37) % 131));
        while self.frames.try_recv().is_ok() {}
        let pressed = Instant::now();
        self.process.keyboard.write_all(b"]").expect("the process listens");
        self.process.keyboard.flush().expect("the process listens");
        let mut written = 0;
        loop {
            let (at, bytes) = self.frames.recv_timeout(Duration::from_secs(10)).expect("the key is answered");
            written += bytes;
            if written >= A_TAB {
                return at - pressed;
            }
        }
    }
}

fn first_frame() -> Duration {
    let mut process = None;
    let took = timed(|| process.insert(Process::start(0)).read_frame());
    drop(process);
    took
}

/// A calm world ticking and nobody at the keys: processor time, bytes to the terminal, memory.
#[expect(clippy::disallowed_methods, reason = "a bench is there to read the clock, and to wait for a process")]
fn idle(resources: usize, seconds: u64) {
    let mut process = Process::start(resources);
    process.read_frame();
    let written = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&written);
    let mut reader = std::mem::replace(&mut process.reader, Box::new(io::empty()));
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(read @ 1..) = reader.read(&mut buffer) {
            counter.fetch_add(read, Ordering::Relaxed);
        }
    });
    std::thread::sleep(Duration::from_secs(seconds.min(5)));
    let (cpu, bytes) = (cpu_of(process.id()), written.load(Ordering::Relaxed));
    std::thread::sleep(Duration::from_secs(seconds));
    let (cpu, bytes) = (cpu_of(process.id()).saturating_sub(cpu), written.load(Ordering::Relaxed) - bytes);
    let share = cpu.as_secs_f64() * 100.0 / seconds as f64;
    say(
        &format!("idle, {resources} resources beside the drill"),
        &format!("{share:.2} % cpu"),
        &format!("{} B/s", bytes as u64 / seconds),
    );
    say(&format!("resident, {resources} resources beside the drill"), &memory_of(process.id()), "");
}

/// Processor time of all threads so far. Linux only; elsewhere nothing is claimed.
fn cpu_of(id: u32) -> Duration {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{id}/task")) else { return Duration::ZERO };
    tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse().ok())
        .map(Duration::from_nanos)
        .sum()
}

fn memory_of(id: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.map_or_else(|| "not known here".into(), |kib| format!("{:.1} MiB", kib / 1_024.0))
}
