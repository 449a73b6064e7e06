//! Lines over time: what is there all the time, what comes in bursts, what drifts, by the spectra of the record's eighths.

use faultscope_signal::detect::{Line, per_bin, places_above};
use faultscope_signal::floor::Floor;
use faultscope_signal::special::{gamma_relative_quantile, gamma_upper_quantile};
use faultscope_signal::spectrum::{self, Parts, hop};
use faultscope_signal::tone::Response;
use faultscope_signal::wide::wide;
use faultscope_signal::{Record, RecordError, Spectrum, SpectrumSettings};

use super::Behaviour;
use super::drift::{Track, tracks};
use super::owner::Band;

pub(super) const PARTS: usize = 8;
/// Longest transform whose parts are kept bin by bin in the same pass.
const LONGEST: usize = 1 << 16;
/// Shortest transform that tells anything.
const SHORTEST: usize = 64;
/// A line counts as present in a part where it has at least this share of its mean power (-6 dB).
const SHARE: f64 = 0.25;
/// Share of the false-alarm probability that lines seen in single parts may use up.
pub(super) const PARTS_SHARE: f64 = 0.1;
/// Peaks kept from each part.
const MOST_PEAKS: usize = 32;
/// More bursts than this in one record are a signal's, not spurs.
const MOST_BURSTS: usize = 10;
/// A burst must exceed what other lines leak to its place by this power ratio; their level in a part is not known.
const OVER_LEAKAGE: f64 = 8.0;

/// Blocks that the span is divided into where packets are looked for, and the fewest bins of one.
const BLOCKS: usize = 64;
const LEAST_BLOCK: usize = 256;
/// Noise whose averages are worth less than this share of their number comes and goes.
const STATIONARY: f64 = 0.85;

/// A line and how it behaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) line: Line,
    pub(super) behaviour: Behaviour,
    pub(super) drift_hz_per_s: Option<f64>,
}

/// The spectra of the parts.
pub(super) struct Looks {
    /// Transform length of the parts.
    fft: usize,
    /// How many times coarser than the whole's.
    coarse: f64,
    powers: Vec<Vec<f32>>,
    /// Independent averages in each part.
    pub(super) shapes: Vec<f64>,
    /// Middle of each part.
    pub(super) times_s: Vec<f64>,
}

/// The averaged spectrum of a record and the looks at its parts: one pass, unless the transform is a long one.
pub(super) fn average(record: &dyn Record, settings: SpectrumSettings) -> Result<(Spectrum, Looks), RecordError> {
    let longest = usize::try_from(record.frames() / PARTS as u64).unwrap_or(usize::MAX);
    if settings.fft <= LONGEST && settings.fft <= longest {
        let Parts { whole, powers, segments } = spectrum::average_in_parts(record, settings, PARTS)?;
        let looks = Looks::new(&whole, settings.fft, powers, &segments);
        return Ok((whole, looks));
    }
    let whole = spectrum::average(record, settings)?;
    let mut fft = settings.fft;
    while fft > longest || fft > LONGEST {
        fft /= 2;
    }
    if fft < SHORTEST {
        let none = Looks::new(&whole, settings.fft, vec![], &[]);
        return Ok((whole, none));
    }
    let parts = spectrum::average_in_parts(record, SpectrumSettings { fft, ..settings }, PARTS)?;
    let looks = Looks::new(&whole, fft, parts.powers, &parts.segments);
    Ok((whole, looks))
}

impl Looks {
    fn new(whole: &Spectrum, fft: usize, powers: Vec<Vec<f32>>, segments: &[u64]) -> Self {
        let settings = SpectrumSettings { fft, ..whole.settings };
        let worth = whole.effective_averages / whole.segments.max(1) as f64;
        let frames = hop(&settings) as f64;
        let mut before = 0;
        let times_s = segments.iter().map(|n| {
            let middle = (before as f64 + 0.5 * (n.saturating_sub(1)) as f64) * frames + 0.5 * fft as f64;
            before += n;
            middle / whole.sample_rate_hz
        });
        Self {
            fft,
            coarse: whole.settings.fft as f64 / fft as f64,
            times_s: times_s.collect(),
            shapes: segments.iter().map(|n| (*n as f64 * worth).max(1.0)).collect(),
            powers,
        }
    }

