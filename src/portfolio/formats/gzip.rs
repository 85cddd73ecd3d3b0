//! Gzipped files: unpacked into memory, within a bound.
//!
//! A file of several members, as `cat a.gz b.gz` makes, is their contents one after the other. A file that is cut off or
//! damaged is refused whole: half a table would give a wrong total.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use crate::portfolio::problem::CellError;

/// What is unpacked in any case, in bytes, and how many times its size beyond that. A table of models shrinks to a tenth,
/// seldom to a fiftieth; gzip can do a thousandth, which a file made to fill the memory does.
const ALWAYS: u64 = 64 << 20;
const MOST_TIMES: u64 = 200;

/// What begins as gzip does.
pub(super) fn recognise(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x1f\x8b")
}

/// What the file holds, if that is at most `most` bytes.
///
/// # Errors
/// What is wrong with the file, and what to do.
pub(super) fn unpack(packed: &[u8], most: u64) -> Result<Vec<u8>, CellError> {
    let bound = most.min(ALWAYS.max(MOST_TIMES.saturating_mul(packed.len() as u64)));
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed).take(bound + 1).read_to_end(&mut bytes).map_err(|e| damaged(&e))?;
    if bytes.len() as u64 > bound {
        let found = match bound < most {
            true => format!("the file unpacks to more than {MOST_TIMES} times its size, which no table of models does"),
            false => format!("the file unpacks to more than {} MiB, the most that is read", most >> 20),
        };
        return Err(CellError::new(found, "check that it is the right file, or unpack it and split it up"));
    }
    Ok(bytes)
}

fn damaged(error: &io::Error) -> CellError {
    match error.kind() {
        io::ErrorKind::OutOfMemory => {
            CellError::new("the file needs more memory than there is", "make more available or split the file up")
        }
        io::ErrorKind::UnexpectedEof => {
            CellError::new("the file is cut off before the end of what gzip packed", "download it or pack it again")
        }
        _ => CellError::new(format!("the file is gzip and damaged ({error})"), "download it or pack it again"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::default());
        out.write_all(content).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn members_follow_one_another() {
        let two = [packed(b"id,tokens\n"), packed(b"a,1\n")].concat();
        assert!(recognise(&two) && !recognise(b"id,tokens\n"));
        assert_eq!(unpack(&two, 100).unwrap(), b"id,tokens\na,1\n");
        assert_eq!(unpack(&packed(b""), 100).unwrap(), b"");
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_refused_whole() {
        let whole = packed(&b"id,tokens\na,1\nb,2\n".repeat(50));
        for end in 2..whole.len() {
            let refused = unpack(&whole[..end], 10_000).unwrap_err();
            assert!(refused.found.contains("cut off"), "{end}: {refused}");
        }
        for at in [whole.len() / 2, whole.len() - 6] {
            let mut other = whole.clone();
            other[at] ^= 0x55;
            assert!(unpack(&other, 10_000).is_err(), "{at}");
        }
        assert!(unpack(b"\x1f\x8bid,tokens", 100).unwrap_err().found.contains("damaged"));
    }

    #[test]
    fn what_would_fill_the_memory_is_refused() {
        let zeros = vec![0; 65 << 20];
        let bomb = packed(&zeros);
        assert!(unpack(&bomb, 1 << 32).unwrap_err().found.contains("200 times"));
        assert!(unpack(&bomb, 1 << 20).unwrap_err().found.contains("more than 1 MiB"));
        // Negative control: what lies below both bounds is unpacked.
        assert_eq!(unpack(&packed(&zeros[..1 << 20]), 1 << 20).unwrap().len(), 1 << 20);
    }
}
