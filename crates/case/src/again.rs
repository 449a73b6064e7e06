//! Findings computed again: which come out the same, which do not and why, and which cannot be computed again at all.
//!
//! The same program on the same kind of processor gives the same bytes. Another version, or a processor with wider registers,
//! sums in another order: values then count as the same within 0.01 dB, 1 mHz
//! and a millionth, or a ten-thousandth; verdicts always have to be equal. What the causes say
//! is not compared: they follow from findings and rules, and are no verdict.

use faultscope_diagnose::{At, Finding};
use serde::{Deserialize, Serialize};

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AgainState {
    /// Computed again; value within rounding, verdict and limit equal.
    Same,
    /// Computed again, and something is not equal.
    Differs,
    /// Could not be computed again: nothing is known of it.
    NotEvaluated,
}

/// Why a finding differs or could not be computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The capture, or the event that holds the finding, is not what it was.
    DataChanged,
    /// The limit is another one in the pack that is at hand.
    LimitPackChanged,
    /// The limit pack is not at hand.
    LimitPackMissing,
    /// Another version of the program, or this version built otherwise, computes something else.
    ProgramChanged,
    /// The reading is defined otherwise by now.
    DefinitionChanged,
    /// The settings are not there, or this program does not take them.
    Settings,
    /// No samples were kept with it.
    NoCapture,
    /// It rests on several captures or a reference, which are not laid out again.
    SeveralCaptures,
}

impl Why {
    /// The JSON name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataChanged => "data_changed",
            Self::LimitPackChanged => "limit_pack_changed",
            Self::LimitPackMissing => "limit_pack_missing",
            Self::ProgramChanged => "program_changed",
            Self::DefinitionChanged => "definition_changed",
            Self::Settings => "settings",
            Self::NoCapture => "no_capture",
            Self::SeveralCaptures => "several_captures",
        }
    }
}

/// One finding, computed again or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Again {
    /// Number of the event that attached it.
    pub event: u64,
    /// Id of the finding.
    pub finding: String,
    /// What became of it.
    pub state: AgainState,
    /// Why, unless it is the same.
    pub why: Option<Why>,
    /// What was attached and what is computed, or what is missing; empty where every byte is the same.
    pub detail: String,
}

/// All findings of a case, computed again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Recomputed {
    /// Findings: those of the case, and those that come out now and are not in it.
    pub findings: u64,
    /// Computed again.
    pub recomputed: u64,
    /// Of these, the same.
    pub same: u64,
    /// Of these, not the same.
    pub differs: u64,
    /// Not computed again.
    pub not_evaluated: u64,
    /// One answer a finding, in the order of the case.
    pub answers: Vec<Again>,
}

impl Recomputed {
    /// Takes answers in.
    pub fn extend(&mut self, answers: impl IntoIterator<Item = Again>) {
        for answer in answers {
            self.findings += 1;
            match answer.state {
                AgainState::Same => self.same += 1,
                AgainState::Differs => self.differs += 1,
                AgainState::NotEvaluated => self.not_evaluated += 1,
            }
            self.recomputed = self.same + self.differs;
            self.answers.push(answer);
        }
    }
}

/// The same answer for each of some findings.
pub fn not_evaluated(event: u64, findings: &[Finding], why: Why, detail: &str) -> Vec<Again> {
    findings.iter().map(|f| answer(event, f, AgainState::NotEvaluated, Some(why), detail.to_owned())).collect()
}

/// What is known of the two computations beside their findings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Circumstances<'a> {
    /// Number of the event.
    pub event: u64,
    /// Program that attached them, and the one that computes them again, where these are two.
    pub programs: Option<(&'a str, &'a str)>,
    /// Whether the choices that the measurement made are others.
    pub settings_differ: bool,
    /// Definitions of readings that are others: reading, then, now.
    pub definitions: &'a [(String, String, String)],
    /// Limit packs that are not at hand.
    pub missing: &'a [String],
}

