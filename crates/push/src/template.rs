//! Templates of requests (minijinja): JSON bodies, parts of a path, and plain texts, each escaped for its place.

use std::fmt::Write as _;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use serde::Serialize;

use crate::error::PushError;

/// Renders templates; a value that is not there is an error, never an empty text.
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    pub(crate) fn new() -> Self {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|name| match name.rsplit('.').next() {
            Some("json") => AutoEscape::Json,
            Some("path") => AutoEscape::Custom("path".into()),
            _ => AutoEscape::None,
        });
        env.set_formatter(|out, state, value| match state.auto_escape() {
            AutoEscape::Custom(_) => out.write_str(&percent(&value.to_string())).map_err(minijinja::Error::from),
            _ => minijinja::escape_formatter(out, state, value),
        });
        env.add_filter("b64", |text: String| faultscope_report::base64(text.as_bytes()));
        env.add_filter("html", |text: String| html(&text));
        Self(env)
    }

    /// A JSON document: every value in braces becomes JSON by itself, so that no text can leave its place.
    pub(crate) fn json(&self, place: &str, template: &str, context: &Value) -> Result<serde_json::Value, PushError> {
        let text = self.render(&format!("{place}.json"), template, context)?;
        serde_json::from_str(&text).map_err(|e| {
            let what = format!("the profile's body is no JSON ({e}): {place}; join texts by ~ within the braces");
            PushError::profile(what)
        })
    }

    /// A path, every value in braces percent-encoded.
    pub(crate) fn path(&self, place: &str, template: &str, context: &Value) -> Result<String, PushError> {
        self.render(&format!("{place}.path"), template, context)
    }

    /// A text as it is.
    pub(crate) fn text(&self, place: &str, template: &str, context: &Value) -> Result<String, PushError> {
        self.render(&format!("{place}.text"), template, context)
    }

    fn render(&self, name: &str, template: &str, context: &Value) -> Result<String, PushError> {
        self.0.render_named_str(name, template, context).map_err(|e| {
            let line = e.line().map_or_else(String::new, |line| format!(", line {line}"));
            let detail = e.detail().map_or_else(|| e.kind().to_string(), str::to_owned);
            PushError::profile(format!("the profile's template cannot be filled in ({detail}{line}): {name}"))
        })
    }
}

/// What templates see.
pub(crate) fn context(value: impl Serialize) -> Value {
    Value::from(minijinja::value::Serde(value))
}

/// A text for fields that take HTML, line by line.
fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    escaped.replace('\n', "<br>")
}

/// All but the unreserved characters of RFC 3986 as `%XX`.
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_cannot_leave_its_place() {
        let templates = Templates::new();
        let evil = "\",\"priority\":\"1\\ \n</script>{{ 7*7 }}";
        let context = context(json!({ "t": evil, "n": 3, "none": null, "list": [1, "a"] }));
        let body = templates.json(
            "create",
            r#"{"title": {{ "x: " ~ t }}, "n": {{ n }}, "z": {{ none }}, "l": {{ list }}}"#,
            &context,
        );
        assert_eq!(body.unwrap(), json!({"title": format!("x: {evil}"), "n": 3, "z": null, "l": [1, "a"]}));
        // RFC 3986, section 2.1: everything that is not unreserved.
        assert_eq!(
            templates.path("p", "/t/{{ t }}", &super::context(json!({"t": "a/b?c=é "}))).unwrap(),
            "/t/a%2Fb%3Fc%3D%C3%A9%20"
        );
        assert_eq!(templates.text("p", "{{ t }}", &context).unwrap(), evil);
        assert_eq!(
            templates.text("p", "{{ 'Aladdin:open sesame'|b64 }}", &context).unwrap(),
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "RFC 7617"
        );
    }

    #[test]
    fn what_is_not_there_is_an_error_that_names_its_place() {
        let templates = Templates::new();
        let context = context(json!({ "case": {} }));
        for template in ["{{ case.nothing }}", "{{ nothing }}", "{{ case.", "{% if %}"] {
            let error = templates.json("find", template, &context).unwrap_err();
            assert!(error.what.contains("find.json"), "{}", error.what);
        }
        let error = templates.json("create", r#"{"a": "{{ 'quoted twice' }}"}"#, &context).unwrap_err();
        assert!(error.what.contains("create") && error.what.contains('~'), "{}", error.what);
    }
}
