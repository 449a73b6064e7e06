//! The last blocks of a stream, as they came, in bounded memory.

use std::collections::VecDeque;

use faultscope_instrument::live::{Block, Live};

/// What came last: at least the bound, less only while less has come.
#[derive(Debug, Default)]
pub(super) struct History {
    blocks: VecDeque<Block>,
    bytes: usize,
    most: usize,
}

impl History {
    /// Keeps the last `most` bytes, and what stands before them in the same block.
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Adds a block; the memory of those beyond the bound goes back to the stream.
    pub(super) fn push(&mut self, block: Block, live: &Live) {
        self.bytes += block.bytes.len();
        self.blocks.push_back(block);
        while self.blocks.front().is_some_and(|b| self.bytes - b.bytes.len() >= self.most) {
            let Some(old) = self.blocks.pop_front() else { break };
            self.bytes -= old.bytes.len();
            live.recycle(old);
        }
    }

    /// The blocks, the oldest first.
    pub(super) fn blocks(&self) -> impl DoubleEndedIterator<Item = &Block> {
        self.blocks.iter()
    }

    /// The frames before `end` that came without a gap, at most `most`, with `frame` bytes each: number of the first, and their
    /// bytes.
    pub(super) fn before(&self, end: u64, most: usize, frame: usize) -> (u64, Vec<u8>) {
        let mut parts: Vec<&[u8]> = Vec::new();
        let (mut first, mut left) = (end, most);
        for block in self.blocks.iter().rev().skip_while(|b| b.start >= end) {
            let frames = (block.bytes.len() / frame) as u64;
            let stop = (block.start + frames).min(end);
            if left == 0 || (stop != first && !parts.is_empty()) {
                break;
            }
            let from = stop.saturating_sub(left as u64).max(block.start);
            let place = |at: u64| (at - block.start) as usize * frame;
            let Some(part) = block.bytes.get(place(from)..place(stop)) else { break };
            left -= (stop - from) as usize;
            first = from;
            parts.push(part);
        }
        (first, parts.into_iter().rev().flatten().copied().collect())
    }

    /// Numbers of the first frame that is kept, and of the one after the last, with `frame` bytes each.
    pub(super) fn range(&self, frame: usize) -> (u64, u64) {
        let last = self.blocks.back().map_or(0, |b| b.start + (b.bytes.len() / frame) as u64);
        (self.blocks.front().map_or(last, |b| b.start), last)
    }

    /// Hands all blocks out.
    pub(super) fn take(&mut self) -> VecDeque<Block> {
        self.bytes = 0;
        std::mem::take(&mut self.blocks)
    }

    /// Bytes kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The bound.
    pub(super) fn most(&self) -> usize {
        self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(blocks: &[(u64, &[u8])]) -> History {
        let blocks: VecDeque<Block> =
            blocks.iter().map(|(start, bytes)| Block { start: *start, bytes: bytes.to_vec() }).collect();
        History { bytes: blocks.iter().map(|b| b.bytes.len()).sum(), blocks, most: 100 }
    }

    #[test]
    fn what_came_before_a_moment_is_cut_at_the_last_gap() {
        let kept = history(&[(0, &[0, 1, 2]), (3, &[3, 4]), (7, &[7, 8, 9])]);
        assert_eq!(kept.before(10, 2, 1), (8, vec![8, 9]));
        assert_eq!(kept.before(10, 50, 1), (7, vec![7, 8, 9]));
        assert_eq!(kept.before(5, 4, 1), (1, vec![1, 2, 3, 4]));
        assert_eq!(kept.before(8, 9, 1), (7, vec![7]));
        assert_eq!(kept.before(6, 9, 1), (0, vec![0, 1, 2, 3, 4]));
        assert_eq!(kept.before(0, 9, 1), (0, Vec::new()));
        assert_eq!(kept.range(1), (0, 10));
        // Two bytes a frame.
        let wide = history(&[(4, &[40, 41, 50, 51, 60, 61])]);
        assert_eq!(wide.before(6, 1, 2), (5, vec![50, 51]));
        assert_eq!(wide.range(2), (4, 7));
        assert_eq!(history(&[]).before(5, 5, 1), (5, Vec::new()));
    }
}
