//! The verb "explain": what a reading, a cause, a limit or a measurement means, by name.

use std::path::Path;

use faultscope_diagnose::knowledge;
use faultscope_report::explain::{Explained, explain};
use faultscope_report::words::Lang;
use serde::{Deserialize, Serialize};

use crate::{Error, rules};

/// What `explain` prints.
#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExplainDocument {
    /// Always `faultscope/1`.
    #[schemars(extend("const" = "faultscope/1"))]
    pub schema: String,
    /// What was explained: ids, several where one word names several things.
    pub topic: String,
    /// Language of the words.
    pub language: String,
    /// All of it as Markdown.
    pub text: String,
    /// Thing by thing, heading by heading.
    pub topics: Vec<Explained>,
}

/// Explains what a word names, causes of `files` included.
///
/// # Errors
/// When the word names nothing: the hint has the nearest names; or a rule file cannot be read.
pub fn look_up(word: &str, files: &[impl AsRef<Path>], lang: Lang) -> Result<ExplainDocument, Error> {
    let rules = rules::load(files)?;
    let found = knowledge::find(word, &rules)?;
    if found.is_empty() {
        let near = knowledge::nearest(word, &rules)?;
        let kinds = "explain takes readings (vpp), causes (R01), limits (dc-48v#vpp), limit packs and measurements (ripple, spurs ...)";
        let hint =
            if near.is_empty() { kinds.to_owned() } else { format!("did you mean {}? {kinds}", near.join(", ")) };
        return Err(Error::usage(format!("there is nothing to explain about '{word}'"), hint));
    }
    let topics = found.iter().map(|topic| explain(topic, &rules, lang)).collect::<Result<Vec<_>, _>>()?;
    Ok(ExplainDocument {
        schema: "faultscope/1".into(),
        topic: topics.iter().map(|t| t.id.as_str()).collect::<Vec<_>>().join(", "),
        language: lang.tag().into(),
        text: topics.iter().map(Explained::markdown).collect::<Vec<_>>().join("\n"),
        topics,
    })
}
