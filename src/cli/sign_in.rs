//! Codes of a second factor, asked for line by line: for the commands that print and leave.

use std::io::{self, BufRead, IsTerminal, Write};

use super::complain;
use crate::domain::identity::MfaDevice;
use crate::runtime::worlds::Opened;

/// How often a code may be wrong before the rest goes on without it.
const ATTEMPTS: usize = 3;

/// Asks for each code that is wanted. Where nobody is there to ask, it is said which accounts stay closed.
pub(super) async fn ask(opened: &Opened) -> io::Result<()> {
    let Some(sign_in) = &opened.sign_in else { return Ok(()) };
    let is_attended = io::stdin().is_terminal() && io::stderr().is_terminal();
    for device in &opened.session.devices {
        if !is_attended {
            complain(&format!(
                "not read: {}; it takes the MFA code of {}, and nobody is here to type it",
                device.accounts(),
                device.serial
            ));
            continue;
        }
        for _ in 0..ATTEMPTS {
            let Some(code) = read(device)? else {
                complain(&format!("going on without {}", device.accounts()));
                break;
            };
            match sign_in.enter(device.serial.as_str(), &code).await {
                Ok(()) => break,
                Err(error) => complain(error.message.as_str()),
            }
        }
    }
    Ok(())
}

/// A code from the terminal; nothing if the line is empty or there is none.
fn read(device: &MfaDevice) -> io::Result<Option<String>> {
    loop {
        write!(io::stderr().lock(), "MFA code for {} ({}): ", device.accounts(), device.serial)?;
        io::stderr().flush()?;
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line)?;
        if read == 0 || line.trim().is_empty() {
            return Ok(None);
        }
        let code: String = MfaDevice::digits(&line).collect();
        if code.len() == MfaDevice::DIGITS {
            return Ok(Some(code));
        }
        complain("a code has six digits; an empty line goes on without it");
    }
}
