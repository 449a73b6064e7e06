//! SCPI over a link: one query at a time, strict numbers, error queue, resynchronisation by the identity.

use std::time::Duration;

use crate::error::DeviceError;
use crate::transport::{Link, Patience};

/// Longest text answer.
const LONGEST: usize = 64 << 10;
/// Entries of the error queue that are read at most.
const MOST_ERRORS: usize = 32;
/// Stale answers that a resynchronisation passes over.
const MOST_STALE: usize = 50;
/// From here up a number stands for overload, infinity or "not a number" (SCPI-99: 9.9E37 and 9.91E37).
const SPECIAL: f64 = 9.8e37;

/// A conversation with an instrument.
pub struct Scpi {
    link: Link,
    patience: Patience,
    identity: String,
    /// The last answer did not come as it should: what comes next may belong to an old question.
    doubtful: bool,
}

impl Scpi {
    /// Asks who is there.
    ///
    /// # Errors
    /// When nobody answers, or with something that is no identity.
    pub fn identify(link: Link, silence: Duration) -> Result<Self, DeviceError> {
        let mut scpi = Self { link, patience: Patience::of(silence), identity: String::new(), doubtful: false };
        scpi.link.drain(Duration::from_millis(50))?;
        scpi.command("*CLS")?;
        let identity = scpi.query("*IDN?")?;
        if identity.matches(',').count() < 2 || identity.trim().is_empty() {
            let what = format!("{} answers *IDN? with '{identity}', which is no identity", scpi.link.name());
            return Err(DeviceError::protocol(what));
        }
        scpi.identity = identity;
        Ok(scpi)
    }

    /// `vendor,model,serial,firmware`.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The n-th part of the identity: 0 vendor, 1 model.
    #[must_use]
    pub fn part(&self, n: usize) -> String {
        self.identity.split(',').nth(n).unwrap_or_default().trim().to_ascii_uppercase()
    }

    /// For messages.
    #[must_use]
    pub fn name(&self) -> &str {
        self.link.name()
    }

    /// Sends a command that has no answer.
    ///
    /// # Errors
    /// When the instrument has gone.
    pub fn command(&mut self, text: &str) -> Result<(), DeviceError> {
        self.link.send(format!("{text}\n").as_bytes())
    }

    fn ask<T>(
        &mut self,
        text: &str,
        answer: impl FnOnce(&mut Link, Patience) -> Result<T, DeviceError>,
    ) -> Result<T, DeviceError> {
        if self.doubtful {
            self.resynchronise()?;
        } else {
            self.link.drain(Duration::from_millis(1))?;
        }
        self.command(text)?;
        let got = answer(&mut self.link, self.patience);
        self.doubtful = got.is_err();
        got.map_err(|e| DeviceError { what: format!("{} to {text}", e.what), ..e })
    }

    /// Asks and takes one line.
    ///
    /// # Errors
    /// A time-out, after which the next question resynchronises first; `Closed`; `Protocol`.
    pub fn query(&mut self, text: &str) -> Result<String, DeviceError> {
        self.ask(text, |link, patience| link.line(LONGEST, patience))
    }

    /// Asks for a number; overload, infinity and what is no number are refused.
    ///
    /// # Errors
    /// As [`Scpi::query`], and `Protocol` for anything but one finite number.
    pub fn number(&mut self, text: &str) -> Result<f64, DeviceError> {
        let answer = self.query(text)?;
        self.believe(text, &answer, number(&answer))
    }

    /// Asks for a number that may come with a header or a unit, as Siglent sends them.
    ///
    /// # Errors
    /// As [`Scpi::number`].
    pub fn loose_number(&mut self, text: &str) -> Result<f64, DeviceError> {
        let answer = self.query(text)?;
        self.believe(text, &answer, loose_number(&answer))
    }

    fn believe(&mut self, text: &str, answer: &str, value: Option<f64>) -> Result<f64, DeviceError> {
        value.ok_or_else(|| {
            self.doubtful = true;
            let shown: String = answer.chars().take(60).collect();
            DeviceError::protocol(format!("{} answers {text} with '{shown}', which is no number", self.link.name()))
        })
    }

