//! The walk along the lines: what of them the record reaches, and where it comes nearest.

use faultscope_capture::Caveat;
use faultscope_signal::power::Profile;
use faultscope_signal::spectrum::{self, Options};
use faultscope_signal::{Kind, Quantity, Record, RecordError, Silent, SpectrumSettings, SweptSpectrum, Unit, Window};

use super::super::{Detail, MeasureError, Measured, Settings};
use super::level::Source;
use super::{EmissionLine, EmissionPoint, EmissionsDetail, EmissionsSettings, OperatingBand};
use crate::gate;
use crate::limit::{Axis, Exclude, Segment};

/// Longest transform chosen for a narrow measurement bandwidth.
const LONGEST: u64 = 1 << 21;
/// Bins that a measurement bandwidth should span.
const BINS: f64 = 16.0;
/// Shortest record that tells anything.
const SHORTEST: u64 = 256;

pub(super) fn measure(record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
    if record.frames() < SHORTEST {
        return Err(MeasureError::TooShort {
            what: format!("{} samples are too few for levels over frequency", record.frames()),
            hint: format!("capture at least {SHORTEST} samples"),
        });
    }
    let asked = asked(settings)?;
    let chosen = transform(record, settings, &asked)?;
    let options = Options { threads: settings.threads, ..Options::default() };
    let spectrum = spectrum::analyze(record, chosen, &options, &Silent).map_err(RecordError::from)?;
    let absolute = record.kind() == Kind::Real || record.center_hz().is_some();
    let detail = Walk::new(Source::Samples(Profile::new(&spectrum)), settings, &asked, absolute)?.report();
    let mut used = settings.clone();
    (used.fft, used.window, used.overlap) = (Some(chosen.fft), Some(chosen.window), Some(chosen.overlap));
    Ok(measured(used, caveats, detail))
}

/// Measures an exported spectrum.
///
/// # Errors
/// When a setting is out of range or no line is asked for.
pub fn exported(spectrum: &SweptSpectrum, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
    let asked = asked(settings)?;
    let detail = Walk::new(Source::exported(spectrum), settings, &asked, true)?.report();
    Ok(measured(settings.clone(), caveats, detail))
}

fn measured(settings: Settings, caveats: &[Caveat], detail: EmissionsDetail) -> Measured {
    let gates = gate::from_caveats(caveats);
    Measured { measurement: "emissions", settings, gates, readings: Vec::new(), detail: Detail::Emissions(detail) }
}

fn asked(settings: &Settings) -> Result<EmissionsSettings, MeasureError> {
    let asked = settings.emissions.clone().unwrap_or_default();
    let wrong = |what: String, hint: &str| Err(MeasureError::Settings { what, hint: hint.to_owned() });
    if asked.lines.is_empty() {
        return wrong("no limit line is asked for".into(), "name a pack with a line: --limits nr-spurious-b");
    }
    if asked.bandwidth_hz.is_some_and(|b| !(b.is_finite() && b > 0.0)) {
        return wrong("the necessary bandwidth is not a number above zero".into(), "give it in hertz");
    }
    Ok(asked)
}

/// As asked for; else long enough for sixteen bins in the narrowest bandwidth that is reached, with four segments.
fn transform(
    record: &dyn Record,
    settings: &Settings,
    asked: &EmissionsSettings,
) -> Result<SpectrumSettings, MeasureError> {
    let overlap = settings.overlap.unwrap_or(0.5);
    let fits = |n: usize| (16..=1 << 24).contains(&n) && n as u64 <= record.frames();
    if !(0.0..=0.95).contains(&overlap) || settings.fft.is_some_and(|n| !fits(n)) {
        let what = "the transform does not suit the record".to_owned();
        return Err(MeasureError::Settings {
            what,
            hint: "an overlap of 0 to 0.95, 16 points up to its length".into(),
        });
    }
    let rate = record.sample_rate_hz();
    let center = record.center_hz().unwrap_or(0.0);
    let reached = |l: &&EmissionLine, s: &&Segment| {
        l.axis != Axis::Absolute || {
            let reach = if record.kind() == Kind::Real {
                (0.0, 0.5 * rate)
            } else {
                (center - 0.5 * rate, center + 0.5 * rate)
            };
            s.from_hz < reach.1 && s.to_hz > reach.0
        }
    };
    let narrowest = asked.lines.iter().flat_map(|l| l.segments.iter().filter(move |s| reached(&l, s)));
    let narrowest = narrowest.map(|s| s.bandwidth_hz).fold(f64::INFINITY, f64::min);
    let wanted = ((BINS * rate / narrowest).max(0.0) as u64).clamp(1, LONGEST).next_power_of_two();
    let most = 1u64 << (record.frames() / 4).max(16).ilog2();
    let usual = spectrum::recommended_fft(record.frames());
    let fft = settings.fft.unwrap_or_else(|| usual.max(wanted.min(most) as usize));
    Ok(SpectrumSettings { fft, window: settings.window.unwrap_or(Window::BlackmanHarris), overlap })
}

