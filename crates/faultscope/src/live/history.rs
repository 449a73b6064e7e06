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
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter()
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
