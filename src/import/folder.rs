//! A folder as the files in it that can be imported.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::portfolio::formats::unpacked;

/// No folder is looked into that lies deeper than this below the one that was named.
const DEEPEST: usize = 6;
/// More files than this are not read.
const MOST: usize = 2_000_000;

/// The files below a folder whose names may be those of a foreign format (`.md`, `.json`, `.jsonl`, `.ndjson`, `.csv`,
/// `.yml`, `.yaml`, each also with `.gz`), in the order of their paths. Hidden files and folders are passed over, and links to folders are not followed.
///
/// # Errors
/// A folder that cannot be listed.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut next = vec![(folder.to_path_buf(), 0)];
    while let Some((folder, depth)) = next.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            if kind.is_dir() && depth < DEEPEST {
                next.push((path, depth + 1));
            } else if !kind.is_dir() && may_be_foreign(&path) && found.len() < MOST {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn may_be_foreign(path: &Path) -> bool {
    let path = unpacked(path);
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_lowercase);
    matches!(extension.as_deref(), Some("md" | "json" | "jsonl" | "ndjson" | "csv" | "yml" | "yaml"))
}
