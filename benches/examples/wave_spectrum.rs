//! The spectrum part of `ripple` alone, for its promise: `wave_spectrum FILE` prints mean, extremes and rms of the first
//! channel, and the total of its averaged 65536-point spectrum.

use std::error::Error;
use std::path::Path;

use faultscope_signal::wide::wide;
use faultscope_signal::{Record, SpectrumSettings, Window};

const LANES: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: wave_spectrum FILE")?;
    let capture = faultscope_capture::open(Path::new(&file), &faultscope_capture::OpenOptions::default())?;
    let trace = capture.main_trace().ok_or("the file holds no trace")?;
    let mut block = vec![0.0; 1 << 14];
    let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let (mut sum, mut square, mut at) = ([0.0; LANES], [0.0; LANES], 0);
    loop {
        let n = trace.read_f64(at, &mut block)?;
        if n == 0 {
            break;
        }
        at += n as u64;
        wide(
            #[inline(always)]
            || {
                for part in block[..n].chunks(LANES) {
                    for (k, &v) in part.iter().enumerate() {
                        low[k] = low[k].min(v);
                        high[k] = high[k].max(v);
                        sum[k] += v;
                        square[k] += v * v;
                    }
                }
            },
        );
    }
    let (mean, power) = (sum.iter().sum::<f64>() / at as f64, square.iter().sum::<f64>() / at as f64);
    let range = (low.into_iter().fold(f64::INFINITY, f64::min), high.into_iter().fold(f64::NEG_INFINITY, f64::max));
    let settings = SpectrumSettings { fft: 1 << 16, window: Window::Hann, overlap: 0.5 };
    let spectrum = faultscope_signal::spectrum::average(trace, settings)?;
    let total: f64 = spectrum.mean.iter().sum();
    #[allow(clippy::print_stdout, reason = "what an example is for")]
    {
        println!("mean {mean} range {range:?} rms {} spectrum {total}", (power - mean * mean).max(0.0).sqrt());
    }
    Ok(())
}
