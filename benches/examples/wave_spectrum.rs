//! The spectrum part of `ripple` alone, for its promise: `wave_spectrum FILE` prints mean, extremes and rms of the first
//! channel, and the total of its averaged spectrum, by the measurement's own code.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: wave_spectrum FILE")?;
    let capture = faultscope_capture::open(Path::new(&file), &faultscope_capture::OpenOptions::default())?;
    let trace = capture.main_trace().ok_or("the file holds no trace")?;
    let ([mean, min, max, rms], spectrum) = faultscope_diagnose::measurement::ripple_statistics(trace)?;
    let spectrum = spectrum.ok_or("the file is too short for a spectrum")?;
    let (points, total) = (2 * (spectrum.mean.len() - 1), spectrum.mean.iter().sum::<f64>());
    #[allow(clippy::print_stdout, reason = "what an example is for")]
    {
        println!("mean {mean} range {min} to {max} rms {rms}, {points} points: {total}");
    }
    Ok(())
}
