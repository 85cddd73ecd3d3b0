//! What does not fit into memory, in a file that was given: blocks of records, written one after the other and read again
//! by number.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A place for bytes: a temporary file, or memory (`std::io::Cursor`).
pub trait Scratch: Read + Write + Seek + Send {}

impl<T: Read + Write + Seek + Send> Scratch for T {}

/// Blocks of records of one kind.
pub struct Spool<T> {
    file: Mutex<Box<dyn Scratch>>,
    /// Where each block begins, and where the last one ends.
    ends: Vec<u64>,
    of: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> Spool<T> {
    /// Empty, at the beginning of a file.
    pub fn new(file: Box<dyn Scratch>) -> Spool<T> {
        Spool { file: Mutex::new(file), ends: vec![0], of: PhantomData }
    }

    /// Adds a block.
    ///
    /// # Errors
    /// Those of writing.
    pub fn push(&mut self, block: &[T]) -> io::Result<()> {
        let bytes = postcard::to_stdvec(block).map_err(io::Error::other)?;
        let end = self.ends.last().copied().unwrap_or(0);
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(end))?;
        file.write_all(&bytes)?;
        self.ends.push(end + bytes.len() as u64);
        Ok(())
    }

    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        self.ends.len() - 1
    }

    /// A block.
    ///
    /// # Errors
    /// Those of reading, and a block that is not there.
    pub fn block(&self, number: usize) -> io::Result<Vec<T>> {
        let Some(&[begin, end]) = self.ends.get(number..number + 2) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such block"));
        };
        let mut bytes = vec![0; usize::try_from(end - begin).map_err(io::Error::other)?];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(begin))?;
        file.read_exact(&mut bytes)?;
        drop(file);
        postcard::from_bytes(&bytes).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_by_number() {
        let mut spool: Spool<(u32, Option<f64>)> = Spool::new(Box::new(io::Cursor::new(Vec::new())));
        let blocks = [vec![(1, Some(0.1)), (2, None)], vec![], vec![(u32::MAX, Some(f64::MIN_POSITIVE))]];
        for block in &blocks {
            spool.push(block).unwrap();
        }
        assert_eq!(spool.blocks(), 3);
        for number in [2, 0, 1, 0] {
            assert_eq!(spool.block(number).unwrap(), blocks[number]);
        }
        assert!(spool.block(3).is_err());
        // Written after reading: at the end all the same.
        spool.push(&blocks[0]).unwrap();
        assert_eq!((spool.block(3).unwrap(), spool.block(2).unwrap()), (blocks[0].clone(), blocks[2].clone()));
    }

    #[test]
    fn a_file_that_was_cut_is_an_error() {
        let mut spool: Spool<u64> = Spool::new(Box::new(io::Cursor::new(Vec::new())));
        spool.push(&[1 << 40, 2]).unwrap();
        *spool.file.get_mut().unwrap() = Box::new(io::Cursor::new(vec![0; 3]));
        assert_eq!(spool.block(0).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
