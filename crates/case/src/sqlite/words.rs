//! Words that must all be in a text: parts of words count, and words of two Chinese characters are found like any other.

use memchr::memmem::Finder;

/// The words looked for, in lower case.
pub(super) struct Words(Vec<Finder<'static>>);

impl Words {
    /// Of a text, each word for itself; nothing where it has none.
    pub(super) fn of(text: &str) -> Option<Self> {
        let words: Vec<_> =
            text.split_whitespace().map(|word| Finder::new(word.to_lowercase().as_bytes()).into_owned()).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Whether all are in a text, which is in lower case.
    pub(super) fn are_all_in(&self, text: &[u8]) -> bool {
        self.0.iter().all(|word| word.find(text).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_words_in_any_case_and_in_chinese() {
        let text = "bts 17 alarm\n电源掉电 无信号".as_bytes();
        for (words, there) in [
            ("ALARM", true),
            ("lar bts", true),
            ("掉电", true),
            ("无信号 17", true),
            ("alarm 18", false),
            ("电掉", false),
        ] {
            assert_eq!(Words::of(words).unwrap().are_all_in(text), there, "{words}");
        }
        assert!(Words::of("").is_none() && Words::of(" \t").is_none());
    }
}
