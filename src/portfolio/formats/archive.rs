//! Everything that was read of a portfolio, in one piece: a run can be read again where its files are not.
//!
//! As bytes: the length of the index (8 bytes, little-endian), the index in JSON, then the contents in its order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Files by their paths as they were named, and what folders held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Archive {
    files: BTreeMap<PathBuf, Vec<u8>>,
    folders: BTreeMap<PathBuf, Vec<PathBuf>>,
}

#[derive(Serialize, Deserialize)]
struct Index {
    files: Vec<(PathBuf, u64)>,
    folders: BTreeMap<PathBuf, Vec<PathBuf>>,
}

const LENGTH: usize = size_of::<u64>();

impl Archive {
    /// Keeps a file.
    pub fn keep(&mut self, path: &Path, bytes: &[u8]) {
        self.files.insert(path.to_path_buf(), bytes.to_vec());
    }

    /// Keeps what a folder holds.
    pub fn keep_folder(&mut self, path: &Path, files: &[PathBuf]) {
        self.folders.insert(path.to_path_buf(), files.to_vec());
    }

    /// What a file holds.
    pub fn file(&self, path: &Path) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The files of a folder.
    pub fn folder(&self, path: &Path) -> Option<&[PathBuf]> {
        self.folders.get(path).map(Vec::as_slice)
    }

    /// As bytes; the files are given up one after the other, as they can be large.
    ///
    /// # Errors
    /// A path that is not in UTF-8.
    pub fn into_bytes(self) -> Result<Vec<u8>, serde_json::Error> {
        let files = self.files.iter().map(|(path, bytes)| (path.clone(), bytes.len() as u64)).collect();
        let index = serde_json::to_vec(&Index { files, folders: self.folders })?;
        let mut all = Vec::with_capacity(LENGTH + index.len() + self.files.values().map(Vec::len).sum::<usize>());
        all.extend((index.len() as u64).to_le_bytes());
        all.extend(index);
        self.files.into_values().for_each(|bytes| all.extend(bytes));
        Ok(all)
    }

    /// From its bytes; `None` where these are not of an archive.
    pub fn from_bytes(bytes: &[u8]) -> Option<Archive> {
        let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (index, mut rest) = rest.split_at_checked(length)?;
        let index: Index = serde_json::from_slice(index).ok()?;
        let mut files = BTreeMap::new();
        for (path, length) in index.files {
            let (bytes, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            files.insert(path, bytes.to_vec());
            rest = after;
        }
        rest.is_empty().then_some(Archive { files, folders: index.folders })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let mut archive = Archive::default();
        archive.keep(Path::new("a/models.csv"), b"id\n\xff\n");
        archive.keep(Path::new("-"), b"");
        archive.keep_folder(Path::new("cards"), &["cards/1.md".into(), "cards/2.md".into()]);
        let bytes = archive.clone().into_bytes().unwrap();
        let again = Archive::from_bytes(&bytes).unwrap();
        assert_eq!(again, archive);
        assert_eq!(again.file(Path::new("a/models.csv")), Some(&b"id\n\xff\n"[..]));
        assert_eq!((again.file(Path::new("b")), again.folder(Path::new("b"))), (None, None));
        // No byte can be missing or be one too many, and none of the first can be another.
        for cut in 0..bytes.len() {
            assert_eq!(Archive::from_bytes(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(Archive::from_bytes(&[&bytes[..], b"x"].concat()), None);
        let mut long = bytes;
        long[7] = 0xff;
        assert_eq!(Archive::from_bytes(&long), None);
    }
}
