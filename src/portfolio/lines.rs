//! Physical lines of a text, for messages.

/// Byte offsets at which physical lines start.
pub struct Lines(Vec<usize>);

impl Lines {
    pub fn of(bytes: &[u8]) -> Lines {
        let mut starts = vec![0];
        for (i, b) in bytes.iter().enumerate() {
            // A CR ends a line of its own unless an LF follows.
            if *b == b'\n' || (*b == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
                starts.push(i + 1);
            }
        }
        Lines(starts)
    }

    /// The line (from 1) on which the byte lies.
    pub fn at(&self, byte: usize) -> u64 {
        self.0.partition_point(|start| *start <= byte) as u64
    }

    /// The line of the first byte at or after `byte` that is no line end: the CSV reader reports a row's position
    /// before the blank lines that it skips.
    pub fn after_blank(&self, bytes: &[u8], byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(bytes.len()).min(bytes.len());
        let blank = bytes[from..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        self.at(from + blank)
    }

    /// The lines of the same text, each with what ends it.
    pub fn of_text<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
        let ends = self.0.iter().skip(1).copied().chain([bytes.len()]);
        self.0.iter().zip(ends).filter_map(|(start, end)| bytes.get(*start..end))
    }
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
        assert_eq!(Lines::of(b"a\n\r\n\nb").after_blank(b"a\n\r\n\nb", 2), 4);
    }
}