    /// The bin of the parts that a bin of the whole lies in.
    fn bin(&self, whole: &Spectrum, bin: f64) -> usize {
        let zero = whole.bin_of_offset(0.0);
        let own = if zero == 0.0 { 0.0 } else { (self.fft / 2) as f64 };
        ((bin - zero) / self.coarse + own).round().max(0.0) as usize
    }

    /// Every line with its behaviour, lines that only parts show added; strongest first.
    pub(super) fn see(
        &self,
        whole: &Spectrum,
        floor: &Floor,
        lines: Vec<Line>,
        bands: &[Band],
        false_alarm: f64,
    ) -> Vec<Seen> {
        let persistent = self.persistent(whole, floor, &lines);
        let seen = |(line, persistent): (Line, bool)| Seen {
            line,
            behaviour: if persistent { Behaviour::Steady } else { Behaviour::Bursty },
            drift_hz_per_s: None,
        };
        let mut all: Vec<Seen> = lines.into_iter().zip(persistent).map(seen).collect();
        if self.coarse == 1.0 && self.powers.iter().all(|p| p.len() == whole.mean.len()) && !self.powers.is_empty() {
            let peaks = self.peaks(whole, floor, bands, false_alarm * PARTS_SHARE);
            let steady: Vec<Line> = all.iter().filter(|s| s.behaviour == Behaviour::Steady).map(|s| s.line).collect();
            let moving = tracks(self, whole, floor, &without_leakage(whole, &peaks, &steady));
            for track in &moving {
                all.retain(|s| s.behaviour == Behaviour::Steady || !track.covers(s.line.bin));
                all.push(track.seen(whole, floor));
            }
            let known: Vec<Line> = all.iter().map(|s| s.line).collect();
            all.extend(self.bursts(whole, floor, &without_leakage(whole, &peaks, &known), &moving));
        }
        all.sort_by(|a, b| b.line.power.total_cmp(&a.line.power).then(a.line.peak.cmp(&b.line.peak)));
        all
    }

    /// For each line whether it is in (nearly) all parts.
    ///
    /// Lines that a part cannot resolve from a stronger neighbour, and all lines of records too short to be divided,
    /// count as persistent.
    fn persistent(&self, whole: &Spectrum, floor: &Floor, lines: &[Line]) -> Vec<bool> {
        let lobe = whole.settings.window.main_lobe_bins() * self.coarse;
        lines
            .iter()
            .map(|l| {
                let noise = floor.level.get(l.peak).copied().unwrap_or(0.0) * self.coarse;
                // The line may have moved by a bin, or sit between two.
                let bin = self.bin(whole, l.bin);
                let shows = |p: &&Vec<f32>| {
                    let near = p.get(bin.saturating_sub(1)..(bin + 2).min(p.len())).unwrap_or(&[]);
                    near.iter().any(|p| f64::from(*p) - noise > SHARE * l.power)
                };
                let count = self.powers.iter().filter(shows).count();
                let hidden = lines.iter().any(|o| o.power > l.power && (o.bin - l.bin).abs() < lobe);
                // Weak lines miss a part now and then by chance.
                let needed = if l.snr / self.coarse > 10.0 { PARTS - 1 } else { 5 };
                let unknown = self.powers.is_empty() || l.snr / self.coarse < 1.0;
                (self.coarse > 1.0 && hidden) || unknown || count >= needed.min(self.powers.len())
            })
            .collect()
    }

