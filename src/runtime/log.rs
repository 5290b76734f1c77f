//! Logs go to a file, never to the screen.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use etcetera::BaseStrategy;
use tracing_subscriber::filter::LevelFilter;

/// A log larger than this is begun anew at the next start; one old generation is kept beside it.
const LARGEST: u64 = 4 << 20;

/// The state directory's log, for when no other is named.
pub fn default_path() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join("opscon").join("opscon.log"))
}

/// Starts logging to `path`. A console on a read-only disk works without a log.
pub fn start(path: &Path, level: LevelFilter) -> io::Result<()> {
    let file = open(path)?;
    let subscriber = tracing_subscriber::fmt()
        .with_writer(Mutex::new(file))
        .with_ansi(false)
        .with_max_level(level)
        .with_target(false)
        .finish();
    tracing::subscriber::set_global_default(subscriber).map_err(io::Error::other)
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if std::fs::metadata(path).is_ok_and(|known| known.len() > LARGEST) {
        std::fs::rename(path, path.with_extension("log.old"))?;
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Resource names and account numbers are nobody else's business.
        options.mode(0o600);
    }
    options.open(path)
}