/// Compares what was attached with what is computed again, finding by finding.
#[must_use]
pub fn compare(kept: &[Finding], again: &[Finding], about: &Circumstances<'_>) -> Vec<Again> {
    let mut left: Vec<&Finding> = again.iter().collect();
    let mut answers: Vec<Again> = kept.iter().map(|k| one(k, &mut left, about)).collect();
    // One more failing line is a difference, too; what a limit says that was not asked then is none.
    let asked = |f: &Finding| kept.iter().any(|k| limit_of(k) == limit_of(f));
    let more = left.into_iter().filter(|f| asked(f));
    answers.extend(more.map(|f| {
        let detail = format!("not attached; {} is computed", told(f));
        let why = blame(about, &f.reading);
        answer(about.event, f, state_for(why), Some(why), detail)
    }));
    answers
}

fn one(kept: &Finding, left: &mut Vec<&Finding>, about: &Circumstances<'_>) -> Again {
    if let Some(pack) = kept.limit.as_ref().map(|l| &l.pack).filter(|pack| about.missing.contains(pack)) {
        let detail = format!("the limit pack {pack} is not at hand");
        return answer(about.event, kept, AgainState::NotEvaluated, Some(Why::LimitPackMissing), detail);
    }
    let Some(place) = counterpart(kept, left) else {
        let detail = format!("{} was attached, no such finding is computed", told(kept));
        let why = blame(about, &kept.reading);
        return answer(about.event, kept, state_for(why), Some(why), detail);
    };
    let again = left.remove(place);
    if bare(kept) == bare(again) {
        return answer(about.event, kept, AgainState::Same, None, String::new());
    }
    if same(kept, again) {
        let detail = match version_of(kept) == version_of(again) {
            true => format!("equal within rounding: {} was attached, {} is computed", told(kept), told(again)),
            false => format!("the same by version {} of the limit pack", version_of(again).unwrap_or_default()),
        };
        return answer(about.event, kept, AgainState::Same, None, detail);
    }
    let (why, of) = match bounds(kept) == bounds(again) {
        true => (blame(about, &kept.reading), String::new()),
        false => (Why::LimitPackChanged, format!(" by {}", limit_told(again))),
    };
    let detail = format!("{} was attached, {} is computed{of}{}", told(kept), told(again), because(about, kept));
    answer(about.event, kept, state_for(why), Some(why), detail)
}

/// With other settings another thing was computed, which says nothing of this one.
const fn state_for(why: Why) -> AgainState {
    match why {
        Why::Settings => AgainState::NotEvaluated,
        _ => AgainState::Differs,
    }
}

fn answer(event: u64, finding: &Finding, state: AgainState, why: Option<Why>, detail: String) -> Again {
    Again { event, finding: finding.id.clone(), state, why, detail }
}

/// The finding that answers the same limit at the same place: an equal one, else one of the same id, else one nearby. Pieces of a
/// limit line have one id.
fn counterpart(kept: &Finding, left: &[&Finding]) -> Option<usize> {
    let alike = |f: &Finding| limit_of(f) == limit_of(kept) && f.reading == kept.reading;
    let first = |fits: &dyn Fn(&Finding) -> bool| left.iter().position(|f| alike(f) && fits(f));
    first(&|f| f.id == kept.id && same(kept, f))
        .or_else(|| first(&|f| f.id == kept.id && near_place(kept.at, f.at)))
        .or_else(|| first(&|f| near_place(kept.at, f.at)))
        .or_else(|| first(&|f| f.id == kept.id))
}

fn limit_of(finding: &Finding) -> Option<(&str, &str)> {
    finding.limit.as_ref().map(|l| (l.pack.as_str(), l.id.as_str()))
}

fn version_of(finding: &Finding) -> Option<&str> {
    finding.limit.as_ref().map(|l| l.pack_version.as_str())
}

/// What a limit demands.
fn bounds(finding: &Finding) -> Option<(Option<f64>, Option<f64>, f64)> {
    finding.limit.as_ref().map(|l| (l.upper, l.lower, l.guard))
}

/// A finding without what depends on the language and on the rules.
fn bare(finding: &Finding) -> Option<String> {
    let bare = Finding { summary: String::new(), causes: Vec::new(), ..finding.clone() };
    serde_json::to_string(&bare).ok()
}

