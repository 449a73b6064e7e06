//! Fault codes: tables of vendors' codes that users bring along, and the probable causes of the alarm standards.

use serde::{Deserialize, Serialize};

use crate::limit::PackError;

/// The registries of ITU-T X.721/X.733 and M.3100: `registry,value,name`.
const REGISTRIES: &str = include_str!("../codes/probable_causes.csv");
/// What a table must have, and what it may have.
const REQUIRED: [&str; 2] = ["code", "text"];
const COLUMNS: [&str; 5] = ["vendor", "code", "text", "probable_cause", "first_checks"];

/// A probable cause of an alarm standard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StandardCause {
    /// `X.721/X.733` or `M.3100`.
    pub registry: String,
    /// Its number there.
    pub value: u32,
    /// Its name there: `powerSupplyFailure`.
    pub name: String,
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FaultCode {
    /// Whose code it is; may be empty.
    pub vendor: String,
    /// The code as the equipment shows it.
    pub code: String,
    /// What the equipment says with it.
    pub text: String,
    /// Probable cause, in the words of the table; may be empty.
    pub probable_cause: String,
    /// What to look at first; may be empty.
    pub first_checks: String,
    /// The table it is from.
    pub table: String,
    /// The probable cause in the alarm standards, where its name is one of theirs.
    pub standard: Vec<StandardCause>,
}

/// A table of codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodeTable {
    codes: Vec<FaultCode>,
}

impl CodeTable {
    /// The probable causes of the standards as a table: looked up by number or by name.
    ///
    /// # Errors
    /// Never with a released program: a test reads them.
    pub fn standards() -> Result<Self, PackError> {
        let codes = registries()?.into_iter().map(|c| FaultCode {
            vendor: c.registry.clone(),
            code: c.value.to_string(),
            text: c.name.clone(),
            probable_cause: c.name.clone(),
            first_checks: String::new(),
            table: "standards".into(),
            standard: vec![c],
        });
        Ok(Self { codes: codes.collect() })
    }

    /// From CSV text with a header line: `code` and `text`, and of `vendor`, `probable_cause` and `first_checks` what
    /// there is, in any order. `name` is the table's.
    ///
    /// # Errors
    /// With the line, when a column is missing or unknown, or a line has no code.
    pub fn parse(text: &str, name: &str) -> Result<Self, PackError> {
        let fault = |line: u64, what: &str| PackError {
            what: format!("line {line} of the code table {name}: {what}"),
            hint: format!("the first line names the columns: {}", COLUMNS.join(",")),
        };
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| fault(1, &e.to_string()))?.clone();
        let columns: Vec<String> = header.iter().map(|c| c.to_lowercase().replace([' ', '-'], "_")).collect();
        if let Some(unknown) = columns.iter().find(|c| !COLUMNS.contains(&c.as_str())) {
            return Err(fault(1, &format!("there is no column '{unknown}'")));
        }
        if let Some(missing) = REQUIRED.iter().find(|r| !columns.iter().any(|c| c == *r)) {
            return Err(fault(1, &format!("the column '{missing}' is missing")));
        }
        let registries = registries()?;
        let mut codes = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| {
                let line = e.position().map_or(1, csv::Position::line);
                fault(line, "it has more or fewer fields than the first line")
            })?;
            let line = record.position().map_or(0, csv::Position::line);
            let field = |name: &str| {
                let at = columns.iter().position(|c| c == name);
                at.and_then(|i| record.get(i)).unwrap_or_default().to_owned()
            };
            let code = FaultCode {
                vendor: field("vendor"),
                code: field("code"),
                text: field("text"),
                standard: named(&registries, &field("probable_cause")),
                probable_cause: field("probable_cause"),
                first_checks: field("first_checks"),
                table: name.to_owned(),
            };
            if code.code.is_empty() {
                return Err(fault(line, "there is no code"));
            }
            codes.push(code);
        }
        Ok(Self { codes })
    }

    /// Every line whose code is the query, else every line that holds all of its words; `vendor` narrows both.
    #[must_use]
    pub fn look_up(&self, query: &str, vendor: Option<&str>) -> Vec<&FaultCode> {
        let of_vendor = |c: &&FaultCode| vendor.is_none_or(|v| contains(&c.vendor, v));
        let wanted = bare_code(query);
        let exact: Vec<&FaultCode> =
            self.codes.iter().filter(of_vendor).filter(|c| bare_code(&c.code) == wanted).collect();
        if !exact.is_empty() {
            return exact;
        }
        let words: Vec<&str> = query.split_whitespace().collect();
        let holds = |c: &&FaultCode| {
            let all = [&c.vendor, &c.code, &c.text, &c.probable_cause, &c.first_checks];
            !words.is_empty() && words.iter().all(|w| all.iter().any(|field| contains(field, w)))
        };
        let by_words: Vec<&FaultCode> = self.codes.iter().filter(of_vendor).filter(holds).collect();
        if !by_words.is_empty() {
            return by_words;
        }
        // POWER_SUPPLY_FAILURE and powerSupplyFailure are one name.
        let name = bare_name(query);
        self.codes
            .iter()
            .filter(of_vendor)
            .filter(|c| !name.is_empty() && bare_name(&c.probable_cause) == name)
            .collect()
    }

    /// Number of lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }
}

