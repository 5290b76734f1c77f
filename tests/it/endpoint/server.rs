//! The processes of the endpoints: Python and its packages put in place once, the servers started, and what is said to them.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

/// Who answers in the place of AWS. Each is a server of its own, in a Python of its own.
#[derive(Clone, Copy, Debug)]
pub enum Peer {
    /// moto behind a front of ours: everything can be scripted.
    Moto,
    /// ministack, as it is. What happens in it happens by its own rules.
    Ministack,
}

impl Peer {
    fn script(self) -> &'static str {
        match self {
            Self::Moto => "serve.py",
            Self::Ministack => "serve_second.py",
        }
    }

    /// The file that says what it is made of, and its text.
    fn requirements(self) -> (&'static str, &'static str) {
        match self {
            Self::Moto => ("requirements.txt", include_str!("../../endpoint/requirements.txt")),
            Self::Ministack => ("requirements-second.txt", include_str!("../../endpoint/requirements-second.txt")),
        }
    }

    /// It, started once in each process.
    pub fn front(self) -> Front {
        static MOTO: OnceLock<Server> = OnceLock::new();
        static MINISTACK: OnceLock<Server> = OnceLock::new();
        let server = match self {
            Self::Moto => &MOTO,
            Self::Ministack => &MINISTACK,
        };
        server.get_or_init(|| Server::start(self)).front()
    }

    /// The access key that a test signs with: moto takes any, and to ministack twelve digits are the name of an account.
    pub fn key(self, test: &str) -> String {
        match self {
            Self::Moto => test.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase(),
            Self::Ministack => {
                let mut hasher = DefaultHasher::new();
                test.hash(&mut hasher);
                format!("{:012}", hasher.finish() % 1_000_000_000_000)
            }
        }
    }
}

/// A running endpoint. It ends when its standard input does: with this value, or with this process however that ends.
#[derive(Debug)]
pub struct Server {
    pub url: String,
    process: Child,
    stdin: Option<ChildStdin>,
}

impl Server {
    pub fn start(peer: Peer) -> Self {
        let mut process = python(peer)
            .arg(scripts().join(peer.script()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| panic!("the test endpoint does not start: {error}"));
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("READY ").unwrap_or_else(|| panic!("the test endpoint said {line:?}"));
        Self { url: url.to_owned(), stdin: process.stdin.take(), process }
    }

    fn front(&self) -> Front {
        Front { url: self.url.clone() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.process.wait();
    }
}

/// What can be said to a running endpoint, by any process.
#[derive(Clone, Debug)]
pub struct Front {
    pub url: String,
}

impl Front {
    /// Runs `seed.py` with these arguments, and with `input` if there is some. What it prints is JSON.
    pub fn boto3(&self, arguments: &[&str], input: Option<&Value>) -> Value {
        self.run("seed.py", arguments, input)
    }

    /// The same with another script. All use the boto3 of the first endpoint.
    pub fn run(&self, script: &str, arguments: &[&str], input: Option<&Value>) -> Value {
        let [command, rest @ ..] = arguments else { panic!("which command?") };
        let mut child = python(Peer::Moto)
            .arg(scripts().join(script))
            .args([command, self.url.as_str()])
            .args(rest)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python, which was there a moment ago");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(input.map(ToString::to_string).unwrap_or_default().as_bytes()).expect("it listens");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{script} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// What the endpoint is to answer; see `script.py`.
    pub fn script(&self, script: &Value) {
        self.say("POST", "script", Some(script));
    }

    /// Every call made with this access key, in the order they came.
    pub fn calls(&self, access_key: &str) -> Vec<Value> {
        match self.say("GET", &format!("calls?access_key={access_key}"), None) {
            Value::Array(calls) => calls,
            other => panic!("calls are no list: {other}"),
        }
    }

    /// Leaves something for a later process.
    pub fn keep(&self, what: &Value) {
        self.say("POST", "keep", Some(what));
    }

    pub fn kept(&self) -> Value {
        self.say("GET", "kept", None)
    }

    pub fn say(&self, method: &str, what: &str, body: Option<&Value>) -> Value {
        let address = self.url.strip_prefix("http://").expect("the endpoint speaks HTTP");
        let mut stream = TcpStream::connect(address).expect("the endpoint listens");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout");
        let body = body.map(ToString::to_string).unwrap_or_default();
        let length = body.len();
        write!(stream, "{method} /opscon-test/{what} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}")
            .expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {what}: {answer:?}"));
        assert!(head.starts_with("HTTP/1.0 200") || head.starts_with("HTTP/1.1 200"), "{method} {what}: {body}");
        serde_json::from_str(body).expect("JSON")
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/endpoint")
}

/// The Python of an endpoint, with its packages.
fn python(peer: Peer) -> Command {
    let mut command = Command::new(inside(&environment(peer)));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    // What the tester has set for himself is no business of boto3's here.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("AWS_") || name.to_ascii_lowercase().ends_with("_proxy")) {
            command.env_remove(name);
        }
    }
    command.env("AWS_CONFIG_FILE", "/nonexistent").env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command
}

fn inside(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// A virtual environment with what the requirements of a peer name, made once and made anew when they change.
fn environment(peer: Peer) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (file, requirements) = peer.requirements();
    let mut hasher = DefaultHasher::new();
    requirements.hash(&mut hasher);
    let folder = root.join(format!("endpoint-{:016x}", hasher.finish()));
    let is_made = folder.join("made");
    if is_made.exists() {
        return folder;
    }
    fs::create_dir_all(root).expect("a place for what tests leave");
    // Held until the end of this function, by one process at a time; it goes with the process.
    let lock = File::create(root.join("endpoint.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    if is_made.exists() {
        return folder;
    }
    let _ = fs::remove_dir_all(&folder);
    let python = interpreter();
    done(Command::new(python).args(["-m", "venv"]).arg(&folder), "Install the venv module of Python (`python3-venv`).");
    let mut pip = Command::new(inside(&folder));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    pip.arg(scripts().join(file));
    done(&mut pip, &format!("The packages in tests/endpoint/{file} are needed: give pip its package index."));
    File::create(is_made).expect("a note that it is done");
    folder
}

fn done(command: &mut Command, remedy: &str) {
    match command.output() {
        Ok(Output { status, .. }) if status.success() => {}
        Ok(Output { stdout, stderr, .. }) => panic!(
            "{remedy}\n{command:?} said:\n{}{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        ),
        Err(error) => panic!("{remedy}\n{command:?}: {error}"),
    }
}

/// A Python that is new enough.
fn interpreter() -> &'static str {
    const ENOUGH: &str = "import sys; sys.exit(sys.version_info < (3, 11))";
    let suits =
        |name: &&str| Command::new(name).args(["-c", ENOUGH]).output().is_ok_and(|output| output.status.success());
    ["python3", "python"].into_iter().find(suits).expect(
        "The tests of the AWS adapter need Python 3.11 or newer as `python3`, with venv and pip. \
         `cargo test --no-default-features` does without them.",
    )
}
