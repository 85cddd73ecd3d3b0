//! A file that is to be imported: its text, its path, and the name that its place gives to a model.

use std::borrow::Cow;
use std::path::{Component, Path};

use crate::portfolio::formats::csv_text::not_utf8;
use crate::portfolio::formats::{Fault, unpacked};
use crate::portfolio::lines::Lines;

/// What a row is, of a file that has one line for each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupBy {
    /// The runs of one project.
    #[default]
    Project,
    /// The runs of one experiment.
    Experiment,
    /// One run.
    Run,
}

/// A file and what the importers need to know of it.
pub struct Source<'b> {
    /// As the user named it.
    pub path: &'b Path,
    /// Its text, without a byte order mark; what is not UTF-8 is replaced.
    pub text: Cow<'b, str>,
    /// What a row is, where the file has a line for each run.
    pub group_by: GroupBy,
    bytes: &'b [u8],
}

impl<'b> Source<'b> {
    /// Of a file's bytes.
    pub fn new(path: &'b Path, bytes: &'b [u8], group_by: GroupBy) -> Source<'b> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        Source { path, text: String::from_utf8_lossy(bytes), group_by, bytes }
    }

    /// The lines that are not UTF-8.
    pub fn faults(&self) -> Vec<Fault> {
        let lines = Lines::of(self.bytes);
        let message = "the line is not in UTF-8; save the file in UTF-8";
        not_utf8(self.bytes, &lines).into_iter().map(|(line, wrong)| Fault::new(line, wrong, message)).collect()
    }

    /// The id that the place of the file gives to the model in it: `org/name` of `org/name/README.md`, `org__name.md`
    /// or `models--org--name/…/README.md`, and the name of the file's folder, or of the file, elsewhere. `None` for a
    /// README in no named folder, and for standard input.
    pub fn id_of_place(&self) -> Option<String> {
        const GENERAL: [&str; 7] =
            ["readme", "mergekit_config", "model_card", "modelcard", "boamps", "report", "emissions"];
        let path = unpacked(self.path);
        let stem = path.file_stem()?.to_str()?;
        if self.path == Path::new("standard input") {
            return None;
        }
        if !GENERAL.contains(&stem.to_lowercase().as_str()) {
            return Some(of_the_hub(stem).unwrap_or_else(|| stem.to_string()));
        }
        let folders: Vec<&str> = self
            .path
            .parent()?
            .components()
            .filter_map(|c| match c {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        if let Some(id) = folders.iter().rev().find_map(|name| of_the_hub(name)) {
            return Some(id);
        }
        match folders.as_slice() {
            [] => None,
            [name] => Some(name.to_string()),
            [.., org, name] => Some(format!("{org}/{name}")),
        }
    }
}

/// `org/name` of `models--org--name` (the Hub's cache) and `org__name`.
fn of_the_hub(name: &str) -> Option<String> {
    let (org, name) = match name.strip_prefix("models--") {
        Some(rest) => rest.split_once("--")?,
        None => name.split_once("__")?,
    };
    (!org.is_empty() && !name.is_empty()).then(|| format!("{org}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_name_models() {
        let id = |path: &str| Source::new(Path::new(path), b"", GroupBy::Project).id_of_place();
        assert_eq!(id("cards/org/name/README.md").as_deref(), Some("org/name"));
        assert_eq!(id("name/README.md").as_deref(), Some("name"));
        assert_eq!(id("x/models--org--name--7b/snapshots/1/README.md").as_deref(), Some("org/name--7b"));
        assert_eq!(id("cards/org__name.md").as_deref(), Some("org/name"));
        assert_eq!(id("cards/name.md").as_deref(), Some("name"));
        assert_eq!(id("runs/name/emissions.csv.gz").as_deref(), Some("runs/name"));
        assert_eq!(id("README.md"), None);
        assert_eq!(id("standard input"), None);
    }
}
