//! The steps of the measurement: spectrum, occupied band, channel, neighbours, mask, distribution.

use faultscope_capture::Caveat;
use faultscope_signal::ccdf::Ccdf;
use faultscope_signal::power::{Filter, Occupied, Profile};
use faultscope_signal::spectrum::{self, Options};
use faultscope_signal::{Kind, Record, RecordError, Silent, SpectrumSettings, Unit, Window, quantity};

use super::super::{Detail, MeasureError, Measured, Settings};
use super::mask::Mask;
use super::preset::{self, Adjacent, ChannelFilter, Preset};
use super::{CcdfPoint, ChannelDetail, ChannelSettings, Leakage, MaskPoint, MaskSegment, OccupiedBand, Side};
use crate::gate::{self, Gate, GateState};
use crate::reading::{At, Reading};

/// Bins that a channel should span, and the longest transform chosen for that.
const BINS_PER_CHANNEL: f64 = 256.0;
const LONGEST: usize = 1 << 18;
/// Shortest record that tells anything.
const SHORTEST: u64 = 256;
/// Shares of time that the distribution is read at, in per cent, and the ids of their readings.
const SHARES: [(f64, &str); 4] = [(10.0, "ccdf_10"), (1.0, "ccdf_1"), (0.1, "ccdf_0p1"), (0.01, "ccdf_0p01")];
/// Positions of the measuring filter in one segment of a mask, at most.
const MASK_STEPS: f64 = 4000.0;
/// Averages below which levels are in doubt.
const FEW_AVERAGES: f64 = 8.0;
/// Share of the power at the tuned centre of a receiver from which on it is said.
const MUCH_DC: f64 = 0.01;

pub(super) fn measure(record: &dyn Record, caveats: &[Caveat], settings: &Settings) -> Result<Measured, MeasureError> {
    let asked = settings.channel.clone().unwrap_or_default();
    check(record, &asked)?;
    let standard = standard(&asked)?;
    let width = asked.bandwidth_hz.or(standard.as_ref().map(|s| s.bandwidth_hz));
    let chosen = transform(record, settings, width)?;
    let options = Options { threads: settings.threads, ..Options::default() };
    let spectrum = spectrum::analyze(record, chosen, &options, &Silent).map_err(RecordError::from)?;
    let work = Work::new(Profile::new(&spectrum), settings, asked, standard)?;
    let ccdf = Ccdf::of(record)?;
    let (detail, readings) = work.report(&ccdf);
    let mut gates = gate::from_caveats(caveats);
    gates.extend(work.gates());
    let mut used = settings.clone();
    (used.fft, used.window, used.overlap) = (Some(chosen.fft), Some(chosen.window), Some(chosen.overlap));
    used.channel = Some(ChannelSettings { bandwidth_hz: Some(work.width_hz), adjacent: work.adjacent, ..work.asked });
    Ok(Measured { measurement: "channel", settings: used, gates, readings, detail: Detail::Channel(detail) })
}

fn wrong(what: String, hint: &str) -> MeasureError {
    MeasureError::Settings { what, hint: hint.to_owned() }
}

fn check(record: &dyn Record, asked: &ChannelSettings) -> Result<(), MeasureError> {
    if record.frames() < SHORTEST {
        return Err(MeasureError::TooShort {
            what: format!("{} samples are too few for the power of a channel", record.frames()),
            hint: format!("capture at least {SHORTEST} samples; a hundred thousand make levels good to 0.1 dB"),
        });
    }
    if !(50.0..=99.99).contains(&asked.occupied_percent) {
        let what = format!("an occupied share of {} % is out of range", asked.occupied_percent);
        return Err(wrong(what, "99 is usual; 50 to 99.99 are possible"));
    }
    if !(1.0..=120.0).contains(&asked.x_db) {
        return Err(wrong(format!("{} dB is no level for the x dB bandwidth", asked.x_db), "26 is usual; 1 to 120"));
    }
    let positive = |v: Option<f64>| v.is_none_or(|v| v.is_finite() && v > 0.0);
    let neighbours = asked.adjacent.iter().all(|a| a.offset_hz.is_finite() && positive(Some(a.bandwidth_hz)));
    if !(positive(asked.bandwidth_hz) && positive(asked.span_hz) && neighbours) {
        return Err(wrong("a bandwidth, span or offset is not a number above zero".into(), "give it in hertz"));
    }
    Ok(())
}

