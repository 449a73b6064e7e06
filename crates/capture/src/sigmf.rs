//! SigMF metadata: reading, keeping unknown keys, and the writer of recordings.
