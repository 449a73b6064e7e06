//! What every command has at hand: streams, language, and the ways to say something.

use std::io::{BufWriter, Write};

use faultscope_door::paper::table::Style;
use faultscope_door::paper::words::Lang;
use faultscope_door::{Error, Unwatched, Watch};
use serde_json::Value;

use crate::args::{Common, When};
use crate::io::Io;
use crate::progress::{Progress, catch_interrupt};

/// One run of a command.
pub(crate) struct Context<'a> {
    io: &'a mut Io,
    /// Options that every command takes.
    pub(crate) common: &'a Common,
    broken_pipe: bool,
}

impl<'a> Context<'a> {
    /// A context over streams and common options.
    pub(crate) fn new(io: &'a mut Io, common: &'a Common) -> Self {
        if io.catch_interrupt {
            catch_interrupt();
        }
        Self { io, common, broken_pipe: false }
    }

    /// Prints text to standard output, with a line end.
    pub(crate) fn print(&mut self, text: &str) {
        // A reader that has gone away (head, less) is no failure of the analysis.
        self.broken_pipe |= writeln!(self.io.stdout, "{}", text.trim_end_matches('\n')).is_err();
    }

    /// Prints one JSON document.
    pub(crate) fn print_json(&mut self, document: &impl serde::Serialize) -> Result<(), Error> {
        // In pieces: the document of a large batch would take as much memory again.
        let mut out = BufWriter::with_capacity(1 << 16, &mut self.io.stdout);
        let written = match serde_json::to_writer_pretty(&mut out, document) {
            Ok(()) => writeln!(out).and_then(|()| out.flush()).is_ok(),
            Err(e) if e.is_io() => false,
            Err(e) => return Err(Error::usage(format!("the result cannot be written as JSON: {e}"), "")),
        };
        drop(out);
        self.broken_pipe |= !written;
        Ok(())
    }

    /// Prints one JSON document on one line and flushes it: for output that goes on.
    pub(crate) fn print_json_line(&mut self, document: &impl serde::Serialize) -> Result<(), Error> {
        let text = serde_json::to_string(document)
            .map_err(|e| Error::usage(format!("the result cannot be written as JSON: {e}"), ""))?;
        self.print(&text);
        self.broken_pipe |= self.io.stdout.flush().is_err();
        Ok(())
    }

    /// With --ack, says which steps are durable, each on its own flushed line; beside JSON on standard error.
    pub(crate) fn acknowledge(&mut self, steps: &[String]) {
        if !self.common.ack {
            return;
        }
        for step in steps {
            if self.common.json {
                let _ = writeln!(self.io.stderr, "ack {step}");
            } else {
                self.print(&format!("ack {step}"));
                self.broken_pipe |= self.io.stdout.flush().is_err();
            }
        }
    }

    /// A message to standard error, unless --quiet.
    pub(crate) fn say(&mut self, text: &str) {
        if !self.common.quiet {
            let _ = writeln!(self.io.stderr, "{text}");
        }
    }

    /// An error to standard error: what and where, then what to do.
    pub(crate) fn complain(&mut self, error: &Error) {
        complain(self.io, &error.message, &error.hint);
    }

    /// Standard input.
    pub(crate) fn stdin(&mut self) -> &mut dyn std::io::Read {
        self.io.stdin.as_mut()
    }

    /// Whether tables may use colour.
    #[must_use]
    pub(crate) fn color(&self) -> bool {
        match self.common.color {
            When::Always => true,
            When::Never => false,
            When::Auto => self.io.stdout_is_terminal && !self.io.env.contains_key("NO_COLOR"),
        }
    }

    /// A watch for long work: a progress line where somebody sees it, and Ctrl-C.
    #[must_use]
    pub(crate) fn watch(&self, what: &str) -> Box<dyn Watch> {
        if self.io.catch_interrupt {
            Box::new(Progress::new(self.io.stderr_is_terminal && !self.common.quiet, what))
        } else {
            Box::new(Unwatched)
        }
    }

    /// The language of words: --lang, else the locale's, else English.
    pub(crate) fn lang(&self) -> Result<Lang, Error> {
        if let Some(asked) = &self.common.lang {
            return asked
                .parse()
                .map_err(|_| Error::usage(format!("'{asked}' is no language"), "--lang en or --lang zh-CN"));
        }
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| self.env(name));
        Ok(locale.and_then(|l| l.parse().ok()).unwrap_or_default())
    }

    /// How tables are printed.
    pub(crate) fn style(&self) -> Result<Style, Error> {
        const WIDTH: u16 = 110;
        Ok(Style { lang: self.lang()?, width: WIDTH, color: self.color() })
    }

    /// Worker threads.
    #[must_use]
    pub(crate) fn threads(&self) -> usize {
        self.common
            .threads
            .map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from)
    }

    /// An environment variable.
    #[must_use]
    pub(crate) fn env(&self, name: &str) -> Option<&str> {
        self.io.env.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }
}

/// Writes an error and what to do about it to standard error.
pub(crate) fn complain(io: &mut Io, message: &str, hint: &str) {
    let _ = writeln!(io.stderr, "faultscope: {message}");
    if !hint.is_empty() {
        let _ = writeln!(io.stderr, "  {hint}");
    }
}

/// The JSON form of an error that stopped a whole command.
#[must_use]
pub(crate) fn error_document(command: &str, error: &Error) -> Value {
    serde_json::json!({
        "schema": "faultscope/1",
        "command": command,
        "tool": { "name": "faultscope", "version": faultscope_door::VERSION },
        "error": { "kind": error.kind, "message": error.message, "hint": error.hint },
    })
}
