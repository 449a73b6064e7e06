//! The link from supply to RF: which sideband pairs of a carrier sit at the lines of a supply's ripple.
//!
//! Frequencies alone cannot prove a cause, so every link carries the chance that lines which have nothing to do with
//! each other would agree as well; above one in two hundred nothing is said.

mod chance;
mod findings;
mod supply;
#[cfg(test)]
mod tests;
mod view;

use faultscope_capture::Caveat;
use faultscope_signal::Record;
use faultscope_signal::quantity::db_from_power;
use faultscope_signal::sideband::Pair;
use serde::{Deserialize, Serialize};

use self::supply::Family;
use self::view::View;
use crate::gate::{self, Gate, GateState};
use crate::measurement::{Carrier, Detail, MeasureError, Measured, Settings, by_id};

pub use supply::SupplyFamily;

/// A link is stated up to this chance that it is an accident: one in two hundred.
pub const MOST_CHANCE: f64 = 0.005;
/// Chance that noise alone makes a line of a family: half of it for the lines that are expected, half for the others.
const NOISE_CHANCE: f64 = 2e-3;
/// Weakest ripple line that is expected in the sidebands, relative to its family's strongest: -20 dB.
const EXPECTED: f64 = 0.1;
/// Rates of two instruments agree to 100 ppm.
const TIME_BASE: f64 = 1e-4;
/// What two records taken at different times may differ by: the mains by 0.1 Hz in 50, a converter likewise.
const DRIFT: f64 = 2e-3;
/// What agreement within either reach is worth: four fifths of all attempts for the close one, a fifth for the other.
const CLOSE_SHARE: f64 = 1.25;
const WIDE_SHARE: f64 = 5.0;
/// Frame clocks of transmitters run at exact multiples of this.
const FRAME_HZ: f64 = 100.0;
const FRAME_PPM: f64 = 2e-5;

/// How the sidebands were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkMethod {
    /// Relative to a carrier that is a line: amplitude and phase.
    Carrier,
    /// From the power of a modulated signal: amplitude only.
    Envelope,
}

/// What a pair of sidebands does to the carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Modulates {
    /// Its amplitude: ripple on an amplifier's supply or bias.
    Amplitude,
    /// Its phase: ripple on an oscillator's or synthesizer's supply.
    Phase,
    /// Both, neither of them 10 dB above the other.
    Both,
}

/// A pair of sidebands at a line of the supply.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LinkedLine {
    /// Multiple of the family's fundamental.
    pub order: u32,
    /// Where the supply's line is, or its harmonic would be.
    pub supply_hz: f64,
    /// Rms of the supply's line; `null` for a harmonic that the supply itself does not show.
    pub supply_rms_v: Option<f64>,
    /// Distance of the pair from the carrier.
    pub offset_hz: f64,
    /// `offset_hz` less `supply_hz`.
    pub error_hz: f64,
    /// Level of the sideband above the carrier.
    pub upper_dbc: f64,
    /// Level of the sideband below it.
    pub lower_dbc: f64,
    /// Both over the noise in their bins.
    pub snr_db: f64,
    /// Amplitude modulation the pair makes.
    pub am_percent: f64,
    /// Phase modulation it makes, as a peak; `null` where only the envelope could be looked at.
    pub pm_rad: Option<f64>,
    /// Which of the two it is.
    pub modulates: Modulates,
}

/// A family of ripple lines found again as sidebands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Link {
    /// The family.
    pub family: SupplyFamily,
    /// Fundamental as the supply shows it.
    pub supply_fundamental_hz: f64,
    /// Fundamental as the sidebands show it.
    pub rf_fundamental_hz: f64,
    /// The latter less the former.
    pub error_hz: f64,
    /// The same, relative.
    pub error_ppm: f64,
    /// Lines of the family that the RF record could have shown.
    pub expected: usize,
    /// Chance that unrelated lines would agree as well, given how many there are.
    pub false_link_probability: f64,
    /// Whether every pair sits at an exact multiple of 100 Hz, which the mains of the supply's record do not: the mains may
    /// have moved between the records, but a transmitter's own frames would do the same.
    pub frame_clock: bool,
    /// The pairs, in order of frequency.
    pub lines: Vec<LinkedLine>,
}

/// A pair of sidebands that no line of the supply explains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnlinkedPair {
    /// Distance from the carrier.
    pub offset_hz: f64,
    /// Level of the stronger side.
    pub level_dbc: f64,
}

/// What `link` finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LinkDetail {
    /// Whether any family is linked.
    pub found: bool,
    /// How the sidebands were told.
    pub method: LinkMethod,
    /// The carrier, where there is one.
    pub carrier: Option<Carrier>,
    /// Lowest offset that the RF record can tell from the carrier.
    pub lowest_hz: f64,
    /// Highest offset that it covers on both sides.
    pub highest_hz: f64,
    /// Families of the supply that were looked for.
    pub families: Vec<SupplyFamily>,
    /// The links, likeliest first.
    pub links: Vec<Link>,
    /// Pairs that the supply does not explain, strongest first, 32 at most.
    pub unlinked: Vec<UnlinkedPair>,
}

