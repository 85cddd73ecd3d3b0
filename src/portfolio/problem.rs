//! What is wrong or suspicious in what a user gave, and where: file, line, column, value, and what to do.
//!
//! A stage that reads or assesses gives all its problems at once, as [`Problems`].

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A place in a file. Line 0 is "the file as a whole".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// As the user named it.
    pub file: Arc<PathBuf>,
    /// Physical line, from 1.
    pub line: u64,
    /// Column of the models file or key of the study file; empty where there is none.
    pub column: String,
}

/// Something that stops a run: bad input.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// The offending text, shortened.
    pub value: String,
    /// What was found and expected, and what to do.
    pub message: String,
}

/// Something legal that is suspicious; names the rule that raised it.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    /// Its name, as in [`RULES`](super::rules::RULES).
    pub rule: &'static str,
    /// Where.
    pub place: Place,
    /// The text in question, shortened.
    pub value: String,
    /// What was found, and what to do.
    pub message: String,
}

/// The rule of a column that is not read and perhaps should be.
pub const NOT_READ: &str = "not-read";
/// The note that lists the columns read under another name than their own.
pub const READ_AS: &str = "read-as";
/// The note that counts the words for missing values.
pub const MISSING_WORDS: &str = "missing-words";
/// Rule of a value of a foreign file that is not used.
pub(crate) const IMPORT_DROPPED: &str = "import-dropped";
/// Rule of a value of a foreign file that is used in another form.
pub(crate) const IMPORT_REPAIRED: &str = "import-repaired";
/// Rule of the note of what a foreign file does not state.
pub(crate) const IMPORT_ASSUMED: &str = "import-assumed";
/// Rule of the note that published figures were used.
pub(crate) const PUBLISHED: &str = "published-facts";
/// Rule of two rows that are one published run.
pub(crate) const SAME_RUN: &str = "same-run";

impl Warning {
    /// Whether it only tells how the input was understood: nothing is suspicious, and no result depends on it.
    pub fn is_note(&self) -> bool {
        [READ_AS, MISSING_WORDS, PUBLISHED, IMPORT_ASSUMED].contains(&self.rule)
    }
}

/// All that is wrong with what a user gave: at least one [`Problem`], in the order in which they are best read.
///
/// `Display` writes each on a line of its own.
///
/// ```
/// use carbonhaze::{Portfolio, Problems};
///
/// fn models(path: &str) -> Result<usize, Box<dyn std::error::Error>> {
///     Ok(Portfolio::read(path)?.models.len())
/// }
///
/// let error = models("no such file.csv").unwrap_err();
/// let problems = error.downcast_ref::<Problems>().unwrap();
/// assert_eq!(problems.len(), 1);
/// assert!(problems[0].message.ends_with("check the path"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Problems(Vec<Problem>);

impl From<Vec<Problem>> for Problems {
    fn from(problems: Vec<Problem>) -> Problems {
        debug_assert!(!problems.is_empty());
        Problems(problems)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems(vec![problem])
    }
}

impl From<Problems> for Vec<Problem> {
    fn from(problems: Problems) -> Vec<Problem> {
        problems.0
    }
}

impl Deref for Problems {
    type Target = [Problem];

