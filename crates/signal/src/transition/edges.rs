//! Edges of a two-state signal found while it streams by: the instants at which it crosses its reference levels.

use super::levels::States;

/// Reference levels as shares of the amplitude: 10, 20, 50, 80 and 90 %, and the hysteresis at 30 and 70 %.
const LEVELS: [f64; 7] = [0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9];

/// One edge. Instants are in samples from the first one, between samples by straight lines; those of 10 to 90 % are
/// named by the level crossed, so that a falling edge meets `t90` first. One that the record does not show is absent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// From the low to the high state.
    pub rising: bool,
    /// Instant at 10 %.
    pub t10: Option<f64>,
    /// Instant at 20 %.
    pub t20: Option<f64>,
    /// Instant at 50 %.
    pub t50: f64,
    /// Instant at 80 %.
    pub t80: Option<f64>,
    /// Instant at 90 %.
    pub t90: Option<f64>,
}

impl Edge {
    /// Transition duration from 10 to 90 %, in samples.
    #[must_use]
    pub fn duration(&self) -> Option<f64> {
        Some((self.t90? - self.t10?).abs())
    }

    /// Transition duration from 20 to 80 %, in samples.
    #[must_use]
    pub fn duration_20_80(&self) -> Option<f64> {
        Some((self.t80? - self.t20?).abs())
    }

    /// Where it leaves the old state: at 10 % of the way where that is known.
    #[must_use]
    pub fn start(&self) -> f64 {
        if self.rising { self.t10 } else { self.t90 }.unwrap_or(self.t50)
    }

    /// Where it reaches the new state: at 90 % of the way where that is known.
    #[must_use]
    pub fn end(&self) -> f64 {
        if self.rising { self.t90 } else { self.t10 }.unwrap_or(self.t50)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Low,
    High,
}

/// Finds edges. An edge counts once the signal has come from below 30 to above 70 % or back, so that noise on a slow
/// edge is not taken for several. Crossings are the last one on leaving a state and the first one on arriving.
#[derive(Debug, Clone)]
pub struct EdgeFinder {
    levels: [f64; 7],
    state: State,
    /// The sample before: its place, its value, and how many reference levels lie at or below it.
    last: Option<(u64, f64, usize)>,
    crossed: [Option<f64>; 7],
    pending: Option<Edge>,
}

impl EdgeFinder {
    /// A finder for edges between two states.
    #[must_use]
    pub fn new(states: &States) -> Self {
        let levels = LEVELS.map(|share| states.low + share * states.amplitude());
        Self { levels, state: State::Unknown, last: None, crossed: [None; 7], pending: None }
    }

    /// Takes the samples from `first` on, which follow those before without a gap; `found` gets each whole edge.
    pub fn push(&mut self, first: u64, samples: &[f64], mut found: impl FnMut(Edge)) {
        for (i, &value) in samples.iter().enumerate() {
            if !value.is_finite() {
                continue;
            }
            let band = self.levels.iter().filter(|l| **l <= value).count();
            let at = first + i as u64;
            match self.last {
                Some((before, from, old)) if band != old => {
                    self.cross((before, from, old), (at, value, band), &mut found)
                }
                Some(_) => {}
                None => self.state = state_of(band).unwrap_or(State::Unknown),
            }
            self.last = Some((at, value, band));
        }
    }

    /// Gives the edge that the end of the record has cut off, if there is one.
    pub fn finish(mut self) -> Option<Edge> {
        self.pending.take()
    }

    fn cross(
        &mut self,
        (t0, v0, old): (u64, f64, usize),
        (t1, v1, new): (u64, f64, usize),
        found: &mut impl FnMut(Edge),
    ) {
        let instant = |level: f64| t0 as f64 + (t1 - t0) as f64 * ((level - v0) / (v1 - v0)).clamp(0.0, 1.0);
        let upwards = new > old;
        for k in old.min(new)..old.max(new) {
            let at = instant(self.levels[k]);
            // Only crossings in the direction of the edge to come, or of the one in progress, are of use.
            let wanted = match self.state {
                State::Low => upwards,
                State::High => !upwards,
                State::Unknown => false,
            };
            if wanted {
                self.crossed[k] = Some(at);
            }
            if let Some(edge) = self.pending.as_mut().filter(|e| e.rising == upwards) {
                let (eighty, ninety) = if upwards { (5, 6) } else { (1, 0) };
                let slot = if upwards { (&mut edge.t80, &mut edge.t90) } else { (&mut edge.t20, &mut edge.t10) };
                if k == eighty {
                    slot.0.get_or_insert(at);
                } else if k == ninety {
                    slot.1.get_or_insert(at);
                }
            }
        }
        if let Some(next) = state_of(new)
            && next != self.state
        {
            self.change(next, instant(self.levels[3]), found);
        }
        if self.pending.is_some_and(|e| if e.rising { e.t90 } else { e.t10 }.is_some()) {
            self.pending.take().into_iter().for_each(found);
        }
    }

