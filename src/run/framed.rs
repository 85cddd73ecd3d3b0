//! A file that begins with a head and the input it belongs to: the bytes that say what it is, the length of the head
//! (8 bytes, little-endian) and the head in JSON, the length of the input and the input
//! ([`crate::portfolio::formats::archive`]), the SHA-256 of all that. What comes after is the file's own affair.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// The first bytes of a file.
pub type Magic = [u8; 8];

/// A head is a few hundred bytes.
const LONGEST_HEAD: u64 = 1 << 20;

/// Why a file does not begin as it should.
#[derive(Debug)]
pub enum FrameError {
    /// Reading itself failed.
    Io(io::Error),
    /// It begins with something else.
    Other,
    /// It ends too early.
    Cut,
    /// Some bytes are not those that were written.
    Damaged,
}

/// SHA-256 in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the beginning of a file.
///
/// # Errors
/// Those of writing.
pub fn write(out: &mut dyn Write, magic: Magic, head: &impl Serialize, input: &[u8]) -> io::Result<()> {
    let head = serde_json::to_vec(head)?;
    let mut hash = Sha256::new();
    for bytes in [&magic[..], &(head.len() as u64).to_le_bytes(), &head, &(input.len() as u64).to_le_bytes(), input] {
        hash.update(bytes);
        out.write_all(bytes)?;
    }
    out.write_all(&hash.finalize())
}

/// Reads head and input; what comes after them is left.
///
/// # Errors
/// [`FrameError`]. No bytes lead to a panic, and memory grows with the bytes that come.
pub fn read<H: DeserializeOwned>(from: &mut impl Read, expected: Magic) -> Result<(H, Vec<u8>), FrameError> {
    let mut magic = Vec::new();
    from.by_ref().take(expected.len() as u64).read_to_end(&mut magic).map_err(FrameError::Io)?;
    if magic != expected {
        return Err(FrameError::Other);
    }
    let mut hash = Sha256::new();
    hash.update(expected);
    let head = piece(from, &mut hash, LONGEST_HEAD)?;
    let input = piece(from, &mut hash, u64::MAX)?;
    let mut checksum = [0; 32];
    from.read_exact(&mut checksum).map_err(cut)?;
    if checksum != hash.finalize()[..] {
        return Err(FrameError::Damaged);
    }
    let head = serde_json::from_slice(&head).map_err(|_| FrameError::Damaged)?;
    Ok((head, input))
}

/// A length and so many bytes.
fn piece(from: &mut impl Read, hash: &mut Sha256, most: u64) -> Result<Vec<u8>, FrameError> {
    let mut length = [0; 8];
    from.read_exact(&mut length).map_err(cut)?;
    hash.update(length);
    let length = u64::from_le_bytes(length);
    if length > most {
        return Err(FrameError::Damaged);
    }
    let mut bytes = Vec::new();
    from.by_ref().take(length).read_to_end(&mut bytes).map_err(FrameError::Io)?;
    if bytes.len() as u64 != length {
        return Err(FrameError::Cut);
    }
    hash.update(&bytes);
    Ok(bytes)
}

fn cut(error: io::Error) -> FrameError {
    if error.kind() == io::ErrorKind::UnexpectedEof { FrameError::Cut } else { FrameError::Io(error) }
}
