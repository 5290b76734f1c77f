//! The terminal, taken and given back: on leaving, on an error, on a panic, on a signal.

use std::io::{self, BufWriter, Stdout, Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute, queue};
#[cfg(unix)]
use nix::unistd::Pid;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::app::settings::Alert;
use crate::runtime::osc;

pub type Backend = CrosstermBackend<BufWriter<Line>>;
pub type Screen = Terminal<Backend>;

/// Whether the terminal is ours at the moment. A static, because a panic hook has nothing else to hold on to.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the title of the window was put aside and has to be brought back.
static ENTITLED: AtomicBool = AtomicBool::new(false);

/// Holds the terminal in raw mode on the alternate screen; dropping it gives the terminal back.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// With the mouse, if that is wanted: it takes the terminal's own selection away.
    pub fn take(alert: Alert) -> io::Result<Self> {
        TAKEN.store(true, Ordering::SeqCst);
        let guard = Self(());
        enable_raw_mode()?;
        if alert.mouse {
            execute!(stdout(), EnableMouseCapture)?;
        }
        if alert.title {
            stdout().write_all(osc::PUSH_TITLE)?;
            ENTITLED.store(true, Ordering::SeqCst);
        }
        // Bracketed paste: pasted text must arrive as text, never as keys.
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Restores the terminal if it is taken. Safe to call from anywhere, any number of times.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    // Each step on its own: one that fails must not keep the next from being tried.
    // Off even if it was never on: that does no harm, and a panic has nobody to ask.
    let _ = queue!(out, DisableMouseCapture);
    if ENTITLED.swap(false, Ordering::SeqCst) {
        let _ = out.write_all(osc::POP_TITLE);
    }
    let _ = queue!(out, DisableBracketedPaste);
    let _ = queue!(out, LeaveAlternateScreen);
    let _ = queue!(out, cursor::Show);
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// Whether an error means that there is no terminal any more: the window was closed or the connection dropped.
pub fn is_gone(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
    [Some(error), inner].into_iter().flatten().any(|error| {
        let kind = error.kind();
        matches!(kind, io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected) || error.raw_os_error() == NO_TERMINAL
    })
}

/// What writing to a terminal that was hung up answers.
#[cfg(unix)]
const NO_TERMINAL: Option<i32> = Some(nix::errno::Errno::EIO as i32);
#[cfg(not(unix))]
const NO_TERMINAL: Option<i32> = None;

/// A screen that writes each frame in one piece.
pub fn screen() -> io::Result<Screen> {
    Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(1 << 16, Line(stdout()))))
}

/// What came of asking.
#[derive(Debug, Default)]
pub struct Background {
    pub ground: Option<osc::Ground>,
    /// Keys typed meanwhile.
    pub typed: Vec<u8>,
    /// The answer did not come in time, and may come yet.
    pub is_late: bool,
}

/// Asks the terminal what its background is, and waits for the answer at most so long. Keys typed meanwhile come back with
/// it: none may be lost. The question ends with one that every terminal answers, so that a terminal which does not know the
/// first costs no waiting.
#[cfg(unix)]
pub fn ask_background(patience: Duration) -> Background {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd as _;
    let (mut out, input) = (stdout(), io::stdin());
    // The reader of events begins to listen first: a window resized or closed meanwhile is then heard of afterwards.
    if crossterm::event::poll(Duration::ZERO).is_err() {
        return Background::default();
    }
    if out.write_all(osc::ASK_BACKGROUND).and_then(|()| out.flush()).is_err() {
        return Background::default();
    }
    let deadline = instant() + patience;
    let mut read = Vec::new();
    let mut buffer = [0; 256];
    loop {
        let left = deadline.saturating_duration_since(instant());
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(input.as_fd(), PollFlags::POLLIN)], left) {
            Ok(1..) => match nix::unistd::read(&input, &mut buffer) {
                Ok(count @ 1..) => read.extend_from_slice(&buffer[..count]),
                _ => break,
            },
            _ => break,
        }
        if osc::has_ended(&read) {
            break;
        }
    }
    Background {
        ground: osc::background(&read).map(osc::ground),
        typed: osc::without_answers(&read),
        is_late: !osc::has_ended(&read),
    }
}

#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a terminal answers in its own time")]
fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

#[cfg(not(unix))]
pub fn ask_background(_: Duration) -> Background {
    Background::default()
}

/// The way to the terminal for what is no drawing.
pub fn line() -> Line {
    Line(stdout())
}

/// The way to the terminal, open while the terminal is ours. What is written later (ratatui shows the cursor when it is
/// dropped, and complains on the error stream if it cannot) goes nowhere: by then the terminal may be the shell's, or gone.
#[derive(Debug)]
pub struct Line(Stdout);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if TAKEN.load(Ordering::SeqCst) { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if TAKEN.load(Ordering::SeqCst) { self.0.flush() } else { Ok(()) }
    }
}

