//! What the template sees: the blocks of a document, every field there, every picture drawn.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use crate::ReportError;
use crate::detail::{Cell, DataTable};
use crate::document::{Badge, Block, CauseBlock, Document, FindingBlock, Tone};
use crate::input::Figure;
use faultscope_diagnose::Verdict;

/// Tables of so many rows are kept on one page; longer ones break between rows.
const SHORT_TABLE: usize = 14;

/// A map with its fields in order.
#[derive(Debug)]
struct Fields(BTreeMap<String, Value>);

impl Object for Fields {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_str()?).cloned()
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.keys().map(|k| Value::from(k.as_str())).collect())
    }
}

fn map<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::from_object(Fields(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()))
}

fn lines(texts: &[String]) -> Value {
    texts.iter().map(|t| Value::from(t.as_str())).collect()
}

/// The whole document.
///
/// # Errors
/// When a picture cannot be drawn.
pub(super) fn of(document: &Document, style: &str) -> Result<Value, ReportError> {
    let blocks = document.blocks.iter().map(block).collect::<Result<Vec<_>, _>>()?;
    // It stands inside a style sheet, where only what needs no escape may stand.
    let plain = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '~' | '.' | '_');
    let running: String = document.running.chars().filter(plain).collect();
    Ok(map([
        ("lang", document.lang.tag().into()),
        ("style", Value::from_safe_string(style.to_owned())),
        ("running", running.into()),
        ("customer", document.one_page.into()),
        ("name", document.name.as_str().into()),
        ("kicker", document.kicker.as_str().into()),
        ("title", document.title.as_str().into()),
        ("overall", badge(&document.overall)),
        ("counts", lines(&document.counts)),
        ("blocks", blocks.into()),
        ("generated", document.generated.as_str().into()),
    ]))
}

fn block(shown: &Block) -> Result<Value, ReportError> {
    let of = |kind: &str, field: &'static str, value: Value| map([("kind", kind.into()), (field, value)]);
    Ok(match shown {
        Block::Heading(level, text) => {
            map([("kind", "heading".into()), ("level", (*level).into()), ("text", text.as_str().into())])
        }
        Block::Facts(pairs) => of("facts", "pairs", pairs.iter().map(pair).collect()),
        Block::Text(tone, text) => {
            map([("kind", "text".into()), ("tone", name(*tone).into()), ("text", text.as_str().into())])
        }
        Block::Verdict(verdict, text) => {
            map([("kind", "verdict".into()), ("badge", badge(verdict)), ("text", text.as_str().into())])
        }
        Block::Table(data) => of("table", "table", table(data)),
        Block::Finding(f) => of("finding", "finding", finding(f)),
        Block::Cause(c) => of("cause", "cause", cause(c)),
        Block::Picture(figure) => of("picture", "picture", picture(figure)?),
        Block::Columns(columns) => {
            let column = |c: &Vec<Block>| c.iter().map(block).collect::<Result<Vec<_>, _>>().map(Value::from);
            of("columns", "columns", columns.iter().map(column).collect::<Result<Vec<_>, _>>()?.into())
        }
        Block::Code(text) => of("code", "text", text.as_str().into()),
        Block::Signatures(roles) => of("signatures", "roles", lines(roles)),
    })
}

const fn name(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Small => "small",
        Tone::Error => "error",
        Tone::Statement => "statement",
    }
}

fn pair((name, value): &(String, String)) -> Value {
    map([("name", name.as_str().into()), ("value", value.as_str().into())])
}

fn badge(badge: &Badge) -> Value {
    let class = badge.verdict.map_or("none", Verdict::name);
    map([("name", badge.name.as_str().into()), ("class", class.into())])
}

fn table(data: &DataTable) -> Value {
    let cell = |c: &Cell, right: bool| {
        let class = c.verdict.map_or("", Verdict::name);
        map([("text", c.text.as_str().into()), ("verdict", class.into()), ("right", right.into())])
    };
    let row = |row: &Vec<Cell>| -> Value { row.iter().zip(&data.columns).map(|(c, k)| cell(c, k.right)).collect() };
    let columns = data.columns.iter().map(|c| map([("name", c.name.as_str().into()), ("right", c.right.into())]));
    map([
        ("columns", columns.collect()),
        ("rows", data.rows.iter().map(row).collect()),
        ("short", (data.rows.len() <= SHORT_TABLE).into()),
        ("note", data.note.as_str().into()),
    ])
}

fn finding(f: &FindingBlock) -> Value {
    map([
        ("id", f.id.as_str().into()),
        ("badge", badge(&f.badge)),
        ("says", f.says.as_str().into()),
        ("figures", f.figures.as_str().into()),
        ("causes", f.causes.iter().map(cause).collect()),
    ])
}

fn cause(c: &CauseBlock) -> Value {
    let item = |(name, texts): &(String, Vec<String>)| map([("name", name.as_str().into()), ("lines", lines(texts))]);
    map([
        ("cause", c.cause.as_str().into()),
        ("rule", c.rule.as_str().into()),
        ("confidence", c.confidence.as_str().into()),
        ("items", c.items.iter().map(item).collect()),
    ])
}

fn picture(figure: &Figure) -> Result<Value, ReportError> {
    // This room has drawn and escaped it itself.
    let svg = Value::from_safe_string(figure.drawing.svg()?.as_str().to_owned());
    Ok(map([("caption", figure.caption.as_str().into()), ("svg", svg)]))
}