fn standard(asked: &ChannelSettings) -> Result<Option<Preset>, MeasureError> {
    let Some(name) = &asked.standard else { return Ok(None) };
    preset::by_name(name).map(Some).ok_or_else(|| {
        wrong(
            format!("there is no channel '{name}'"),
            "lte1.4 lte3 lte5 lte10 lte15 lte20, nr20-30 (width in MHz, spacing in kHz), utra",
        )
    })
}

/// As asked for; else long enough for 256 bins a channel, short enough for sixteen averages.
fn transform(record: &dyn Record, settings: &Settings, width: Option<f64>) -> Result<SpectrumSettings, MeasureError> {
    let overlap = settings.overlap.unwrap_or(0.5);
    if !(0.0..=0.95).contains(&overlap) {
        return Err(wrong(format!("an overlap of {overlap} is not between 0 and 0.95"), "0.5 is the default"));
    }
    let fft = match settings.fft {
        Some(n) if !(16..=1 << 24).contains(&n) || n as u64 > record.frames() => {
            let what = format!("a transform of {n} points does not suit a record of {} samples", record.frames());
            return Err(wrong(what, "choose 16 to 16777216, not more than the record holds"));
        }
        Some(n) => n,
        None => {
            let usual = spectrum::recommended_fft(record.frames());
            let wanted = width.map_or(0.0, |w| BINS_PER_CHANNEL * record.sample_rate_hz() / w);
            let mut n = usual;
            while (n as f64) < wanted && n < LONGEST && n as u64 * 16 <= record.frames() {
                n *= 2;
            }
            n
        }
    };
    Ok(SpectrumSettings { fft, window: settings.window.unwrap_or(Window::Hann), overlap })
}

/// Everything that the readings follow from.
struct Work<'a> {
    profile: Profile<'a>,
    asked: ChannelSettings,
    filter: ChannelFilter,
    /// Middle of the channel from the centre.
    middle_hz: f64,
    width_hz: f64,
    /// Channel bandwidth of the standard, or the width asked for.
    channel_hz: Option<f64>,
    adjacent: Vec<Adjacent>,
    occupied: Option<(Occupied, f64)>,
    /// The band that was looked at.
    span: (f64, f64),
    noise_per_hz: Option<f64>,
    power: f64,
}

impl<'a> Work<'a> {
    fn new(
        profile: Profile<'a>,
        settings: &Settings,
        asked: ChannelSettings,
        standard: Option<Preset>,
    ) -> Result<Self, MeasureError> {
        let spectrum = profile.spectrum();
        let carrier = settings.carrier_hz.map(|f| f - spectrum.center_hz.unwrap_or(0.0));
        let share = asked.occupied_percent / 100.0;
        let mut span = whole(&profile);
        let mut middle = carrier.unwrap_or_else(|| {
            let noise = profile.noise_per_hz(span.0, span.1).unwrap_or(0.0);
            profile
                .occupied(span.0, span.1, share, noise)
                .map_or(0.5 * (span.0 + span.1), |o| 0.5 * (o.low_hz + o.high_hz))
        });
        if let Some(width) = asked.span_hz {
            span = (span.0.max(middle - 0.5 * width), span.1.min(middle + 0.5 * width));
        }
        let noise_per_hz = profile.noise_per_hz(span.0, span.1);
        let plain = profile.occupied(span.0, span.1, share, 0.0);
        let corrected = noise_per_hz.and_then(|n| profile.occupied(span.0, span.1, share, n)).or(plain);
        let occupied = corrected.zip(plain.map(|o| o.bandwidth_hz()));
        if carrier.is_none() {
            middle = occupied.map_or(middle, |(o, _)| 0.5 * (o.low_hz + o.high_hz));
        }
        let given = asked.bandwidth_hz.or(standard.as_ref().map(|s| s.bandwidth_hz));
        let width_hz = given.or(occupied.map(|(o, _)| o.bandwidth_hz())).unwrap_or(span.1 - span.0);
        let (low, high) = profile.limits_hz();
        if middle < low || middle > high || width_hz > (high - low) * 1.001 {
            return Err(wrong(
                format!(
                    "a channel of {width_hz} Hz at {} Hz does not fit the record, which is {} Hz wide",
                    spectrum.center_hz.unwrap_or(0.0) + middle,
                    high - low
                ),
                "choose a narrower channel, or capture at a higher rate",
            ));
        }
        let filter = if asked.bandwidth_hz.is_some() {
            ChannelFilter::Square
        } else {
            standard.as_ref().map_or(ChannelFilter::Square, |s| s.filter)
        };
        let mut adjacent = asked.adjacent.clone();
        if adjacent.is_empty() {
            adjacent = standard.as_ref().map_or_else(|| equal_neighbours(width_hz), |s| s.adjacent.clone());
        }
        let power = profile.through(filter_of(filter, width_hz), middle);
        let channel_hz = standard.map(|s| s.channel_hz).or(given);
        Ok(Self {
            profile,
            asked,
            filter,
            middle_hz: middle,
            width_hz,
            channel_hz,
            adjacent,
            occupied,
            span,
            noise_per_hz,
            power,
        })
    }

