//! The real binary in a real pseudo-terminal.

use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Far longer than anything here takes; reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything the program wrote.
    raw: Vec<u8>,
    /// How the terminal treated keys before the program came.
    modes: String,
}

impl Session {
    fn start(args: &[&str]) -> Self {
        Self::start_in(args, 120, 40, &[])
    }

    pub(crate) fn start_in(args: &[&str], cols: u16, rows: u16, variables: &[(&str, &str)]) -> Self {
        let words: Vec<&str> = std::iter::once(env!("CARGO_BIN_EXE_opscon")).chain(args.iter().copied()).collect();
        Self::of(&words, cols, rows, variables)
    }

    fn of(words: &[&str], cols: u16, rows: u16, variables: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        let command = command(words, variables);
        let modes = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, output) = channel();
        #[expect(clippy::disallowed_methods, reason = "a pseudo-terminal can only be read by waiting")]
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if send.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(cells(rows), cells(cols), 0);
        Self { child, master: pair.master, keyboard, output, screen, raw: Vec::new(), modes }
    }

    /// Reads until the screen satisfies `condition`.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) {
        let deadline = now() + PATIENCE;
        while !condition(self.screen.screen()) {
            match self.output.recv_timeout(deadline.saturating_duration_since(now())) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) if condition(self.screen.screen()) => return,
                Err(error) => panic!("no {what}: {error}\n{}", self.screen.screen().contents()),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.screen.process(bytes);
        self.raw.extend_from_slice(bytes);
    }

    #[track_caller]
    pub(crate) fn wait_for_text(&mut self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits for the end and returns the exit code.
    #[track_caller]
    pub(crate) fn end(&mut self) -> u32 {
        let deadline = now() + PATIENCE;
        loop {
            match self.output.recv_timeout(deadline.saturating_duration_since(now())) {
                Ok(bytes) => self.take(&bytes),
                Err(RecvTimeoutError::Disconnected) => return self.child.wait().unwrap().exit_code(),
                Err(RecvTimeoutError::Timeout) => panic!("it did not end\n{}", self.screen.screen().contents()),
            }
            assert!(now() < deadline, "it did not end\n{}", self.screen.screen().contents());
        }
    }

    /// The terminal as the shell gets it back.
    #[track_caller]
    fn check_restored(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert!(!screen.bracketed_paste(), "pasting is still bracketed");
        assert_eq!(format!("{:?}", self.master.get_termios()), self.modes, "keys are still raw");
    }

    fn resize(&mut self, cols: u16, rows: u16) {
        self.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).unwrap();
        self.screen.screen_mut().set_size(cells(rows), cells(cols));
    }

    #[cfg(unix)]
    fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = nix::unistd::Pid::from_raw(self.child.process_id().unwrap() as i32);
        nix::sys::signal::kill(id, signal).unwrap();
    }
}

fn command(words: &[&str], variables: &[(&str, &str)]) -> CommandBuilder {
    let mut command = CommandBuilder::new(words[0]);
    command.args(&words[1..]);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env("OPSCON_LOG_LEVEL", "off");
    command.env("OPSCON_TIME_ZONE", "UTC");
    // Asked for its background, this terminal would not answer.
    command.env("OPSCON_THEME", "dark");
    command.env_remove("TMUX");
    command.env_remove("STY");
    command.env("RUST_BACKTRACE", "0");
    command.env_remove("NO_COLOR");
    command.env_remove("LC_ALL");
    for (name, value) in variables {
        command.env(name, value);
    }
    command
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn cells(number: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(number).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a real process in a real terminal takes real time")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn it_starts_draws_quits_and_gives_the_terminal_back() {
    let mut session = Session::start(&["drill", "calm"]);
    session.wait_for_text("73 of 73 boxes ok");
    assert!(session.screen.screen().alternate_screen());
    assert!(session.screen.screen().bracketed_paste());
    assert!(session.screen.screen().contents().contains("DRILL calm"));
    session.press("q");
    assert_eq!(session.end(), 0);
    session.check_restored();
}

#[test]
fn without_a_scenario_there_is_a_choice_over_a_living_board() {
    let mut session = Session::start(&["drill"]);
    session.wait_for_text("Choose a drill");
    session.press("j\r");
    session.wait_for_text("DRILL bad-deploy");
    session.press("\x03");
    assert_eq!(session.end(), 0);
    session.check_restored();
}

#[test]
fn a_panic_gives_the_terminal_back_and_then_reports() {
    let mut session = Session::start(&["drill", "calm", "--panic"]);
    let code = session.end();
    assert_eq!(code, 101);
    session.check_restored();
    let report = session.screen.screen().contents();
    assert!(report.contains("asked to panic by --panic"), "{report}");
    let restored = session.raw.windows(8).position(|bytes| bytes == b"\x1b[?1049l").expect("it never left");
    let told = session.raw.windows(14).position(|bytes| bytes == b"asked to panic").expect("it never said");
    assert!(restored < told, "the report went to the alternate screen");
}

#[cfg(unix)]
#[test]
fn signals_give_the_terminal_back() {
    use nix::sys::signal::Signal;
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129), (Signal::SIGINT, 130)] {
        let mut session = Session::start(&["drill", "calm"]);
        session.wait_for_text("73 of 73 boxes ok");
        session.signal(signal);
        assert_eq!(session.end(), code);
        session.check_restored();
    }
}

