//! Files of matches between two lists: CSV with the columns `id` and `epoch_model`, others are not read.
//!
//! A match gives the row of an id, in either list, a name; rows with the same name are one model. All faults of a file are found
//! at once. What is legal and changes nothing is a warning: an id that no list has, a name that nothing else has, a
//! match that is there twice. A row without a name is no match.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::portfolio::formats::{Fault, Record, csv};
use crate::portfolio::missing::is_word;
use crate::portfolio::problem::shorten;
use crate::portfolio::spelling::{closest, normal, question};
use crate::portfolio::{Model, Place, Problem, Problems, Warning};

const ID: &str = "id";
const NAME: &str = "epoch_model";
/// Ids that are looked for among the known ones: the search takes time in their number.
const SUGGESTED: usize = 20;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatchesFile {
    /// Names by id.
    pub names: BTreeMap<String, String>,
    /// Matches that change nothing.
    pub warnings: Vec<Warning>,
}

/// A match and its line.
struct Match {
    line: u64,
    id: String,
    name: String,
}

/// Reads a file from its bytes; `path` is what messages name, and `lists` are those that it joins.
///
/// # Errors
/// All problems of the file.
pub fn read(path: &Path, bytes: &[u8], lists: [&[Model]; 2]) -> Result<MatchesFile, Problems> {
    let mut reader = Reader { file: Arc::new(path.to_path_buf()), problems: Vec::new(), warnings: Vec::new() };
    let matches = reader.matches(bytes);
    let names = reader.names(&matches);
    reader.unknown(&matches, lists);
    reader.problems.sort_by_key(|p| p.place.line);
    reader.warnings.sort_by_key(|w| w.place.line);
    let Reader { problems, warnings, .. } = reader;
    if problems.is_empty() { Ok(MatchesFile { names, warnings }) } else { Err(problems.into()) }
}