    fn absolute(&self, offset_hz: f64) -> f64 {
        self.profile.spectrum().center_hz.unwrap_or(0.0) + offset_hz
    }

    fn level(&self, power: f64) -> f64 {
        self.profile.spectrum().level_db(power)
    }

    /// Two standard deviations of a noise-like power, in dB.
    fn spread(&self, bandwidth_hz: f64) -> f64 {
        2.0 * 4.343 * self.profile.relative_deviation(bandwidth_hz)
    }

    fn report(&self, ccdf: &Ccdf) -> (ChannelDetail, Vec<Reading>) {
        let spectrum = self.profile.spectrum();
        let filter = filter_of(self.filter, self.width_hz);
        let smooth = self.occupied.map_or(0.0, |(o, _)| o.bandwidth_hz() / 100.0);
        let x_db = self.profile.x_db(self.span, self.asked.x_db, smooth, self.noise_per_hz.unwrap_or(0.0));
        let adjacent: Vec<Leakage> =
            self.adjacent.iter().flat_map(|a| [Side::Lower, Side::Upper].map(|s| self.leakage(a, s))).collect();
        let mask = self.asked.mask.as_ref().map_or_else(Vec::new, |m| self.mask(m));
        let point = |(p, _): (f64, &str)| CcdfPoint { probability_percent: p, level_db: ccdf.exceeded_db(p / 100.0) };
        let detail = ChannelDetail {
            level_unit: spectrum.level_unit(),
            rbw_hz: spectrum.rbw_hz(),
            frequency_hz: self.absolute(self.middle_hz),
            offset_hz: self.middle_hz,
            bandwidth_hz: self.width_hz,
            filter: self.filter,
            power_db: self.level(self.power),
            density_db_per_hz: self.level(self.power / filter.noise_bandwidth_hz()),
            total_power_db: self.level(self.profile.total()),
            occupied: self.occupied.map(|(o, plain)| OccupiedBand {
                percent: self.asked.occupied_percent,
                low_hz: self.absolute(o.low_hz),
                high_hz: self.absolute(o.high_hz),
                bandwidth_hz: o.bandwidth_hz(),
                uncorrected_hz: plain,
                noise_db_per_hz: (o.noise_per_hz > 0.0).then(|| self.level(o.noise_per_hz)),
            }),
            x_db: self.asked.x_db,
            x_db_bandwidth_hz: x_db.map(|(low, high)| high - low),
            adjacent,
            mask,
            ccdf: SHARES.map(point).into(),
            crest_factor_db: ccdf.crest_factor_db(),
        };
        let readings = self.readings(&detail);
        (detail, readings)
    }

    fn leakage(&self, a: &Adjacent, side: Side) -> Leakage {
        let offset_hz = if side == Side::Lower { -a.offset_hz } else { a.offset_hz };
        let filter = filter_of(a.filter, a.bandwidth_hz);
        let place = self.middle_hz + offset_hz;
        let covered = self.profile.covers(place - filter.reach_hz(), place + filter.reach_hz());
        // Below the rounding of the sum over the spectrum nothing is known: a ratio of 150 dB is a bound.
        let least = 1e-15 * self.profile.total();
        let power = covered.then(|| self.profile.through(filter, place).max(least)).filter(|p| *p > 0.0);
        Leakage {
            name: a.name.clone(),
            side,
            offset_hz,
            frequency_hz: self.absolute(place),
            bandwidth_hz: a.bandwidth_hz,
            filter: a.filter,
            covered,
            power_db: power.map(|p| self.level(p)),
            ratio_db: power.map(|p| quantity::db_from_power(self.power / p)),
        }
    }

    fn mask(&self, mask: &Mask) -> Vec<MaskPoint> {
        mask.segments
            .iter()
            .flat_map(|s| [Side::Lower, Side::Upper].map(|side| self.mask_point(mask, s, side)))
            .collect()
    }

