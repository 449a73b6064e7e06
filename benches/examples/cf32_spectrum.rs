//! A whole program for the ratio to a yardstick: `cf32_spectrum FILE avg|hold|hist [threads] [fft]`, CSV on the
//! standard output.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use faultscope_benches::Cf32File;
use faultscope_signal::spectrum::{Options, Traces, analyze};
use faultscope_signal::{Silent, SpectrumSettings, Window};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, mode, rest @ ..] = args.as_slice() else {
        return Err("usage: cf32_spectrum FILE avg|hold|hist [threads] [fft]".into());
    };
    let record = Cf32File::open(Path::new(path))?;
    let number = |i: usize, default| rest.get(i).map_or(Ok(default), |text: &String| text.parse());
    let settings = SpectrumSettings { fft: number(1, 4096)?, window: Window::Hann, overlap: 0.5 };
    let more = mode != "avg";
    let percentiles = if mode == "hist" { vec![50.0, 90.0] } else { vec![] };
    let traces = Traces { max: more, min: more, percentiles, persistence: mode == "hist", scale: None };
    let options = Options { traces, threads: number(0, 1)?, ..Options::default() };
    let s = analyze(&record, settings, &options, &Silent)?;
    let mut text = String::new();
    let held = [&s.max, &s.min];
    for (bin, &mean) in s.mean.iter().enumerate() {
        write!(text, "{},{:.3}", s.offset_hz(bin as f64), s.level_db(mean))?;
        let traces = held.into_iter().flatten().chain(s.percentiles.iter().map(|(_, trace)| trace));
        for trace in traces {
            write!(text, ",{:.3}", s.level_db(trace[bin]))?;
        }
        text.push('\n');
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
