//! Short files of `/sys` and `/proc`, below a root that tests replace by a recorded tree.
//!
//! Everything there is text by the kernel or by firmware. Names from it are cut and freed of control characters here, once.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Why a file could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    Missing,
    NoPermission,
    Other,
}

/// The text of a file without space around it.
pub fn text(path: &Path) -> Result<String, Unread> {
    std::fs::read_to_string(path).map(|text| text.trim().to_string()).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Unread::Missing,
        ErrorKind::PermissionDenied => Unread::NoPermission,
        _ => Unread::Other,
    })
}

/// A number that stands alone in its file.
pub fn number(path: &Path) -> Result<f64, Unread> {
    text(path)?.parse::<f64>().ok().filter(|x| x.is_finite()).ok_or(Unread::Other)
}

/// A hexadecimal number such as `0x10de`.
pub fn hex(path: &Path) -> Option<u32> {
    u32::from_str_radix(text(path).ok()?.trim_start_matches("0x"), 16).ok()
}

/// What a folder holds, by name; empty where there is none.
pub fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The last part of a path.
pub fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A name that others gave, on one line and without control characters.
pub fn plain(name: &str) -> Option<String> {
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    Some(name.trim().to_string()).filter(|name| !name.is_empty())
}