    /// Asks for a block of at most `most` bytes.
    ///
    /// # Errors
    /// As [`Scpi::query`].
    pub fn block(&mut self, text: &str, most: usize) -> Result<Vec<u8>, DeviceError> {
        // A block may need time before its first byte.
        self.ask(text, |link, patience| {
            link.block(most, Patience { silence: patience.silence * 3, total: patience.total * 3 })
        })
    }

    /// Asks for text up to a mark, and the block behind it.
    ///
    /// # Errors
    /// As [`Scpi::query`].
    pub fn text_and_block(&mut self, text: &str, mark: &str, most: usize) -> Result<(String, Vec<u8>), DeviceError> {
        self.ask(text, |link, patience| {
            let head = link.until(mark.as_bytes(), LONGEST, patience)?;
            Ok((String::from_utf8_lossy(&head).into_owned(), link.block(most, patience)?))
        })
    }

    /// Passes over old answers: the identity is asked for, and what comes before it is stale.
    fn resynchronise(&mut self) -> Result<(), DeviceError> {
        self.link.drain(Duration::from_millis(50))?;
        if self.identity.is_empty() {
            self.doubtful = false;
            return Ok(());
        }
        self.command("*IDN?")?;
        for _ in 0..MOST_STALE {
            let line = self.link.until(b"\n", 64 << 20, self.patience)?;
            if line.ends_with(self.identity.as_bytes()) || line.ends_with(format!("{}\r", self.identity).as_bytes()) {
                self.link.drain(Duration::from_millis(1))?;
                self.doubtful = false;
                return Ok(());
            }
        }
        Err(DeviceError::protocol(format!("{} does not come back to question and answer", self.link.name())))
    }

    /// The error queue, emptied by asking `query` until it answers 0.
    ///
    /// # Errors
    /// As [`Scpi::query`]; `Protocol` when an entry is none.
    pub fn errors(&mut self, query: &str) -> Result<Vec<String>, DeviceError> {
        let mut entries = Vec::new();
        for _ in 0..MOST_ERRORS {
            let entry = self.query(query)?;
            let code = entry.split(',').next().and_then(|c| c.trim().parse::<i32>().ok());
            match code {
                Some(0) => break,
                Some(_) => entries.push(entry),
                None => return Err(DeviceError::protocol(format!("'{entry}' is no entry of an error queue"))),
            }
        }
        Ok(entries)
    }
}

/// NR1, NR2 or NR3 and nothing else; special values are none.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let shape = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    let value = text.parse::<f64>().ok().filter(|_| shape)?;
    (value.is_finite() && value.abs() < SPECIAL).then_some(value)
}

/// The same with a header in front (`C1:VDIV 5.00E-01V`, `PKPK,1.2E+00V`) and a unit behind (`V`, `S`, `Sa/s`, `GSa/s`).
#[must_use]
pub fn loose_number(text: &str) -> Option<f64> {
    let last = text.trim().rsplit([' ', ',']).next()?;
    let last =
        ["Sa/s", "sa/s", "SA/S", "V", "S", "s", "Hz", "HZ"].iter().find_map(|u| last.strip_suffix(u)).unwrap_or(last);
    let factors = [('G', 1e9), ('M', 1e6), ('k', 1e3), ('m', 1e-3), ('u', 1e-6), ('n', 1e-9)];
    let scaled = factors.iter().find_map(|(c, f)| last.strip_suffix(*c).map(|head| (head, *f)));
    let (digits, factor) = scaled.unwrap_or((last, 1.0));
    number(digits).map(|v| v * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_is_a_number() {
        for (text, value) in [("12", 12.0), ("-1.5", -1.5), ("+1.20000000E+01", 12.0), (" 0.5\t", 0.5), (".5", 0.5)] {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in [
            "",
            "-113,\"Undefined header\"",
            "9.9E37",
            "+9.91E+37",
            "-9.9E37",
            "nan",
            "inf",
            "1 2",
            "1V",
            "0x10",
            "1e999",
            "e5",
            "+-1",
            "1_0",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        for (text, value) in [
            ("C1:VDIV 5.00E-01V", 0.5),
            ("1.00GSa/s", 1e9),
            ("SARA 5.00E+08Sa/s", 5e8),
            ("PKPK,1.5V", 1.5),
            ("2mV", 2e-3),
        ] {
            assert_eq!(loose_number(text), Some(value), "{text}");
        }
        assert_eq!(loose_number("PKPK,****"), None);
    }
}
