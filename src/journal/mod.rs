//! F4: the journal: who did what, when, why, and what became of it.
//!
//! Lines of JSON, one file for each month, readable by nobody else, never shortened. Each line holds the hash of the one
//! before it, the first of a month that of the last month's last, so that a line changed or taken out shows. A line is on
//! disk before [`Journal::append`] returns: what is not in the journal was not sent.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ops::record::Entry;

/// What the first line of all has before it.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// The longest line there can be, by far: a plan over hundreds of resources.
const LONGEST_LINE: u64 = 4 << 20;

#[derive(Debug, thiserror::Error)]
#[error("the journal {}: {error}", path.display())]
pub struct JournalError {
    pub path: PathBuf,
    #[source]
    pub error: io::Error,
}

/// Where the journal is kept. Several consoles may write to one.
#[derive(Clone, Debug)]
pub struct Journal {
    folder: PathBuf,
}

/// Let go of when it is dropped.
#[derive(Debug)]
pub struct Hold {
    _file: File,
}

/// A line as it is on disk.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// The hash of the line before.
    after: String,
    #[serde(flatten)]
    entry: Entry,
}

/// What was read of a journal.
#[derive(Debug, Default, PartialEq)]
pub struct Pages {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// Places where a line does not follow from the one before, or is none: `2026-11.jsonl line 12`.
    pub breaks: Vec<String>,
}

impl Journal {
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes one line, and returns when it is on disk.
    pub fn append(&self, entry: &Entry) -> Result<(), JournalError> {
        self.write(entry).map_err(|error| self.trouble(error))
    }

    /// What goes wrong with this journal.
    pub fn trouble(&self, error: io::Error) -> JournalError {
        JournalError { path: self.folder.clone(), error }
    }

    /// Keeps everybody else who writes here from doing something to the same thing, for as long as it is held; nothing where
    /// somebody holds it already. A process that dies lets go.
    pub fn hold(&self, thing: &str) -> Result<Option<Hold>, JournalError> {
        let held = || {
            let folder = self.folder.join("held");
            create_private_folder(&folder)?;
            let file = private().read(true).append(true).create(true).open(folder.join(&digest(thing)[..16]))?;
            match file.try_lock() {
                Ok(()) => Ok(Some(Hold { _file: file })),
                Err(fs::TryLockError::WouldBlock) => Ok(None),
                Err(fs::TryLockError::Error(error)) => Err(error),
            }
        };
        held().map_err(|error| self.trouble(error))
    }

    fn write(&self, entry: &Entry) -> io::Result<()> {
        create_private_folder(&self.folder)?;
        // Of everybody who writes here, one at a time: each line needs the one before it. Let go when it is dropped.
        let lock = private().read(true).append(true).create(true).open(self.folder.join("lock"))?;
        lock.lock()?;
        let name = month_of(entry.at);
        let path = self.folder.join(&name);
        let is_new = !path.exists();
        let mut file = private().read(true).append(true).create(true).open(&path)?;
        // A line cut short by a machine that died stays, for whoever reads; what follows begins on a line of its own.
        let (last, is_whole) = last_line(&mut file)?;
        let after = match last {
            Some(line) => hash(&line),
            None => self.end_before(&name)?.unwrap_or_else(|| BEGINNING.to_owned()),
        };
        let mut text = if is_whole { String::new() } else { "\n".to_owned() };
        text.push_str(&serde_json::to_string(&Line { after, entry: entry.clone() }).map_err(io::Error::other)?);
        text.push('\n');
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if is_new {
            // The name of a new file is part of its folder, which has to be on disk as well.
            sync_folder(&self.folder)?;
        }
        Ok(())
    }

    /// The hash of the last line of the newest month before this one.
    fn end_before(&self, name: &str) -> io::Result<Option<String>> {
        let before = months(&self.folder)?.into_iter().rfind(|month| month.as_str() < name);
        let Some(before) = before else { return Ok(None) };
        let (last, _) = last_line(&mut File::open(self.folder.join(before))?)?;
        Ok(last.map(|line| hash(&line)))
    }

