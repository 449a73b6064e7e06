//! The file formats: one plug per file; one more costs its file and two lines here.

mod crc;
mod csv;
#[cfg(test)]
mod damage;
mod fields;
#[cfg(test)]
mod fixture;
mod frames;
mod gnuradio;
mod isf;
mod keysight;
mod lecroy;
mod names;
mod npy;
mod raw;
mod rigol;
mod rohde_schwarz;
mod scope;
mod sdriq;
#[cfg(test)]
mod seeds;
mod siglent;
mod sigmf;
mod sigrok;
mod spectrum;
mod tek_wfm;
mod wav;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::{Capture, CaptureError, OpenOptions};

/// The first bytes of a file, its name and size: what a format may judge by before it opens.
#[derive(Debug, Clone)]
pub struct Probe {
    /// The file.
    pub path: PathBuf,
    /// Up to the first 64 KiB.
    pub head: Vec<u8>,
    /// Size in bytes.
    pub size: u64,
}

impl Probe {
    /// Longest head that is read.
    pub const HEAD: usize = 64 * 1024;

    /// The file-name extension in lower case, or nothing.
    #[must_use]
    pub fn extension(&self) -> String {
        self.path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
    }

    /// The file name.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// How sure a format is that a file is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It is not.
    No,
    /// Only the name says so.
    Name,
    /// The content could be.
    Likely,
    /// The content carries the format's signature.
    Certain,
}

/// A file format.
pub trait Format: Sync {
    /// Short id: `sigmf`, `wav`, `raw`, `csv`.
    fn id(&self) -> &'static str;
    /// One line for `doctor` and the manual: what it reads.
    fn describe(&self) -> &'static str;
    /// Whether the file is of this format.
    fn matches(&self, probe: &Probe) -> Match;
    /// Whether a file of this format may hold several segments (sequence, FastFrame, history) of each channel.
    fn segmented(&self) -> bool {
        false
    }
    /// Opens the file: all its traces, unscaled by options that every format shares (see [`Capture::apply`]).
    ///
    /// # Errors
    /// When the content is not what it should be, or something needed is not known.
    fn open(&self, probe: &Probe, options: &OpenOptions) -> Result<Capture, CaptureError>;
}

/// Every format, most specific first.
pub static ALL: &[&dyn Format] = &[
    &sigmf::SigMf,
    &wav::Wav,
    &sdriq::SdrIq,
    &gnuradio::GnuRadio,
    &npy::Npy,
    &keysight::Keysight,
    &rigol::Rigol,
    &lecroy::LeCroy,
    &tek_wfm::TekWfm,
    &isf::Isf,
    &rohde_schwarz::RohdeSchwarz,
    &sigrok::Sigrok,
    &siglent::Siglent,
    &spectrum::Export,
    &csv::Csv,
    &raw::Raw,
];

/// Opens a capture file and applies the options.
///
/// A format asked for with `--format` means raw samples, whatever the file looks like.
///
/// # Errors
/// One clear sentence: missing, empty, a folder, unknown, malformed, or options that do not fit.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Capture, CaptureError> {
    let probe = probe(path)?;
    let format = choose(&probe, options)?;
    if let Some(wanted @ 2..) = options.segment
        && !format.segmented()
    {
        return Err(scope::no_segment(path, wanted, 1));
    }
    let capture = format.open(&probe, options)?;
    #[cfg(test)]
    seeds::keep(path, &capture);
    capture.apply(options)
}

fn choose(probe: &Probe, options: &OpenOptions) -> Result<&'static dyn Format, CaptureError> {
    if options.format.is_some() {
        return Ok(&raw::Raw);
    }
    ALL.iter()
        .map(|format| (format.matches(probe), *format))
        .filter(|(sure, _)| *sure > Match::No)
        // `max_by_key` keeps the last of equals; the list is most specific first.
        .rev()
        .max_by_key(|(sure, _)| *sure)
        .map(|(_, format)| format)
        .ok_or_else(|| {
            CaptureError::unknown(
                &probe.path,
                "neither content nor name says what this file holds",
                "for raw samples say format and rate: --format cu8 --rate 2.4M",
            )
        })
}

fn probe(path: &Path) -> Result<Probe, CaptureError> {
    let meta = std::fs::metadata(path).map_err(|e| CaptureError::io(path, e))?;
    if meta.is_dir() {
        return Err(CaptureError::io(path, std::io::Error::from(std::io::ErrorKind::IsADirectory)));
    }
    if meta.len() == 0 {
        return Err(CaptureError::malformed(path, "the file is empty", "record it again; 0 bytes were saved"));
    }
    let file = File::open(path).map_err(|e| CaptureError::io(path, e))?;
    let mut head = Vec::with_capacity(Probe::HEAD);
    file.take(Probe::HEAD as u64).read_to_end(&mut head).map_err(|e| CaptureError::io(path, e))?;
    Ok(Probe { path: path.to_owned(), head, size: meta.len() })
}