/// Makes panics give the terminal back before they are reported. Only a panic of the loop ends the console; a task that
/// panics is a fault of its feed, and the screen stays.
pub fn install_panic_hook() -> color_eyre::Result<()> {
    let (panic_hook, eyre_hook) =
        color_eyre::config::HookBuilder::default().display_env_section(false).try_into_hooks()?;
    eyre_hook.install()?;
    let main_thread = std::thread::current().id();
    std::panic::set_hook(Box::new(move |info| {
        tracing::error!(%info, "panic");
        if std::thread::current().id() == main_thread {
            give_back();
            // Not `eprintln`, which panics when the terminal is gone, and a panic in a panic ends without a word.
            let _ = writeln!(io::stderr().lock(), "{}", panic_hook.panic_report(info));
        }
    }));
    Ok(())
}

/// Stops the process, and whatever started it in the same job, until the shell brings it back.
#[cfg(unix)]
pub fn stop_until_resumed() -> io::Result<()> {
    // SIGSTOP to the whole group: under `cargo run` or `sudo` the shell waits for the parent, not for us.
    use nix::sys::signal::{Signal, kill};
    kill(Pid::from_raw(0), Signal::SIGSTOP)?;
    Ok(())
}

/// Whether there is a shell that could bring a stopped process back. Without one (`xterm -e opscon`, a container's first
/// process) it would be stopped for good: SIGSTOP spares nobody, unlike the terminal's own SIGTSTP.
#[cfg(unix)]
pub fn can_be_resumed() -> bool {
    is_below_a_shell(Pid::this(), job_of)
}

/// Where a process stands among the terminal's jobs. Whatever is outside of a container has the number 0 in it.
#[cfg(unix)]
#[derive(Debug, Clone, Copy)]
struct Job {
    parent: Pid,
    group: Pid,
    session: Pid,
}

/// Goes up through the parents in our own job (`cargo run`, `sudo`) to whoever started the job.
#[cfg(unix)]
fn is_below_a_shell(process: Pid, job_of: impl Fn(Pid) -> Option<Job>) -> bool {
    let Some(own) = job_of(process) else { return false };
    let mut above = own.parent;
    for _ in 0..32 {
        let Some(job) = (above.as_raw() > 0).then(|| job_of(above)).flatten() else { return false };
        if job.session != own.session {
            return false;
        }
        if job.group != own.group {
            return true;
        }
        above = job.parent;
    }
    false
}

#[cfg(unix)]
fn job_of(process: Pid) -> Option<Job> {
    use nix::unistd::{getpgid, getppid, getsid};
    let parent = if process == Pid::this() { getppid() } else { parent_of(process).unwrap_or(Pid::from_raw(0)) };
    Some(Job { parent, group: getpgid(Some(process)).ok()?, session: getsid(Some(process)).ok()? })
}

/// From `/proc`; elsewhere only our own parent is known.
#[cfg(unix)]
fn parent_of(process: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The command's name is in parentheses and may hold anything.
    Some(Pid::from_raw(stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?))
}

#[cfg(not(unix))]
pub fn stop_until_resumed() -> io::Result<()> {
    Err(io::Error::other("this system cannot suspend a process"))
}

#[cfg(not(unix))]
pub fn can_be_resumed() -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Each with its number, parent, group and session.
    fn below_a_shell(processes: &[[i32; 4]]) -> bool {
        is_below_a_shell(Pid::from_raw(30), |process| {
            let job = processes.iter().find(|job| job[0] == process.as_raw())?;
            let [parent, group, session] = [job[1], job[2], job[3]].map(Pid::from_raw);
            Some(Job { parent, group, session })
        })
    }

    #[test]
    fn a_shell_is_whoever_is_above_the_job_in_its_session() {
        assert!(below_a_shell(&[[30, 20, 30, 10], [20, 1, 20, 10]]));
        assert!(below_a_shell(&[[30, 29, 29, 10], [29, 20, 29, 10], [20, 1, 20, 10]]), "under cargo");
        assert!(!below_a_shell(&[[30, 20, 30, 30], [20, 1, 20, 10]]), "a session of its own");
        assert!(!below_a_shell(&[[30, 20, 30, 30]]), "a parent nobody may see");
        assert!(!below_a_shell(&[]), "nothing to be seen");
    }

    #[test]
    fn what_is_outside_a_container_is_no_fault() {
        assert!(!below_a_shell(&[[30, 0, 30, 30]]), "started from outside");
        assert!(!below_a_shell(&[[30, 1, 30, 30], [1, 0, 0, 0]]), "below one whose session is outside");
        assert!(below_a_shell(&[[30, 1, 30, 0], [1, 0, 1, 0]]), "the shell is the first in a session of outside");
    }
}