/// The standards' causes of that name, however it is written.
///
/// # Errors
/// Never with a released program.
pub fn standard(name: &str) -> Result<Vec<StandardCause>, PackError> {
    Ok(named(&registries()?, name))
}

fn named(registries: &[StandardCause], name: &str) -> Vec<StandardCause> {
    let wanted = bare_name(name);
    registries.iter().filter(|c| !wanted.is_empty() && bare_name(&c.name) == wanted).cloned().collect()
}

fn registries() -> Result<Vec<StandardCause>, PackError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(REGISTRIES.as_bytes());
    let rows = reader.records().map(|record| {
        let record = record.ok()?;
        let field = |i: usize| record.get(i).map(str::to_owned);
        Some(StandardCause { registry: field(0)?, value: field(1)?.parse().ok()?, name: field(2)? })
    });
    rows.collect::<Option<Vec<_>>>().ok_or_else(|| PackError {
        what: "the table of probable causes that ships with the program is not valid".into(),
        hint: String::new(),
    })
}

fn contains(field: &str, word: &str) -> bool {
    field.to_lowercase().contains(&word.to_lowercase())
}

/// `0x001F`, `1f` and `E-001f` differ by what stands before the digits, not by zeros or case.
fn bare_code(code: &str) -> String {
    let code = code.trim().to_lowercase();
    let code = code.strip_prefix("0x").unwrap_or(&code);
    let digits = code.find(|c: char| c.is_ascii_digit()).unwrap_or(code.len());
    let (letters, rest) = code.split_at(digits);
    let rest = rest.trim_start_matches('0');
    let letters: String = letters.chars().filter(|c| c.is_alphanumeric()).collect();
    format!("{letters}{}", if rest.is_empty() && digits < code.len() { "0" } else { rest })
}

fn bare_name(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: &str = "\u{feff}Vendor,Code,Text,Probable cause,First checks\r\n\
        Acme,A-0123,MAINS FAIL,commercialPowerFailure,\"breaker, fuse F1\"\r\n\
        Acme,7,整流模块故障,rectifier failure,更换整流模块\r\n\
        Other,0x1F,PA over temperature,,fan\r\n";

    #[test]
    fn codes_are_found_however_they_are_written() {
        let table = CodeTable::parse(TABLE, "site").unwrap();
        for query in ["A-0123", "a123", "A 0123"] {
            let found = table.look_up(query, None);
            assert_eq!((found.len(), found[0].text.as_str()), (1, "MAINS FAIL"), "{query}");
        }
        let hit = table.look_up("1f", Some("other"));
        assert_eq!(hit[0].first_checks, "fan");
        assert!(table.look_up("7", Some("other")).is_empty());
    }

    #[test]
    fn words_find_in_both_languages() {
        let table = CodeTable::parse(TABLE, "site").unwrap();
        assert_eq!(table.look_up("mains breaker", None)[0].code, "A-0123");
        assert_eq!(table.look_up("整流", None)[0].code, "7");
        assert!(table.look_up("nothing of the kind", None).is_empty() && table.look_up("", None).is_empty());
    }

    /// M.3100: commercialPowerFailure 106, rectifierFailure 114 (published numbers).
    #[test]
    fn causes_carry_their_standard_numbers() {
        let table = CodeTable::parse(TABLE, "site").unwrap();
        let number = |query: &str| {
            let found = table.look_up(query, None)[0].standard.clone();
            found.iter().find(|c| c.registry == "M.3100").map(|c| c.value)
        };
        assert_eq!((number("A-0123"), number("7"), number("0x1f")), (Some(106), Some(114), None));
        let standards = CodeTable::standards().unwrap();
        assert_eq!(standards.len(), 176);
        assert!(standards.look_up("POWER_SUPPLY_FAILURE", None).iter().any(|c| c.code == "78"));
    }

    #[test]
    fn a_bad_table_names_its_line() {
        for (text, words) in [
            ("vendor,text\nA,b\n", "line 1"),
            ("code,text,colour\n1,a,red\n", "'colour'"),
            ("code,text\n1,a\n,b\n", "line 3"),
            ("code,text\n1,a\n2,b,c\n", "line 3"),
        ] {
            let error = CodeTable::parse(text, "site").unwrap_err();
            assert!(error.what.contains(words), "{}", error.what);
        }
        assert!(CodeTable::parse("code,text\n", "site").unwrap().is_empty());
    }

    /// Alarms of the limit packs are names of a standard.
    #[test]
    fn alarms_of_the_packs_are_in_the_registries() {
        for id in crate::LimitSet::built_in_ids() {
            for limit in crate::LimitSet::built_in(id).unwrap().limits {
                if let Some(alarm) = limit.alarm {
                    assert!(!standard(&alarm).unwrap().is_empty(), "{id}: {alarm}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}", query in ".{0,20}") {
            if let Ok(table) = CodeTable::parse(&text, "any") {
                let _ = table.look_up(&query, None);
            }
        }
    }
}