struct Walk<'a> {
    source: Source<'a>,
    asked: &'a EmissionsSettings,
    band: Option<OperatingBand>,
    carrier_hz: Option<f64>,
    /// Whether frequencies are those at the antenna.
    absolute: bool,
}

impl<'a> Walk<'a> {
    fn new(
        source: Source<'a>,
        settings: &Settings,
        asked: &'a EmissionsSettings,
        absolute: bool,
    ) -> Result<Self, MeasureError> {
        let unknown = |name: &String| MeasureError::Settings {
            what: format!("there is no operating band '{name}' with a downlink"),
            hint: "bands are n1 to n110 of FR1, as in --band n78".into(),
        };
        let named = |name: &String| OperatingBand::by_name(name).ok_or_else(|| unknown(name));
        let band = asked.band.as_ref().map(named).transpose()?;
        let carrier_hz = settings.carrier_hz.or_else(|| source.strongest_hz());
        Ok(Self { source, asked, band, carrier_hz, absolute })
    }

    fn report(self) -> EmissionsDetail {
        let points = self.asked.lines.iter().flat_map(|l| self.line(l)).collect();
        let (low_hz, high_hz) = self.source.span();
        EmissionsDetail {
            level_unit: self.source.unit(),
            rbw_hz: self.source.rbw_hz(),
            low_hz,
            high_hz,
            carrier_hz: self.carrier_hz,
            band: self.band,
            points,
        }
    }

    fn line(&self, line: &EmissionLine) -> Vec<EmissionPoint> {
        match self.obstacle(line) {
            Some(reason) => vec![nothing(line, &self.pieces(line), reason)],
            None => self.walk(line),
        }
    }

    /// What stands in the way of the whole line.
    fn obstacle(&self, line: &EmissionLine) -> Option<String> {
        let unit = self.source.unit();
        if line.unit != Unit::Dbc && line.unit != unit {
            return Some(format!(
                "levels are in {unit}, the line is in {}: the record has no such calibration",
                line.unit
            ));
        }
        if line.axis == Axis::Absolute && !self.absolute {
            return Some("the capture does not say what frequency it was tuned to: give --center".into());
        }
        if self.source.rbw_hz().is_none() {
            return Some("the file does not state its resolution bandwidth".into());
        }
        match line.exclude {
            Some(Exclude::OperatingBand | Exclude::OperatingBand10Mhz) if self.band.is_none() => {
                Some("the line leaves the operating band out: say which with --band".into())
            }
            Some(Exclude::NecessaryBandwidth) if self.asked.bandwidth_hz.is_none() => {
                Some("the line leaves the carrier out: say its necessary bandwidth with --bandwidth".into())
            }
            _ if self.carrier_hz.is_none() => Some("there is no power in the record".into()),
            _ => None,
        }
    }

    /// The line's pieces in absolute frequencies, without what it leaves out.
    fn pieces(&self, line: &EmissionLine) -> Vec<Piece> {
        let carrier = self.carrier_hz.unwrap_or(0.0);
        let mut pieces: Vec<Piece> = Vec::new();
        for segment in &line.segments {
            let segment = segment.clone();
            if line.axis == Axis::Absolute {
                let inside = 0.5 * segment.bandwidth_hz.min(segment.to_hz - segment.from_hz);
                let (low, high) = (segment.from_hz, segment.to_hz);
                pieces.push(Piece { low, high, inside, zero: 0.0, segment });
            } else {
                let (from, to) = (segment.from_hz, segment.to_hz);
                let side = |low, high| Piece { low, high, inside: 0.0, zero: carrier, segment: segment.clone() };
                pieces.push(side(carrier - to, carrier - from));
                pieces.push(side(carrier + from, carrier + to));
            }
        }
        match self.gap(line) {
            Some(gap) => pieces.into_iter().flat_map(|p| p.without(gap)).collect(),
            None => pieces,
        }
    }

    /// The frequencies a line leaves out.
    fn gap(&self, line: &EmissionLine) -> Option<(f64, f64)> {
        match line.exclude? {
            Exclude::NecessaryBandwidth => {
                let half = 2.5 * self.asked.bandwidth_hz?;
                Some((self.carrier_hz? - half, self.carrier_hz? + half))
            }
            exclude => {
                let band = self.band.as_ref()?;
                let around = band.around_hz(exclude);
                Some((band.low_hz - around, band.high_hz + around))
            }
        }
    }

    fn walk(&self, line: &EmissionLine) -> Vec<EmissionPoint> {
        let pieces = self.pieces(line);
        let (low, high) = self.source.span();
        let slack = self.source.step_hz();
        let mut points: Vec<EmissionPoint> = pieces.iter().filter_map(|p| self.worst(line, p)).collect();
        let reached = |p: &&Piece| p.low >= low - slack && p.high <= high + slack;
        let missed: Vec<Piece> = pieces.iter().filter(|p| !reached(p)).cloned().collect();
        let looked_at = |p: &Piece| points.iter().any(|q| q.from_hz == p.low && q.to_hz == p.high);
        let rest: Vec<Piece> = missed.into_iter().filter(|p| !looked_at(p)).collect();
        if !rest.is_empty() {
            let reason = format!("the record covers {} to {} of it", hertz(low), hertz(high));
            points.push(nothing(line, &rest, reason));
        }
        points
    }

