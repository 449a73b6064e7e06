//! SHA-256 of a file's bytes, computed in blocks.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::CaptureError;

/// A SHA-256 in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Of bytes in memory.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_hash(&Sha256::digest(bytes))
    }

    fn from_hash(hash: &[u8]) -> Self {
        use std::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in hash {
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }

    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Bytes read at once: they stay in the processor's cache.
const BLOCK: usize = 1 << 16;

/// Digest of a whole file, read in blocks.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn digest_file(path: &Path) -> Result<Digest, CaptureError> {
    let mut file = File::open(path).map_err(|e| CaptureError::io(path, e))?;
    let mut block = vec![0u8; BLOCK];
    let mut hash = Sha256::new();
    loop {
        let n = file.read(&mut block).map_err(|e| CaptureError::io(path, e))?;
        if n == 0 {
            return Ok(Digest::from_hash(&hash.finalize()));
        }
        hash.update(&block[..n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_abc_is_the_one_of_fips_180() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Digest::of(b"abc").as_str(), expected);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"abc").unwrap();
        assert_eq!(digest_file(file.path()).unwrap().as_str(), expected);
    }
}
