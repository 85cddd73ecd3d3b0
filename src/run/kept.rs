//! What a result was made from: the input and the settings, in one file, so that it can be made again, looked at and
//! compared where the files are no longer.
//!
//! `haze run --out` writes one as `run.haze`. It has no draws: they follow from the rest, to the last byte.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::framed::{self, FrameError, digest};
use super::part::Run;

/// The first bytes: no text begins so.
const MAGIC: framed::Magic = *b"\x8cHAZER\r\n";

/// What was run, with which result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Version of the program.
    pub version: String,
    /// The precision that was asked for, if it was.
    pub precision: Option<f64>,
    /// Of what was drawn: another version may compile another plan.
    pub plan_hash: String,
    /// As in the parts of a run.
    #[serde(flatten)]
    pub run: Run,
}

/// Why a file is no such result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeptError {
    /// Reading itself failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It begins with something else.
    #[error("this is not a kept run; `haze run --out` writes one as run.haze")]
    NotKept,
    /// It ends too early, or some bytes are not those that were written.
    #[error("the file is cut short or damaged; run again with --out")]
    Damaged,
}

/// Whether these are the first bytes of a kept run.
pub fn recognise(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// Writes a kept run.
///
/// # Errors
/// Those of writing.
pub fn write(out: &mut dyn Write, head: &Head, input: &[u8]) -> io::Result<()> {
    framed::write(out, MAGIC, head, input)
}

/// Reads a kept run: the head and the input.
///
/// # Errors
/// [`KeptError`]. No bytes lead to a panic, and memory grows with the bytes that come.
pub fn read(mut from: impl Read) -> Result<(Head, Vec<u8>), KeptError> {
    let (head, input): (Head, Vec<u8>) = framed::read(&mut from, MAGIC).map_err(|e| match e {
        FrameError::Io(e) => KeptError::Io(e),
        FrameError::Other => KeptError::NotKept,
        FrameError::Cut | FrameError::Damaged => KeptError::Damaged,
    })?;
    if head.run.input != digest(&input) { Err(KeptError::Damaged) } else { Ok((head, input)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_damage_is_found() {
        let run = Run {
            draws: 16_384,
            seed: 42,
            interval: "0.95".into(),
            file: "models.csv".into(),
            facts: true,
            outputs: vec!["water".into()],
            input: digest(b"id\na\n"),
        };
        let head = Head { version: "1".into(), precision: Some(0.0025), plan_hash: "ab".into(), run };
        let mut bytes = Vec::new();
        write(&mut bytes, &head, b"id\na\n").unwrap();
        assert!(recognise(&bytes) && !recognise(b"id\na\n") && !recognise(&bytes[..7]));
        assert_eq!(read(&bytes[..]).unwrap(), (head, b"id\na\n".to_vec()));
        for at in 0..bytes.len() {
            assert!(read(&bytes[..at]).is_err(), "{at}");
            let mut wrong = bytes.clone();
            wrong[at] ^= 1;
            assert!(read(&wrong[..]).is_err(), "{at}");
        }
        assert!(matches!(read(&b"id\na\n"[..]), Err(KeptError::NotKept)));
    }
}
