//! The head of a file as a sheet: lines, separator, decimal sign, and where the numbers begin.

use super::number::{self, Number};

/// The first lines of a file, ready to be classified.
#[derive(Debug)]
pub(super) struct Sheet {
    /// Lines without their ends; the last may be cut by the size of the head.
    pub(super) lines: Vec<String>,
    pub(super) separator: u8,
    pub(super) decimal: u8,
    /// The first line whose cells are all numbers.
    pub(super) first_data: Option<usize>,
}

/// Lines of the end of the head that vote on the separator.
const VOTERS: usize = 40;

impl Sheet {
    /// Takes a decoded head apart.
    pub(super) fn new(text: &str, line_end: u8) -> Self {
        let lines: Vec<String> =
            text.split(char::from(line_end)).map(|l| l.trim_matches(['\r', '\n']).to_owned()).collect();
        let (separator, decimal) = vote(&lines);
        let mut sheet = Self { lines, separator, decimal, first_data: None };
        sheet.first_data = (0..sheet.lines.len()).find(|i| sheet.is_numeric(*i));
        sheet
    }

    /// The cells of a line, trimmed and without quotes.
    pub(super) fn cells(&self, line: usize) -> Vec<&str> {
        self.lines.get(line).map(|l| split(l, self.separator)).unwrap_or_default()
    }

    fn is_numeric(&self, line: usize) -> bool {
        self.lines.get(line).is_some_and(|l| numeric_cells(l, self.separator, self.decimal).is_some())
    }

    /// Lines above the numbers that are not blank, from the top.
    pub(super) fn header(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        (0..self.first_data.unwrap_or(self.lines.len())).filter(|i| !self.is_blank(*i))
    }

    fn is_blank(&self, line: usize) -> bool {
        self.cells(line).iter().all(|c| c.is_empty())
    }

    /// The numbers of the head: one row per numeric line, at most `limit`; the last line, which may be cut, is left out
    /// where there are others.
    pub(super) fn rows(&self, limit: usize) -> Vec<Vec<Option<Number>>> {
        let from = self.first_data.unwrap_or(self.lines.len());
        let to = self.lines.len().saturating_sub(1).max(from + 1);
        (from..to)
            .filter(|i| self.is_numeric(*i))
            .take(limit)
            .map(|i| self.cells(i).iter().map(|c| number::cell(c.as_bytes(), self.decimal)).collect())
            .collect()
    }

    /// The first header line whose first cell is `key` (without case, `=`, `:` and `#`).
    pub(super) fn key_line(&self, key: &str) -> Option<usize> {
        self.header().find(|i| self.cells(*i).first().is_some_and(|c| plain(c).eq_ignore_ascii_case(key)))
    }

    /// The cells behind a key.
    pub(super) fn values(&self, key: &str) -> Vec<&str> {
        self.key_line(key).map(|i| self.cells(i).split_off(1)).unwrap_or_default()
    }

    /// The first cell behind a key that is not empty.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.values(key).into_iter().find(|c| !c.is_empty())
    }

    /// The figure behind a key, its unit prefix applied.
    pub(super) fn figure(&self, key: &str) -> Option<f64> {
        figure(self.value(key)?)
    }
}

fn plain(cell: &str) -> &str {
    cell.trim_start_matches('#').trim_end_matches(['=', ':', ' '])
}

/// A figure in a header cell: `Analog:5.0E-05`, `CH1: 0.05`, `100000Hz`, `1.00GSa/s`.
pub(super) fn figure(text: &str) -> Option<f64> {
    let text = text.rsplit([':', '=']).next()?.trim();
    let (number, end) = number::scan(text.as_bytes(), 0, b'.')?;
    let rest = text.get(end..)?.trim();
    let is_base = |t: &str| t.is_empty() || ["Hz", "Sa", "S/s", "s", "V", "A", "pts"].iter().any(|b| t.starts_with(b));
    if is_base(rest) {
        return Some(number.value());
    }
    let mut letters = rest.chars();
    let factor = match letters.next()? {
        'p' => 1e-12,
        'n' => 1e-9,
        'u' | '\u{b5}' => 1e-6,
        'm' => 1e-3,
        'k' | 'K' => 1e3,
        'M' => 1e6,
        'G' => 1e9,
        _ => return None,
    };
    is_base(letters.as_str()).then_some(number.value() * factor)
}

