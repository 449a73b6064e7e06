//! The recorder of live sources: samples appended as they come, and whatever ends it leaves a valid, honest pair.

use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha512};
use tempfile::NamedTempFile;

use super::hex;
use super::recording::{Recording, Written, check_recording, metadata};
use super::write::paths;
use crate::output::{exists, place, sync_folder, temporary, write_error};
use crate::{CaptureError, Caveat};

/// Room kept for the metadata from the start, so that a full disk can still be told of.
const RESERVE: usize = 64 << 10;
/// Marks that fit into that room.
const MOST_MARKS: usize = 200;

/// A recording under way. Dropped without [`Recorder::finish`] it leaves nothing.
#[derive(Debug)]
pub struct Recorder {
    data: NamedTempFile,
    meta: NamedTempFile,
    data_path: PathBuf,
    meta_path: PathBuf,
    recording: Recording,
    hash: Sha512,
    bytes: u64,
}

/// A finished recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The samples.
    pub data: PathBuf,
    /// The metadata.
    pub meta: PathBuf,
    /// Frames in it.
    pub frames: u64,
    /// Bytes of samples.
    pub bytes: u64,
}

impl Recorder {
    /// Begins `<base>.sigmf-data` and `<base>.sigmf-meta` under temporary names beside them.
    ///
    /// # Errors
    /// `Options` when the recording cannot be written or is there already; `Io` when the folder takes no files.
    pub fn create(base: &Path, recording: Recording) -> Result<Self, CaptureError> {
        let (data_path, meta_path) = paths(base);
        check_recording(&data_path, &recording)?;
        if let Some(path) = [&data_path, &meta_path].into_iter().find(|p| !recording.overwrite && p.exists()) {
            return Err(exists(path));
        }
        let (data, mut meta) = (temporary(&data_path)?, temporary(&meta_path)?);
        // Written, not only allocated: file systems that copy on write may refuse the second writing otherwise too.
        meta.write_all(&vec![b' '; RESERVE]).map_err(|e| write_error(&meta_path, e))?;
        Ok(Self { data, meta, data_path, meta_path, recording, hash: Sha512::new(), bytes: 0 })
    }

    /// Frames so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.bytes / self.recording.datatype.frame_bytes() as u64
    }

    /// What is written besides the samples; may still be changed.
    pub fn recording_mut(&mut self) -> &mut Recording {
        &mut self.recording
    }

    /// Appends samples as they are stored. After a failure the recording holds whole frames and can be finished.
    ///
    /// # Errors
    /// `Io` when the disk is full or has gone.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), CaptureError> {
        let (mut done, mut trouble) = (0, None);
        while done < bytes.len() {
            match self.data.as_file_mut().write(&bytes[done..]) {
                Ok(0) => trouble = Some(io::Error::from(io::ErrorKind::WriteZero)),
                Ok(n) => done += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => trouble = Some(e),
            }
            if trouble.is_some() {
                break;
            }
        }
        let frame = self.recording.datatype.frame_bytes() as u64;
        let whole = (self.bytes + done as u64) / frame * frame;
        let kept = usize::try_from(whole.saturating_sub(self.bytes)).unwrap_or(done).min(done);
        self.hash.update(&bytes[..kept]);
        self.bytes += kept as u64;
        if kept < done || trouble.is_some() {
            let file = self.data.as_file_mut();
            file.set_len(self.bytes)
                .and_then(|()| file.seek(SeekFrom::Start(self.bytes)))
                .map_err(|e| write_error(&self.data_path, e))?;
        }
        match trouble {
            Some(e) => Err(write_error(&self.data_path, e)),
            None => Ok(()),
        }
    }

    /// Writes the metadata with the reasons for doubt, flushes both files and gives them their names.
    ///
    /// # Errors
    /// `Options` when there are no samples; `Io` when the files cannot be completed: then there are none.
    pub fn finish(mut self, caveats: &[Caveat]) -> Result<Recorded, CaptureError> {
        if self.bytes == 0 {
            let hint = "nothing was recorded and nothing was written";
            return Err(CaptureError::options(&self.data_path, "not one sample came", hint));
        }
        if !caveats.is_empty() {
            let listed = serde_json::to_value(caveats).unwrap_or_default();
            self.recording.extra.insert("faultscope:caveats".into(), listed);
        }
        self.recording.annotations.truncate(MOST_MARKS);
        let written = Written { sha512: hex(&self.hash.clone().finalize()), clipped: 0 };
        let mut text = serde_json::to_vec_pretty(&metadata(&self.recording, &written))
            .map_err(|e| write_error(&self.meta_path, io::Error::other(e)))?;
        text.push(b'\n');
        let file = self.meta.as_file_mut();
        let rewritten = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&text));
        rewritten.and_then(|()| file.set_len(text.len() as u64)).map_err(|e| write_error(&self.meta_path, e))?;
        for (file, path) in [(&self.data, &self.data_path), (&self.meta, &self.meta_path)] {
            file.as_file().sync_all().map_err(|e| write_error(path, e))?;
        }
        let (frames, bytes) = (self.frames(), self.bytes);
        let Self { data, meta, data_path, meta_path, recording, .. } = self;
        place(data, &data_path, recording.overwrite)?;
        if let Err(error) = place(meta, &meta_path, recording.overwrite) {
            if !recording.overwrite {
                // Ours, and of no use alone; the first error is the one to tell.
                let _ = std::fs::remove_file(&data_path);
            }
            return Err(error);
        }
        sync_folder(&data_path)?;
        Ok(Recorded { data: data_path, meta: meta_path, frames, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigmf::{Checksum, Datatype, verify_sha512};
    use crate::{CaveatKind, OpenOptions, open};
    use faultscope_signal::{Kind, Record as _, Waveform};

    fn recording() -> Recording {
        let like = Waveform::interleaved(vec![0.0; 2], 1e6, Some(1e8)).unwrap();
        assert_eq!(like.kind(), Kind::Iq);
        Recording { datatype: Datatype::Cu8, ..Recording::of(&like) }
    }

    #[test]
    fn what_was_appended_is_read_back_with_its_doubts() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::create(&folder.path().join("a"), recording()).unwrap();
        recorder.append(&[0, 255, 128]).unwrap();
        // An odd byte is no frame: it is dropped, and what follows starts a frame.
        recorder.append(&[255, 0]).unwrap();
        let doubt = Caveat::new(CaveatKind::LostSamples, "7 samples were lost");
        let done = recorder.finish(std::slice::from_ref(&doubt)).unwrap();
        assert_eq!((done.frames, done.bytes), (2, 4));
        let capture = open(&done.meta, &OpenOptions::default()).unwrap();
        assert!(capture.caveats.contains(&doubt));
        let mut values = [0.0; 4];
        assert_eq!(capture.traces[0].read_f64(0, &mut values).unwrap(), 2);
        assert_eq!(values, [-1.0, 1.0, 1.0, -1.0]);
        assert_eq!(verify_sha512(&done.meta).unwrap(), Checksum::Match);
    }

    #[test]
    fn nothing_is_left_of_a_recording_without_samples_or_without_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("a");
        assert!(Recorder::create(&base, recording()).unwrap().finish(&[]).is_err());
        let mut recorder = Recorder::create(&base, recording()).unwrap();
        recorder.append(&[1, 2]).unwrap();
        drop(recorder);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(folder.path().join("a.sigmf-meta"), "{}").unwrap();
        assert_eq!(Recorder::create(&base, recording()).unwrap_err().kind(), "options");
    }
}
