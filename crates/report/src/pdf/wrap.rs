//! Lines: where a text may be broken so that it fits a width, in Latin and in Chinese.

/// Signs that do not begin a line.
const CLOSING: &str = "，。、；：？！）］】》”’·,.;:?!)]%";
/// Signs that do not end one.
const OPENING: &str = "（［【《“‘([";

/// The pieces that a text may be broken into; a space stays with the word before it, a unit with its number.
fn pieces(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut last: Option<char> = None;
    let mut counted = false;
    for c in text.chars() {
        let wide = |c: char| u32::from(c) >= 0x2E80;
        let breaks = match last {
            None => true,
            Some(before) => {
                let sign = matches!(before, '-' | '/' | '_' | '·') && !c.is_ascii_digit();
                let free = before == ' ' || wide(before) || wide(c) || sign;
                let unit = before == ' ' && counted && (c.is_ascii_alphabetic() || c == '%');
                free && !unit && c != ' ' && !CLOSING.contains(c) && !OPENING.contains(before)
            }
        };
        match out.last_mut() {
            Some(piece) if !breaks => piece.push(c),
            _ => out.push(c.to_string()),
        }
        if c != ' ' {
            counted = c.is_ascii_digit();
        }
        last = Some(c);
    }
    out
}

/// The longest width of what cannot be broken.
pub(super) fn longest(text: &str, width: &mut dyn FnMut(&str) -> f64) -> f64 {
    pieces(text).iter().map(|p| width(p.trim_end())).fold(0.0, f64::max)
}

/// A text in lines of at most `room`; what has no place to break, such as a digest, is cut where the line is full.
pub(super) fn lines(text: &str, room: f64, width: &mut dyn FnMut(&str) -> f64) -> Vec<String> {
    text.lines().flat_map(|line| paragraph(line, room, width)).collect()
}

fn paragraph(text: &str, room: f64, width: &mut dyn FnMut(&str) -> f64) -> Vec<String> {
    let mut out = Vec::new();
    let (mut line, mut used) = (String::new(), 0.0);
    for piece in pieces(text) {
        let wide = width(&piece);
        if used + width(piece.trim_end()) > room && !line.is_empty() {
            out.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0.0;
        }
        if wide <= room {
            line.push_str(&piece);
            used += wide;
            continue;
        }
        for c in piece.chars() {
            let one = width(c.encode_utf8(&mut [0; 4]));
            if used + one > room && !line.is_empty() {
                out.push(std::mem::take(&mut line));
                used = 0.0;
            }
            line.push(c);
            used += one;
        }
    }
    out.push(line.trim_end().to_owned());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, room: f64) -> Vec<String> {
        lines(text, room, &mut |t| t.chars().map(|c| if u32::from(c) > 0x2E80 { 2.0 } else { 1.0 }).sum())
    }

    #[test]
    fn latin_breaks_at_spaces_and_long_words_anywhere() {
        assert_eq!(cut("one two three", 7.0), ["one two", "three"]);
        assert_eq!(cut("at 1.5 V, at 20 mV", 8.0), ["at", "1.5 V,", "at 20 mV"]);
        assert_eq!(cut("abcdefgh ij", 3.0), ["abc", "def", "gh ", "ij"].map(str::trim_end));
        assert_eq!(cut("", 5.0), Vec::<String>::new());
        assert_eq!(cut("a\n\nb", 5.0), ["a", "", "b"]);
    }

    #[test]
    fn chinese_breaks_anywhere_but_before_a_stop() {
        assert_eq!(cut("纹波过大，超限", 8.0), ["纹波过", "大，超限"]);
        assert_eq!(cut("值（高）", 6.0), ["值", "（高）"]);
    }

    #[test]
    fn nothing_is_lost_whatever_the_width() {
        let text = "Ripple p-p 1.52 V at 100 Hz，超过 200 mV（按 YD/T 731 筛查）: ab12cd34ef56";
        for room in 1..60 {
            let joined: String = cut(text, f64::from(room)).concat();
            let plain = |t: &str| t.chars().filter(|c| *c != ' ').collect::<String>();
            assert_eq!(plain(&joined), plain(text), "{room}");
        }
    }
}
