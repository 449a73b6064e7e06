//! Live streams: a named thread reads a device into a bounded ring, supervised, with every loss counted.

mod arrival;
mod losses;
mod ring;

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use faultscope_capture::sigmf::Datatype;
use faultscope_signal::Unit;

pub use arrival::{Arrival, Missing};
pub use losses::{Gap, Loss, Losses};
pub use ring::{Block, Ring};

use crate::Address;
use crate::error::{DeviceError, ErrorKind};

/// No sample for so long: the device has gone.
pub const WATCHDOG: Duration = Duration::from_secs(3);

/// What a stream is.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamInfo {
    /// Maker and model, as the device says.
    pub instrument: String,
    /// How samples come and are stored.
    pub datatype: Datatype,
    /// Frames per second.
    pub sample_rate_hz: f64,
    /// Centre frequency of I/Q.
    pub center_hz: Option<f64>,
    /// Unit of the values.
    pub unit: Unit,
    /// What was set, for the description.
    pub settings: String,
    /// The device keeps time itself, so that arrival against our clock tells of losses.
    pub paced: bool,
    /// The rate is a wish or an estimate.
    pub nominal_rate: bool,
}

impl StreamInfo {
    /// Of a source that gives one number at a time, at a rate that is ours.
    pub(crate) fn numbers(instrument: String, sample_rate_hz: f64, unit: Unit, address: &Address) -> Self {
        Self {
            instrument,
            datatype: Datatype::Rf32Le,
            sample_rate_hz,
            center_hz: None,
            unit,
            settings: address.text.clone(),
            paced: false,
            nominal_rate: true,
        }
    }

    /// Bytes of one frame.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.datatype.frame_bytes()
    }
}

/// What one read brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Got {
    /// Frames that were lost in front of what was read.
    pub lost: u64,
    /// What told of it, when something did; an overflow may be told of without a number.
    pub loss: Option<Loss>,
    /// The stream ends here, as it should.
    pub end: bool,
}

/// The near end of a device, owned by one thread.
pub trait Reader: Send {
    /// Appends whole frames to `into`, waiting half a second at most.
    ///
    /// # Errors
    /// A time-out may be tried again; everything else ends the stream.
    fn read(&mut self, into: &mut Vec<u8>) -> Result<Got, DeviceError>;

    /// Opens the device again after it has gone.
    ///
    /// # Errors
    /// When it is not back yet.
    fn reopen(&mut self) -> Result<(), DeviceError> {
        Err(DeviceError::new(ErrorKind::Unsupported, "the source cannot be opened again", ""))
    }
}

/// How a stream is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamOptions {
    /// Bytes that wait in the ring at most.
    pub ring_bytes: usize,
    /// Keep trying for so long when the device has gone; nothing ends the stream.
    pub reconnect: Option<Duration>,
    /// Wait for room in the ring instead of dropping: for sources that have no clock.
    pub wait_for_room: bool,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self { ring_bytes: 64 << 20, reconnect: None, wait_for_room: false }
    }
}

/// What [`Live::next`] brings.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Samples.
    Block(Block),
    /// Nothing yet.
    Quiet,
    /// The source has ended as it should.
    End,
}

/// A running stream. Dropped, it stops its thread and gives the device back.
pub struct Live {
    info: StreamInfo,
    ring: Arc<Ring>,
    losses: Arc<Mutex<Losses>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// What must live as long as the stream: a simulated far end.
    _guard: Option<Box<dyn Any + Send>>,
}