/// A closed window or a dropped SSH connection: the terminal is gone before the console hears of it.
#[cfg(unix)]
#[test]
fn a_terminal_that_goes_away_ends_the_console_in_order() {
    let pair = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut child = pair.slave.spawn_command(command(&[env!("CARGO_BIN_EXE_opscon"), "drill", "calm"], &[])).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut screen = vt100::Parser::new(cells(40), cells(120), 0);
    let mut buffer = vec![0; 65_536];
    let deadline = now() + PATIENCE;
    while !screen.screen().contents().contains("73 of 73 boxes ok") {
        // The clock on screen keeps this from waiting for ever.
        assert!(now() < deadline, "the board is not well:\n{}", screen.screen().contents());
        let read = reader.read(&mut buffer).unwrap();
        screen.process(&buffer[..read]);
    }
    drop((reader, pair.master));
    assert_eq!(child.wait().unwrap().exit_code(), 129, "ended by the hang-up, not by a crash of its own");
}

#[cfg(unix)]
#[test]
fn suspending_gives_the_terminal_to_the_shell_until_it_is_wanted_back() {
    let job = r#"set -m; "$0" drill calm; echo stopped; read line; fg > /dev/null; exit $?"#;
    let mut session = Session::of(&["sh", "-c", job, env!("CARGO_BIN_EXE_opscon")], 120, 40, &[]);
    session.wait_for_text("73 of 73 boxes ok");
    session.press(":suspend\r");
    session.wait_for_text("stopped");
    session.check_restored();
    session.press("\r");
    session.wait_for_text("73 of 73 boxes ok");
    session.press("q");
    assert_eq!(session.end(), 0);
    session.check_restored();
}

#[cfg(unix)]
#[test]
fn without_a_shell_to_come_back_from_it_does_not_suspend() {
    let mut session = Session::start(&["drill", "calm"]);
    session.wait_for_text("73 of 73 boxes ok");
    session.press(":suspend\r");
    session.wait_for_text("no shell to suspend to");
    session.press("q");
    assert_eq!(session.end(), 0);
}

#[test]
fn a_storm_of_resizes_ends_in_a_whole_picture() {
    let mut session = Session::start(&["drill", "calm"]);
    session.wait_for_text("73 of 73 boxes ok");
    for round in 0..60_u16 {
        session.resize(40 + round * 3, 8 + round);
    }
    session.resize(160, 50);
    session.wait_for("flowchart", |screen| {
        let text = screen.contents();
        text.contains("AWS infrastructure") && text.contains("Rollback Plan") && text.contains("quit")
    });
    session.press("q");
    assert_eq!(session.end(), 0);
    session.check_restored();
}

#[test]
fn pasted_keys_do_nothing() {
    let mut session = Session::start(&["drill", "calm"]);
    session.wait_for_text("73 of 73 boxes ok");
    session.press("\x1b[200~q:quit\r2\x1b[201~");
    session.press("?");
    session.wait_for_text("Keys");
    // Twice, because the help only closes for the first.
    session.press("qq");
    assert_eq!(session.end(), 0);
}

