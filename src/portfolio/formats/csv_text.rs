//! What a CSV reader does not tell: physical lines, lines that are no UTF-8, quotation marks that never close.

use std::ops::Range;

/// Byte offsets at which physical lines start, and the number of bytes.
pub struct Lines {
    starts: Vec<usize>,
    end: usize,
}

impl Lines {
    pub fn of(bytes: &[u8]) -> Lines {
        let mut starts = vec![0];
        for (i, b) in bytes.iter().enumerate() {
            // A CR ends a line of its own unless an LF follows.
            if *b == b'\n' || (*b == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
                starts.push(i + 1);
            }
        }
        Lines { starts, end: bytes.len() }
    }

    /// The line (from 1) on which the byte lies.
    pub fn at(&self, byte: usize) -> u64 {
        self.starts.partition_point(|start| *start <= byte) as u64
    }

    /// The bytes of the line on which the byte lies, its end included.
    pub fn of_byte(&self, byte: usize) -> Range<usize> {
        let next = self.starts.partition_point(|start| *start <= byte);
        let start = next.checked_sub(1).and_then(|line| self.starts.get(line)).copied().unwrap_or(0);
        start..self.starts.get(next).copied().unwrap_or(self.end)
    }

    /// The line of the first byte at or after `byte` that is no line end: the CSV reader reports a row's position
    /// before the blank lines that it skips.
    pub fn after_blank(&self, bytes: &[u8], byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(bytes.len()).min(bytes.len());
        let blank = bytes[from..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        self.at(from + blank)
    }
}

/// The lines that are not UTF-8, each with its text as far as it can be read.
pub fn not_utf8(bytes: &[u8], lines: &Lines) -> Vec<(u64, String)> {
    if std::str::from_utf8(bytes).is_ok() {
        return Vec::new();
    }
    let ends = lines.starts.iter().skip(1).copied().chain([bytes.len()]);
    let mut found = Vec::new();
    for (i, (start, end)) in lines.starts.iter().zip(ends).enumerate() {
        if let Some(line) = bytes.get(*start..end)
            && std::str::from_utf8(line).is_err()
        {
            found.push((i as u64 + 1, String::from_utf8_lossy(line).trim().to_string()));
        }
    }
    found
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
    fn lines_are_physical_whatever_ends_them() {
        let text = b"a\nb\r\nc\rd";
        let lines = Lines::of(text);
        let at: Vec<u64> = (0..text.len()).map(|i| lines.at(i)).collect();
        assert_eq!(at, [1, 1, 2, 2, 2, 3, 3, 4]);
        let of = |byte| &text[Lines::of(text).of_byte(byte)];
        assert_eq!([of(0), of(3), of(5), of(7)], [&b"a\n"[..], b"b\r\n", b"c\r", b"d"]);
        assert_eq!(Lines::of(b"a\n\r\n\nb").after_blank(b"a\n\r\n\nb", 2), 4);
    }

    #[test]
    fn only_marks_at_the_start_of_a_field_open() {
        assert_eq!(unclosed_quote(b"a,\"b\"\"c\"\n5\",x\"y\n"), None);
        assert_eq!(unclosed_quote(b"a,b\nc,\"d\"\"\n"), Some((4, 6)));
        assert_eq!(unclosed_quote(b"\"a\nb\",\""), Some((0, 6)));
    }
}