/// Cells of a line; a separator inside quotes does not separate.
pub(super) fn split(line: &str, separator: u8) -> Vec<&str> {
    let mut cells = Vec::new();
    let (mut from, mut quoted) = (0, false);
    for (i, byte) in line.bytes().enumerate() {
        if byte == b'"' {
            quoted = !quoted;
        } else if byte == separator && !quoted {
            cells.push(line.get(from..i).unwrap_or_default());
            from = i + 1;
        }
    }
    cells.push(line.get(from..).unwrap_or_default());
    cells.into_iter().map(|c| c.trim().trim_matches('"').trim()).collect()
}

/// How many cells of a line are numbers; nothing when another cell is text, or all are empty.
fn numeric_cells(line: &str, separator: u8, decimal: u8) -> Option<usize> {
    let cells = split(line, separator);
    let filled = cells.iter().filter(|c| !c.is_empty()).count();
    let numbers = cells.iter().filter(|c| number::cell(c.as_bytes(), decimal).is_some()).count();
    (filled > 0 && numbers == filled).then_some(filled)
}

/// The separator and decimal sign under which most of the last lines are rows of most numbers.
fn vote(lines: &[String]) -> (u8, u8) {
    let whole = lines.len().saturating_sub(1).max(1).min(lines.len());
    let voters: Vec<&String> = lines.iter().take(whole).rev().filter(|l| !l.trim().is_empty()).take(VOTERS).collect();
    let candidates = [(b',', b'.'), (b';', b'.'), (b';', b','), (b'\t', b'.'), (b'\t', b',')];
    let score = |(separator, decimal): (u8, u8)| {
        let rows: Vec<usize> = voters.iter().filter_map(|l| numeric_cells(l, separator, decimal)).collect();
        (rows.len(), rows.iter().sum::<usize>())
    };
    let mut best = (by_count(lines), (0, 0));
    for candidate in candidates {
        let now = score(candidate);
        if now > best.1 {
            best = (candidate, now);
        }
    }
    best.0
}

/// Without rows of numbers: the separator that the head holds most of.
fn by_count(lines: &[String]) -> (u8, u8) {
    let count = |s: u8| lines.iter().take(VOTERS).map(|l| l.bytes().filter(|b| *b == s).count()).sum::<usize>();
    let separator = [b';', b'\t', b','].into_iter().max_by_key(|s| count(*s)).unwrap_or(b',');
    (separator, b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separator_and_decimal_sign_follow_from_the_rows() {
        let of = |text: &str| {
            let s = Sheet::new(text, b'\n');
            (s.separator, s.decimal, s.first_data)
        };
        assert_eq!(of("t,v\n0.5,1\n1.5,2\n"), (b',', b'.', Some(1)));
        assert_eq!(of("t;v\n0,5;1,25\n1,5;2,25\n"), (b';', b',', Some(1)));
        assert_eq!(of("t\tv\n0.5\t1\n1.5\t2\n"), (b'\t', b'.', Some(1)));
        assert_eq!(of("0,5\t1\n1,5\t2\n"), (b'\t', b',', Some(0)));
        assert_eq!(of("no numbers; at all\n").2, None);
    }

    #[test]
    fn header_figures_lose_their_labels_and_units() {
        assert_eq!(figure("Analog:5.0E-05"), Some(5e-5));
        assert_eq!(figure("CH1: 0.05"), Some(0.05));
        assert_eq!(figure("100000Hz"), Some(100_000.0));
        assert_eq!(figure("1.00GSa/s"), Some(1e9));
        assert_eq!(figure("0.0% to 100.0%"), None);
        assert_eq!(split("\"a,b\",1", b','), ["a,b", "1"]);
    }
}
