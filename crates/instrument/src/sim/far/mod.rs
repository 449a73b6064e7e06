//! Far ends: simulated instruments behind a real socket, with a switch for bad behaviour, written from the protocols.
//!
//! They share nothing with the drivers, so that a driver that misreads its protocol does not agree with them.

mod dongle;
mod fault;
mod power;
mod scope;
mod tinysa;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

pub use dongle::{Dongle, DongleSignal};
pub use fault::{Fault, Wire};
pub use power::{FarPower, PowerMaker, PowerState};
pub use scope::{FarScope, Maker};
pub use tinysa::FarTinySa;

use crate::sim::SimError;

/// A far end that is served: dropped, it closes its socket and ends its thread.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Whether a far end is to stop, asked by its loops.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether to stop.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks it to stop.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Listens on the loopback interface (port 0 chooses one) and hands every connection to `session`, one at a time.
///
/// # Errors
/// When the port is taken.
pub fn serve(
    name: &str,
    port: u16,
    mut session: impl FnMut(TcpStream, &Stop) + Send + 'static,
) -> Result<Served, SimError> {
    let trouble =
        |e: std::io::Error| SimError::new(format!("cannot listen on port {port}: {e}"), "choose another port");
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(trouble)?;
    listener.set_nonblocking(true).map_err(trouble)?;
    let address = listener.local_addr().map_err(trouble)?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Stop(Arc::clone(&stop));
    let run = move || {
        while !asked.asked() {
            match listener.accept() {
                Ok((stream, _)) => {
                    let ready = stream.set_nonblocking(false).and_then(|()| stream.set_nodelay(true));
                    if ready.is_ok() {
                        session(stream, &asked);
                    }
                }
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    };
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(trouble)?;
    Ok(Served { address, stop, thread: Some(thread) })
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
