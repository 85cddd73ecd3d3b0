//! Text files with one number per line, for `empirical(file)`.

use std::io::Read;
use std::path::Path;

use crate::portfolio::distribution::cell::{CellError, Files};
use crate::portfolio::distribution::check::magnitude;
use crate::portfolio::number::number;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 32 << 20;

/// Finds the files that cells name in one folder: that of the file with the cells.
pub struct Folder<'p>(pub &'p Path);

impl Files for Folder<'_> {
    fn values(&self, name: &str) -> Result<Vec<f64>, CellError> {
        read(&self.0.join(name))
    }
}

fn read(path: &Path) -> Result<Vec<f64>, CellError> {
    let shown = path.display();
    let unreadable = |e: std::io::Error| {
        CellError::new(format!("cannot read {shown}: {e}"), "the path is relative to the file that names it")
    };
    // A directory, a device or a pipe would never end or fail later with a stranger message.
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(CellError::new(format!("{shown} is not a file"), "name a text file with one number per line"));
    }
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let size = file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(unreadable)? as u64;
    if size > MAX_FILE {
        return Err(CellError::new(format!("{shown} is above 32 MiB"), "thin the values out"));
    }
    let mut values = Vec::new();
    for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        match number(line).and_then(|x| magnitude("the value", x).map(|()| x)) {
            Ok(x) => values.push(x),
            // The first line may be a header; a header is a word, not a malformed number.
            Err(_) if i == 0 && line.starts_with(|c: char| c.is_alphabetic() || c == '"') => {}
            Err(e) => return Err(CellError::new(format!("{shown}:{}: {}", i + 1, e.found), e.advice)),
        }
    }
    if values.is_empty() {
        return Err(CellError::new(format!("{shown} holds no number"), "write one number per line"));
    }
    Ok(values)
}
