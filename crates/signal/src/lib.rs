//! What a record is, and the mathematics on it: no files, no devices, no clock, no limits.

pub mod detect;
pub mod floor;
pub mod quantity;
pub mod record;
pub mod sinefit;
pub mod special;
pub mod spectrum;
pub mod tone;
pub mod window;

pub use quantity::{Quantity, Unit};
pub use record::{Kind, Record, RecordError, Waveform};
pub use spectrum::{Spectrum, SpectrumSettings};
pub use window::{Window, WindowFigures};
