//! Transitions and pulses after IEEE Std 181: state levels, crossing instants, shape after the edge, pulse trains.

mod edges;
mod levels;
mod shape;
mod train;

pub use edges::{Edge, EdgeFinder};
pub use levels::{LevelHistogram, States};
pub use shape::{Ringing, Shape, View, describe, phase_margin_deg, ringing};
pub use train::{Clock, Moments, PulseTrain};