    /// Everything from a moment on. What cannot be read is named, and hides nothing else.
    pub fn read(&self, since: Option<Timestamp>) -> Result<Pages, JournalError> {
        self.pages(since).map_err(|error| self.trouble(error))
    }

    fn pages(&self, since: Option<Timestamp>) -> io::Result<Pages> {
        let mut pages = Pages::default();
        let mut expected: Option<String> = None;
        let from = since.map(month_of);
        for name in months(&self.folder)? {
            // The one before gives the first line what it has to follow from.
            if from.as_ref().is_some_and(|from| name < *from) {
                expected = last_line(&mut File::open(self.folder.join(&name))?)?.0.map(|line| hash(&line));
                continue;
            }
            let file = File::open(self.folder.join(&name))?;
            // A device or a pipe may never end.
            if !file.metadata()?.is_file() {
                pages.breaks.push(format!("{name} is no file"));
                continue;
            }
            for (number, line) in BufReader::new(file).split(b'\n').enumerate() {
                let line = line?;
                if line.is_empty() {
                    continue;
                }
                let place = format!("{name} line {}", number + 1);
                match serde_json::from_slice::<Line>(&line) {
                    Ok(Line { after, entry }) => {
                        if after != expected.as_deref().unwrap_or(BEGINNING) {
                            pages.breaks.push(place);
                        }
                        if since.is_none_or(|since| entry.at >= since) {
                            pages.entries.push(entry);
                        }
                    }
                    Err(_) => pages.breaks.push(place),
                }
                expected = Some(hash(&line));
            }
        }
        Ok(pages)
    }
}

/// Hexadecimal, of a line without its end.
fn hash(line: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(line) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The digest of a text, as the journal holds it.
pub fn digest(text: &str) -> String {
    hash(text.as_bytes())
}

/// `2026-11.jsonl`, in UTC, so that two consoles agree.
fn month_of(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m.jsonl").to_string()
}

/// The months there are, oldest first.
fn months(folder: &Path) -> io::Result<Vec<String>> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed?,
    };
    let mut names = Vec::new();
    for file in listed {
        let name = file?.file_name();
        let is_month = Path::new(&name).extension().is_some_and(|ending| ending == "jsonl");
        names.extend(name.into_string().ok().filter(|_| is_month));
    }
    names.sort();
    Ok(names)
}

/// The last line that says anything, without its end; and whether the file ends with the end of a line.
fn last_line(file: &mut File) -> io::Result<(Option<Vec<u8>>, bool)> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_LINE)))?;
    let mut end = Vec::new();
    file.take(LONGEST_LINE).read_to_end(&mut end)?;
    let is_whole = end.last().is_none_or(|byte| *byte == b'\n');
    let last = end.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty());
    Ok((last.map(<[u8]>::to_vec), is_whole))
}