    /// Lowers the shape where the noise itself comes and goes: averages of unequal power count for fewer.
    ///
    /// A sum of Gamma variables with means `p` has `(sum p)^2 / sum p^2` times the shape of one of them. Medians over
    /// blocks of bins stand for the means, so that lines do not matter.
    pub(super) fn count_packets(&self, whole: &Spectrum, floor: &mut Floor) {
        let nominal = floor.shape.iter().copied().fold(0.0, f64::max);
        let n = whole.mean.len();
        let block = (n / BLOCKS).max(LEAST_BLOCK);
        if self.powers.len() < PARTS {
            return;
        }
        for from in (0..n).step_by(block) {
            let to = (from + block).min(n);
            let (low, high) = (self.bin(whole, from as f64), self.bin(whole, to as f64));
            let medians = self.powers.iter().map(|p| median(p.get(low..high.min(p.len())).unwrap_or(&[])));
            let (sum, squares) = medians.fold((0.0, 0.0), |(sum, squares), m| (sum + m, squares + m * m));
            let worth = sum * sum / (squares * self.powers.len() as f64);
            if worth < STATIONARY {
                floor.shape[from..to].iter_mut().for_each(|s| *s = s.min((worth * nominal).max(0.5)));
            }
        }
    }

    pub(super) fn power(&self, part: usize, bin: usize) -> f64 {
        self.powers.get(part).and_then(|p| p.get(bin)).copied().map_or(0.0, f64::from)
    }

    /// The peaks of each part that noise does not explain, strongest first: bin and power.
    fn peaks(&self, whole: &Spectrum, floor: &Floor, bands: &[Band], false_alarm: f64) -> Vec<Vec<(usize, f64)>> {
        let tail = per_bin(false_alarm, whole.mean.len() * self.powers.len());
        let nominal = floor.shape.iter().copied().fold(0.0, f64::max);
        let quiet = |k: usize| floor.shape[k] >= nominal && !bands.iter().any(|b| b.holds(k as f64));
        let shapes = self.powers.iter().zip(&self.shapes);
        shapes
            .map(|(p, shape)| {
                let threshold = gamma_upper_quantile(*shape, tail) / shape;
                let bias = gamma_relative_quantile(*shape, 0.5);
                let inside = 1..p.len().saturating_sub(1);
                let mut out: Vec<(usize, f64)> = places_above(p, &floor.guard, threshold)
                    .into_iter()
                    .filter(|k| inside.contains(k) && p[*k] > p[*k - 1] && p[*k] >= p[*k + 1] && quiet(*k))
                    .filter(|k| f64::from(p[*k]) > threshold * surroundings(p, *k, whole) / bias)
                    .map(|k| (k, f64::from(p[k])))
                    .collect();
                out.sort_by(|a, b| b.1.total_cmp(&a.1));
                out.truncate(MOST_PEAKS);
                out
            })
            .collect()
    }

    /// Lines that single parts show and the whole does not.
    fn bursts(&self, whole: &Spectrum, floor: &Floor, peaks: &[Vec<(usize, f64)>], moving: &[Track]) -> Vec<Seen> {
        let lobe = whole.settings.window.main_lobe_bins().ceil() as usize;
        let mut all: Vec<(usize, f64, usize)> = peaks
            .iter()
            .enumerate()
            .flat_map(|(part, peaks)| peaks.iter().map(move |(k, p)| (*k, *p, part)))
            .filter(|(k, ..)| !moving.iter().any(|t| t.covers(*k as f64)))
            .collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut kept: Vec<(usize, f64, usize)> = Vec::new();
        for peak in all {
            if kept.iter().all(|k| k.0.abs_diff(peak.0) > lobe) {
                kept.push(peak);
            }
        }
        if kept.len() > MOST_BURSTS {
            return vec![];
        }
        kept.into_iter()
            .map(|(k, power, part)| {
                let level = floor.level[k];
                let snr = (power - level).max(0.0) / level;
                let line = Line {
                    bin: k as f64,
                    peak: k,
                    power: power - level,
                    snr,
                    false_alarm: PARTS_SHARE * 0.01,
                    relative_error: ((2.0 * snr + 1.0) / self.shapes[part]).sqrt() / snr,
                };
                Seen { line, behaviour: Behaviour::Bursty, drift_hz_per_s: None }
            })
            .collect()
    }
}