/// Everything that a comparison of two records gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Linked {
    /// `ripple` of the supply.
    pub supply: Measured,
    /// `spurs` of the RF record.
    pub rf: Measured,
    /// Gates of the comparison itself.
    pub gates: Vec<Gate>,
    /// The answer.
    pub detail: LinkDetail,
}

/// Compares a supply's ripple with the sidebands of a carrier.
///
/// # Errors
/// When one of the records is of the wrong kind, or too short to be looked at.
pub fn link(
    supply: (&dyn Record, &[Caveat]),
    rf: (&dyn Record, &[Caveat]),
    settings: &Settings,
) -> Result<Linked, MeasureError> {
    let measure = |id: &str, record: (&dyn Record, &[Caveat])| {
        by_id(id).map_or_else(
            || Err(MeasureError::Settings { what: format!("there is no measurement '{id}'"), hint: String::new() }),
            |m| m.measure(record.0, record.1, settings),
        )
    };
    let ripple = measure("ripple", supply)?;
    let spurs = measure("spurs", rf)?;
    let carrier = match &spurs.detail {
        Detail::Spurs(detail) => detail.carrier,
        _ => None,
    };
    let modulated = spurs.gates.iter().any(|g| g.gate == "modulated" && g.state != GateState::Ok);
    let view = View::of(rf.0, carrier.map(|c| c.offset_hz), modulated)?;
    let families = supply::families(&ripple, supply.0);
    let detail = compare(&families, &view, carrier);
    let gates = gates(&families, &view);
    Ok(Linked { supply: ripple, rf: spurs, gates, detail })
}

fn compare(families: &[Family], view: &View, carrier: Option<Carrier>) -> LinkDetail {
    let mut pairs: Vec<Pair> = view.pairs().into_iter().filter(|p| p.both).collect();
    let mut links: Vec<Link> = Vec::new();
    for family in families {
        if let Some(link) = family_link(family, view, &pairs, families.len()) {
            let taken = |p: &Pair| link.lines.iter().any(|l| (l.offset_hz - p.offset_hz).abs() < 2.0 * p.sigma_hz);
            pairs.retain(|p| !taken(p));
            links.push(link);
        }
    }
    links.sort_by(|a, b| a.false_link_probability.total_cmp(&b.false_link_probability));
    let unlinked = pairs
        .iter()
        .take(32)
        .map(|p| UnlinkedPair { offset_hz: p.offset_hz, level_dbc: db_from_power(p.upper.max(p.lower)) });
    LinkDetail {
        found: !links.is_empty(),
        method: view.method(),
        carrier: carrier.filter(|_| view.method() == LinkMethod::Carrier),
        lowest_hz: view.lowest_hz(),
        highest_hz: view.highest_hz(),
        families: families.iter().map(|f| f.kind).collect(),
        links,
        unlinked: unlinked.collect(),
    }
}

/// A line of the family as the sidebands show it, and whether it agrees within what the instruments are known to.
struct Match {
    line: LinkedLine,
    pair: Pair,
    close: bool,
    /// Whether it sits at a multiple of 100 Hz and the mains do not.
    frame_clock: bool,
}

