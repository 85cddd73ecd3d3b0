//! Folders of our own: one in the temporary folder for what ranks of a job agree on, one for the states of services.
//!
//! A folder in `/tmp` that somebody else made, or can write to, is not used: whoever owns it could have files of ours go
//! elsewhere.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::unistd::getuid;
use sha2::{Digest, Sha256};

/// The folder for what lives as long as a job.
///
/// # Errors
/// It cannot be made, or is not ours alone.
pub fn of_jobs() -> io::Result<PathBuf> {
    own(&std::env::temp_dir().join(format!("haze-track-{}", getuid())))
}

/// The folder for the states of services: `$XDG_STATE_HOME/haze-track`, by default in `~/.local/state` (XDG Base Directory
/// Specification 0.8), and that of jobs where there is no home.
///
/// # Errors
/// As [`of_jobs`].
pub fn of_states() -> io::Result<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute("HOME").map(|home| home.join(".local/state"));
    let Some(state) = absolute("XDG_STATE_HOME").or_else(home) else { return of_jobs() };
    match fs::create_dir_all(&state).and_then(|()| own(&state.join("haze-track"))) {
        Ok(folder) => Ok(folder),
        Err(_) => of_jobs(),
    }
}

/// A folder that nobody but this user can write to.
fn own(path: &Path) -> io::Result<PathBuf> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    // Of the link, if it is one.
    let found = fs::symlink_metadata(path)?;
    if found.is_dir() && found.uid() == getuid().as_raw() && found.mode() & 0o022 == 0 {
        return Ok(path.to_path_buf());
    }
    Err(io::Error::other(format!("{} is not a folder of this user alone", path.display())))
}

/// A text as 16 digits that do not show it.
pub fn hash(text: &str) -> String {
    let digest = Sha256::digest(format!("haze track {text}"));
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// This node in this boot.
pub fn node() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    hash(boot.trim())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn folders_of_others_are_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let good = dir.path().join("good");
        assert_eq!(own(&good).unwrap(), good);
        assert_eq!(fs::metadata(&good).unwrap().mode() & 0o777, 0o700);
        assert!(own(&good).is_ok());
        let link = dir.path().join("link");
        symlink(&good, &link).unwrap();
        assert!(own(&link).is_err());
        fs::set_permissions(&good, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(own(&good).is_err());
        assert!(own(&dir.path().join("a/b")).is_err());
    }

    #[test]
    fn a_hash_shows_nothing() {
        assert_eq!((node().len(), node() == node()), (16, true));
        assert_ne!(hash("a"), hash("b"));
    }
}
