//! Text files with one number per line, for `empirical(file)`.

use std::path::Path;

use super::inputs::Inputs;
use crate::portfolio::distribution::cell::{CellError, Files};
use crate::portfolio::distribution::check::magnitude;
use crate::portfolio::number::number;
use crate::portfolio::problem::shorten_path;

/// Finds the files that cells name in one folder: that of the file with the cells. See [`Inputs::folder`].
pub struct Folder<'i> {
    pub(super) path: &'i Path,
    pub(super) inputs: &'i Inputs,
}

impl Files for Folder<'_> {
    fn values(&self, name: &str) -> Result<Vec<f64>, CellError> {
        read(&self.path.join(name), self.inputs)
    }
}

fn read(path: &Path, inputs: &Inputs) -> Result<Vec<f64>, CellError> {
    let shown = shorten_path(path);
    let bytes = inputs.text(path).map_err(|e| {
        let relative = "the path is relative to the file that names it";
        let advice = if path.exists() { e.advice } else { relative.into() };
        CellError::new(format!("{shown}: {}", e.found), advice)
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| CellError::new(format!("{shown} is not a text in UTF-8"), "write one number per line"))?;
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
