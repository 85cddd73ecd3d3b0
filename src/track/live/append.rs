//! One line appended to a file by many processes at once, and nothing lost.
//!
//! The file is locked (flock) and the line written in one piece at its end. A last line without an end was torn when its
//! writer was killed; it gets an end of its own, so that the new line is whole. What cannot be written wholly (a full
//! disk) is taken back, and the line goes to a file of its own in the temporary folder. On a file system without locks the
//! line is still one write at the end, and what was written of it is not taken back: another's line may follow it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where a line is.
#[derive(Debug)]
pub enum Kept {
    /// Where it was to go.
    InPlace,
    /// In this file instead, because of that.
    Elsewhere(PathBuf, io::Error),
    /// Nowhere: both failed.
    Nowhere(io::Error),
}

/// Whether a line can be appended, as far as that can be known before; makes the file.
///
/// # Errors
/// It cannot be opened.
pub fn prepare(path: &Path) -> io::Result<()> {
    open(path).map(drop)
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).append(true).create(true).open(path)
}

/// Appends a line, which has its end, or keeps it elsewhere under this name.
pub fn keep(path: &Path, line: &str, name: &str) -> Kept {
    let Err(why) = append(path, line) else { return Kept::InPlace };
    let spare = std::env::temp_dir().join(format!("haze-track-{name}.jsonl"));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&spare).and_then(|mut file| {
        file.write_all(line.as_bytes())?;
        file.sync_data()
    });
    match written {
        Ok(()) => Kept::Elsewhere(spare, why),
        Err(e) => {
            if e.kind() != io::ErrorKind::AlreadyExists {
                let _ = fs::remove_file(&spare);
            }
            Kept::Nowhere(why)
        }
    }
}

/// Appends a line.
///
/// # Errors
/// Nothing of it is in the file.
pub fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = open(path)?;
    let is_locked = file.lock().is_ok();
    let is_file = file.metadata()?.is_file();
    let length = if is_file { file.seek(SeekFrom::End(0))? } else { 0 };
    let is_torn = length > 0 && {
        file.seek(SeekFrom::Start(length - 1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        last != *b"\n"
    };
    let text = if is_torn { format!("\n{line}") } else { line.to_string() };
    let written = file.write_all(text.as_bytes()).and_then(|()| if is_file { file.sync_data() } else { Ok(()) });
    let taken_back = if written.is_err() && is_file && is_locked { file.set_len(length) } else { Ok(()) };
    if is_locked {
        // A process that was forked meanwhile has the file open too, and would hold the lock on.
        let _ = file.unlock();
    }
    taken_back.and(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_follow_each_other_and_torn_ones_stand_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        append(&path, "a\n").unwrap();
        append(&path, "b\n").unwrap();
        fs::write(&path, "a\nb\n{\"to").unwrap();
        append(&path, "c\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\n{\"to\nc\n");
    }

    /// A device that is always full: null(4).
    #[test]
    fn a_full_disk_keeps_the_line_elsewhere() {
        let name = format!("test-{}", std::process::id());
        let Kept::Elsewhere(spare, why) = keep(Path::new("/dev/full"), "x\n", &name) else { panic!() };
        assert_eq!(why.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_to_string(&spare).unwrap(), "x\n");
        fs::remove_file(spare).unwrap();
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(keep(&dir.path().join("log"), "x\n", &name), Kept::InPlace));
        assert!(prepare(&dir.path().join("nowhere/log")).is_err());
    }
}
