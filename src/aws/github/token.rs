//! The token GitHub is asked with: from the environment, or from a command that prints it. It is nowhere else, and shown nowhere.

use std::fmt;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::domain::text::Text;
use crate::world::port::{CloudError, FaultClass};

/// How long a command may take; it may want to ask a key ring.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer than any token is.
const LONGEST: u64 = 4_096;
/// As GitHub's own command takes them; the first two are for its Enterprise server.
const ENTERPRISE: [&str; 2] = ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];
const USUAL: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

/// Where the token comes from.
#[derive(Clone, Default)]
pub struct Token(Source);

#[derive(Clone, Default)]
enum Source {
    #[default]
    None,
    /// From the variable of this name.
    Variable(&'static str, String),
    Command(String),
}

impl Token {
    pub fn none() -> Self {
        Self::default()
    }

    /// What the environment has, else the command. `is_elsewhere` where it is not GitHub itself that is asked.
    pub fn find(command: &str, is_elsewhere: bool) -> Self {
        let names = ENTERPRISE.iter().filter(|_| is_elsewhere).chain(&USUAL);
        let found = names.filter_map(|name| Some((*name, std::env::var(name).ok()?)));
        let mut found = found.filter(|(_, value)| !value.trim().is_empty());
        match found.next() {
            Some((name, value)) => Self(Source::Variable(name, value.trim().to_owned())),
            None if !command.trim().is_empty() => Self(Source::Command(command.to_owned())),
            None => Self::none(),
        }
    }

    pub fn is_some(&self) -> bool {
        !matches!(self.0, Source::None)
    }

    /// Where it is from, for people: `a token from GH_TOKEN`.
    pub fn whence(&self) -> String {
        match &self.0 {
            Source::None => "no token".to_owned(),
            Source::Variable(name, _) => format!("a token from {name}"),
            Source::Command(_) => "a token from `token_command`".to_owned(),
        }
    }

    /// The token itself, or nothing where there is none.
    pub(super) async fn value(&self) -> Result<Option<String>, CloudError> {
        match &self.0 {
            Source::None => Ok(None),
            Source::Variable(_, value) => sound(value.clone()).map(Some),
            Source::Command(command) => printed(command).await.and_then(sound).map(Some),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.whence())
    }
}

fn failed(words: String) -> CloudError {
    CloudError { class: FaultClass::Expired, operation: "github:token".into(), message: words.into(), missing: None }
}

/// A token goes into a header, where a line break would begin another.
fn sound(token: String) -> Result<String, CloudError> {
    let is_sound = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if is_sound { Ok(token) } else { Err(failed("what was given as a token for GitHub is none".into())) }
}

/// The first line of what a command prints. What it says beside is not repeated: it may have the token in it.
async fn printed(command: &str) -> Result<String, CloudError> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let name = words.first().copied().unwrap_or_default();
    let mut started = Command::new(name);
    started.args(words.iter().skip(1)).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    let shown = Text::new(name);
    let mut child =
        started.spawn().map_err(|error| failed(format!("`token_command` {shown} cannot be run: {error}")))?;
    let Some(out) = child.stdout.take() else { return Err(failed(format!("{shown} cannot be heard"))) };
    let (told, hears) = tokio::sync::oneshot::channel();
    #[expect(clippy::disallowed_methods, reason = "reads what one process prints, and ends with it")]
    std::thread::spawn(move || {
        let mut said = String::new();
        let read = out.take(LONGEST).read_to_string(&mut said);
        let _ = told.send(read.map(|_| said));
    });
    let heard = tokio::time::timeout(PATIENCE, hears).await;
    if heard.is_err() {
        // It has printed all it will.
        let _ = child.kill();
    }
    let said = match heard {
        Ok(Ok(Ok(said))) => said,
        Ok(_) => return Err(failed(format!("`token_command` {shown} printed no text"))),
        Err(_) => {
            let _ = child.wait();
            return Err(failed(format!("`token_command` {shown} printed nothing for 10 s")));
        }
    };
    let status = child.wait().map_err(|error| failed(format!("`token_command` {shown}: {error}")))?;
    let first = said.lines().next().unwrap_or("").trim().to_owned();
    if !status.success() || first.is_empty() {
        return Err(failed(format!("`token_command` {shown} printed no token ({status}): run it by hand")));
    }
    Ok(first)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn run(command: &str) -> Result<Option<String>, CloudError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(Token(Source::Command(command.into())).value())
    }

    #[test]
    fn a_command_prints_the_token_and_its_failure_shows_nothing_of_it() {
        assert_eq!(run("echo ghp_abc").unwrap().as_deref(), Some("ghp_abc"));
        let error = run("cat /proc/version /nonexistent-ghp_abc").unwrap_err();
        assert!(error.message.as_str().contains("cat printed no token"), "{}", error.message);
        assert!(!error.message.as_str().contains("ghp_abc"));
        assert!(run("no-such-command-here").unwrap_err().message.as_str().contains("cannot be run"));
        assert!(run("echo two words").unwrap_err().message.as_str().contains("is none"));
        assert!(run("true").unwrap_err().message.as_str().contains("printed no token"));
    }

    #[test]
    fn a_token_is_never_shown() {
        let token = Token(Source::Variable("GH_TOKEN", "ghp_abc".into()));
        assert_eq!(format!("{token:?}"), "a token from GH_TOKEN");
        assert!(!format!("{:?}", Token(Source::Command("echo ghp_abc".into()))).contains("ghp_abc"));
    }
}
