//! `opscon completions`: a script for the shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Args, CliError, print};

pub(super) fn run(shell: Shell) -> Result<u8, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "opscon", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
