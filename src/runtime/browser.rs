//! The operator's browser, where there is one on this machine.

use std::env;
use std::io;
use std::process::{Command, Stdio};

/// Opens a page; nothing where nobody would see it: over SSH, or without a desktop.
pub(super) fn open(link: &str) -> Option<io::Result<()>> {
    let has = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if has("SSH_CONNECTION") || has("SSH_TTY") {
        return None;
    }
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if has("DISPLAY") || has("WAYLAND_DISPLAY") {
        "xdg-open"
    } else {
        return None;
    };
    // The link is one argument, and begins with https: no shell and no option can be made of a resource's name.
    let child =
        Command::new(program).arg(link).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    Some(child.map(|mut child| {
        // Somebody must take note of its end, or it stays as a zombie for as long as the console runs.
        #[expect(clippy::disallowed_methods, reason = "waits for one process that ends by itself")]
        std::thread::spawn(move || child.wait());
    }))
}