struct Reader {
    file: Arc<PathBuf>,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl Reader {
    fn place(&self, line: u64, column: &str) -> Place {
        Place { file: Arc::clone(&self.file), line, column: column.to_string() }
    }

    fn problem(&mut self, line: u64, column: &str, value: &str, message: impl Into<String>) {
        let place = self.place(line, column);
        self.problems.push(Problem { place, value: shorten(value), message: message.into() });
    }

    fn warning(&mut self, rule: &'static str, line: u64, column: &str, value: &str, message: String) {
        let place = self.place(line, column);
        self.warnings.push(Warning { rule, place, value: shorten(value), message });
    }

    /// Every match, in the order of the file.
    fn matches(&mut self, bytes: &[u8]) -> Vec<Match> {
        let table = csv::table(bytes);
        for Fault { line, value, message } in table.faults {
            self.problem(line, "", &value, message);
        }
        let Some(Record { line, cells: header }) = table.header else { return Vec::new() };
        let columns = [ID, NAME].map(|name| header.iter().position(|cell| normal(cell) == normal(name)));
        for (name, _) in [ID, NAME].into_iter().zip(columns).filter(|(_, place)| place.is_none()) {
            let message = format!("a file of matches has the columns {ID} and {NAME}; {name} is missing");
            self.problem(line, name, "", message);
        }
        let [Some(id), Some(name)] = columns else { return Vec::new() };
        let mut found = Vec::new();
        for record in table.records {
            let Record { line, cells } = match record {
                Ok(record) => record,
                Err(Fault { line, value, message }) => {
                    self.problem(line, "", &value, message);
                    break;
                }
            };
            if cells.iter().all(String::is_empty) {
                continue;
            }
            if cells.len() != header.len() {
                let message = format!(
                    "the row has {} fields and the header has {}; put cells that contain a comma in quotes",
                    cells.len(),
                    header.len()
                );
                self.problem(line, "", &cells.join(","), message);
                continue;
            }
            let [id, name] = [id, name].map(|place| cells.get(place).cloned().unwrap_or_default());
            if name.is_empty() || is_word(&name) {
                continue;
            }
            if id.is_empty() {
                self.problem(line, ID, "", "the id is empty; name the row that this match is about");
                continue;
            }
            found.push(Match { line, id, name });
        }
        found
    }

    /// Names by id; each id has one.
    fn names(&mut self, matches: &[Match]) -> BTreeMap<String, String> {
        let mut first: HashMap<&str, &Match> = HashMap::new();
        for found in matches {
            let Some(known) = first.get(found.id.as_str()) else {
                first.insert(&found.id, found);
                continue;
            };
            if known.name == found.name {
                let message = format!("the same match as on line {}; it counts once", known.line);
                self.warning("matches-repeated", found.line, ID, &found.id, message);
            } else {
                let message = format!(
                    "line {} matches this id with {:?}, this one with {:?}; keep one of them",
                    known.line,
                    shorten(&known.name),
                    shorten(&found.name)
                );
                self.problem(found.line, ID, &found.id, message);
            }
        }
        first.into_values().map(|m| (m.id.clone(), m.name.clone())).collect()
    }

    /// Ids that no list has, and names that connect a row with nothing.
    fn unknown(&mut self, matches: &[Match], lists: [&[Model]; 2]) {
        let models = || lists.into_iter().flatten();
        let ids: HashSet<&str> = models().map(|m| m.id.as_str()).collect();
        let labels: HashSet<&str> = models().filter_map(|m| m.labels.get(NAME)).collect();
        let mut rows: HashMap<&str, HashSet<&str>> = HashMap::new();
        for found in matches {
            rows.entry(&found.name).or_default().insert(&found.id);
        }
        let mut candidates: Vec<&str> = ids.iter().copied().collect();
        candidates.sort_unstable();
        let mut searches = 0;
        for found in matches {
            let (id, name) = (found.id.as_str(), found.name.as_str());
            if !ids.contains(id) {
                searches += 1;
                let close = if searches <= SUGGESTED { closest(id, &candidates) } else { None };
                let close = question(close.as_slice());
                let message = format!("no row of either list has this id; {close}the match changes nothing");
                self.warning("matches-unknown", found.line, ID, id, message);
            } else if !ids.contains(name) && !labels.contains(name) && rows.get(name).is_none_or(|ids| ids.len() < 2) {
                let message = "no other row of either list has this name; the match changes nothing".to_string();
                self.warning("matches-unknown", found.line, NAME, name, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ids: &[&str]) -> Vec<Model> {
        ids.iter().map(|id| Model { id: id.to_string(), ..Model::default() }).collect()
    }

    fn of(text: &str) -> Result<MatchesFile, Vec<(u64, String, String)>> {
        let (first, second) = (list(&["lab/a", "lab/b", "c"]), list(&["A", "B"]));
        read(Path::new("join.csv"), text.as_bytes(), [&first, &second])
            .map_err(|all| all.iter().map(|p| (p.place.line, p.place.column.clone(), p.message.clone())).collect())
    }

    #[test]
    fn matches_are_names_by_id() {
        let file = of("how,Epoch model,id\nx,A,lab/a\n\ny,,lab/b\nz,n/a,c\n").unwrap();
        assert_eq!(file.names, BTreeMap::from([("lab/a".to_string(), "A".to_string())]));
        assert!(file.warnings.is_empty(), "{:?}", file.warnings);
    }

    #[test]
    fn faults_have_line_and_column() {
        for (text, line, column, words) in [
            ("id,epoch_model\nlab/a,\"A\nlab/b,B\nc,B\n", 2, "", "never closed"),
            ("id,epoch_model\nlab/a,A\nlab/a,B\n", 3, "id", "line 2 matches this id with \"A\""),
            ("id,epoch_model\n,A\n", 2, "id", "the id is empty"),
            ("id,epoch_model\nlab/a\n", 2, "", "1 fields and the header has 2"),
            ("id,name\nlab/a,A\n", 1, "epoch_model", "is missing"),
            ("\n", 0, "", "empty"),
        ] {
            let found = of(text).expect_err(text);
            assert!(
                found.iter().any(|(l, c, m)| *l == line && c == column && m.contains(words)),
                "{text:?}: {found:?}"
            );
        }
    }

    #[test]
    fn what_changes_nothing_is_warned_of() {
        let text = "id,epoch_model\nlab/a,A\nlab/a,A\nlab/bb,B\nlab/b,Nothing\nc,Both\nlab/a2,Both\n";
        let warned = of(text).unwrap().warnings;
        let found: Vec<(&str, u64, &str)> =
            warned.iter().map(|w| (w.rule, w.place.line, w.place.column.as_str())).collect();
        assert_eq!(
            found,
            [
                ("matches-repeated", 3, "id"),
                ("matches-unknown", 4, "id"),
                ("matches-unknown", 5, "epoch_model"),
                ("matches-unknown", 7, "id"),
            ]
        );
        assert!(warned[1].message.contains("did you mean lab/b?"), "{}", warned[1].message);
    }
}
