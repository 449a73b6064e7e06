//! Many captures: in parallel, in order, and one bad file never stops the others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{CaptureResult, Class, Error, Watch};

/// Applies `work` to every file on at most `threads` threads; the results come in the order of the files.
///
/// After an interruption the files not begun are reported as interrupted.
pub fn batch<T: Send>(
    files: &[PathBuf],
    threads: usize,
    watch: &dyn Watch,
    work: impl Fn(&Path) -> Result<T, Error> + Sync,
) -> Vec<Result<T, Error>> {
    batch_of(files, threads, watch, |file| file.as_path(), |file| work(file))
}

/// The same over anything that has a file.
pub(crate) fn batch_of<I: Sync, T: Send>(
    items: &[I],
    threads: usize,
    watch: &dyn Watch,
    file_of: impl Fn(&I) -> &Path + Sync,
    work: impl Fn(&I) -> Result<T, Error> + Sync,
) -> Vec<Result<T, Error>> {
    batch_in_order(items, threads, watch, file_of, work, |_, _| {})
}

/// The same; `told` hears of every outcome as soon as it and all before it are there, in their order, one at a time.
pub(crate) fn batch_in_order<I: Sync, T: Send>(
    items: &[I],
    threads: usize,
    watch: &dyn Watch,
    file_of: impl Fn(&I) -> &Path + Sync,
    work: impl Fn(&I) -> Result<T, Error> + Sync,
    told: impl FnMut(usize, &Result<T, Error>) + Send,
) -> Vec<Result<T, Error>> {
    let row = Mutex::new((0usize, told));
    let next = AtomicUsize::new(0);
    let slots: Vec<Mutex<Option<Result<T, Error>>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let worker = || {
        while let Some((item, slot)) = {
            let i = next.fetch_add(1, Ordering::Relaxed);
            items.get(i).zip(slots.get(i))
        } {
            let outcome =
                if watch.cancelled() { Err(Error::interrupted()) } else { guarded(file_of(item), || work(item)) };
            if let Ok(mut slot) = slot.lock() {
                *slot = Some(outcome);
            }
            let Ok(mut row) = row.lock() else { continue };
            let (first, told) = &mut *row;
            while let Some(slot) = slots.get(*first).and_then(|slot| slot.lock().ok()) {
                let Some(outcome) = slot.as_ref() else { break };
                told(*first, outcome);
                *first += 1;
            }
        }
    };
    let extra = threads.min(items.len()).saturating_sub(1);
    std::thread::scope(|scope| {
        for i in 0..extra {
            // A thread that cannot be started only means less speed.
            let _ = std::thread::Builder::new().name(format!("batch-{i}")).spawn_scoped(scope, worker);
        }
        worker();
    });
    slots
        .into_iter()
        .map(|slot| slot.into_inner().ok().flatten().unwrap_or_else(|| Err(Error::interrupted())))
        .collect()
}

/// A defect in the work on one file is that file's error; the panic message has gone to standard error.
fn guarded<T>(file: &Path, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Error::new(
            Class::Input,
            "defect",
            format!("faultscope failed on this file: {}", file.display()),
            "this is a defect of faultscope; please report it with the file",
        ))
    })
}

/// Results or errors, as entries of an envelope.
#[must_use]
pub fn collect(files: &[PathBuf], outcomes: Vec<Result<CaptureResult, Error>>) -> Vec<CaptureResult> {
    files
        .iter()
        .zip(outcomes)
        .map(|(file, outcome)| outcome.unwrap_or_else(|e| CaptureResult::failed(&file.display().to_string(), e)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unwatched;

    #[test]
    fn outcomes_are_told_in_order_before_the_batch_is_over() {
        let files: Vec<PathBuf> = (0..40).map(|i| PathBuf::from(format!("{i}"))).collect();
        for threads in [1, 3] {
            let (mut heard, told) = (Vec::new(), AtomicUsize::new(0));
            let seen = Mutex::new(Vec::new());
            let work = |p: &Path| {
                seen.lock().unwrap().push(told.load(Ordering::SeqCst));
                Ok(p.to_owned())
            };
            batch_in_order(
                &files,
                threads,
                &Unwatched,
                |f| f.as_path(),
                |f| work(f),
                |i, outcome| {
                    heard.push((i, outcome.is_ok()));
                    told.fetch_add(1, Ordering::SeqCst);
                },
            );
            assert_eq!(heard, (0..40).map(|i| (i, true)).collect::<Vec<_>>());
            // On one thread every outcome has been told before the next file is begun.
            let seen = seen.into_inner().unwrap();
            assert!(if threads == 1 { seen == (0..40).collect::<Vec<_>>() } else { seen.iter().any(|s| *s > 0) });
        }
    }

    #[test]
    fn results_keep_the_order_whatever_the_threads() {
        let files: Vec<PathBuf> = (0..50).map(|i| PathBuf::from(format!("{i}"))).collect();
        let work = |p: &Path| if p == Path::new("7") { Err(Error::interrupted()) } else { Ok(p.to_owned()) };
        for threads in [1, 2, 7] {
            let out = batch(&files, threads, &Unwatched, work);
            assert_eq!(out.len(), 50);
            assert!(out[7].is_err());
            assert_eq!(out[49].as_ref().unwrap(), Path::new("49"));
        }
    }
}
