//! One reader by name (`FAULTSCOPE_READER`): the bytes reach it, and not the detection of another.
//!
//! Beside panics a finding is an allocation above 64 MiB and the file's size, and a trace or spectrum that cannot be read.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use faultscope_capture::format::{ALL, Format, Probe};
use faultscope_capture::{Capture, OpenOptions};
use faultscope_signal::Record as _;
use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Beyond the file's size no reader may hold more.
const BOUND: usize = 64 << 20;

/// How a file or a pair is made of the input.
#[derive(Clone, Copy)]
enum Shape {
    /// The input is the file.
    Whole(&'static str),
    /// Two bytes for the length of the description, the description, the samples.
    Pair(&'static str, &'static str),
    /// A line with the file's name, then the file.
    Named,
}

/// The name of the reader, the id of its format, and the shape; names are the folders that the seeds lie in.
const READERS: &[(&str, &str, Shape)] = &[
    ("sigmf", "sigmf", Shape::Pair("a.sigmf-meta", "a.sigmf-data")),
    ("sigmf-archive", "sigmf", Shape::Whole("a.sigmf")),
    ("wav", "wav", Shape::Whole("a.wav")),
    ("sdriq", "sdriq", Shape::Whole("a.sdriq")),
    ("gnuradio", "gnuradio", Shape::Whole("a.dat")),
    ("npy", "npy", Shape::Whole("a.npy")),
    ("keysight", "keysight", Shape::Whole("a.bin")),
    ("rigol", "rigol", Shape::Whole("a.wfm")),
    ("lecroy", "lecroy", Shape::Whole("a.trc")),
    ("tek-wfm", "tek-wfm", Shape::Whole("a.wfm")),
    ("isf", "isf", Shape::Whole("a.isf")),
    ("rohde-schwarz", "rohde-schwarz", Shape::Pair("a.bin", "a.Wfm.bin")),
    ("sigrok", "sigrok", Shape::Whole("a.sr")),
    ("siglent", "siglent", Shape::Whole("a.bin")),
    ("spectrum-touchstone", "spectrum", Shape::Whole("a.s1p")),
    ("spectrum", "spectrum", Shape::Whole("a.csv")),
    ("csv", "csv", Shape::Whole("a.csv")),
    ("raw", "raw", Shape::Named),
];

struct Aim {
    format: &'static dyn Format,
    shape: Shape,
    folder: tempfile::TempDir,
}

/// A name with a dialect behind it (`csv-rigol`) aims at the reader of the longest entry that begins it.
static AIM: LazyLock<Aim> = LazyLock::new(|| {
    let wanted = std::env::var("FAULTSCOPE_READER").expect("FAULTSCOPE_READER must name a reader");
    let entries = READERS.iter().filter(|(name, ..)| wanted.starts_with(name));
    let (_, id, shape) = entries.max_by_key(|(name, ..)| name.len()).expect("no such reader");
    let format = ALL.iter().find(|format| format.id() == *id).expect("no such format");
    Aim { format: *format, shape: *shape, folder: tempfile::tempdir().expect("a folder for the file") }
});

fuzz_target!(|data: &[u8]| {
    let aim = &*AIM;
    let Some((path, bytes)) = lay_out(aim, data) else { return };
    let head = bytes.get(..Probe::HEAD).unwrap_or(bytes).to_vec();
    let probe = Probe { path: path.clone(), head, size: bytes.len() as u64 };
    for (rate_hz, segment) in [(None, None), (Some(1e6), Some(2))] {
        let options = OpenOptions { rate_hz, segment, ..OpenOptions::default() };
        MEMORY.reset_peak_usage();
        let before = MEMORY.current_usage();
        if let Ok(capture) = aim.format.open(&probe, &options) {
            read(capture, &options);
        }
        let held = MEMORY.peak_usage() - before;
        assert!(held <= BOUND + data.len(), "{held} bytes held for a file of {}", data.len());
    }
    if matches!(aim.shape, Shape::Named) {
        let _ = std::fs::remove_file(path);
    }
});

/// Writes what the input describes; the file to open, and its bytes.
fn lay_out<'a>(aim: &Aim, data: &'a [u8]) -> Option<(PathBuf, &'a [u8])> {
    let write = |name: &str, bytes: &[u8]| {
        let path = aim.folder.path().join(name);
        std::fs::write(&path, bytes).ok().map(|()| path)
    };
    match aim.shape {
        Shape::Whole(name) => Some((write(name, data)?, data)),
        Shape::Pair(description, samples) => {
            let (length, rest) = data.split_first_chunk::<2>()?;
            let (first, second) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)).min(rest.len()))?;
            write(samples, second)?;
            Some((write(description, first)?, first))
        }
        Shape::Named => {
            let end = data.iter().position(|b| *b == b'\n')?;
            let (name, rest) = data.split_at_checked(end)?;
            let name = std::str::from_utf8(name).ok()?;
            let plain = !name.is_empty() && name.len() < 200 && Path::new(name).file_name()? == name;
            if !plain || name.contains('\0') {
                return None;
            }
            let bytes = rest.get(1..)?;
            Some((write(name, bytes)?, bytes))
        }
    }
}

fn read(capture: Capture, options: &OpenOptions) {
    let Ok(capture) = capture.apply(&OpenOptions { segment: None, rate_hz: None, ..options.clone() }) else { return };
    let mut block = [0.0; 4096];
    for trace in capture.traces.iter().take(16) {
        for start in [0, trace.frames() / 2, trace.frames().saturating_sub(10)] {
            let _ = trace.read_f64(start, &mut block);
        }
    }
    for spectrum in &capture.spectra {
        assert_eq!(spectrum.average_db.len(), spectrum.frequency_hz.len());
        assert!(spectrum.frequency_hz.windows(2).all(|w| w[0] < w[1]));
    }
}
