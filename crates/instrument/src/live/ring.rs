//! The bounded ring between the thread that reads a device and whoever takes the samples.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Next;
use crate::error::DeviceError;

/// Spent buffers that are kept.
const MOST_SPARE: usize = 64;

/// Samples in a row, without a gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Frame number of the first, by the device's clock: a jump against the block before is a gap.
    pub start: u64,
    /// Whole frames as they are stored.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Block>,
    bytes: usize,
    spare: Vec<Vec<u8>>,
    /// Set when the source has ended; the error is handed out once.
    ended: Option<Option<DeviceError>>,
    closed: bool,
}

/// A queue of blocks that holds a fixed number of bytes at most.
#[derive(Debug)]
pub struct Ring {
    state: Mutex<State>,
    came: Condvar,
    left: Condvar,
    most: usize,
}

impl Ring {
    /// Room for `most` bytes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { state: Mutex::default(), came: Condvar::new(), left: Condvar::new(), most }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An empty buffer, used before where there is one.
    #[must_use]
    pub fn spare(&self) -> Vec<u8> {
        self.lock().spare.pop().unwrap_or_default()
    }

    /// Takes a spent buffer.
    pub fn recycle(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        let mut state = self.lock();
        if state.spare.len() < MOST_SPARE {
            state.spare.push(bytes);
        }
    }

    /// Puts a block in, or gives it back when there is no room.
    pub fn push(&self, block: Block) -> Option<Block> {
        let mut state = self.lock();
        if state.bytes > 0 && state.bytes + block.bytes.len() > self.most {
            return Some(block);
        }
        state.bytes += block.bytes.len();
        state.queue.push_back(block);
        self.came.notify_one();
        None
    }

    /// Puts a block in as soon as there is room; gives it back when the ring was closed meanwhile.
    pub fn push_waiting(&self, block: Block) -> Option<Block> {
        let state = self.lock();
        let full = |s: &mut State| !s.closed && s.bytes > 0 && s.bytes + block.bytes.len() > self.most;
        let state = self.left.wait_while(state, full).unwrap_or_else(PoisonError::into_inner);
        let closed = state.closed;
        drop(state);
        if closed { Some(block) } else { self.push(block) }
    }

    /// The next block, waiting for it at most `patience`.
    ///
    /// # Errors
    /// Once, when the source ended with one.
    pub fn pop(&self, patience: Duration) -> Result<Next, DeviceError> {
        let state = self.lock();
        let empty = |s: &mut State| s.queue.is_empty() && s.ended.is_none();
        let (mut state, _) =
            self.came.wait_timeout_while(state, patience, empty).unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = state.queue.pop_front() {
            state.bytes -= block.bytes.len();
            self.left.notify_one();
            return Ok(Next::Block(block));
        }
        match state.ended.as_mut().map(Option::take) {
            None => Ok(Next::Quiet),
            Some(None) => Ok(Next::End),
            Some(Some(error)) => Err(error),
        }
    }

    /// The source has ended.
    pub fn end(&self, error: Option<DeviceError>) {
        self.lock().ended = Some(error);
        self.came.notify_all();
    }

    /// Nobody takes samples any more.
    pub fn close(&self) {
        self.lock().closed = true;
        self.left.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(start: u64, n: usize) -> Block {
        Block { start, bytes: vec![0; n] }
    }

    #[test]
    fn a_full_ring_gives_the_block_back_and_takes_it_when_there_is_room() {
        let ring = Ring::new(10);
        assert_eq!(ring.push(block(0, 8)), None);
        assert_eq!(ring.push(block(8, 8)).unwrap().start, 8);
        assert!(matches!(ring.pop(Duration::ZERO), Ok(Next::Block(b)) if b.start == 0));
        // A block larger than the ring is taken when it is alone: otherwise nothing would ever move.
        assert_eq!(ring.push(block(16, 80)), None);
        assert_eq!(ring.push(block(96, 1)).unwrap().start, 96);
        ring.end(Some(DeviceError::closed("gone")));
        assert!(matches!(ring.pop(Duration::ZERO), Ok(Next::Block(b)) if b.start == 16));
        assert!(ring.pop(Duration::ZERO).is_err());
        assert!(matches!(ring.pop(Duration::ZERO), Ok(Next::End)));
    }

    #[test]
    fn a_waiting_source_is_released_by_room_and_by_the_end() {
        let ring = Ring::new(10);
        ring.push(block(0, 10));
        std::thread::scope(|scope| {
            let source = scope
                .spawn(|| ring.push_waiting(block(10, 10)).is_none() && ring.push_waiting(block(20, 10)).is_some());
            assert!(matches!(ring.pop(Duration::from_secs(9)), Ok(Next::Block(_))));
            while ring.lock().bytes == 0 {
                std::thread::yield_now();
            }
            ring.close();
            assert!(source.join().unwrap());
        });
    }
}