fn family_link(family: &Family, view: &View, pairs: &[Pair], families: usize) -> Option<Link> {
    let candidates = family.candidates(view.lowest_hz(), view.highest_hz());
    let strongest = candidates.iter().filter_map(|c| c.rms_v).fold(0.0, f64::max);
    let expected: Vec<bool> = candidates.iter().map(|c| c.rms_v.is_some_and(|v| v >= EXPECTED * strongest)).collect();
    let count = expected.iter().filter(|e| **e).count();
    let share = |of: usize| 0.5 * NOISE_CHANCE / of.max(1) as f64;
    let noise = |expected: bool| if expected { share(count) } else { share(candidates.len() - count) };
    let matches: Vec<Match> = candidates
        .iter()
        .zip(&expected)
        .filter_map(|(c, expected)| matched(family, c, view, noise(*expected)))
        .collect();
    let is_match = |p: &&Pair| matches.iter().any(|m| m.pair.offset_hz == p.offset_hz);
    let others: Vec<f64> = pairs.iter().filter(|p| !is_match(p)).map(|p| p.offset_hz).collect();
    let reach = |c: &supply::Candidate, close: bool| {
        // A line that was not found would have been placed to a quarter of a bin.
        let found = matches.iter().find(|m| m.line.order == c.order).map(|m| m.pair.sigma_hz);
        let sigma = found.unwrap_or(0.25 * view.bin_hz(c.frequency_hz));
        if close { family.close(c, sigma) } else { family.wide(c, sigma) }
    };
    // The supply's lines, strongest first: the strongest one, two, four ... of them are tried together.
    let mut ranked: Vec<&supply::Candidate> =
        candidates.iter().zip(&expected).filter(|(_, e)| **e).map(|(c, _)| c).collect();
    ranked.sort_by(|a, b| b.rms_v.unwrap_or(0.0).total_cmp(&a.rms_v.unwrap_or(0.0)));
    let tail = |close: bool| {
        let window =
            |c: &&supply::Candidate| chance::of_window(c.frequency_hz, reach(c, close), &others, view.highest_hz());
        let hit = |c: &&&supply::Candidate| matches.iter().any(|m| m.line.order == c.order && (m.close || !close));
        let windows: Vec<f64> = ranked.iter().map(window).collect();
        let hits: Vec<usize> = (0..=ranked.len()).map(|n| ranked.iter().take(n).filter(hit).count()).collect();
        chance::best_of_first(&hits, &windows)
    };
    let (close, wide) = (tail(true), tail(false));
    let chance = ((CLOSE_SHARE * close).min(WIDE_SHARE * wide) * families as f64).min(1.0);
    if chance > MOST_CHANCE {
        return None;
    }
    let lines: Vec<&Match> = matches.iter().filter(|m| m.close || WIDE_SHARE * wide < CLOSE_SHARE * close).collect();
    // The strongest evidence counts most: weights are the inverse variances of the fundamental each line implies.
    let (mut sum, mut weights) = (0.0, 0.0);
    for m in &lines {
        let order = f64::from(m.line.order);
        let weight = (order / m.pair.sigma_hz.max(1e-9)).powi(2);
        sum += weight * m.line.offset_hz / order;
        weights += weight;
    }
    let rf = sum / weights;
    let error_hz = rf - family.fundamental_hz;
    Some(Link {
        family: family.kind,
        supply_fundamental_hz: family.fundamental_hz,
        rf_fundamental_hz: rf,
        error_hz,
        error_ppm: 1e6 * error_hz / family.fundamental_hz,
        expected: count,
        false_link_probability: chance,
        frame_clock: lines.iter().all(|m| m.frame_clock),
        lines: lines.into_iter().map(|m| m.line).collect(),
    })
}

fn matched(family: &Family, c: &supply::Candidate, view: &View, noise: f64) -> Option<Match> {
    let bin = view.bin_hz(c.frequency_hz);
    let off = |p: &Pair| (p.offset_hz - c.frequency_hz).abs();
    let within = |reach: f64, most: &dyn Fn(&Pair) -> f64| {
        let pair = view.near(c.frequency_hz, reach + bin)?;
        (pair.both && pair.false_alarm < noise && off(&pair) <= most(&pair)).then_some(pair)
    };
    let close = within(family.close(c, 0.0), &|p| family.close(c, p.sigma_hz));
    let (pair, close) = match close {
        Some(pair) => (pair, true),
        None => (within(family.wide(c, 0.0), &|p| family.wide(c, p.sigma_hz))?, false),
    };
    let error_hz = pair.offset_hz - c.frequency_hz;
    // A transmitter's own frame clock is exact; a mains line beside it is another thing.
    let frame = (pair.offset_hz / FRAME_HZ).round() * FRAME_HZ;
    let on_frame = (pair.offset_hz - frame).abs() < 3.0 * pair.sigma_hz + FRAME_PPM * frame;
    let apart = error_hz.abs() > 3.0 * pair.sigma_hz.hypot(f64::from(c.order) * family.sigma_hz);
    let frame_clock = family.kind == SupplyFamily::Mains && on_frame && apart;
    let pm = pair.pm.unwrap_or(0.0);
    let modulates = match pair.pm {
        Some(pm) if pm > 3.16 * pair.am => Modulates::Phase,
        Some(pm) if pair.am <= 3.16 * pm => Modulates::Both,
        _ => Modulates::Amplitude,
    };
    let line = LinkedLine {
        order: c.order,
        supply_hz: c.frequency_hz,
        supply_rms_v: c.rms_v,
        offset_hz: pair.offset_hz,
        error_hz,
        upper_dbc: db_from_power(pair.upper),
        lower_dbc: db_from_power(pair.lower),
        snr_db: db_from_power(pair.snr),
        am_percent: 100.0 * pair.am,
        pm_rad: pair.pm.map(|_| pm),
        modulates,
    };
    Some(Match { line, pair, close, frame_clock })
}

fn gates(families: &[Family], view: &View) -> Vec<Gate> {
    let mut out = Vec::new();
    if families.is_empty() {
        let detail = "the supply shows no mains lines, no switching lines and no others that could be looked for";
        out.push(Gate::new("supply_lines", GateState::Warn, detail));
    }
    let (low, high) = (view.lowest_hz(), view.highest_hz());
    for family in families.iter().filter(|f| f.candidates(low, high).is_empty()) {
        let detail = format!(
            "the RF record tells offsets of {low:.3} to {high:.0} Hz from the carrier; no line of the supply at \
             multiples of {:.3} Hz lies there: record longer, or at a higher rate",
            family.fundamental_hz
        );
        out.push(Gate::new("coverage", GateState::Warn, detail));
    }
    gate::merge([out])
}
