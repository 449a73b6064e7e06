//! Pixels and clicks: the desktop app of faultscope.
//!
//! Panels draw the state and send commands; `app/apply.rs` alone changes the state; workers do everything that takes time.

mod app;
mod fonts;
mod panel;
mod plot;
mod start;
mod theme;
mod timing;
mod words;
mod worker;

pub use app::App;
pub use start::{Start, run};
pub use theme::Look;
