//! Work in pieces on several threads with the results handed on in the order of the pieces, progress and cancelling.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::record::RecordError;

/// Where a long calculation says how far it is, and asks whether to go on.
pub trait Progress: Sync {
    /// `done` of `total` pieces are finished; `false` asks the calculation to stop.
    ///
    /// It may be called from any thread, but never from two at once.
    fn advance(&self, done: u64, total: u64) -> bool;
}

/// Progress that nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn advance(&self, _done: u64, _total: u64) -> bool {
        true
    }
}

/// Why a calculation gave no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The record or the settings do not allow it.
    #[error(transparent)]
    Failed(#[from] RecordError),
    /// The caller's [`Progress`] asked to stop.
    #[error("the calculation was cancelled")]
    Cancelled,
}

impl Stop {
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(RecordError::new(message))
    }
}

impl From<Stop> for RecordError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Failed(error) => error,
            Stop::Cancelled => Self::new(stop.to_string()),
        }
    }
}

/// The number of threads for a wish: 0 is one per core, and never more than there are pieces.
pub(crate) fn thread_count(wish: usize, pieces: u64) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = if wish == 0 { cores() } else { wish };
    threads.clamp(1, usize::try_from(pieces.clamp(1, 256)).unwrap_or(1))
}

/// Does `pieces` pieces of work; `deliver` sees each result exactly once and in order, whatever the number of threads,
/// so that sums of rounded numbers do not depend on it. Gives the workers back.
///
/// A result that comes early waits; at most two per thread do, so memory stays flat.
pub(crate) fn in_order<W: Send, P: Default + Send>(
    pieces: u64,
    threads: usize,
    progress: &dyn Progress,
    worker: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, u64, &mut P) -> Result<(), RecordError> + Sync,
    mut deliver: impl FnMut(u64, &P) + Send,
) -> Result<Vec<W>, Stop> {
    let threads = thread_count(threads, pieces);
    if threads == 1 {
        let mut alone = worker();
        let mut result = P::default();
        for piece in 0..pieces {
            work(&mut alone, piece, &mut result)?;
            deliver(piece, &result);
            if !progress.advance(piece + 1, pieces) {
                return Err(Stop::Cancelled);
            }
        }
        return Ok(vec![alone]);
    }
    let desk = Desk::new(pieces, 2 * threads, progress, &mut deliver);
    let run = || {
        let mut own = worker();
        while let Some((piece, mut result)) = desk.take() {
            match work(&mut own, piece, &mut result) {
                Ok(()) => desk.hand_in(piece, result),
                Err(error) => desk.stop(error.into()),
            }
        }
        own
    };
    let workers = std::thread::scope(|scope| {
        let handles: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut workers = vec![run()];
        for handle in handles {
            match handle.join() {
                Ok(own) => workers.push(own),
                Err(payload) => std::panic::resume_unwind(payload),
            }
        }
        workers
    });
    desk.close().map_or(Ok(workers), Err)
}

/// Where threads take pieces from and hand results in.
struct Desk<'a, P> {
    pieces: u64,
    room: usize,
    progress: &'a dyn Progress,
    next_piece: AtomicU64,
    tray: Mutex<Tray<'a, P>>,
    moved: Condvar,
}

struct Tray<'a, P> {
    /// The piece that `deliver` waits for.
    due: u64,
    early: BTreeMap<u64, P>,
    spare: Vec<P>,
    stop: Option<Stop>,
    deliver: &'a mut (dyn FnMut(u64, &P) + Send),
}

impl<'a, P: Default> Desk<'a, P> {
    fn new(pieces: u64, room: usize, progress: &'a dyn Progress, deliver: &'a mut (dyn FnMut(u64, &P) + Send)) -> Self {
        let tray = Tray { due: 0, early: BTreeMap::new(), spare: Vec::new(), stop: None, deliver };
        Self { pieces, room, progress, next_piece: AtomicU64::new(0), tray: Mutex::new(tray), moved: Condvar::new() }
    }

    fn tray(&self) -> MutexGuard<'_, Tray<'a, P>> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<(u64, P)> {
        let mut tray = self.tray();
        if tray.stop.is_some() {
            return None;
        }
        let piece = self.next_piece.fetch_add(1, Ordering::Relaxed);
        (piece < self.pieces).then(|| (piece, tray.spare.pop().unwrap_or_default()))
    }

    fn hand_in(&self, piece: u64, result: P) {
        let mut tray = self.tray();
        // The thread that holds the due piece never waits here, so the others always get on.
        while piece != tray.due && tray.early.len() >= self.room && tray.stop.is_none() {
            tray = self.moved.wait(tray).unwrap_or_else(PoisonError::into_inner);
        }
        tray.early.insert(piece, result);
        while tray.stop.is_none() {
            let due = tray.due;
            let Some(result) = tray.early.remove(&due) else { break };
            (tray.deliver)(due, &result);
            tray.spare.push(result);
            tray.due += 1;
            if !self.progress.advance(tray.due, self.pieces) {
                tray.stop = Some(Stop::Cancelled);
            }
        }
        drop(tray);
        self.moved.notify_all();
    }

    fn stop(&self, why: Stop) {
        self.tray().stop.get_or_insert(why);
        self.moved.notify_all();
    }

    fn close(self) -> Option<Stop> {
        self.tray.into_inner().unwrap_or_else(PoisonError::into_inner).stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order_of(pieces: u64, threads: usize) -> Vec<u64> {
        let mut seen = Vec::new();
        let work = |_: &mut (), piece: u64, result: &mut u64| {
            // Even pieces are slower, so that results come out of turn.
            if piece.is_multiple_of(2) {
                std::thread::yield_now();
            }
            *result = piece * 3;
            Ok(())
        };
        in_order(
            pieces,
            threads,
            &Silent,
            || (),
            work,
            |piece, result| {
                assert_eq!(*result, piece * 3);
                seen.push(piece);
            },
        )
        .unwrap();
        seen
    }

    #[test]
    fn results_come_in_order_with_any_number_of_threads() {
        for threads in [1, 2, 3, 8] {
            for pieces in [0, 1, 2, 500] {
                assert_eq!(order_of(pieces, threads), (0..pieces).collect::<Vec<_>>());
            }
        }
    }

    struct StopAt(u64);

    impl Progress for StopAt {
        fn advance(&self, done: u64, _total: u64) -> bool {
            done < self.0
        }
    }

    #[test]
    fn cancelling_stops_where_it_was_asked_and_an_error_comes_back() {
        for threads in [1, 2, 4] {
            let mut delivered = 0;
            let ended = in_order(
                1000,
                threads,
                &StopAt(7),
                || (),
                |(), _, result: &mut u64| {
                    *result = 1;
                    Ok(())
                },
                |_, result| delivered += result,
            );
            assert_eq!(ended.err(), Some(Stop::Cancelled));
            assert_eq!(delivered, 7);

            let broken = |(): &mut (), piece: u64, _: &mut u64| {
                if piece == 40 { Err(RecordError::new("broken")) } else { Ok(()) }
            };
            let ended = in_order(1000, threads, &Silent, || (), broken, |_, _| {});
            assert_eq!(ended.err(), Some(Stop::failed("broken")));
        }
    }
}
