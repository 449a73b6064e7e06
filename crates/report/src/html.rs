//! The HTML report: one self-contained file for screen, phone and A4, without scripts and without anything from outside.

mod view;

use minijinja::{Environment, UndefinedBehavior, Value};

use crate::ReportError;
use crate::document::Document;

const TEMPLATE: &str = include_str!("html/report.html");
const STYLE: &str = include_str!("html/report.css");

/// Renders a report.
///
/// # Errors
/// When a picture cannot be drawn, or the template does not fit the data: a defect of this program.
pub fn render(document: &Document) -> Result<String, ReportError> {
    fill(view::of(document, STYLE)?).map_err(|e| ReportError::Template {
        what: format!("the report's template cannot be filled in ({e:#})"),
        hint: "please report this with the case's JSON".into(),
    })
}

fn fill(view: Value) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    // A slip in the template turns every test red.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template("report.html", TEMPLATE)?;
    environment.get_template("report.html")?.render(view)
}

#[cfg(test)]
mod tests;