    /// The filter is moved along the segment; bins are summed to the measurement bandwidth, which suits noise-like signals.
    fn mask_point(&self, mask: &Mask, s: &MaskSegment, side: Side) -> MaskPoint {
        let spectrum = self.profile.spectrum();
        let sign = if side == Side::Lower { -1.0 } else { 1.0 };
        let edge = self.middle_hz + sign * 0.5 * self.channel_hz.unwrap_or(self.width_hz);
        let length = s.to_hz - s.from_hz;
        let step = spectrum.bin_hz().max(0.1 * s.bandwidth_hz).max(length / MASK_STEPS);
        let steps = (length / step).ceil() as usize;
        let reach = 0.5 * s.bandwidth_hz;
        let shift = match mask.unit {
            Unit::Dbc => Some(-self.level(self.power)),
            unit => (unit == spectrum.level_unit()).then_some(0.0),
        };
        let mut worst: Option<(f64, f64, f64)> = None;
        let mut covered = true;
        for i in 0..=steps {
            let t = if steps == 0 { 0.0 } else { i as f64 / steps as f64 };
            let place = edge + sign * (s.from_hz + t * length);
            if !self.profile.covers(place - reach, place + reach) {
                covered = false;
                continue;
            }
            let level = self.level(self.profile.between(place - reach, place + reach)) + shift.unwrap_or(0.0);
            let limit = s.start_db + t * (s.stop_db - s.start_db);
            if level.is_finite() && worst.is_none_or(|(_, l, m)| limit - level < m - l) {
                worst = Some((place, level, limit));
            }
        }
        MaskPoint {
            side,
            from_hz: s.from_hz,
            to_hz: s.to_hz,
            bandwidth_hz: s.bandwidth_hz,
            covered,
            frequency_hz: worst.map(|w| self.absolute(w.0)),
            level_db: worst.map(|w| w.1),
            limit_db: worst.map(|w| w.2),
            margin_db: worst.filter(|_| shift.is_some()).map(|w| w.2 - w.1),
        }
    }

    fn readings(&self, d: &ChannelDetail) -> Vec<Reading> {
        let filter = filter_of(self.filter, self.width_hz);
        let band = At {
            low_hz: Some(d.frequency_hz - filter.reach_hz()),
            high_hz: Some(d.frequency_hz + filter.reach_hz()),
            ..At::default()
        };
        let spread = self.spread(self.width_hz);
        let mut out = vec![Reading::new("channel_power", d.power_db, d.level_unit).uncertain(spread).at(band)];
        if let Some(o) = &d.occupied {
            let at = At { low_hz: Some(o.low_hz), high_hz: Some(o.high_hz), ..At::default() };
            let spread = 2.0 * d.rbw_hz.max(o.bandwidth_hz * self.profile.relative_deviation(o.bandwidth_hz) * 0.1);
            out.push(Reading::new("occupied_bandwidth", o.bandwidth_hz, Unit::Hertz).uncertain(spread).at(at));
            if let Some(channel) = self.channel_hz {
                let percent = 100.0 * o.bandwidth_hz / channel;
                out.push(
                    Reading::new("occupied_share", percent, Unit::Percent).uncertain(100.0 * spread / channel).at(at),
                );
            }
        }
        out.extend(d.x_db_bandwidth_hz.map(|v| Reading::new("x_db_bandwidth", v, Unit::Hertz)));
        for a in &d.adjacent {
            let at = At { frequency_hz: Some(a.frequency_hz), offset_hz: Some(a.offset_hz), ..At::default() };
            let own = self.spread(a.bandwidth_hz);
            out.push(place("aclr", a.ratio_db, Unit::Db, a.covered).uncertain(spread.hypot(own)).at(at));
            out.push(place("adjacent_power", a.power_db, d.level_unit, a.covered).uncertain(own).at(at));
            // Standards state the absolute limit per megahertz of the neighbour.
            let noise_hz = filter_of(a.filter, a.bandwidth_hz).noise_bandwidth_hz();
            let per_mhz = a.power_db.map(|p| p - quantity::db_from_power(noise_hz / 1e6));
            out.push(place("adjacent_mhz", per_mhz, d.level_unit, a.covered).uncertain(own).at(at));
        }
        for m in &d.mask {
            let at = At { frequency_hz: m.frequency_hz, ..At::default() };
            let spread = self.spread(m.bandwidth_hz);
            if m.level_db.is_none() || m.margin_db.is_some() {
                // What lies beyond the record is not known to keep the mask; what fails inside fails.
                let known = m.covered || m.margin_db.is_some_and(|v| v < 0.0);
                let margin = m.margin_db.filter(|_| known);
                out.push(place("mask_margin", margin, Unit::Db, known).uncertain(spread).at(at));
            }
        }
        out.push(Reading::new("crest_factor", d.crest_factor_db, Unit::Db));
        let points = SHARES.iter().zip(&d.ccdf);
        out.extend(points.filter_map(|((_, id), p)| Some(Reading::new(id, p.level_db?, Unit::Db))));
        out
    }

