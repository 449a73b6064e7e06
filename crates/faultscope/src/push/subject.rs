//! What is told of a case: its fields, its ticket by the standard, the report, and on request the bundle.

use faultscope_push::{Subject, SubjectFile};
use faultscope_report::words::Lang;
use faultscope_ticket::tmf621::{self, Attachment, Version};
use serde_json::{Map, Value, json};

use crate::cases::{Case, Desk};
use crate::{Class, Error, report};

impl Desk {
    /// All of it as of the case's last event, so that the same case is told in the same bytes.
    pub(super) fn subject(&self, id: &str, bundle: bool, lang: Lang) -> Result<Subject, Error> {
        let at = self.case(id)?.updated_at;
        let case = self.case_at(id, &at)?;
        let stem = format!("{}-{}", case.id, version(&case));
        let html = report::page(self, id, &at, lang)?;
        let mut files = vec![file(format!("{stem}.html"), "text/html", html)];
        if bundle {
            files.push(file(format!("{stem}.zip"), "application/zip", self.bundle(id, lang)?));
        }
        let fields = Map::from_iter([
            ("case".to_owned(), faultscope_ticket::fields::fields(&case, lang)),
            ("tmf621".to_owned(), tickets(&case, &files, lang)),
        ]);
        Ok(Subject { uuid: case.uuid, fields, files })
    }

    /// The bytes of a bundle; it is written like any other, where nobody sees it.
    fn bundle(&self, id: &str, lang: Lang) -> Result<Vec<u8>, Error> {
        let trouble = |e: std::io::Error| {
            let message = format!("the bundle cannot be laid out: {e}");
            Error::new(Class::Storage, "io", message, "make room in the temporary folder")
        };
        let folder = tempfile::tempdir().map_err(trouble)?;
        let path = folder.path().join("bundle.zip");
        self.export(id, &path, false, lang)?;
        std::fs::read(&path).map_err(trouble)
    }
}

/// Number of the last event that says something new: that the case became a ticket says nothing new to the ticket.
fn version(case: &Case) -> u64 {
    case.timeline.iter().filter(|e| e.kind != "ticketed").map(|e| e.event).max().unwrap_or(case.version)
}

fn file(name: String, media_type: &str, bytes: Vec<u8>) -> SubjectFile {
    SubjectFile { name, media_type: media_type.to_owned(), bytes }
}

fn tickets(case: &Case, files: &[SubjectFile], lang: Lang) -> Value {
    let attached =
        |f: &SubjectFile| Attachment { name: f.name.clone(), media_type: f.media_type.clone(), bytes: f.bytes.clone() };
    let files: Vec<Attachment> = files.iter().map(attached).collect();
    let of = |version| {
        json!({
            "create": tmf621::ticket(case, &files, version, lang),
            "update": tmf621::update(case, &files, version, lang),
        })
    };
    json!({ "v4": of(Version::V4), "v5": of(Version::V5) })
}
