//! What a record is, and the mathematics on it: no files, no devices, no clock, no limits.

pub mod ccdf;
pub mod comb;
pub mod demod;
pub mod detect;
pub mod events;
pub mod evm;
pub mod floor;
pub mod lanes;
pub mod linefit;
pub mod long;
pub mod lowpass;
mod memo;
pub mod multitone;
#[cfg(test)]
mod noise;
mod order;
pub mod phase_noise;
pub mod phasor;
pub mod power;
pub mod predict;
pub mod quantity;
pub mod record;
pub mod robust;
pub mod rrc;
pub mod sideband;
pub mod sinefit;
pub mod special;
pub mod spectrum;
pub mod swept;
pub mod threads;
pub mod tone;
pub mod transition;
pub mod trend;
pub mod waterfall;
pub mod weighting;
pub mod wide;
pub mod window;
pub mod zoom;

pub use quantity::{Quantity, Unit};
pub use record::{Kind, Record, RecordError, Waveform};
pub use spectrum::{Spectrum, SpectrumSettings};
pub use swept::{Swept, SweptSpectrum};
pub use threads::{Progress, Silent, Stop};
pub use window::{Window, WindowFigures};
