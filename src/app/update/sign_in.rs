//! Asking for the code of a second factor: when, for whom, and what becomes of it.

use jiff::{SignedDuration, Timestamp};

use super::keys_of;
use crate::app::key::{Code, Key};
use crate::app::model::Model;
use crate::app::msg::Cmd;
use crate::app::overlay::{CodePrompt, Overlay};
use crate::domain::identity::MfaDevice;
use crate::domain::text::Text;
use crate::world::feed::Feed;
use crate::world::port::{CloudError, Observation};

/// For so long after a sign-in, answers that were under way before it may still say that nobody has signed in.
const SETTLES: SignedDuration = SignedDuration::from_secs(30);

/// Asks for a code when an answer failed for want of it.
pub(super) fn observe(model: &mut Model, observation: &Observation) {
    let Err(error) = &observation.outcome else { return };
    if error.wants_code() {
        let device = model.session.devices.iter().find(|device| device.accounts.contains(&observation.key.scope.alias));
        if let Some(device) = device.cloned() {
            ask(model, device);
        }
    }
}

/// Asks, unless the operator is in the middle of something that takes letters, or does not want to be asked. The next answer
/// that fails asks again.
fn ask(model: &mut Model, device: MfaDevice) {
    let is_typing = matches!(model.overlays.last(), Some(Overlay::Palette(_) | Overlay::Prompt(_)));
    let is_asking = model.overlays.iter().any(|overlay| matches!(overlay, Overlay::Code(_)));
    if !is_typing && !is_asking && may_ask(model, &device) {
        open(model, device);
    }
}

fn open(model: &mut Model, device: MfaDevice) {
    model.overlays.push(Overlay::Code(CodePrompt::new(device)));
    model.is_dirty = true;
}

fn may_ask(model: &Model, device: &MfaDevice) -> bool {
    model.unasked.get(&device.serial).is_none_or(|until| model.live_now() >= *until)
}

/// By the operator's own wish: for the device somebody waits for, or else the first.
pub(super) fn ask_again(model: &mut Model) {
    let devices = &model.session.devices;
    if let Some(device) = devices.iter().find(|device| is_waited_for(model, device)).or_else(|| devices.first()) {
        open(model, device.clone());
    }
}

/// Whether the accounts of a device cannot be read for want of its code.
fn is_waited_for(model: &Model, device: &MfaDevice) -> bool {
    let mut places = model.live_world().places().iter().filter(|place| device.accounts.contains(&place.scope.alias));
    places.any(|place| {
        let mut faults = Feed::ALL.iter().filter_map(|feed| place.feeds.status(*feed).fault);
        faults.any(|fault| CloudError::wants_code(&fault.error))
    })
}

/// The next device somebody waits for, once one is done with: their answers may fail again only minutes from now.
fn go_on(model: &mut Model) {
    let waiting = |device: &&MfaDevice| may_ask(model, device) && is_waited_for(model, device);
    if let Some(device) = model.session.devices.iter().find(waiting).cloned() {
        ask(model, device);
    }
}

pub(super) fn press(model: &mut Model, key: Key) -> Vec<Cmd> {
    let Some(Overlay::Code(prompt)) = model.overlays.last_mut() else { return Vec::new() };
    match key.code {
        Code::Esc => {
            let serial = prompt.device.serial.clone();
            model.overlays.pop();
            model.notify(format!("not signed in to {}; the command sign-in asks again", accounts(model, &serial)));
            model.unasked.insert(serial, Timestamp::MAX);
            go_on(model);
        }
        _ if prompt.is_busy => {}
        Code::Enter if prompt.is_whole() => {
            prompt.is_busy = true;
            prompt.trouble = None;
            return vec![Cmd::EnterCode { device: prompt.device.serial.clone(), code: prompt.typed.clone() }];
        }
        Code::Backspace => {
            prompt.typed.pop();
        }
        Code::Char('u' | 'w') if key.ctrl => prompt.typed.clear(),
        _ => prompt.insert(key.typed().map_or_else(String::new, |letter| letter.to_string()).as_str()),
    }
    Vec::new()
}

/// What AWS made of a code. A prompt the operator has left meanwhile does not come back.
pub(super) fn answered(model: &mut Model, device: &Text, outcome: Result<(), Text>) -> Vec<Cmd> {
    model.is_dirty = true;
    let is_its = |overlay: &Overlay| matches!(overlay, Overlay::Code(prompt) if prompt.device.serial == *device);
    match outcome {
        Ok(()) => {
            model.overlays.retain(|overlay| !is_its(overlay));
            model.unasked.insert(device.clone(), model.live_now() + SETTLES);
            let opened = accounts(model, device);
            model.notify(format!("signed in to {opened}"));
            go_on(model);
            let of = model.session.devices.iter().find(|known| known.serial == *device);
            let keys = keys_of(model, |key| of.is_some_and(|device| device.accounts.contains(&key.scope.alias)));
            vec![Cmd::Poll(keys)]
        }
        Err(trouble) => {
            let prompt = model.overlays.iter_mut().find(|overlay| is_its(overlay));
            if let Some(Overlay::Code(prompt)) = prompt {
                prompt.is_busy = false;
                prompt.typed.clear();
                prompt.trouble = Some(trouble);
            } else {
                let account = accounts(model, device);
                model.notify(format!("not signed in to {account}: {trouble}"));
            }
            Vec::new()
        }
    }
}

fn accounts(model: &Model, serial: &Text) -> String {
    let device = model.session.devices.iter().find(|device| device.serial == *serial);
    device.map_or_else(|| serial.to_string(), MfaDevice::accounts)
}
