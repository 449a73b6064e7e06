//! References as files: what is refused, and why.

use super::*;

fn refused(name: &str, text: &str) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    load(&file).unwrap_err()
}

#[test]
fn what_is_no_reference_is_refused_with_its_reason() {
    assert!(refused("a.json", "{}").message.contains("not a reference"));
    assert!(refused("a.json", "\u{0}").message.contains("not a reference"));
    let missing = load(Path::new("/no/such.json")).unwrap_err();
    assert_eq!((missing.class, missing.kind.as_str()), (Class::Usage, "configuration"));
}

#[test]
fn fewer_than_three_captures_are_no_reference() {
    assert!(enough(3).is_ok());
    let error = enough(2).unwrap_err();
    assert!(error.message.contains("needs 3") && error.class == Class::Usage, "{error:?}");
}

#[test]
fn a_rate_that_is_no_chance_is_refused() {
    for bad in [0.0, 1.0, -0.1, f64::NAN] {
        assert!(rate(bad).is_err(), "{bad}");
    }
}
