//! How a record is taken: transports, drivers, the simulated instrument (`sim:`); no file formats, no verdicts.

pub mod address;
pub mod discover;
pub mod driver;
pub mod error;
pub mod live;
pub mod random;
pub mod scpi;
pub mod sim;
pub mod transport;

pub use address::{Address, Scheme};
pub use error::{DeviceError, ErrorKind};
