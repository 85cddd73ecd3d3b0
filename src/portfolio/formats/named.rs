//! Reads what a study names besides its models files.

use std::collections::BTreeMap;
use std::path::Path;

use super::inputs::Inputs;
use crate::portfolio::distribution::cell::{CellError, Files, files_named};
use crate::portfolio::named::NamedFiles;
use crate::portfolio::study::Study;

/// Reads all files that the study names; paths among its priors are relative to its folder.
pub fn read(study: &Study, inputs: &Inputs) -> NamedFiles {
    let folder = inputs.folder(study.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(".")));
    let mut values = BTreeMap::new();
    for value in study.priors.values() {
        record(value, &folder, &mut values);
    }
    let text = |path: &Path| {
        let bytes = inputs.text(path).map_err(|e| e.found)?;
        String::from_utf8(bytes).map_err(|_| "the file is not in UTF-8".to_string())
    };
    NamedFiles { values, fits: study.fits.as_deref().map(text) }
}

/// Keeps what each file that a text names as a cell does holds; what else the text says is the assessment's business.
fn record(value: &toml::Value, files: &dyn Files, found: &mut BTreeMap<String, Result<Vec<f64>, CellError>>) {
    match value {
        toml::Value::String(text) => {
            for (_, name) in files_named(text) {
                found.entry(name.to_string()).or_insert_with(|| files.values(name));
            }
        }
        toml::Value::Table(table) => table.values().for_each(|value| record(value, files, found)),
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
        study.named = read(&study, &Inputs::default());
        drop(dir);
        assert_eq!(study.named.values("values.txt"), Ok(vec![1.0, 2.0]));
        assert!(study.named.values("none.txt").unwrap_err().found.contains("could not be read"));
        // A name that the study does not have is never looked for.
        assert!(study.named.values("other.txt").unwrap_err().found.contains("cannot be named here"));
        assert_eq!(study.named.fits, Some(Ok("[all]\n".to_string())));
        assert!(matches!(read(&study, &Inputs::default()).fits, Some(Err(_))));
    }
}