    /// The worst place of a piece, if the record reaches into it.
    fn worst(&self, line: &EmissionLine, piece: &Piece) -> Option<EmissionPoint> {
        let (low, high) = self.source.span();
        let wide = piece.segment.bandwidth_hz;
        let half = 0.5 * wide.min(if piece.inside > 0.0 { 2.0 * piece.inside } else { wide });
        let start = (piece.low + piece.inside).max(low + half);
        let stop = (piece.high - piece.inside).min(high - half);
        if start > stop || !(stop - start).is_finite() {
            return None;
        }
        let step = (0.1 * wide).max(self.source.step_hz());
        let steps = ((stop - start) / step).ceil().max(0.0) as usize;
        let shift = if line.unit == Unit::Dbc { self.carrier_level(wide)? } else { 0.0 };
        let (mut worst, mut gaps) = (None::<(f64, f64, f64, bool)>, false);
        for i in 0..=steps {
            let at = if steps == 0 { start } else { start + (stop - start) * i as f64 / steps as f64 };
            let Some(level) = self.source.between(at - half, at + half) else {
                gaps = true;
                continue;
            };
            let along = (at - piece.zero).abs().clamp(piece.segment.from_hz, piece.segment.to_hz);
            let limit = piece.segment.level_at(along)?;
            let db = level.db - shift;
            if db.is_finite() && worst.is_none_or(|(_, d, l, _)| limit - db < l - d) {
                worst = Some((at, db, limit, level.bound));
            }
        }
        let (at, db, limit, bound) = worst?;
        let slack = self.source.step_hz();
        let covered = !gaps && piece.low >= low - slack && piece.high <= high + slack;
        Some(self.point(line, piece, covered, (at, db, limit, bound)))
    }

    fn point(
        &self,
        line: &EmissionLine,
        piece: &Piece,
        covered: bool,
        (at, db, limit, bound): (f64, f64, f64, bool),
    ) -> EmissionPoint {
        let (low, high) = self.source.span();
        let margin = limit - db;
        let reason = if bound && margin < 0.0 {
            format!(
                "the resolution of {} does not suit the clause's {}: the level may be up to {db:.1} {}, or lower",
                hertz(self.source.rbw_hz().unwrap_or(f64::NAN)),
                hertz(piece.segment.bandwidth_hz),
                line.unit
            )
        } else if !covered && margin >= 0.0 {
            let (from, to) = (hertz(piece.low.max(low)), hertz(piece.high.min(high)));
            let of = format!("{} to {}", hertz(piece.low), hertz(piece.high));
            format!(
                "inside by {margin:.1} dB where the record reaches, {from} to {to} of {of}; the rest is not covered"
            )
        } else {
            String::new()
        };
        EmissionPoint {
            line: line.line.clone(),
            from_hz: piece.low,
            to_hz: piece.high,
            bandwidth_hz: Some(piece.segment.bandwidth_hz),
            covered,
            frequency_hz: Some(at),
            level_db: Some(db),
            limit_db: Some(limit),
            margin_db: Some(margin),
            uncertainty_db: self.source.spread(piece.segment.bandwidth_hz),
            reason,
        }
    }

    fn carrier_level(&self, bandwidth_hz: f64) -> Option<f64> {
        let at = self.carrier_hz?;
        self.source.between(at - 0.5 * bandwidth_hz, at + 0.5 * bandwidth_hz).map(|l| l.db)
    }
}

/// A segment at absolute frequencies, or a part of one.
#[derive(Debug, Clone)]
struct Piece {
    low: f64,
    high: f64,
    /// How far from its ends the middle of the filter stays.
    inside: f64,
    /// Where the segment's own frequencies count from.
    zero: f64,
    segment: Segment,
}

impl Piece {
    fn without(self, gap: (f64, f64)) -> Vec<Self> {
        let below = Self { high: self.high.min(gap.0), ..self.clone() };
        let above = Self { low: self.low.max(gap.1), ..self };
        [below, above].into_iter().filter(|p| p.low < p.high).collect()
    }
}

/// What could not be looked at.
fn nothing(line: &EmissionLine, pieces: &[Piece], reason: String) -> EmissionPoint {
    EmissionPoint {
        line: line.line.clone(),
        from_hz: pieces.iter().map(|p| p.low).reduce(f64::min).unwrap_or(0.0),
        to_hz: pieces.iter().map(|p| p.high).reduce(f64::max).unwrap_or(0.0),
        bandwidth_hz: None,
        covered: false,
        frequency_hz: None,
        level_db: None,
        limit_db: None,
        margin_db: None,
        uncertainty_db: None,
        reason,
    }
}

fn hertz(value: f64) -> String {
    Quantity::new(value, Unit::Hertz).to_string()
}