fn same(a: &Finding, b: &Finding) -> bool {
    let values = [(a.value, b.value), (a.margin, b.margin)];
    a.verdict == b.verdict
        && a.severity == b.severity
        && a.alarm == b.alarm
        && a.unit == b.unit
        && bounds(a) == bounds(b)
        && near_place(a.at, b.at)
        && values.into_iter().all(|(x, y)| both(x, y, |x, y| near(x, y, a)))
        && both(a.uncertainty, b.uncertainty, |x, y| (x - y).abs() <= 0.05 * x.abs().max(y.abs()))
}

fn both(a: Option<f64>, b: Option<f64>, near: impl Fn(f64, f64) -> bool) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => near(a, b),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Whether two values of a finding are one value within what another order of summation changes: 0.01 dB for levels, 1 mHz and a
/// millionth for frequencies, a ten-thousandth for all others, or a hundredth of the stated uncertainty where that is more.
fn near(a: f64, b: f64, finding: &Finding) -> bool {
    let size = a.abs().max(b.abs());
    let rounding = match finding.unit.difference().symbol() {
        "dB" => 0.01,
        "Hz" => 1e-3 + 1e-6 * size,
        _ => 1e-4 * size,
    };
    (a - b).abs() <= rounding.max(0.01 * finding.uncertainty.unwrap_or(0.0))
}

/// Whether two readings were taken at one place: within a hertz or a millionth, within a microsecond or a millionth.
fn near_place(a: Option<At>, b: Option<At>) -> bool {
    let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
    let within = |least: f64| move |x: f64, y: f64| (x - y).abs() <= least + 1e-6 * x.abs().max(y.abs());
    let frequencies =
        [(a.frequency_hz, b.frequency_hz), (a.offset_hz, b.offset_hz), (a.low_hz, b.low_hz), (a.high_hz, b.high_hz)];
    frequencies.into_iter().all(|(x, y)| both(x, y, within(1.0))) && both(a.start_s, b.start_s, within(1e-6))
}

/// Why a reading comes out otherwise, where data and limit are the same.
fn blame(about: &Circumstances<'_>, reading: &str) -> Why {
    if about.definitions.iter().any(|(id, ..)| id == reading) {
        Why::DefinitionChanged
    } else if about.programs.is_none() && about.settings_differ {
        Why::Settings
    } else {
        Why::ProgramChanged
    }
}

fn because(about: &Circumstances<'_>, kept: &Finding) -> String {
    let defined = about.definitions.iter().find(|(id, ..)| *id == kept.reading);
    let defined = defined.map(|(_, then, now)| format!("; definition {then} then, {now} now"));
    let program = about.programs.map(|(then, now)| format!("; {then} then, {now} now"));
    [defined, program].into_iter().flatten().collect()
}

fn told(finding: &Finding) -> String {
    let value = finding.value.map_or_else(|| "no value".to_owned(), |v| format!("{v} {}", finding.unit));
    format!("{} {value} {}", finding.id, finding.verdict.name())
}

fn limit_told(finding: &Finding) -> String {
    let Some(limit) = &finding.limit else { return "no limit".into() };
    let bound = |name: &str, bound: Option<f64>| bound.map(|b| format!(" {name} {b}")).unwrap_or_default();
    let (upper, lower) = (bound("at most", limit.upper), bound("at least", limit.lower));
    format!("{} {}:{upper}{lower} {}", limit.pack, limit.pack_version, finding.unit)
}

#[cfg(test)]
mod tests {
    use faultscope_diagnose::Verdict;
    use serde_json::json;

    use super::*;

    fn finding(change: impl FnOnce(&mut Finding)) -> Finding {
        let mut finding: Finding = serde_json::from_value(json!({
            "id": "spurs/spur@1000.0Hz", "measurement": "spurs", "reading": "spur_level", "value": -60.0, "unit": "dBc",
            "uncertainty": 0.2, "margin": -5.0, "verdict": "fail", "severity": "major", "at": {"frequency_hz": 1000.0},
            "summary": "s", "causes": [], "alarm": null,
            "limit": {"id": "spur", "pack": "p", "pack_version": "1", "clause": "c", "upper": -65.0, "guard": 0.0,
                      "confidence": "R"}
        }))
        .unwrap();
        change(&mut finding);
        finding
    }

