//! Signatures as bytes, for looking through many: names become hashes, so that two are compared without reading either.

use faultscope_signal::Unit;

use super::{MISSING, SHARES, Signature, closeness, distance};

/// First byte; goes up when the layout changes.
const LAYOUT: u8 = 1;

/// FNV-1a, 64 bits (G. Fowler, L. C. Noll, P. Vo): the same on every machine, which the hashes of the standard library are not.
fn hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// What is compared, by hash in rising order.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    causes: Vec<(u64, f64)>,
    lines: Vec<(u64, f64)>,
    figures: Vec<(u64, u64, f64, Unit)>,
    /// Root of the sum of the squares of the causes.
    size: f64,
}

impl Signature {
    /// This signature, ready to be compared with packed ones.
    #[must_use]
    pub fn prepared(&self) -> Packed {
        let mut causes: Vec<_> = self.causes.iter().map(|(rule, share)| (hash(rule), *share)).collect();
        let mut lines: Vec<_> =
            self.lines.iter().map(|(origin, level)| (hash(&format!("{origin:?}")), *level)).collect();
        let figure = |(name, f): (&String, &super::Figure)| (hash(name), hash(&f.unit.to_string()), f.value, f.unit);
        let mut figures: Vec<_> = self.figures.iter().map(figure).collect();
        causes.sort_by_key(|c| c.0);
        lines.sort_by_key(|l| l.0);
        figures.sort_by_key(|f| f.0);
        let size = causes.iter().map(|c| c.1 * c.1).sum::<f64>().sqrt();
        Packed { causes, lines, figures, size }
    }

    /// As bytes: layout, numbers of causes, lines and figures, then each as hashes and value, little endian.
    #[must_use]
    pub fn packed(&self) -> Vec<u8> {
        let Packed { causes, lines, figures, .. } = self.prepared();
        let mut out = vec![LAYOUT];
        for count in [causes.len(), lines.len(), figures.len()] {
            out.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
        }
        for (name, value) in causes.iter().chain(&lines) {
            out.extend(name.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        for (name, unit, value, _) in &figures {
            out.extend(name.to_le_bytes());
            out.extend(unit.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        out
    }
}

/// Bytes of one cause or line, and of one figure.
const PAIR: usize = 16;
const TRIPLE: usize = 24;

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn pairs(bytes: &[u8]) -> impl Iterator<Item = (u64, f64)> + '_ {
    bytes.chunks_exact(PAIR).filter_map(|c| Some((number(c, 0)?, f64::from_bits(number(c, 8)?))))
}

fn triples(bytes: &[u8]) -> impl Iterator<Item = (u64, u64, f64)> + '_ {
    bytes.chunks_exact(TRIPLE).filter_map(|c| Some((number(c, 0)?, number(c, 8)?, f64::from_bits(number(c, 16)?))))
}

impl Packed {
    /// How much a packed signature resembles this one, as [`Signature::resemblance`] says; nothing where it is less than `least` in
    /// any case, or the bytes are none of these.
    #[must_use]
    pub fn score(&self, packed: &[u8], least: f64) -> Option<f64> {
        let (layout, rest) = packed.split_first()?;
        let (counts, rest) = rest.split_at_checked(12)?;
        let count = |at: usize| Some(u32::from_le_bytes(counts.get(at..at + 4)?.try_into().ok()?) as usize);
        let (causes, rest) = rest.split_at_checked(count(0)?.checked_mul(PAIR)?)?;
        let (lines, figures) = rest.split_at_checked(count(4)?.checked_mul(PAIR)?)?;
        if *layout != LAYOUT || count(8)?.checked_mul(TRIPLE) != Some(figures.len()) {
            return None;
        }
        let [cause_share, figure_share, line_share] = SHARES;
        let (mut sum, mut weight) = (0.0, 0.0);
        for (part, share) in [(self.causes(causes), cause_share), (self.lines(lines), line_share)] {
            if let Some(part) = part {
                (sum, weight) = (sum + share * part, weight + share);
            }
        }
        if self.figures.is_empty() && figures.is_empty() {
            return Some(if weight > 0.0 { sum / weight } else { 0.0 }).filter(|score| *score >= least);
        }
        // As if all figures were the same: most are out of the question before their figures are looked at. What adding in another
        // order may change is let through.
        if (sum + figure_share) / (weight + figure_share) < least - 1e-9 {
            return None;
        }
        let part = self.figures(figures);
        Some((sum + figure_share * part) / (weight + figure_share))
    }

    fn causes(&self, other: &[u8]) -> Option<f64> {
        if self.causes.is_empty() && other.is_empty() {
            return None;
        }
        let size = pairs(other).map(|(_, share)| share * share).sum::<f64>().sqrt();
        let mut dot = 0.0;
        common(&self.causes, pairs(other), |here, there| dot += here * there);
        Some(dot / (self.size * size).max(f64::MIN_POSITIVE))
    }

    fn lines(&self, other: &[u8]) -> Option<f64> {
        let (mut sum, mut both) = (0.0, 0usize);
        common(&self.lines, pairs(other), |here, there| {
            (sum, both) = (sum + closeness(distance(here, there, Unit::Dbc)), both + 1);
        });
        let all = self.lines.len() + other.len() / PAIR - both;
        (all > 0).then(|| sum / all as f64)
    }

    /// The mean closeness of the figures that either has; there is one.
    fn figures(&self, other: &[u8]) -> f64 {
        let (mut sum, mut weight) = (0.0, 0.0);
        let mut own = self.figures.iter().peekable();
        for (name, unit, there) in triples(other) {
            while own.next_if(|f| f.0 < name).is_some() {
                weight += MISSING;
            }
            match own.next_if(|f| f.0 == name) {
                // Another unit: as if one of them had none.
                Some((_, here_unit, ..)) if *here_unit != unit => weight += MISSING,
                Some((_, _, here, here_unit)) => {
                    (sum, weight) = (sum + closeness(distance(*here, there, *here_unit)), weight + 1.0);
                }
                None => weight += MISSING,
            }
        }
        weight += MISSING * own.count() as f64;
        sum / weight
    }
}

/// What both have, each in rising order.
fn common(own: &[(u64, f64)], other: impl Iterator<Item = (u64, f64)>, mut each: impl FnMut(f64, f64)) {
    let mut own = own.iter().peekable();
    for (name, there) in other {
        while own.next_if(|o| o.0 < name).is_some() {}
        if let Some((_, here)) = own.next_if(|o| o.0 == name) {
            each(*here, there);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the FNV reference pages.
    #[test]
    fn names_are_hashed_as_published() {
        for (name, value) in
            [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(hash(name), value, "{name}");
        }
    }

    #[test]
    fn what_is_no_packed_signature_is_like_nothing() {
        let nothing = Signature::default();
        let good = nothing.packed();
        assert_eq!(nothing.prepared().score(&good, 0.0), Some(0.0));
        for bad in [&[][..], &[LAYOUT], &good[..12], &[&good[..], &[0]].concat(), &[&[9], &good[1..]].concat()] {
            assert_eq!(nothing.prepared().score(bad, 0.0), None, "{bad:?}");
        }
        let mut long = good;
        long[1] = 255;
        long[4] = 255;
        assert_eq!(nothing.prepared().score(&long, 0.0), None);
    }
}
