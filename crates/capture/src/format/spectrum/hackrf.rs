//! The binary form of hackrf_sweep: records of length, lower and upper edge, and a float a step.

use std::fs::File;
use std::io::{BufReader, Read as _};

use faultscope_signal::Unit;

use super::super::{Match, Probe};
use super::sweeps::{Refused, Sweeps};
use super::{Content, MAX_POINTS, too_many};
use crate::{CaptureError, CaveatKind};

/// Bytes of the two edges, which the length counts.
const EDGES: usize = 16;

/// Width of a record at most: a quarter of the rate of the receiver.
const WIDEST_HZ: u64 = 20_000_000;

/// Highest frequency that the receiver tunes to, and some room.
const HIGHEST_HZ: u64 = 10_000_000_000;

/// Length, edges and number of points of a record.
struct Head {
    points: usize,
    low: u64,
    high: u64,
}

impl Head {
    const BYTES: usize = 4 + EDGES;

    fn parse(bytes: &[u8]) -> Option<Self> {
        let length = usize::try_from(u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?)).ok()?;
        let wide = |at: usize| bytes.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        let (low, high) = (wide(4)?, wide(12)?);
        let points = length.checked_sub(EDGES).filter(|n| *n > 0 && n % 4 == 0)? / 4;
        let sound = low < high && high <= HIGHEST_HZ && high - low <= WIDEST_HZ && points <= MAX_POINTS;
        sound.then_some(Self { points, low, high })
    }

    const fn record_bytes(&self) -> usize {
        Self::BYTES + 4 * self.points
    }
}

/// Two records of one length in a row, or one that is the whole file.
pub(super) fn matches(probe: &Probe) -> Match {
    let Some(first) = Head::parse(&probe.head) else { return Match::No };
    let length = first.record_bytes();
    let next = probe.head.get(length..).and_then(Head::parse);
    let alike = next.is_some_and(|n| n.points == first.points && n.high - n.low == first.high - first.low);
    if alike || probe.size == length as u64 { Match::Certain } else { Match::No }
}

pub(super) fn read(probe: &Probe) -> Result<Content, CaptureError> {
    let path = &probe.path;
    let mut reader = BufReader::new(File::open(path).map_err(|e| CaptureError::io(path, e))?);
    let mut content = Content { dialect: "hackrf_sweep", ..Content::default() };
    let (mut sweeps, mut at) = (Sweeps::default(), 0u64);
    let (mut bytes, mut levels) = (Vec::new(), Vec::new());
    while at < probe.size {
        let mut read = |most: usize, bytes: &mut Vec<u8>| {
            bytes.clear();
            reader.by_ref().take(most as u64).read_to_end(bytes).map_err(|e| CaptureError::io(path, e))
        };
        let whole_head = read(Head::BYTES, &mut bytes)? == Head::BYTES;
        let head = Head::parse(&bytes);
        let Some(head) = head.filter(|_| whole_head) else {
            if whole_head {
                let what = format!("at byte {at} there is no record of hackrf_sweep");
                return Err(CaptureError::malformed(path, what, "the file is damaged there; record it again"));
            }
            content.caveat(CaveatKind::Truncated, format!("the last record, at byte {at}, is cut and was left out"));
            break;
        };
        if read(4 * head.points, &mut bytes)? < 4 * head.points {
            content.caveat(CaveatKind::Truncated, format!("the last record, at byte {at}, is cut and was left out"));
            break;
        }
        levels.clear();
        levels.extend(bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))));
        sweeps.add(head.low as f64, head.high as f64, &levels).map_err(|refused| match refused {
            Refused::TooMany => too_many(probe),
            Refused::Uneven(before) => {
                let what = format!("the record at byte {at} has {} levels, earlier ones {before}", head.points);
                CaptureError::malformed(path, what, "several recordings in one file: split them")
            }
        })?;
        at = at.saturating_add(head.record_bytes() as u64);
    }
    let (spectrum, left_out) = sweeps.finish(Unit::Dbfs);
    if left_out > 0 {
        content.caveat(CaveatKind::Ignored, format!("blocks overlap: {left_out} points were left out"));
    }
    content.caveat(CaveatKind::Uncalibrated, "levels are uncalibrated: relative to full scale, not dBm");
    content.instrument = Some("hackrf_sweep".to_owned());
    content.unit_origin = Some("hackrf_sweep writes dBFS".to_owned());
    content.spectra = vec![spectrum];
    Ok(content)
}