    fn deref(&self) -> &[Problem] {
        &self.0
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'p> IntoIterator for &'p Problems {
    type Item = &'p Problem;
    type IntoIter = std::slice::Iter<'p, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if i == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The first warning of each rule and how many others it raised, in the order of the first ones.
pub(crate) fn by_rule(warnings: &[Warning]) -> Vec<(&Warning, usize)> {
    let mut found: Vec<(&Warning, usize)> = Vec::new();
    for warning in warnings {
        match found.iter_mut().find(|(first, _)| first.rule == warning.rule) {
            Some((_, others)) => *others += 1,
            None => found.push((warning, 0)),
        }
    }
    found
}

/// What one file is found to have as it is read.
pub(super) struct Findings {
    file: Arc<PathBuf>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Warning>,
    /// How many cells hold a word for a value that is not there, and the first of them.
    missing: usize,
    first_missing: Option<(Place, String)>,
}

impl Findings {
    pub(super) fn of(file: &Path) -> Findings {
        Findings {
            file: Arc::new(file.to_path_buf()),
            problems: Vec::new(),
            warnings: Vec::new(),
            missing: 0,
            first_missing: None,
        }
    }

    /// Empty findings for the same file.
    pub(super) fn none_yet(&self) -> Findings {
        let (problems, warnings) = (Vec::new(), Vec::new());
        Findings { file: self.file.clone(), problems, warnings, missing: 0, first_missing: None }
    }

    /// Adds what was found in later rows.
    pub(super) fn add(&mut self, further: Findings) {
        self.problems.extend(further.problems);
        self.warnings.extend(further.warnings);
        self.missing += further.missing;
        self.first_missing = self.first_missing.take().or(further.first_missing);
    }

    pub(super) fn place(&self, line: u64, column: &str) -> Place {
        Place { file: Arc::clone(&self.file), line, column: column.to_string() }
    }

    pub(super) fn problem(&mut self, line: u64, column: &str, value: &str, message: impl Into<String>) {
        let place = self.place(line, column);
        self.problems.push(Problem { place, value: shorten(value), message: message.into() });
    }

    /// A warning about a column as such.
    pub(super) fn warning(&mut self, rule: &'static str, line: u64, column: &str, message: String) {
        let place = self.place(line, column);
        self.warnings.push(Warning { rule, place, value: shorten(column), message });
    }

    /// How something was understood, as [`Warning::is_note`] says.
    pub(super) fn note(&mut self, rule: &'static str, line: u64, column: &str, message: String) {
        let place = self.place(line, column);
        self.warnings.push(Warning { rule, place, value: String::new(), message });
    }

    /// A cell holds a word for a value that is not there.
    pub(super) fn missing(&mut self, line: u64, column: &str, text: &str) {
        self.missing += 1;
        if self.first_missing.is_none() {
            self.first_missing = Some((self.place(line, column), shorten(text)));
        }
    }

    /// One note of all words for values that are not there.
    pub(super) fn tell_missing(&mut self) {
        let Some((place, value)) = self.first_missing.take() else { return };
        let message = match self.missing {
            1 => "this word for a value that is not there is read as an empty cell".to_string(),
            n => format!("{n} cells with such a word for a value that is not there are read as empty"),
        };
        self.warnings.push(Warning { rule: MISSING_WORDS, place, value, message });
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", shorten_path(&self.file))?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, ": {}", shorten(&self.column))?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.value.is_empty() {
            write!(f, "{:?}: ", self.value)?;
        }
        write!(f, "{}", visible(&self.message))
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.value.is_empty() {
            write!(f, "{:?}: ", self.value)?;
        }
        write!(f, "{} [{}]", visible(&self.message), self.rule)
    }
}

/// Why a cell was refused: what was found, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found}; {advice}")]
pub struct CellError {
    /// What stands in the cell.
    pub found: String,
    /// What to write instead.
    pub advice: String,
}

impl CellError {
    /// From what was found and what to do.
    pub fn new(found: impl Into<String>, advice: impl Into<String>) -> CellError {
        CellError { found: found.into(), advice: advice.into() }
    }
}

/// Whether a terminal or an editor would act on the character and not show it: controls, line and paragraph separators,
/// marks that turn the direction of the text.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Text from input as text only, on one line.
pub(crate) fn visible(text: &str) -> String {
    text.chars().map(|c| if acts(c) { ' ' } else { c }).collect()
}

/// `text` on one line, cut to what a message can hold.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    let line: String = text.chars().take(MOST + 1).map(|c| if acts(c) { ' ' } else { c }).collect();
    if line.chars().count() > MOST { line.chars().take(MOST - 1).chain(['…']).collect() } else { line }
}

/// A path on one line. Of one that is too long the two ends, which say most, are left.
pub(crate) fn shorten_path(path: &Path) -> String {
    const MOST: usize = 200;
    let shown = visible(&path.display().to_string());
    let count = shown.chars().count();
    if count <= MOST {
        return shown;
    }
    let (half, skipped) = (MOST / 2, count - MOST / 2);
    shown.chars().take(half).chain(['…']).chain(shown.chars().skip(skipped)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_input_is_shown_and_does_nothing() {
        let hostile = "a\x1b[31mred\n\u{202e}b\u{2028}c\u{feff}";
        for shown in [visible(hostile), shorten(hostile)] {
            assert_eq!(shown, "a [31mred  b c ");
        }
        let place = Place { file: Arc::new(hostile.into()), line: 2, column: hostile.into() };
        let problem = Problem { place, value: shorten(hostile), message: hostile.into() };
        assert!(!problem.to_string().chars().any(acts));
        assert_eq!(visible("café 模型 → x"), "café 模型 → x");
    }

    #[test]
    fn of_a_long_path_the_ends_are_left() {
        assert_eq!(shorten_path(Path::new("a/b\n.csv")), "a/b .csv");
        let long = shorten_path(&Path::new("start").join("x".repeat(1000)).join("end.csv"));
        assert!(long.starts_with("start/x") && long.ends_with("x/end.csv") && long.contains('…'), "{long}");
        assert_eq!(long.chars().count(), 201);
    }
}
