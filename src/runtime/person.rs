//! Who sits here: for the journal, and to tell a second person from the first.

use std::path::Path;

use crate::ops::record::Person;

/// The user of this process, the machine, and the login where the system knows it.
pub fn me() -> Person {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Person {
        user: of("USER").or_else(|| of("LOGNAME")).unwrap_or_else(uid),
        host: host().or_else(|| of("HOSTNAME")).unwrap_or_else(|| "this machine".into()),
        login: session().or_else(|| of("SSH_CONNECTION")).or_else(|| of("SSH_TTY")),
    }
}

#[cfg(unix)]
fn uid() -> String {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").map_or_else(|_| "unknown".into(), |own| format!("uid {}", own.uid()))
}

#[cfg(not(unix))]
fn uid() -> String {
    "unknown".into()
}

fn host() -> Option<String> {
    line(Path::new("/proc/sys/kernel/hostname"))
}

/// Linux gives every login a number; this one stands for none.
fn session() -> Option<String> {
    line(Path::new("/proc/self/sessionid")).filter(|number| number != "4294967295").map(|it| format!("session {it}"))
}

fn line(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
