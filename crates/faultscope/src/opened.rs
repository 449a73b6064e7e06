//! A capture opened to be measured: its main trace, watched, and what spoils its samples.

use std::path::Path;

use faultscope_capture::{Capture, Caveat, Trace};
use faultscope_diagnose::gate::{self, Coverage};
use faultscope_diagnose::measurement::{self, Measured, Settings};
use faultscope_diagnose::{Gate, GateState};
use faultscope_signal::{Record, Unit};

use crate::result::{OwnPack, ResultSettings};
use crate::watch::{INTERRUPTED, Watched};
use crate::{CaptureResult, Class, Error, Request, Watch, exported};

/// A capture that is open. Whoever measures it does so here, so that its samples are scanned and its carrier is looked at
/// in one way, whatever the verb.
pub(crate) struct Opened<'a> {
    pub(crate) capture: Capture,
    file: &'a Path,
    request: &'a Request,
    watch: &'a dyn Watch,
    scan: Option<Vec<Gate>>,
}

impl<'a> Opened<'a> {
    /// Opens it; nothing is read yet.
    pub(crate) fn new(file: &'a Path, request: &'a Request, watch: &'a dyn Watch) -> Result<Self, Error> {
        let capture = faultscope_capture::open(file, &request.open)?;
        Ok(Self { capture, file, request, watch, scan: None })
    }

    /// The trace that is measured.
    pub(crate) fn trace(&self) -> Result<&Trace, Error> {
        main_trace(&self.capture)
    }

    /// The trace, told of every read.
    pub(crate) fn record(&self) -> Result<Watched<'_>, Error> {
        Ok(Watched { record: self.trace()?, watch: self.watch })
    }

    /// Looks at every sample for what spoils it, once.
    pub(crate) fn scan(&mut self, coverage: Coverage) -> Result<(), Error> {
        if self.scan.is_none() {
            let scan = gate::scan(&self.record()?, coverage).map_err(read_error)?;
            self.scan = Some(scan.gates);
        }
        Ok(())
    }

    /// What is known to limit it: caveats of the file, and what the scan found.
    pub(crate) fn gates(&self) -> Vec<Gate> {
        gate::merge([gate::from_caveats(&self.capture.caveats), self.scan.clone().unwrap_or_default()])
    }

    /// The gate that the scan found closed.
    pub(crate) fn spoilt(&self) -> Option<&Gate> {
        self.scan.iter().flatten().find(|g| g.state == GateState::Fail)
    }

    /// Scans all of it, applies a measurement, and puts the gates of both together.
    pub(crate) fn measure(
        &mut self,
        measure: impl FnOnce(&dyn Record, &[Caveat]) -> Result<Measured, measurement::MeasureError>,
    ) -> Result<Measured, Error> {
        self.ready()?;
        let measured = measure(&self.record()?, &self.capture.caveats).map_err(measure_error)?;
        Ok(self.with_scan(measured))
    }

    /// Makes sure that the carrier asked for can be there, and scans all samples.
    pub(crate) fn ready(&mut self) -> Result<(), Error> {
        carrier_in_band(&self.request.settings, self.trace()?)?;
        self.scan(Coverage::Full)
    }

    /// The gates of the scan before those of a measurement.
    pub(crate) fn merged(&self, gates: Vec<Gate>) -> Vec<Gate> {
        gate::merge([self.scan.clone().unwrap_or_default(), gates])
    }

    /// The same for all that a measurement gave.
    pub(crate) fn with_scan(&self, measured: Measured) -> Measured {
        let gates = self.merged(measured.gates);
        Measured { gates, ..measured }
    }

    /// What its result begins with.
    pub(crate) fn result(&self) -> Result<CaptureResult, Error> {
        base(self.file, &self.capture, self.trace()?, self.request)
    }
}

/// A wanted carrier outside the band of the capture cannot be meant.
fn carrier_in_band(settings: &Settings, trace: &Trace) -> Result<(), Error> {
    let (center, half) = (trace.center_hz.unwrap_or(0.0), trace.sample_rate_hz / 2.0);
    match settings.carrier_hz {
        Some(hz) if (hz - center).abs() > half => Err(Error::usage(
            format!(
                "a carrier at {hz} Hz is outside the capture, which covers {} to {} Hz",
                center - half,
                center + half
            ),
            "--carrier takes the frequency at the antenna where the capture has a centre, else the offset",
        )),
        _ => Ok(()),
    }
}

/// What every result of a capture begins with: file, digest, format and settings.
pub(crate) fn frame(file: &Path, capture: &Capture, channel: &str, request: &Request) -> Result<CaptureResult, Error> {
    Ok(CaptureResult {
        file: file.display().to_string(),
        sha256: if request.skip_digest { None } else { Some(capture.digest()?) },
        format: Some(capture.format.clone()),
        recorded_at: capture.provenance.start_time.clone(),
        settings: ResultSettings {
            open: request.open.clone(),
            channel: Some(channel.to_owned()),
            limit_packs: request.packs.iter().map(|p| format!("{}@{}", p.pack.id, p.pack.version)).collect(),
            own_packs: OwnPack::of(&request.packs),
            ..ResultSettings::default()
        },
        ..CaptureResult::default()
    })
}

pub(crate) fn base(file: &Path, capture: &Capture, trace: &Trace, request: &Request) -> Result<CaptureResult, Error> {
    Ok(CaptureResult {
        sample_rate_hz: Some(trace.sample_rate_hz),
        center_hz: trace.center_hz,
        samples: Some(trace.frames),
        duration_s: Some(trace.duration_s()),
        unit: Some(unit_name(trace)),
        ..frame(file, capture, &trace.name, request)?
    })
}

fn unit_name(trace: &Trace) -> String {
    match (trace.unit, trace.full_scale_dbm) {
        (Unit::FullScale, Some(_)) => "dbm".into(),
        (Unit::FullScale, None) => "dbfs".into(),
        (unit, _) => unit.symbol().to_ascii_lowercase(),
    }
}

pub(crate) fn main_trace(capture: &Capture) -> Result<&Trace, Error> {
    capture.main_trace().ok_or_else(|| {
        if !capture.spectra.is_empty() {
            return exported::no_samples(capture);
        }
        let message = format!("the file holds no channel: {}", capture.path.display());
        Error::new(Class::Input, "malformed", message, "record it again with a channel switched on")
    })
}

pub(crate) fn read_error(error: faultscope_signal::RecordError) -> Error {
    if error.message == INTERRUPTED {
        return Error::interrupted();
    }
    Error::new(Class::Input, "io", error.message, "")
}

pub(crate) fn measure_error(error: measurement::MeasureError) -> Error {
    match error {
        measurement::MeasureError::Record(e) => read_error(e),
        other => other.into(),
    }
}
