//! The streams a run talks through, so that tests can run it in-process.

use std::collections::HashMap;
use std::io::{IsTerminal as _, Read, Write};

/// Streams, environment and terminal facts of one run.
pub struct Io {
    /// Standard input.
    pub stdin: Box<dyn Read + Send>,
    /// Standard output: results, and nothing else.
    pub stdout: Box<dyn Write + Send>,
    /// Standard error: progress and messages.
    pub stderr: Box<dyn Write + Send>,
    /// Whether standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// Environment variables that the program looks at.
    pub env: HashMap<String, String>,
    /// Whether Ctrl-C is to be caught (once a process).
    pub catch_interrupt: bool,
}

impl Io {
    /// The process's own.
    #[must_use]
    pub fn process() -> Self {
        const LOOKED_AT: [&str; 6] = ["LANG", "LC_ALL", "LC_MESSAGES", "NO_COLOR", "USER", "USERNAME"];
        // Our own too: store, keys, profiles, and the secrets that profiles ask for.
        let ours = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        let ours = ours.filter(|(name, _)| name.starts_with("FAULTSCOPE_"));
        Self {
            stdin: Box::new(std::io::stdin()),
            stdout: Box::new(std::io::BufWriter::new(std::io::stdout())),
            stderr: Box::new(std::io::stderr()),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            env: LOOKED_AT
                .iter()
                .filter_map(|k| std::env::var(k).ok().map(|v| ((*k).to_owned(), v)))
                .chain(ours)
                .collect(),
            catch_interrupt: true,
        }
    }
}
