//! The few forms of GNU Radio's serialised PMT values that metadata headers are made of.

/// A value, as far as headers need it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pmt {
    Bool(bool),
    Symbol(String),
    /// Any whole number.
    Whole(i128),
    Double(f64),
    Tuple(Vec<Pmt>),
    /// Something that is not looked into.
    Other,
}

impl Pmt {
    pub(super) const fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(n) => Some(*n as f64),
            Self::Double(v) => Some(*v),
            _ => None,
        }
    }

    pub(super) fn count(&self) -> Option<u64> {
        match self {
            Self::Whole(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }
}

const TRUE: u8 = 0;
const FALSE: u8 = 1;
const SYMBOL: u8 = 2;
const INT32: u8 = 3;
const DOUBLE: u8 = 4;
const COMPLEX: u8 = 5;
const NULL: u8 = 6;
const PAIR: u8 = 7;
const DICT: u8 = 9;
const UINT64: u8 = 0x0b;
const TUPLE: u8 = 0x0c;
const INT64: u8 = 0x0d;

/// Entries of a dictionary and members of a tuple that are read at most.
const MOST: usize = 256;

/// Bytes that are read from the front.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) const fn used(&self) -> usize {
        self.at
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(N)?)?.try_into().ok()?;
        self.at += N;
        Some(taken)
    }

    fn tag(&mut self) -> Option<u8> {
        self.take::<1>().map(|[tag]| tag)
    }

    /// A dictionary: a chain of pairs of key and value that ends in null; keys that are no symbols are left out.
    pub(super) fn dictionary(&mut self) -> Option<Vec<(String, Pmt)>> {
        let mut entries = Vec::new();
        for _ in 0..MOST {
            match self.tag()? {
                NULL => return Some(entries),
                // Older versions wrote the chain itself as pairs.
                DICT | PAIR => {}
                _ => return None,
            }
            (self.tag()? == PAIR).then_some(())?;
            let key = self.value()?;
            let value = self.value()?;
            if let Pmt::Symbol(key) = key {
                entries.push((key, value));
            }
        }
        None
    }

    fn value(&mut self) -> Option<Pmt> {
        Some(match self.tag()? {
            TRUE => Pmt::Bool(true),
            FALSE => Pmt::Bool(false),
            SYMBOL => {
                let length = usize::from(u16::from_be_bytes(self.take()?));
                let text = self.bytes.get(self.at..self.at.checked_add(length)?)?;
                self.at += length;
                Pmt::Symbol(String::from_utf8_lossy(text).into_owned())
            }
            INT32 => Pmt::Whole(i128::from(i32::from_be_bytes(self.take()?))),
            UINT64 => Pmt::Whole(i128::from(u64::from_be_bytes(self.take()?))),
            INT64 => Pmt::Whole(i128::from(i64::from_be_bytes(self.take()?))),
            DOUBLE => Pmt::Double(f64::from_be_bytes(self.take()?)),
            COMPLEX => {
                self.take::<16>()?;
                Pmt::Other
            }
            NULL => Pmt::Other,
            TUPLE => {
                let members = usize::try_from(u32::from_be_bytes(self.take()?)).ok().filter(|n| *n <= MOST)?;
                // A tuple of tuples is in no header, and reading one in another could go as deep as the bytes allow.
                let member =
                    |cursor: &mut Self| (cursor.bytes.get(cursor.at) != Some(&TUPLE)).then(|| cursor.value())?;
                Pmt::Tuple((0..members).map(|_| member(self)).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }
}
