//! Several files of records as one text, in which every line is still known by its file.

use std::path::{Path, PathBuf};

use super::read;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::problem::{Place, Problem, Problems};

/// Several files as one.
#[derive(Debug)]
pub struct Joined<'a> {
    /// All lines.
    pub text: String,
    /// Where each file begins: its first line, from 0.
    files: Vec<(usize, &'a Path)>,
}

impl<'a> Joined<'a> {
    /// Reads the files, in their order.
    ///
    /// # Errors
    /// Each that cannot be read, or has something in it and no record.
    pub fn read(paths: &'a [PathBuf], inputs: &Inputs) -> Result<Joined<'a>, Problems> {
        let (mut joined, mut problems) = (Joined { text: String::new(), files: Vec::new() }, Vec::new());
        for path in paths {
            let place = |line| Place { file: path.clone().into(), line, column: String::new() };
            match inputs.table(path) {
                Ok(content) => {
                    let text = String::from_utf8_lossy(&content).into_owned();
                    if !read::is_log(&text) && !text.trim().is_empty() {
                        let message = "there is no record of haze track in the file".to_string();
                        problems.push(Problem { place: place(0), value: String::new(), message });
                    }
                    joined.files.push((joined.text.matches('\n').count(), path));
                    joined.text += &text;
                    joined.text += if text.ends_with('\n') { "" } else { "\n" };
                }
                Err(e) => problems.push(Problem { place: place(0), value: String::new(), message: e.to_string() }),
            }
        }
        if problems.is_empty() { Ok(joined) } else { Err(Problems::from(problems)) }
    }

    /// The place of a line of the whole, from 1.
    pub fn place(&self, line: u64) -> Place {
        let from_0 = line.saturating_sub(1) as usize;
        let of = self.files.iter().rev().find(|(start, _)| *start <= from_0);
        let (start, path) = of.copied().unwrap_or((0, Path::new("")));
        Place { file: path.to_path_buf().into(), line: (from_0 - start) as u64 + 1, column: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::record::example;

    #[test]
    fn a_line_is_that_of_its_file() {
        let line = example::record("a").line();
        let named = [("a.jsonl", format!("{line}{line}")), ("b.jsonl", format!("{line}torn"))];
        let inputs =
            named.iter().fold(Inputs::default(), |all, (name, text)| all.with_text(*name, text.clone().into()));
        let paths = named.map(|(name, _)| PathBuf::from(name));
        let joined = Joined::read(&paths, &inputs).unwrap();
        let places = [1, 2, 3, 4].map(|line| joined.place(line));
        let found = places.map(|place| format!("{}:{}", place.file.display(), place.line));
        assert_eq!(found, ["a.jsonl:1", "a.jsonl:2", "b.jsonl:1", "b.jsonl:2"]);
        assert_eq!(joined.text.lines().count(), 4);
        let paths = ["no.jsonl", "other.csv"].map(PathBuf::from);
        let inputs = Inputs::default().with_text("other.csv", b"id\nx\n".to_vec());
        assert_eq!(Joined::read(&paths, &inputs).unwrap_err().iter().count(), 2);
    }
}