    #[track_caller]
    fn against(again: &[Finding], about: &Circumstances<'_>) -> (AgainState, Option<Why>, String) {
        let mut answers = compare(&[finding(|_| ())], again, about);
        assert_eq!(answers.len(), 1, "{answers:?}");
        let Again { state, why, detail, .. } = answers.remove(0);
        (state, why, detail)
    }

    #[test]
    fn language_and_causes_do_not_count_and_rounding_is_told_from_a_change() {
        let about = Circumstances::default();
        assert_eq!(
            against(&[finding(|f| f.summary = "另一种语言".into())], &about),
            (AgainState::Same, None, String::new())
        );
        let (state, why, detail) = against(&[finding(|f| f.value = Some(-60.009))], &about);
        assert_eq!((state, why), (AgainState::Same, None));
        assert!(detail.contains("rounding"));
        for change in [
            |f: &mut Finding| f.value = Some(-60.011),
            |f: &mut Finding| f.verdict = Verdict::Margin,
            |f: &mut Finding| f.at = Some(At { frequency_hz: Some(1001.5), ..At::default() }),
            |f: &mut Finding| f.value = None,
            |f: &mut Finding| f.uncertainty = None,
        ] {
            assert_eq!(against(&[finding(change)], &about).1, Some(Why::ProgramChanged));
        }
        let gone = against(&[], &about);
        assert_eq!((gone.0, gone.1), (AgainState::Differs, Some(Why::ProgramChanged)));
    }

    #[test]
    fn what_differs_is_put_down_to_what_is_known_to_differ() {
        let other = [finding(|f| f.value = Some(-70.0))];
        let definitions = [("spur_level".to_owned(), "spur_level/1".to_owned(), "spur_level/2".to_owned())];
        let about = Circumstances { definitions: &definitions, ..Circumstances::default() };
        let (_, why, detail) = against(&other, &about);
        assert!(why == Some(Why::DefinitionChanged) && detail.contains("spur_level/2 now"), "{detail}");
        let about = Circumstances { settings_differ: true, ..Circumstances::default() };
        let (state, why, _) = against(&other, &about);
        assert_eq!((state, why), (AgainState::NotEvaluated, Some(Why::Settings)));
        let about = Circumstances { programs: Some(("faultscope 0.1.0", "faultscope 0.2.0")), ..about };
        let (_, why, detail) = against(&other, &about);
        assert!(why == Some(Why::ProgramChanged) && detail.contains("0.2.0 now"), "{detail}");
        let stricter = finding(|f| f.limit.as_mut().unwrap().upper = Some(-70.0));
        assert_eq!(against(&[stricter], &about).1, Some(Why::LimitPackChanged));
        // A newer pack that demands the same gives the same answer, and says that it is a newer one.
        let newer = finding(|f| f.limit.as_mut().unwrap().pack_version = "2".into());
        let (state, _, detail) = against(&[newer], &about);
        assert!(state == AgainState::Same && detail.contains("version 2"), "{detail}");
        let about = Circumstances { missing: &["p".to_owned()], ..Circumstances::default() };
        let missing = against(&[], &about);
        assert_eq!((missing.0, missing.1), (AgainState::NotEvaluated, Some(Why::LimitPackMissing)));
    }

    #[test]
    fn a_line_more_is_a_difference_but_not_one_of_a_limit_that_was_not_asked() {
        let line = finding(|f| {
            f.id = "spurs/spur@3000.0Hz".into();
            f.at = Some(At { frequency_hz: Some(3000.0), ..At::default() });
        });
        let stranger = finding(|f| f.limit.as_mut().unwrap().id = "other".into());
        let answers = compare(&[finding(|_| ())], &[line, stranger, finding(|_| ())], &Circumstances::default());
        let states: Vec<_> = answers.iter().map(|a| a.state).collect();
        assert_eq!(states, [AgainState::Same, AgainState::Differs]);
        let mut sum = Recomputed::default();
        sum.extend(answers);
        sum.extend(not_evaluated(4, &[finding(|_| ())], Why::NoCapture, "x"));
        assert_eq!((sum.findings, sum.recomputed, sum.same, sum.differs, sum.not_evaluated), (3, 2, 1, 1, 1));
    }
}