/// For the operator's eyes alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder is no file, and its names are kept by the system.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::plan::Change;
    use crate::ops::record::{Intent, Outcome, Person, What, stories};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn entry(time: &str, op: &str, what: What) -> Entry {
        Entry { at: at(time), op: op.to_owned(), what }
    }

    fn intent() -> What {
        What::Intent(Box::new(Intent {
            world: "aws".into(),
            operation: "asg.scale".into(),
            target: "web".into(),
            id: Some("web".into()),
            scope: "acme-prod/eu-west-1".into(),
            title: "web: 6 → 8 instances".into(),
            params: [("desired".to_owned(), "8".to_owned())].into(),
            steps: vec![crate::world::act::Step::SetDesiredCapacity { group: "web".into(), desired: 8 }],
            changes: vec![Change { what: "desired".into(), before: "6".into(), after: "8".into() }],
            expects: "8 in service".into(),
            undo: None,
            planned_at: at("2026-10-31T23:59:00Z"),
            deadline_seconds: 900,
            reason: "INC-42".into(),
            caller: None,
            by: Person { user: "ann".into(), host: "bastion".into(), login: None },
            digest: digest("what was shown"),
            version: "0".into(),
        }))
    }

    fn ended() -> What {
        What::Outcome { outcome: Outcome::Verified, words: "8 in service".into() }
    }

    #[test]
    fn what_was_written_is_read_across_months_and_nothing_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal"));
        assert_eq!(journal.read(None).unwrap(), Pages::default());
        let lines = [
            entry("2026-10-31T23:59:59Z", "1", intent()),
            entry("2026-11-01T00:00:01Z", "1", What::Sending { step: 0 }),
            entry("2026-11-01T00:00:02Z", "1", ended()),
            entry("2026-11-02T00:00:00Z", "2", intent()),
        ];
        for line in &lines {
            journal.append(line).unwrap();
        }
        let pages = journal.read(None).unwrap();
        assert_eq!((pages.entries.as_slice(), pages.breaks.as_slice()), (&lines[..], &[][..]));
        let told: Vec<(String, usize, bool)> =
            stories(&pages.entries).into_iter().map(|story| (story.op.clone(), story.sent, story.is_open())).collect();
        assert_eq!(told, [("2".to_owned(), 0, true), ("1".to_owned(), 1, false)]);
        let late = journal.read(Some(at("2026-11-01T00:00:02Z"))).unwrap();
        assert_eq!((late.entries.len(), late.breaks.len()), (2, 0));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("journal"));
        journal.append(&entry("2026-11-01T00:00:00Z", "1", intent())).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(journal.folder()), 0o700);
        assert_eq!(mode(&journal.folder().join("2026-11.jsonl")), 0o600);
    }

    #[test]
    fn a_line_changed_or_taken_out_shows() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path());
        for second in 0..5 {
            journal
                .append(&entry(&format!("2026-11-01T00:00:0{second}Z"), "1", What::Sending { step: second }))
                .unwrap();
        }
        let path = folder.path().join("2026-11.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("\"step\":1", "\"step\":9", 1)).unwrap();
        assert_eq!(journal.read(None).unwrap().breaks, ["2026-11.jsonl line 3"]);
        let without: Vec<&str> = text.lines().enumerate().filter(|(n, _)| *n != 2).map(|(_, line)| line).collect();
        fs::write(&path, without.join("\n") + "\n").unwrap();
        assert_eq!(journal.read(None).unwrap().breaks, ["2026-11.jsonl line 3"]);
    }

    #[test]
    fn a_machine_that_died_in_the_middle_of_a_line_loses_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path());
        journal.append(&entry("2026-11-01T00:00:00Z", "1", intent())).unwrap();
        let path = folder.path().join("2026-11.jsonl");
        let whole = fs::read(&path).unwrap();
        for cut in [1, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..cut]).unwrap();
            journal.append(&entry("2026-11-01T00:00:01Z", "2", ended())).unwrap();
            let pages = journal.read(None).unwrap();
            assert_eq!(pages.entries.last().unwrap().op, "2", "cut at {cut}");
            // A line that lacks nothing but its end is whole.
            assert_eq!(pages.breaks.len(), usize::from(cut < whole.len() - 1), "cut at {cut}: {pages:?}");
        }
    }

    #[test]
    fn several_consoles_write_one_journal() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let journal = Journal::at(folder.path());
                scope.spawn(move || {
                    for step in 0..20 {
                        let line = entry("2026-11-01T00:00:00Z", &writer.to_string(), What::Sending { step });
                        journal.append(&line).unwrap();
                    }
                });
            }
        });
        let pages = Journal::at(folder.path()).read(None).unwrap();
        assert_eq!((pages.entries.len(), pages.breaks.len()), (80, 0));
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_not_a_silence() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "not a folder").unwrap();
        let error =
            Journal::at(file.join("journal")).append(&entry("2026-11-01T00:00:00Z", "1", intent())).unwrap_err();
        assert!(error.to_string().starts_with("the journal "), "{error}");
        // A disk that is full.
        #[cfg(target_os = "linux")]
        {
            let full = tempfile::tempdir().unwrap();
            std::os::unix::fs::symlink("/dev/full", full.path().join("2026-11.jsonl")).unwrap();
            let error = Journal::at(full.path()).append(&entry("2026-11-01T00:00:00Z", "1", intent())).unwrap_err();
            assert!(error.to_string().contains("space"), "{error}");
        }
    }
}
