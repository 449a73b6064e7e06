//! The address of a simulated instrument: `sim:MODEL?seed=1&severity=0.5&rate=20k`.

use super::{ALL, Model, Modulation, Scenario, SimError, find};

/// What an address of the simulated instrument begins with.
pub const SCHEME: &str = "sim:";

/// The keys that an address takes.
const KEYS: &str = "seed severity rate duration mains rail noise bits fsw center offset floor modulation";

/// A model and the scenario to run it in.
#[derive(Clone)]
pub struct Target {
    /// The model.
    pub model: &'static dyn Model,
    /// Its defaults with the changes of the address.
    pub scenario: Scenario,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("model", &self.model.id()).field("scenario", &self.scenario).finish()
    }
}

/// Reads `sim:MODEL?key=value&key=value`; numbers take engineering suffixes (`20k`, `2.4M`, `100u`).
///
/// # Errors
/// When the model or a key is not known (the error lists those that are), or a value is not allowed.
pub fn parse(address: &str) -> Result<Target, SimError> {
    let rest = address.trim().strip_prefix(SCHEME).ok_or_else(|| {
        SimError::new(format!("'{address}' is not the address of a simulated instrument"), "write sim:MODEL")
    })?;
    let (id, query) = rest.split_once('?').unwrap_or((rest, ""));
    let model = find(id).ok_or_else(|| unknown_model(id))?;
    let mut scenario = model.defaults();
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| SimError::new(format!("'{pair}' has no value"), format!("write {pair}=VALUE")))?;
        set(&mut scenario, key, value)?;
    }
    scenario.validate()?;
    Ok(Target { model, scenario })
}

fn unknown_model(id: &str) -> SimError {
    let names: Vec<&str> = ALL.iter().map(|m| m.id()).collect();
    let what = if id.is_empty() { "no model is named".to_owned() } else { format!("there is no model '{id}'") };
    SimError::new(what, format!("models are: {}", names.join(", ")))
}

fn set(s: &mut Scenario, key: &str, value: &str) -> Result<(), SimError> {
    match key {
        "seed" => s.seed = value.parse().map_err(|_| bad(key, value, "a whole number from 0"))?,
        "bits" => s.bits = value.parse().map_err(|_| bad(key, value, "a whole number from 0 to 24"))?,
        "modulation" => s.modulation = modulation(value)?,
        "severity" => s.severity = number(key, value)?,
        "rate" => s.rate_hz = number(key, value)?,
        "duration" => s.duration_s = number(key, value)?,
        "mains" => s.mains_hz = number(key, value)?,
        "rail" => s.rail_v = number(key, value)?,
        "noise" => s.noise_v = number(key, value)?,
        "fsw" => s.switching_hz = number(key, value)?,
        "center" => s.center_hz = number(key, value)?,
        "offset" => s.carrier_offset_hz = number(key, value)?,
        "floor" => s.noise_dbfs_per_hz = number(key, value)?,
        _ => return Err(SimError::new(format!("there is no setting '{key}'"), format!("settings are: {KEYS}"))),
    }
    Ok(())
}

fn bad(key: &str, value: &str, wanted: &str) -> SimError {
    SimError::new(format!("{key} is '{value}', which is not {wanted}"), format!("write {key}= and {wanted}"))
}

fn modulation(value: &str) -> Result<Modulation, SimError> {
    match value {
        "cw" => Ok(Modulation::Cw),
        "fm" => Ok(Modulation::Fm),
        "qpsk" => Ok(Modulation::Qpsk),
        "ofdm" => Ok(Modulation::Ofdm),
        _ => Err(bad("modulation", value, "cw, fm, qpsk or ofdm")),
    }
}

fn number(key: &str, text: &str) -> Result<f64, SimError> {
    crate::address::number(key, text).map_err(|e| SimError::new(e.what, e.hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_changes_the_defaults_of_its_model() {
        let t = parse("sim:reservoir-c-lost?seed=7&severity=0.25&rate=10k&duration=500m&mains=60").unwrap();
        assert_eq!(t.model.id(), "reservoir-c-lost");
        let s = &t.scenario;
        assert_eq!((s.seed, s.severity, s.rate_hz, s.duration_s, s.mains_hz), (7, 0.25, 10e3, 0.5, 60.0));
        assert_eq!(parse("sim:tx-healthy").unwrap().scenario, find("tx-healthy").unwrap().defaults());
        assert_eq!(parse("sim:tx-healthy?modulation=qpsk").unwrap().scenario.modulation, Modulation::Qpsk);
    }

    #[test]
    fn an_unknown_model_lists_the_known_ones() {
        for address in ["sim:", "sim:nonsense", "sim:?seed=1"] {
            let e = parse(address).unwrap_err();
            assert!(ALL.iter().all(|m| e.hint.contains(m.id())), "{address}: {}", e.hint);
        }
    }

    #[test]
    fn no_address_panics() {
        let mut random = crate::random::Random::new(11, 0);
        let alphabet: Vec<char> = "sim:?&=-+.eE019kMunaif\u{e9} rate".chars().collect();
        for _ in 0..20_000 {
            let length = (random.uniform() * 24.0) as usize;
            let tail: String =
                (0..length).map(|_| alphabet[(random.uniform() * alphabet.len() as f64) as usize]).collect();
            for address in [tail.clone(), format!("sim:tx-healthy?{tail}"), format!("sim:tx-healthy?rate={tail}")] {
                if let Ok(target) = parse(&address) {
                    assert!(target.scenario.validate().is_ok(), "{address}");
                }
            }
        }
    }

    #[test]
    fn a_bad_setting_says_which_and_what_is_allowed() {
        let cases = [
            ("usb:1", "not the address", "sim:MODEL"),
            ("sim:tx-healthy?colour=1", "colour", "severity"),
            ("sim:tx-healthy?seed", "no value", "seed="),
            ("sim:tx-healthy?seed=-1", "seed", "whole number"),
            ("sim:tx-healthy?severity=2", "severity", "between 0 and 1"),
            ("sim:tx-healthy?severity=nan", "severity", "number"),
            ("sim:tx-healthy?rate=0", "rate", "between"),
            ("sim:tx-healthy?rate=inf", "rate", "number"),
            ("sim:tx-healthy?rate=", "rate", "number"),
            ("sim:tx-healthy?duration=1e5", "duration", "between"),
            ("sim:tx-healthy?duration=80000", "frames", "rate or duration"),
            ("sim:tx-healthy?rate=1k&duration=1m&offset=0", "frames", "rate or duration"),
            ("sim:tx-healthy?offset=400k", "offset", "between"),
            ("sim:tx-healthy?modulation=am", "modulation", "qpsk"),
        ];
        for (address, what, hint) in cases {
            let e = parse(address).unwrap_err();
            assert!(e.what.contains(what) && e.hint.contains(hint), "{address}: {} / {}", e.what, e.hint);
        }
    }
}
