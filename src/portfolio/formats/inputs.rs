//! Opens the files that a user names, and keeps which ones that were, so that no output replaces one of them.
//!
//! Nothing is read without an end: a file above its limit is refused by its size, a pipe when it has given more than
//! that, and a device (which may have no end) at once. Tables that are gzipped are unpacked, up to the same limit.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::archive::Archive;
use super::values::Folder;
use super::{STDIN, Table, gzip};
use crate::import::folder;
use crate::portfolio::problem::CellError;
use crate::portfolio::recognise;

/// Largest table that is read (models, published runs, matches), in bytes, unpacked.
pub const MOST_TABLE: u64 = 4 << 30;
/// Largest text that is read (a study, regressions, values of a distribution), in bytes.
pub const MOST_TEXT: u64 = 32 << 20;

/// The files that were opened.
#[derive(Debug, Default)]
pub struct Inputs {
    opened: Mutex<BTreeSet<PathBuf>>,
    /// Where they come from, and whether their contents are kept.
    from: From,
    /// Texts and tables that stand for files of these names, and are in memory.
    texts: BTreeMap<PathBuf, Vec<u8>>,
    tables: BTreeMap<PathBuf, InMemory>,
}

/// A table that no file holds: gives its rows from the first on as often as it is asked.
pub struct InMemory(Box<dyn Fn() -> Table<'static> + Send + Sync>);

impl fmt::Debug for InMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InMemory")
    }
}

/// The contents, even if a thread panicked while it held the lock: no insertion is left half done.
fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Default)]
enum From {
    #[default]
    Disk,
    /// And kept.
    DiskKept(Mutex<Archive>),
    Archive(Archive),
}

impl Inputs {
    /// Files whose contents are kept.
    pub fn kept() -> Inputs {
        Inputs { from: From::DiskKept(Mutex::default()), ..Inputs::default() }
    }

    /// Files that were kept; no other is read.
    pub fn archived(archive: Archive) -> Inputs {
        Inputs { from: From::Archive(archive), ..Inputs::default() }
    }

    /// With a text that stands for the file of this name.
    #[must_use]
    pub fn with_text(mut self, name: impl Into<PathBuf>, text: Vec<u8>) -> Inputs {
        self.texts.insert(name.into(), text);
        self
    }

    /// With a table that stands for the models file of this name.
    ///
    /// ```
    /// use carbonhaze::low_level::portfolio::formats::{csv, inputs::Inputs};
    /// use carbonhaze::low_level::portfolio::read_from;
    ///
    /// let inputs = Inputs::default().with_table("rows", || csv::table(b"id,tokens\nllama,2e12\n"));
    /// let portfolio = read_from("rows".as_ref(), &inputs)?;
    /// assert_eq!(portfolio.models[0].id, "llama");
    /// // It was never opened, so no output can replace it.
    /// assert!(portfolio.opened.is_empty());
    /// # Ok::<(), carbonhaze::Problems>(())
    /// ```
    #[must_use]
    pub fn with_table(
        mut self,
        name: impl Into<PathBuf>,
        rows: impl Fn() -> Table<'static> + Send + Sync + 'static,
    ) -> Inputs {
        self.tables.insert(name.into(), InMemory(Box::new(rows)));
        self
    }

