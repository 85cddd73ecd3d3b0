//! What a CSV reader does not tell: lines that are no UTF-8, quotation marks that never close.

use crate::portfolio::lines::Lines;

/// The lines that are not UTF-8, each with its text as far as it can be read.
pub fn not_utf8(bytes: &[u8], lines: &Lines) -> Vec<(u64, String)> {
    if std::str::from_utf8(bytes).is_ok() {
        return Vec::new();
    }
    let broken = lines.of_text(bytes).zip(1..).filter(|(line, _)| std::str::from_utf8(line).is_err());
    broken.map(|(line, number)| (number, String::from_utf8_lossy(line).trim().to_string())).collect()
}

/// The start of the row and of the field in which a quotation mark opens and never closes. Follows the CSV reader: a
/// mark quotes only at the start of a field, and `""` inside quotes is a mark.
pub fn unclosed_quote(bytes: &[u8]) -> Option<(usize, usize)> {
    #[derive(PartialEq)]
    enum State {
        Start,
        Plain,
        Quoted,
        Mark,
    }
    let (mut state, mut row, mut quote) = (State::Start, 0, 0);
    for (i, b) in bytes.iter().enumerate() {
        state = match (state, b) {
            (State::Start, b'"') => {
                quote = i;
                State::Quoted
            }
            (State::Quoted, b'"') => State::Mark,
            (State::Mark, b'"') | (State::Quoted, _) => State::Quoted,
            (_, b',') => State::Start,
            (_, b'\n' | b'\r') => {
                row = i + 1;
                State::Start
            }
            _ => State::Plain,
        };
    }
    (state == State::Quoted).then_some((row, quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marks_at_the_start_of_a_field_open() {
        assert_eq!(unclosed_quote(b"a,\"b\"\"c\"\n5\",x\"y\n"), None);
        assert_eq!(unclosed_quote(b"a,b\nc,\"d\"\"\n"), Some((4, 6)));
        assert_eq!(unclosed_quote(b"\"a\nb\",\""), Some((0, 6)));
    }
}
