//! A live source that gives single records or sweeps: what was asked of it, and what did not come.

use faultscope_door::Error;

use super::State;
use crate::worker::Workers;

/// How the reading of single records stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Single {
    /// Records that came.
    pub(crate) records: u64,
    /// Records that did not.
    pub(crate) failed: u64,
    /// Why the last one did not; nothing once one has come again.
    pub(crate) trouble: Option<Error>,
    /// Whether one was asked for and has not come yet.
    pub(crate) reading: bool,
    /// Whether one is read after another.
    pub(crate) on: bool,
    /// The channel that is shown.
    pub(crate) channel: usize,
}

impl Single {
    /// A record came.
    pub(super) fn came(&mut self) {
        self.records += 1;
        self.trouble = None;
        self.reading = self.on;
    }

    /// A record did not come.
    pub(super) fn failed(&mut self, error: Error) {
        self.failed += 1;
        self.trouble = Some(error);
        self.reading = self.on;
    }
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Read one record.
    Once,
    /// Read one after another, or no longer.
    On(bool),
    /// Show the channel of that place.
    Channel(usize),
}

/// Does it.
pub(super) fn apply(state: &mut State, workers: &Workers, ask: Ask) {
    let Some(live) = state.live.as_mut().filter(|l| l.is_open()) else { return };
    match ask {
        Ask::Once => {
            live.single.reading = true;
            workers.read();
        }
        Ask::On(on) => {
            (live.single.on, live.single.reading) = (on, on);
            workers.read_on(on);
        }
        Ask::Channel(channel) => {
            live.single.channel = channel;
            // Its figures are those of another signal.
            live.table.clear();
            live.held_db.clear();
            workers.channel(channel);
        }
    }
}