#[test]
fn the_terminal_is_asked_for_its_background_and_keys_typed_meanwhile_count() {
    for (answer, is_light) in [("ffff/ffff/dddd", true), ("1c1c/1c1c/1c1c", false)] {
        // As far away as a test is that shares two cores with all the others: a near terminal has 150 ms.
        let variables = [("OPSCON_THEME", "auto"), ("COLORTERM", "truecolor"), ("SSH_CONNECTION", "far away")];
        let mut session = Session::start_in(&["drill", "calm"], 120, 40, &variables);
        session.wait_for_text("73 of 73 boxes ok");
        session.press(&format!("2\x1b]11;rgb:{answer}\x07\x1b[?62;22c"));
        session.wait_for_text("29 alarms");
        session.press("q");
        assert_eq!(session.end(), 0);
        let asked = session.raw.windows(8).any(|bytes| bytes == b"\x1b]11;?\x07\x1b");
        assert!(asked, "it never asked");
        // The dim grey of the light theme.
        let light = b"38;2;96;103;112";
        assert_eq!(session.raw.windows(light.len()).any(|bytes| bytes == light), is_light, "{answer}");
    }
}

#[test]
fn an_answer_after_its_time_is_no_typing() {
    let mut session = Session::start_in(&["drill", "calm"], 120, 40, &[("OPSCON_THEME", "auto")]);
    session.wait_for_text("73 of 73 boxes ok");
    // A key is answered only when the console has stopped waiting.
    session.press("2");
    session.wait_for_text("29 alarms");
    session.press("\x1b]11;rgb:ffff/ffff/ffff\x07\x1b[?62;22c");
    session.press("?");
    session.wait_for_text("Keys");
    session.press("qq");
    assert_eq!(session.end(), 0);
    session.check_restored();
}

#[test]
fn the_title_is_put_aside_and_brought_back() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    std::fs::write(&config, "[ui]\ntitle = true\nmouse = true\n").unwrap();
    let variables = [("OPSCON_CONFIG", config.to_str().unwrap())];
    let mut session = Session::start_in(&["drill", "calm"], 120, 40, &variables);
    session.wait_for_text("73 of 73 boxes ok");
    session.press("\x1b[<0;12;2M");
    session.wait_for_text("29 alarms");
    session.press("q");
    assert_eq!(session.end(), 0);
    session.check_restored();
    let place = |bytes: &[u8]| session.raw.windows(bytes.len()).position(|window| window == bytes);
    let (aside, back) = (place(b"\x1b[22;2t").expect("put aside"), place(b"\x1b[23;2t").expect("brought back"));
    assert!(aside < back);
    assert!(place(b"\x1b]2;opscon drill:calm: ok, 0 alarms").is_some());
    assert!(place(b"\x1b[?1000l").is_some(), "the mouse is given back");
}

#[test]
fn copying_reaches_the_terminal_through_tmux_as_well() {
    for (variables, expected) in [
        (&[][..], "\x1b]52;c;"),
        (&[("TMUX", "/tmp/tmux-0/default,1,0")][..], "\x1bPtmux;\x1b\x1b]52;c;"),
        (&[("STY", "1.pts-0.host"), ("TERM", "screen-256color")][..], "\x1bP\x1b]52;c;"),
    ] {
        let mut session = Session::start_in(&["drill", "calm"], 120, 40, variables);
        session.wait_for_text("73 of 73 boxes ok");
        session.press("2");
        session.wait_for_text("29 alarms");
        session.press("c");
        session.wait_for_text("copied arn:aws:cloudwatch");
        session.press("q");
        assert_eq!(session.end(), 0);
        let expected = expected.as_bytes();
        assert!(session.raw.windows(expected.len()).any(|bytes| bytes == expected), "{expected:?}");
    }
}

#[test]
fn a_terminal_that_cannot_place_its_cursor_is_told_so() {
    let mut session = Session::start_in(&["drill", "calm"], 80, 24, &[("TERM", "dumb")]);
    assert_eq!(session.end(), 64);
    assert!(session.screen.screen().contents().contains("opscon status"));
    session.check_restored();
}

#[test]
fn a_locale_without_unicode_gets_ascii() {
    let mut session = Session::start_in(&["drill", "bad-deploy", "--at", "9m"], 120, 40, &[("LANG", "C")]);
    session.wait_for_text("X Load balancer");
    session.press("q");
    assert_eq!(session.end(), 0);
    assert!(session.raw.is_ascii());
}

#[test]
fn no_color_means_none() {
    let mut session = Session::start_in(&["drill", "bad-deploy", "--at", "9m"], 120, 40, &[("NO_COLOR", "1")]);
    session.wait_for_text("Load balancer");
    session.press("q");
    assert_eq!(session.end(), 0);
    let text = String::from_utf8_lossy(&session.raw);
    for colour in ["\x1b[38;", "\x1b[48;", "\x1b[31m", "\x1b[33m"] {
        assert!(!text.contains(colour), "{colour:?}");
    }
}