    fn change(&mut self, next: State, here: f64, found: &mut impl FnMut(Edge)) {
        self.pending.take().into_iter().for_each(found);
        let c = &self.crossed;
        if self.state != State::Unknown {
            let t50 = c[3].unwrap_or(here);
            self.pending = Some(Edge { rising: next == State::High, t10: c[0], t20: c[1], t50, t80: c[5], t90: c[6] });
        }
        self.crossed = [None; 7];
        self.state = next;
    }
}

fn state_of(band: usize) -> Option<State> {
    match band {
        0..=2 => Some(State::Low),
        5.. => Some(State::High),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: States = States { low: 0.0, high: 1.0, noise: 0.0 };

    fn edges(samples: &[f64]) -> Vec<Edge> {
        let mut out = Vec::new();
        let mut finder = EdgeFinder::new(&UNIT);
        // In pieces, as a record is read.
        for (i, piece) in samples.chunks(7).enumerate() {
            finder.push(7 * i as u64, piece, |e| out.push(e));
        }
        out.extend(finder.finish());
        out
    }

    #[test]
    fn a_straight_edge_crosses_where_its_line_says() {
        // From 0 at 100 to 1 at 200: 10 % at 110, 90 % at 190; back down at twice the slope from 300 on.
        let samples: Vec<f64> = (0..500)
            .map(f64::from)
            .map(|t| ((t - 100.0) / 100.0).clamp(0.0, 1.0) - ((t - 300.0) / 50.0).clamp(0.0, 1.0))
            .collect();
        let found = edges(&samples);
        assert_eq!(found.len(), 2);
        let (up, down) = (found[0], found[1]);
        assert!(up.rising && !down.rising);
        for (got, expected) in [
            (up.t10, 110.0),
            (up.t20, 120.0),
            (Some(up.t50), 150.0),
            (up.t80, 180.0),
            (up.t90, 190.0),
            (down.t90, 305.0),
            (down.t80, 310.0),
            (Some(down.t50), 325.0),
            (down.t20, 340.0),
            (down.t10, 345.0),
        ] {
            assert!((got.unwrap() - expected).abs() < 1e-9, "{got:?} {expected}");
        }
        assert!((up.duration().unwrap() - 80.0).abs() < 1e-9 && (down.duration_20_80().unwrap() - 30.0).abs() < 1e-9);
    }

    #[test]
    fn an_edge_between_two_samples_is_interpolated() {
        let found = edges(&[0.0, 0.0, 1.0, 1.0, 0.0]);
        assert_eq!(found.len(), 2);
        assert!((found[0].t50 - 1.5).abs() < 1e-12 && (found[1].t50 - 3.5).abs() < 1e-12);
        assert!((found[0].duration().unwrap() - 0.8).abs() < 1e-12);
    }

    #[test]
    fn wobble_about_the_middle_is_one_edge_and_runts_are_none() {
        let found = edges(&[0.0, 0.45, 0.55, 0.45, 0.6, 0.4, 0.65, 1.0, 1.0]);
        assert_eq!(found.len(), 1);
        // The last crossing of 50 % upwards: from 0.4 at 5 to 0.65 at 6.
        assert!((found[0].t50 - 5.4).abs() < 1e-12);
        assert!(edges(&[0.0, 0.6, 0.0, 0.65, 0.0]).is_empty());
    }

    #[test]
    fn what_the_record_cuts_off_is_absent() {
        let found = edges(&[0.25, 0.6, 1.0, 1.0, 0.6, 0.25]);
        assert_eq!((found[0].t10, found[0].t20), (None, None));
        assert_eq!((found[1].t10, found[1].duration()), (None, None));
        assert!(edges(&[0.5, 1.0, 1.0]).is_empty());
        assert!(edges(&[f64::NAN; 5]).is_empty());
    }
}