impl Live {
    /// Starts the thread `name` that reads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        name: &str,
        info: StreamInfo,
        reader: impl Reader + 'static,
        options: StreamOptions,
    ) -> Result<Self, DeviceError> {
        let ring = Arc::new(Ring::new(options.ring_bytes));
        let losses = Arc::new(Mutex::new(Losses::new(info.sample_rate_hz)));
        let stop = Arc::new(AtomicBool::new(false));
        let feed = Feed {
            reader,
            ring: Arc::clone(&ring),
            losses: Arc::clone(&losses),
            stop: Arc::clone(&stop),
            options,
            frame_bytes: info.frame_bytes().max(1),
            rate_hz: info.sample_rate_hz,
            arrival: (info.paced && !info.nominal_rate).then(|| Arrival::new(info.sample_rate_hz)),
            missing: Missing::default(),
            position: 0,
        };
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || feed.run())
            .map_err(|e| DeviceError::new(ErrorKind::Unsupported, format!("no thread for {name}: {e}"), ""))?;
        Ok(Self { info, ring, losses, stop, thread: Some(thread), _guard: None })
    }

    /// Keeps something alive as long as the stream.
    #[must_use]
    pub fn with_guard(mut self, guard: Box<dyn Any + Send>) -> Self {
        self._guard = Some(guard);
        self
    }

    /// What the stream is.
    #[must_use]
    pub fn info(&self) -> &StreamInfo {
        &self.info
    }

    /// Waits for the next block, at most `patience`.
    ///
    /// # Errors
    /// Once, when the device broke off; what came before it is handed out first.
    pub fn next(&self, patience: Duration) -> Result<Next, DeviceError> {
        self.ring.pop(patience)
    }

    /// Gives a block's memory back, so that a long run allocates nothing.
    pub fn recycle(&self, block: Block) {
        self.ring.recycle(block.bytes);
    }

    /// What was lost so far.
    #[must_use]
    pub fn losses(&self) -> Losses {
        self.losses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.ring.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The reading thread.
struct Feed<R> {
    reader: R,
    ring: Arc<Ring>,
    losses: Arc<Mutex<Losses>>,
    stop: Arc<AtomicBool>,
    options: StreamOptions,
    frame_bytes: usize,
    rate_hz: f64,
    arrival: Option<Arrival>,
    missing: Missing,
    /// Frames since the start by the device's clock, lost ones included.
    position: u64,
}

impl<R: Reader> Feed<R> {
    fn run(mut self) {
        let outcome = self.read_on();
        self.ring.end(outcome.err());
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn count(&self, note: impl FnOnce(&mut Losses)) {
        note(&mut self.losses.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn read_on(&mut self) -> Result<(), DeviceError> {
        let mut heard = Instant::now();
        while !self.stopped() {
            let mut bytes = self.ring.spare();
            match self.reader.read(&mut bytes) {
                Ok(got) => {
                    if !bytes.is_empty() {
                        heard = Instant::now();
                    }
                    let end = got.end;
                    self.deliver(got, bytes);
                    if end {
                        return Ok(());
                    }
                    if heard.elapsed() > WATCHDOG {
                        self.lost_contact(silence(), &mut heard)?;
                    }
                }
                Err(e) if e.is_timeout() => {
                    self.ring.recycle(bytes);
                    self.count(|l| l.time_outs += 1);
                    if heard.elapsed() > WATCHDOG {
                        self.lost_contact(silence(), &mut heard)?;
                    }
                }
                Err(e) => self.lost_contact(e, &mut heard)?,
            }
        }
        Ok(())
    }

    fn deliver(&mut self, got: Got, bytes: Vec<u8>) {
        if let Some(loss) = got.loss.or((got.lost > 0).then_some(Loss::TimeStamps)) {
            let at = self.position;
            self.count(|l| l.note(loss, at, got.lost));
            self.position += got.lost;
        }
        let frames = (bytes.len() / self.frame_bytes) as u64;
        if frames == 0 {
            return self.ring.recycle(bytes);
        }
        let block = Block { start: self.position, bytes };
        self.position += frames;
        let dropped = if self.options.wait_for_room { self.ring.push_waiting(block) } else { self.ring.push(block) };
        if let Some(block) = dropped {
            let at = block.start;
            self.count(|l| l.note(Loss::RingFull, at, frames));
            self.ring.recycle(block.bytes);
        }
        self.supervise();
    }

    fn supervise(&mut self) {
        let position = self.position;
        let Some(missing) = self.arrival.as_mut().map(|a| a.take(Instant::now(), position)) else { return };
        if missing != self.missing {
            self.missing = missing;
            self.count(|l| l.missing = missing);
        }
    }

    /// Waits for the device to come back, or ends the stream.
    fn lost_contact(&mut self, error: DeviceError, heard: &mut Instant) -> Result<(), DeviceError> {
        let Some(patience) = self.options.reconnect else { return Err(error) };
        let gone = Instant::now();
        while gone.elapsed() < patience && !self.stopped() {
            if self.reader.reopen().is_ok() {
                // How many samples the absence cost is known by our clock only.
                let frames = (heard.elapsed().as_secs_f64() * self.rate_hz) as u64;
                let at = self.position;
                self.count(|l| l.note(Loss::Reconnected, at, frames));
                self.position += frames;
                if let Some(arrival) = &mut self.arrival {
                    arrival.restart();
                }
                *heard = Instant::now();
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        if self.stopped() { Ok(()) } else { Err(error) }
    }
}

fn silence() -> DeviceError {
    DeviceError::closed(format!("no sample came for {} s: the device has gone or hangs", WATCHDOG.as_secs()))
}

#[cfg(test)]
mod tests;
