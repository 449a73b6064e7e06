//! What the stories share: running the command line in-process, and the places of the repository.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use faultscope_cli::Io;
use serde_json::Value;

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of `samples/`.
#[must_use]
pub fn sample(name: &str) -> String {
    root().join("samples").join(name).display().to_string()
}

/// What one command line printed, and its exit code.
#[derive(Debug)]
pub struct Outcome {
    /// Exit code.
    pub code: u8,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Outcome {
    /// Standard output as JSON.
    ///
    /// # Panics
    /// When it is not one JSON document.
    #[must_use]
    #[allow(clippy::panic, reason = "a test that gets no JSON has failed")]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}\nstandard error: {}", self.out, self.err))
    }
}

/// Runs `faultscope WORDS...` in this process, with nothing on standard input.
#[must_use]
pub fn faultscope(words: &[&str]) -> Outcome {
    faultscope_with(words, b"")
}

/// Runs `faultscope WORDS...` in this process.
#[must_use]
pub fn faultscope_with(words: &[&str], stdin: &'static [u8]) -> Outcome {
    let (out, err) = (Sink::default(), Sink::default());
    let mut io = Io {
        stdin: Box::new(stdin),
        stdout: Box::new(out.clone()),
        stderr: Box::new(err.clone()),
        stdout_is_terminal: false,
        stderr_is_terminal: false,
        env: HashMap::from([("LANG".into(), "C.UTF-8".into())]),
        catch_interrupt: false,
    };
    let words = std::iter::once("faultscope").chain(words.iter().copied()).map(OsString::from);
    let code = faultscope_cli::run(words, &mut io);
    Outcome { code, out: out.text(), err: err.text() }
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().map(|v| v.clone()).unwrap_or_default()).into_owned()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if let Ok(mut buffer) = self.0.lock() {
            buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
