//! Random numbers that are the same on every platform: SplitMix64 seeds xoshiro256++, Box-Muller makes Gaussians.
//!
//! Definitions: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014), and Blackman, Vigna,
//! "Scrambled linear pseudorandom number generators" (2021). The logarithm and the sine come from `libm`, because those
//! of the platform may differ in the last bit.

use std::f64::consts::TAU;

/// The seeding sequence.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// Starts at a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = self.0;
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// A xoshiro256++ generator.
#[derive(Debug, Clone)]
pub struct Random {
    state: [u64; 4],
    spare: Option<f64>,
}

impl Random {
    /// Stream `stream` of a seed: different streams of one seed are independent, so that a model that draws one number
    /// more does not change its noise.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mix = SplitMix64::new(SplitMix64::new(seed).next_u64() ^ SplitMix64::new(!stream).next_u64());
        Self::from_state([mix.next_u64(), mix.next_u64(), mix.next_u64(), mix.next_u64()])
    }

    /// A generator in a given state, which must not be all zero.
    #[must_use]
    pub const fn from_state(state: [u64; 4]) -> Self {
        Self { state, spare: None }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in 0 (included) to 1 (excluded), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform between two bounds.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Standard normal (mean 0, variance 1) by Box-Muller.
    pub fn gaussian(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        // 1 - u lies in (0, 1], so the logarithm is finite.
        let radius = (-2.0 * libm::log(1.0 - self.uniform())).sqrt();
        let (sin, cos) = libm::sincos(TAU * self.uniform());
        self.spare = Some(radius * sin);
        radius * cos
    }

    /// Exponentially distributed with the given mean: the time to the next of independent events.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.uniform())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_gives_the_published_sequence() {
        // First outputs for seed 1234567, as published with the reference C source.
        let mut mix = SplitMix64::new(1_234_567);
        let got: Vec<u64> = (0..5).map(|_| mix.next_u64()).collect();
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(got, expected);
    }

    #[test]
    fn xoshiro_gives_the_published_sequence() {
        // First outputs of the reference C source from the state 1, 2, 3, 4.
        let mut random = Random::from_state([1, 2, 3, 4]);
        let got: Vec<u64> = (0..10).map(|_| random.next_u64()).collect();
        let expected = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
            14_011_001_112_246_962_877,
            12_406_186_145_184_390_807,
            15_849_039_046_786_891_736,
            10_450_023_813_501_588_000,
        ];
        assert_eq!(got, expected);
    }

    #[test]
    fn gaussians_have_the_moments_of_the_normal_distribution() {
        let mut random = Random::new(7, 0);
        let n = 200_000;
        let draws: Vec<f64> = (0..n).map(|_| random.gaussian()).collect();
        let moment = |k: i32| draws.iter().map(|x| x.powi(k)).sum::<f64>() / f64::from(n);
        // Standard errors are 0.0022, 0.0032 and 0.022; the bounds are more than four of them.
        assert!(moment(1).abs() < 0.01);
        assert!((moment(2) - 1.0).abs() < 0.015);
        assert!((moment(4) - 3.0).abs() < 0.1);
    }

    #[test]
    fn streams_of_one_seed_differ() {
        let draw = |seed, stream| Random::new(seed, stream).next_u64();
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0), draw(1, 1));
        assert_ne!(draw(1, 0), draw(2, 0));
        assert_ne!(draw(0, 1), draw(1, 0));
    }

    #[test]
    fn uniform_stays_inside_its_interval_and_fills_it() {
        let mut random = Random::new(3, 1);
        let draws: Vec<f64> = (0..10_000).map(|_| random.between(-2.0, 3.0)).collect();
        assert!(draws.iter().all(|x| (-2.0..3.0).contains(x)));
        assert!(draws.iter().any(|x| *x < -1.9) && draws.iter().any(|x| *x > 2.9));
        assert!((0..1000).all(|_| random.exponential(2.0) >= 0.0));
    }
}