    fn gates(&self) -> Vec<Gate> {
        let mut gates = Vec::new();
        let spectrum = self.profile.spectrum();
        if spectrum.effective_averages < FEW_AVERAGES {
            let detail = format!(
                "only {:.1} independent averages: levels are uncertain; take a longer record or a shorter transform",
                spectrum.effective_averages
            );
            gates.push(Gate::new("length", GateState::Warn, detail));
        }
        let (low, high) = whole(&self.profile);
        let near = 0.02 * (high - low);
        match self.occupied {
            Some((o, _)) if o.low_hz < low + near || o.high_hz > high - near => {
                let detail = "the occupied band reaches to the edge of the record: it may be wider than that; \
                              capture at a higher rate, or give --span";
                gates.push(Gate::new("bandwidth", GateState::Warn, detail));
            }
            _ => {}
        }
        if let Some((o, plain)) = self.occupied.filter(|(o, plain)| o.bandwidth_hz() < 0.9 * plain) {
            let detail = format!(
                "the occupied bandwidth rests on the noise correction: {:.0} Hz with it, {plain:.0} Hz without; where the \
                 signal fills the record the second is the better bound; --span leaves noise out",
                o.bandwidth_hz()
            );
            gates.push(Gate::new("bandwidth", GateState::Warn, detail));
        }
        let reach = filter_of(self.filter, self.width_hz).reach_hz();
        if !self.profile.covers(self.middle_hz - reach, self.middle_hz + reach) {
            let detail = "the channel reaches beyond the edge of the record: its power is that of the part inside";
            gates.push(Gate::new("bandwidth", GateState::Warn, detail));
        }
        if spectrum.kind == Kind::Iq {
            let reach = 2.5 * spectrum.bin_hz();
            let line = self.profile.between(-reach, reach);
            let beside = 0.5
                * (self.profile.between(-4.0 * reach, -2.0 * reach) + self.profile.between(2.0 * reach, 4.0 * reach));
            if line - beside > MUCH_DC * self.profile.total() && line > 10.0 * beside && self.middle_hz.abs() > reach {
                let percent = 100.0 * (line - beside) / self.profile.total();
                let detail = format!(
                    "{percent:.1} % of the power is a line at the tuned centre, as receivers make it; tune beside the channel"
                );
                gates.push(Gate::new("dc", GateState::Warn, detail));
            }
        }
        gates
    }
}

/// A reading of something that the record may not reach.
fn place(id: &str, value: Option<f64>, unit: Unit, covered: bool) -> Reading {
    let reading = Reading::new(id, value.unwrap_or(f64::NAN), unit);
    if covered { reading } else { reading.within(0.0) }
}

/// All that a record covers; DC and its leakage are no part of a real record's signals.
fn whole(profile: &Profile<'_>) -> (f64, f64) {
    let (low, high) = profile.limits_hz();
    let spectrum = profile.spectrum();
    if spectrum.kind == Kind::Real { (3.0 * spectrum.bin_hz(), high) } else { (low, high) }
}

fn filter_of(filter: ChannelFilter, bandwidth_hz: f64) -> Filter {
    match filter {
        ChannelFilter::Square => Filter::Square { bandwidth_hz },
        ChannelFilter::Rrc => Filter::Rrc { symbol_rate_hz: bandwidth_hz, rolloff: 0.22 },
    }
}

fn equal_neighbours(width_hz: f64) -> Vec<Adjacent> {
    let neighbour = |n: f64, name: &str| Adjacent {
        name: name.into(),
        offset_hz: n * width_hz,
        bandwidth_hz: width_hz,
        filter: ChannelFilter::Square,
    };
    vec![neighbour(1.0, "adjacent"), neighbour(2.0, "alternate")]
}
