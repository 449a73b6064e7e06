//! Standard output that remembers whether everything could be written.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Io;

/// The first failure of standard output; a reader that has gone away (head, less) is none.
#[derive(Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<io::Error>>>);

impl Trouble {
    /// The failure, if there was one.
    pub(crate) fn take(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set(&self, error: io::Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

/// Puts a watched writer in the place of standard output.
pub(crate) fn watch(io: &mut Io) -> Trouble {
    let trouble = Trouble::default();
    let inner = std::mem::replace(&mut io.stdout, Box::new(io::sink()));
    io.stdout = Box::new(Watched { inner, trouble: trouble.clone() });
    trouble
}

struct Watched {
    inner: Box<dyn Write + Send>,
    trouble: Trouble,
}

impl Watched {
    fn note<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &outcome
            && !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::Interrupted)
        {
            self.trouble.set(io::Error::new(error.kind(), error.to_string()));
        }
        outcome
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = self.inner.write(bytes);
        self.note(outcome)
    }
    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.inner.flush();
        self.note(outcome)
    }
}
