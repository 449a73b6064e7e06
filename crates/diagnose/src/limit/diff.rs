//! What changed between two packs, field by field.

use serde_json::Value;

use super::{Limit, LimitSet};

/// One change.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Change {
    /// `pack`, or the id of the limit.
    pub what: String,
    /// The field; empty where a limit came or went as a whole.
    pub field: String,
    /// Before; `null` where it was not there.
    pub before: Value,
    /// After; `null` where it is gone.
    pub after: Value,
}

/// The changes from one pack to another, the head first, then the limits in the order of the old pack, then new ones.
#[must_use]
pub fn diff(old: &LimitSet, new: &LimitSet) -> Vec<Change> {
    let mut out = fields("pack", &value(&old.pack), &value(&new.pack));
    let find = |set: &LimitSet, id: &str| set.limits.iter().find(|l| l.id == id).cloned();
    for limit in &old.limits {
        match find(new, &limit.id) {
            Some(other) => out.extend(fields(&limit.id, &value(limit), &value(&other))),
            None => out.push(whole(limit, value(limit), Value::Null)),
        }
    }
    let added = new.limits.iter().filter(|l| find(old, &l.id).is_none());
    out.extend(added.map(|l| whole(l, Value::Null, value(l))));
    out
}

fn value(of: &impl serde::Serialize) -> Value {
    // Packs hold finite numbers and text only, which always serialise.
    serde_json::to_value(of).unwrap_or_default()
}

fn whole(limit: &Limit, before: Value, after: Value) -> Change {
    Change { what: limit.id.clone(), field: String::new(), before, after }
}

fn fields(what: &str, before: &Value, after: &Value) -> Vec<Change> {
    let (Some(a), Some(b)) = (before.as_object(), after.as_object()) else { return Vec::new() };
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let get = |map: &serde_json::Map<String, Value>, name: &str| map.get(name).cloned().unwrap_or_default();
    let changed = names.into_iter().filter(|n| get(a, n) != get(b, n));
    changed.map(|n| Change { what: what.to_owned(), field: n.clone(), before: get(a, n), after: get(b, n) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_named_and_nothing_else_is() {
        let old = LimitSet::built_in("dc-48v").unwrap();
        assert!(diff(&old, &old).is_empty());
        let mut new = old.clone();
        new.pack.version = "2.0".into();
        new.limits[1].upper = Some(0.001);
        let gone = new.limits.pop().unwrap();
        let changes = diff(&old, &new);
        let short: Vec<(&str, &str)> = changes.iter().map(|c| (c.what.as_str(), c.field.as_str())).collect();
        assert_eq!(short, [("pack", "version"), ("psophometric", "upper"), (gone.id.as_str(), "")]);
        assert_eq!((&changes[1].before, &changes[1].after), (&Value::from(0.002), &Value::from(0.001)));
    }
}
