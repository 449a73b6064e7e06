//! No reader holds more than 64 MiB beyond the size of its file, whole, cut short or damaged; a counting allocator tells.
//!
//! A binary of its own with a single test, because the allocator counts for the whole process. `tests/samples` holds
//! files of every reader as the unit tests make them: `FAULTSCOPE_SEEDS=FOLDER cargo test -p faultscope-capture --lib`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test says no by panicking")]

use std::path::{Path, PathBuf};

use faultscope_capture::format::ALL;
use faultscope_capture::{Capture, OpenOptions, open};
use faultscope_signal::Record as _;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Beyond the file's size no reader may hold more. A single allocation cannot be larger than the peak.
const BOUND: usize = 64 << 20;

/// A sample: the reader's name, and the files that it consists of, the one to open first.
struct Sample {
    reader: String,
    files: Vec<(String, Vec<u8>)>,
}

impl Sample {
    fn load(path: &Path) -> Self {
        let reader = path.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(path).unwrap();
        let one = |name: &str| vec![(name.to_owned(), bytes.clone())];
        // Of a pair the length of the description comes first; of raw samples a line with their file name.
        let pair = |description: &str, samples: &str| {
            let (length, rest) = bytes.split_first_chunk::<2>().unwrap();
            let (first, second) = rest.split_at(usize::from(u16::from_le_bytes(*length)));
            vec![(description.to_owned(), first.to_vec()), (samples.to_owned(), second.to_vec())]
        };
        let files = match reader.as_str() {
            "sigmf" => pair("a.sigmf-meta", "a.sigmf-data"),
            "rohde-schwarz" => pair("a.bin", "a.Wfm.bin"),
            "raw" => {
                let end = bytes.iter().position(|b| *b == b'\n').unwrap();
                vec![(String::from_utf8(bytes[..end].to_vec()).unwrap(), bytes[end + 1..].to_vec())]
            }
            "sigmf-archive" => one("a.sigmf"),
            "gnuradio" => one("a.dat"),
            "lecroy" => one("a.trc"),
            "sigrok" => one("a.sr"),
            "rigol" | "tek-wfm" => one("a.wfm"),
            "keysight" | "siglent" | "spectrum-hackrf_sweep" => one("a.bin"),
            "spectrum-touchstone" => one("a.s1p"),
            text if text.starts_with("csv") || text.starts_with("spectrum") => one("a.csv"),
            other => one(&format!("a.{other}")),
        };
        Self { reader, files }
    }

    /// Opens the sample with one of its files changed, and reads all there is; whether it opened.
    fn attempt(&self, folder: &Path, changed: usize, bytes: &[u8]) -> bool {
        let mut size = 0;
        for (index, (name, whole)) in self.files.iter().enumerate() {
            let content = if index == changed { bytes } else { whole };
            size += content.len();
            std::fs::write(folder.join(name), content).unwrap();
        }
        let path = folder.join(&self.files[0].0);
        // Files without a rate of their own need one; a spectrum takes none.
        let rate_hz = (!self.reader.starts_with("spectrum")).then_some(1e6);
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        let outcome = open(&path, &OpenOptions { rate_hz, ..OpenOptions::default() }).map(|capture| read(&capture));
        let held = MEMORY.peak_usage().saturating_sub(before);
        assert!(held <= BOUND + size, "{}: {held} bytes held for {size} bytes of files", self.reader);
        outcome.is_ok()
    }
}

/// Reads every trace in blocks; the memory that it takes is the capture's.
fn read(capture: &Capture) {
    let mut block = [0.0; 4096];
    for trace in &capture.traces {
        let step = block.len() / trace.kind.components();
        for start in (0..trace.frames().min(1 << 20)).step_by(step) {
            trace.read_f64(start, &mut block).unwrap();
        }
    }
}

fn samples() -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| Sample::load(path)).collect()
}

#[test]
fn no_reader_holds_more_than_64_mib_beyond_its_file() {
    // The bound would be seen: an allocation of its size is counted.
    let before = MEMORY.current_usage();
    let large = vec![1_u8; BOUND + 1];
    assert!(MEMORY.peak_usage() - before > BOUND && large.len() > BOUND);
    drop(large);
    let samples = samples();
    for format in ALL {
        assert!(samples.iter().any(|s| s.reader.starts_with(format.id())), "no sample of {}", format.id());
    }
    // Xorshift (Marsaglia): the same damage in every run.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    for sample in &samples {
        let folder = tempfile::tempdir().unwrap();
        assert!(sample.attempt(folder.path(), 0, &sample.files[0].1), "{} does not open", sample.reader);
        for (index, (_, whole)) in sample.files.iter().enumerate() {
            for place in 0..64 {
                sample.attempt(folder.path(), index, &whole[..whole.len() * place / 64]);
            }
            for round in 0..256 {
                let mut bytes = whole.clone();
                // Headers are short and decide everything: half of the damage goes there.
                let room = if round % 2 == 0 { bytes.len().min(600) } else { bytes.len() };
                if room > 0 {
                    bytes[random(room)] = random(256) as u8;
                }
                sample.attempt(folder.path(), index, &bytes);
            }
            // All of the 256 at once.
            let mut bytes = whole.clone();
            (0..256).filter(|_| !whole.is_empty()).for_each(|_| bytes[random(whole.len())] = random(256) as u8);
            sample.attempt(folder.path(), index, &bytes);
        }
    }
}
