//! What can be connected to now, and what was connected to before.

use faultscope_door::live::DeviceInfo;

use super::{Job, Screen, State};
use crate::words::Word;
use crate::worker::Workers;

/// Addresses that are remembered.
const MOST: usize = 8;

/// What is known of devices.
#[derive(Debug, Default)]
pub(crate) struct Devices {
    /// What is there; nothing while nobody has looked yet.
    pub(crate) found: Option<Vec<DeviceInfo>>,
    /// Whether it is being looked for.
    pub(crate) looking: bool,
    /// Addresses that were connected to, the latest first.
    pub(crate) recent: Vec<String>,
}

impl Devices {
    /// Remembers an address that was connected to.
    pub(super) fn used(&mut self, address: &str) {
        self.recent.retain(|a| a != address);
        self.recent.insert(0, address.to_owned());
        self.recent.truncate(MOST);
    }

    /// Takes in what is there.
    pub(super) fn take(&mut self, found: Vec<DeviceInfo>) {
        self.looking = false;
        self.found = Some(found);
    }
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    /// Look for devices; nothing is opened or set.
    Look,
    /// Show the list.
    Show,
    /// Put an address into the path field, to be completed.
    Complete(String),
    /// Remember these addresses.
    Remember(Vec<String>),
}

/// Does it.
pub(super) fn apply(state: &mut State, workers: &mut Workers, ask: Ask) {
    match ask {
        Ask::Look => look(state, workers),
        Ask::Show => {
            state.screen = Screen::Devices;
            look(state, workers);
        }
        Ask::Complete(address) => {
            state.path = address;
            state.focus_path = true;
        }
        Ask::Remember(recent) => state.devices.recent = recent.into_iter().take(MOST).collect(),
    }
}

fn look(state: &mut State, workers: &mut Workers) {
    if !state.devices.looking {
        state.devices.looking = true;
        let (id, progress) = workers.look();
        state.jobs.push(Job { id, what: Word::DevicesLook, name: String::new(), capture: None, progress });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_address_comes_first_once_and_old_ones_are_forgotten() {
        let mut devices = Devices::default();
        for k in 0..MOST + 3 {
            devices.used(&format!("sim:{k}"));
        }
        devices.used("sim:5");
        assert_eq!(devices.recent.len(), MOST);
        assert_eq!((devices.recent[0].as_str(), devices.recent[1].as_str()), ("sim:5", "sim:10"));
        assert_eq!(devices.recent.iter().filter(|a| *a == "sim:5").count(), 1);
    }
}
