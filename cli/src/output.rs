//! Standard output that remembers whether everything could be written.

use std::cell::Cell;
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;

use crate::Io;

/// The first failure of standard output; a reader that has gone away (head, less) is none.
pub(crate) type Trouble = Rc<Cell<Option<io::Error>>>;

/// Puts a watched writer in the place of standard output.
pub(crate) fn watch(io: &mut Io) -> Trouble {
    let trouble = Trouble::default();
    let inner = std::mem::replace(&mut io.stdout, Box::new(io::sink()));
    io.stdout = Box::new(Watched { inner, trouble: Rc::clone(&trouble) });
    trouble
}

struct Watched {
    inner: Box<dyn Write>,
    trouble: Trouble,
}

impl Watched {
    fn note<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &outcome
            && !matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::Interrupted)
        {
            self.trouble.set(Some(io::Error::new(error.kind(), error.to_string())));
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
