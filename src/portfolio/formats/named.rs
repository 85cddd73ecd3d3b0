//! Reads what a study names besides its models files.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use super::values::Folder;
use crate::portfolio::distribution::cell::{self, CellError, Files};
use crate::portfolio::named::NamedFiles;
use crate::portfolio::study::Study;

/// Reads all files that the study names; paths among its priors are relative to its folder.
pub fn read(study: &Study) -> NamedFiles {
    let folder = study.path.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    let recorder = Recorder { folder: Folder(folder), found: RefCell::default() };
    for value in study.priors.values() {
        record(value, &recorder);
    }
    let fits = study
        .fits
        .as_deref()
        .map(|path| std::fs::read_to_string(path).map_err(|e| format!("the file could not be read: {e}")));
    NamedFiles { values: recorder.found.into_inner(), fits }
}

/// Keeps what each file that a cell names holds.
struct Recorder<'p> {
    folder: Folder<'p>,
    found: RefCell<BTreeMap<String, Result<Vec<f64>, CellError>>>,
}

impl Files for Recorder<'_> {
    fn values(&self, name: &str) -> Result<Vec<f64>, CellError> {
        let mut found = self.found.borrow_mut();
        found.entry(name.to_string()).or_insert_with(|| self.folder.values(name)).clone()
    }
}

/// Reads the text as a cell for the sake of the files it names; what else it says is the assessment's business.
fn record(value: &toml::Value, recorder: &Recorder<'_>) {
    match value {
        toml::Value::String(text) => {
            let _ = cell::parse(text, recorder);
        }
        toml::Value::Table(table) => table.values().for_each(|value| record(value, recorder)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_has_its_files_when_it_has_been_read() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("values.txt"), "1\n2\n").unwrap();
        std::fs::write(dir.path().join("fits.toml"), "[all]\n").unwrap();
        let text =
            "[grid]\nunknown = \"mixture(0.5: empirical(values.txt), 0.5: empirical(none.txt))\"\nusa_gsd = 1.2\n";
        let mut study = Study {
            priors: text.parse().unwrap(),
            path: Some(dir.path().join("study.toml")),
            fits: Some(dir.path().join("fits.toml")),
            ..Study::default()
        };
        study.named = read(&study);
        drop(dir);
        assert_eq!(study.named.values("values.txt"), Ok(vec![1.0, 2.0]));
        assert!(study.named.values("none.txt").unwrap_err().found.contains("cannot read"));
        // A name that the study does not have is never looked for.
        assert!(study.named.values("other.txt").unwrap_err().found.contains("cannot be named here"));
        assert_eq!(study.named.fits, Some(Ok("[all]\n".to_string())));
        assert!(matches!(read(&study).fits, Some(Err(_))));
    }
}
