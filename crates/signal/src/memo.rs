//! Results of costly pure functions, kept for callers that come with the same arguments again: the captures of a batch.

use std::sync::{Mutex, PoisonError};

/// Results kept of one function.
const KEPT: usize = 6;

/// The latest results of a pure function, by its arguments.
#[derive(Debug)]
pub(crate) struct Memo<K, V>(Mutex<Vec<(K, V)>>);

impl<K: PartialEq, V: Clone> Memo<K, V> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The result for `key`: the kept one, or what `make` gives, which is then kept in place of the oldest.
    pub(crate) fn get(&self, key: K, make: impl FnOnce() -> V) -> V {
        if let Some(kept) = self.find(&key) {
            return kept;
        }
        // Made without the lock: two threads may both make it, and neither waits.
        let made = make();
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= KEPT {
            entries.remove(0);
        }
        entries.push((key, made.clone()));
        made
    }

    fn find(&self, key: &K) -> Option<V> {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_made_once_until_others_push_it_out() {
        let memo = Memo::new();
        let mut made = Vec::new();
        for key in [1, 1, 2, 1, 2].into_iter().chain(3..3 + KEPT).chain([1]) {
            let got = memo.get(key, || {
                made.push(key);
                key * 10
            });
            assert_eq!(got, key * 10);
        }
        let expected: Vec<usize> = [1, 2].into_iter().chain(3..3 + KEPT).chain([1]).collect();
        assert_eq!(made, expected);
    }
}