/// Peaks that no line explains by what its window leaks.
fn without_leakage(whole: &Spectrum, peaks: &[Vec<(usize, f64)>], lines: &[Line]) -> Vec<Vec<(usize, f64)>> {
    let response = Response::of(whole.settings.window, whole.settings.fft);
    let lobe = response.lobe_bins() + 2.0;
    let explained = |k: usize, p: f64| {
        let near = lines.iter().any(|l| (l.bin - k as f64).abs() < lobe);
        let leaked: f64 = lines.iter().map(|l| l.power * response.envelope(l.bin - k as f64)).sum();
        near || p < OVER_LEAKAGE * leaked
    };
    peaks.iter().map(|part| part.iter().copied().filter(|(k, p)| !explained(*k, *p)).collect()).collect()
}

/// The greater of the medians to the left and to the right of a bin, a main lobe left out.
fn surroundings(p: &[f32], k: usize, whole: &Spectrum) -> f64 {
    let lobe = whole.settings.window.main_lobe_bins().ceil() as usize;
    let (gap, reach) = (lobe + 1, 6 * lobe);
    let left = k.saturating_sub(gap + reach)..k.saturating_sub(gap);
    let right = (k + gap + 1).min(p.len())..(k + gap + 1 + reach).min(p.len());
    median(&p[left]).max(median(&p[right]))
}

/// The power of the middle rank.
fn median(cells: &[f32]) -> f64 {
    /// Below this sorting is the quicker way.
    const MANY: usize = 64;
    let at = cells.len() / 2;
    match cells.len() {
        0 => 0.0,
        1..MANY => f64::from(*cells.to_vec().select_nth_unstable_by(at, f32::total_cmp).1),
        _ => wide(
            #[inline(always)]
            || f64::from(ranked(cells, at)),
        ),
    }
}

/// The value of a rank among numbers that are not negative: their bits, read as whole numbers, rise with them. Each look
/// counts what lies up to a guess and draws the ends of the range in to the nearest values on both sides of it.
#[inline(always)]
fn ranked(cells: &[f32], rank: usize) -> f32 {
    let bits = |v: &f32| (v.to_bits() & 0x7fff_ffff).cast_signed();
    let (mut low, mut high) = (i32::MAX, 0);
    for v in cells {
        (low, high) = (low.min(bits(v)), high.max(bits(v)));
    }
    // How many values lie below `low`, and up to `high`: they say where between the two the rank may be.
    let (mut below, mut up_to) = (0, cells.len());
    let mut halve = false;
    while low < high {
        let share = if halve { 0.5 } else { (rank - below) as f32 / (up_to - below) as f32 };
        let guess = low.saturating_add(((high - low) as f32 * share) as i32).clamp(low, high - 1);
        let (mut count, mut left, mut right) = (0_u32, 0, i32::MAX);
        for v in cells {
            let v = bits(v);
            count += u32::from(v <= guess);
            left = left.max(if v <= guess { v } else { 0 });
            right = right.min(if v > guess { v } else { i32::MAX });
        }
        let count = count as usize;
        if count > rank {
            (high, up_to) = (left, count)
        } else {
            (low, below) = (right, count)
        }
        halve = !halve;
    }
    f32::from_bits(low.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::{median, ranked};

    proptest::proptest! {
        #[test]
        fn ranks_are_those_of_sorting(cells in proptest::collection::vec(0f32..1e3, 1..300), share in 0f64..1.0) {
            let mut sorted = cells.clone();
            sorted.sort_by(f32::total_cmp);
            let rank = (share * cells.len() as f64) as usize;
            proptest::prop_assert_eq!(ranked(&cells, rank), sorted[rank]);
            proptest::prop_assert_eq!(median(&cells), f64::from(sorted[cells.len() / 2]));
        }
    }
}