    /// The table that stands for this file, if one does.
    pub fn in_memory(&self, path: &Path) -> Option<Table<'static>> {
        self.tables.get(path).map(|InMemory(rows)| rows())
    }

    /// What was kept; nothing where that was not asked for.
    pub fn into_archive(self) -> Archive {
        match self.from {
            From::Disk => Archive::default(),
            From::DiskKept(kept) => kept.into_inner().unwrap_or_else(PoisonError::into_inner),
            From::Archive(archive) => archive,
        }
    }

    /// The bytes of a table, or of standard input for [`STDIN`]; unpacked where they are gzipped.
    ///
    /// # Errors
    /// Why it cannot be read, and what to do.
    pub fn table(&self, path: &Path) -> Result<Vec<u8>, CellError> {
        let bytes = self.bytes(path, MOST_TABLE)?;
        let bytes = if gzip::recognise(&bytes) { gzip::unpack(&bytes, MOST_TABLE)? } else { bytes };
        recognise::packed(&bytes).map_or(Ok(bytes), Err)
    }

    /// The files of a folder that may be imported; `None` where the path is no folder.
    ///
    /// # Errors
    /// Why it cannot be listed, and what to do.
    pub fn files(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, CellError> {
        if let From::Archive(archive) = &self.from {
            return Ok(archive.folder(path).map(<[PathBuf]>::to_vec));
        }
        if path == Path::new(STDIN) || !path.is_dir() {
            return Ok(None);
        }
        let files = folder::files(path).map_err(unreadable)?;
        if let From::DiskKept(kept) = &self.from {
            locked(kept).keep_folder(path, &files);
        }
        Ok(Some(files))
    }

    /// The bytes of a text.
    ///
    /// # Errors
    /// As [`Inputs::table`].
    pub fn text(&self, path: &Path) -> Result<Vec<u8>, CellError> {
        let bytes = self.bytes(path, MOST_TEXT)?;
        recognise::packed(&bytes).map_or(Ok(bytes), Err)
    }

    /// The files in a folder, for cells that name them.
    pub fn folder<'i>(&'i self, path: &'i Path) -> Folder<'i> {
        Folder { path, inputs: self }
    }

    /// Every file that was opened, each once, by its path as it was named.
    pub fn paths(&self) -> Vec<PathBuf> {
        locked(&self.opened).iter().cloned().collect()
    }

    fn bytes(&self, path: &Path, most: u64) -> Result<Vec<u8>, CellError> {
        if let Some(text) = self.texts.get(path) {
            if let From::DiskKept(kept) = &self.from {
                locked(kept).keep(path, text);
            }
            return Ok(text.clone());
        }
        if path != Path::new(STDIN) {
            locked(&self.opened).insert(path.to_path_buf());
        }
        match &self.from {
            From::Disk => of_disk(path, most),
            From::DiskKept(kept) => {
                let bytes = of_disk(path, most)?;
                locked(kept).keep(path, &bytes);
                Ok(bytes)
            }
            From::Archive(archive) => {
                let there = archive.file(path).map(<[u8]>::to_vec);
                there.ok_or_else(|| {
                    CellError::new("the file was not there when the run was asked for", "check the path")
                })
            }
        }
    }
}

fn of_disk(path: &Path, most: u64) -> Result<Vec<u8>, CellError> {
    if path == Path::new(STDIN) {
        return whole(io::stdin().lock(), most);
    }
    let found = fs::metadata(path).map_err(unreadable)?;
    if found.is_dir() {
        return Err(CellError::new("this is a folder", "name a file in it"));
    }
    if !found.is_file() && !is_pipe(found.file_type()) {
        return Err(CellError::new("this is a device, not a file", "name a file, or - for standard input"));
    }
    if found.is_file() && found.len() > most {
        return Err(too_large(most));
    }
    whole(File::open(path).map_err(unreadable)?, most)
}

/// Everything up to the end, if that comes before the limit.
fn whole(source: impl Read, most: u64) -> Result<Vec<u8>, CellError> {
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most {
        return Err(too_large(most));
    }
    Ok(bytes)
}

fn too_large(most: u64) -> CellError {
    let found = format!("this is larger than {} MiB, the most that is read", most >> 20);
    CellError::new(found, "check that it is the right file, or split it up")
}

fn unreadable(error: io::Error) -> CellError {
    let advice = match error.kind() {
        io::ErrorKind::OutOfMemory => "make more memory available or give a smaller file",
        io::ErrorKind::PermissionDenied => "make it readable",
        _ => "check the path",
    };
    CellError::new(format!("the file could not be read: {error}"), advice)
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo() || kind.is_socket()
}

#[cfg(not(unix))]
fn is_pipe(_kind: FileType) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_opened_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let (there, absent) = (dir.path().join("there"), dir.path().join("absent"));
        fs::write(&there, "text").unwrap();
        let inputs = Inputs::default();
        assert_eq!(inputs.text(&there), Ok(b"text".to_vec()));
        assert_eq!(inputs.table(&there), Ok(b"text".to_vec()));
        assert!(inputs.text(&absent).unwrap_err().to_string().ends_with("check the path"));
        assert_eq!(inputs.paths(), [absent, there]);
    }

    #[test]
    fn nothing_is_read_without_an_end() {
        let dir = tempfile::tempdir().unwrap();
        let sparse = dir.path().join("sparse");
        let file = File::create(&sparse).unwrap();
        let refused = |path: &Path| Inputs::default().text(path).unwrap_err().to_string();
        file.set_len(MOST_TEXT + 1).unwrap();
        assert!(refused(&sparse).contains("larger than 32 MiB"));
        // Negative control: one byte less is read.
        file.set_len(MOST_TEXT).unwrap();
        assert_eq!(Inputs::default().text(&sparse).map(|bytes| bytes.len() as u64), Ok(MOST_TEXT));
        assert!(whole(io::repeat(b'x'), 1000).unwrap_err().found.contains("larger than"));
        assert!(refused(dir.path()).contains("folder"));
        if cfg!(unix) {
            assert!(refused(Path::new("/dev/zero")).contains("device"));
        }
    }
}
