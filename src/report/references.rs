//! The works that priors and methods cite, and their entries in BibTeX.
//!
//! `data/references.toml` is the one list. A source cites a work by its arXiv number, its DOI, or a word that the entry
//! claims (`named`), so that no source needs a key of its own. Two tests keep the list whole: a number that a prior names
//! has an entry (in `priors`), and every entry is cited by a prior or by the methods text (`tests/cli/papers.rs`).
//!
//! Text is escaped for BibTeX when an entry is written; letters beyond ASCII stay as they are (UTF-8).

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::LazyLock;

use serde::Deserialize;

use super::escape::tex;

/// One work. Fields are plain text; names of organisations stand in braces, as BibTeX wants them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// What it is cited by.
    pub key: String,
    kind: Kind,
    author: String,
    title: String,
    year: String,
    journal: Option<String>,
    booktitle: Option<String>,
    volume: Option<String>,
    number: Option<String>,
    pages: Option<String>,
    /// Without `https://doi.org/`.
    pub doi: Option<String>,
    /// The number alone.
    pub arxiv: Option<String>,
    /// Where it is, if it has neither.
    pub url: Option<String>,
    note: Option<String>,
    /// Words of a source that mean this work.
    #[serde(default)]
    named: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Misc,
    Article,
    Inproceedings,
}

#[derive(Deserialize)]
struct List {
    work: Vec<Work>,
}

/// The program itself.
pub const CARBONHAZE: &str = "carbonhaze";

static WORKS: LazyLock<Vec<Work>> = LazyLock::new(|| match toml::from_str(include_str!("data/references.toml")) {
    Ok(List { work }) => work,
    // The file is part of the program and its tests; no input leads here.
    Err(error) => panic!("data/references.toml: {error}"),
});

/// Every work, in the order of the list.
pub fn all() -> &'static [Work] {
    &WORKS
}

/// A number by which a text names a work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Number {
    /// `2104.10350`
    Arxiv(String),
    /// `10.1214/aos/1176347263`
    Doi(String),
}

/// The arXiv numbers and DOIs in a text, in its order.
pub fn numbers(text: &str) -> Vec<Number> {
    text.split_whitespace().filter_map(number).collect()
}

fn number(word: &str) -> Option<Number> {
    let plain = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let after = plain.rsplit_once([':', '/']).map_or(plain, |(_, after)| after);
    let digits =
        |s: &str, n: std::ops::RangeInclusive<usize>| n.contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    if let Some((year, rest)) = after.split_once('.')
        && digits(year, 4..=4)
        && digits(rest.split_once('v').map_or(rest, |(rest, _)| rest), 4..=5)
    {
        let rest = rest.split_once('v').map_or(rest, |(rest, _)| rest);
        return Some(Number::Arxiv(format!("{year}.{rest}")));
    }
    let from = word.get(word.find("10.")?..)?;
    let (registrant, suffix) = from.split_once('/')?;
    if !digits(registrant.trim_start_matches("10."), 4..=9) {
        return None;
    }
    // A closing bracket is part of a DOI only if it opens in it.
    let end = |c: char| matches!(c, '.' | ',' | ';' | ':' | '>' | '"') || c == ')' && suffix.matches('(').count() == 0;
    Some(Number::Doi(format!("{registrant}/{}", suffix.trim_end_matches(end))))
}

/// The works that a source cites, in the order of the list.
pub fn cited_by(source: &str) -> Vec<&'static Work> {
    let numbers = numbers(source);
    let cited = |work: &&Work| {
        numbers.iter().any(|number| work.has(number)) || work.named.iter().any(|name| source.contains(name.as_str()))
    };
    all().iter().filter(cited).collect()
}

/// The entries of these keys, in the order of the list.
pub fn bibtex(keys: &BTreeSet<&str>) -> String {
    all().iter().filter(|work| keys.contains(work.key.as_str())).map(Work::entry).collect::<Vec<_>>().join("\n")
}

impl Work {
    /// Whether a number is this work's.
    pub fn has(&self, number: &Number) -> bool {
        match number {
            Number::Arxiv(arxiv) => self.arxiv.as_ref() == Some(arxiv),
            Number::Doi(doi) => self.doi.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(doi)),
        }
    }

    /// Its number, as it is cited: `arXiv:2104.10350`, `doi:10.1214/aos/1176347263`.
    pub fn number(&self) -> Option<String> {
        let arxiv = self.arxiv.as_ref().map(|arxiv| format!("arXiv:{arxiv}"));
        arxiv.or_else(|| Some(format!("doi:{}", self.doi.as_ref()?)))
    }

    /// Where it can be read.
    pub fn link(&self) -> Option<String> {
        let doi = self.doi.as_ref().map(|doi| format!("https://doi.org/{doi}"));
        let arxiv = self.arxiv.as_ref().map(|arxiv| format!("https://arxiv.org/abs/{arxiv}"));
        doi.or(arxiv).or_else(|| self.url.clone())
    }

    /// In BibTeX. The whole title stands in braces of its own: its capitals are those of the work.
    fn entry(&self) -> String {
        let kind = match self.kind {
            Kind::Misc => "misc",
            Kind::Article => "article",
            Kind::Inproceedings => "inproceedings",
        };
        let mut out = format!("@{kind}{{{},\n", self.key);
        let mut field = |name: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "  {name} = {{{value}}},");
        };
        field("author", &names(&self.author));
        field("title", &format!("{{{}}}", escaped(&self.title)));
        for (name, value) in [
            ("journal", &self.journal),
            ("booktitle", &self.booktitle),
            ("volume", &self.volume),
            ("number", &self.number),
            ("pages", &self.pages),
        ] {
            if let Some(value) = value {
                field(name, &escaped(value));
            }
        }
        field("year", &self.year);
        // DOIs and addresses are printed as they stand.
        if let Some(doi) = &self.doi {
            field("doi", doi);
        }
        if let Some(arxiv) = &self.arxiv {
            field("eprint", arxiv);
            field("archiveprefix", "arXiv");
            field("url", &format!("https://arxiv.org/abs/{arxiv}"));
        }
        if let Some(url) = &self.url {
            field("url", url);
        }
        if self.key == CARBONHAZE {
            field("note", &format!("Version {}", env!("CARGO_PKG_VERSION")));
        }
        if let Some(note) = &self.note {
            field("note", &escaped(note));
        }
        out + "}\n"
    }
}

/// Text for BibTeX: what TeX would take for a command is escaped.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match (c, tex(c)) {
            ('“', _) => out.push_str("``"),
            ('”', _) => out.push_str("''"),
            (_, Some(command)) => out.push_str(command),
            (c, None) => out.push(c),
        }
    }
    out
}

/// Authors, each of whom may stand in braces as a whole.
fn names(authors: &str) -> String {
    let name = |name: &str| match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        Some(organisation) => format!("{{{}}}", escaped(organisation)),
        None => escaped(name),
    };
    authors.split(" and ").map(name).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_any_dress() {
        let arxiv = |n: &str| Number::Arxiv(n.to_string());
        let doi = |n: &str| Number::Doi(n.to_string());
        let cases = [
            ("Newkirk et al. arXiv 2506.14551: 76 % of 10.2 kW", vec![arxiv("2506.14551")]),
            ("arXiv:2104.10350v3, and (arXiv 2405.21015)", vec![arxiv("2104.10350"), arxiv("2405.21015")]),
            ("https://arxiv.org/abs/2001.08361.", vec![arxiv("2001.08361")]),
            ("Sobol' 2001, doi:10.1016/S0378-4754(00)00270-6.", vec![doi("10.1016/S0378-4754(00)00270-6")]),
            ("(Philox, https://doi.org/10.1145/2063384.2063405)", vec![doi("10.1145/2063384.2063405")]),
            ("10.2 kW for eight, 1.32 on GPUs, in 2024.5 years, 10.1/2", vec![]),
        ];
        for (text, want) in cases {
            assert_eq!(numbers(text), want, "{text}");
        }
    }

    #[test]
    fn entries_are_whole_and_named_once() {
        let mut seen = BTreeSet::new();
        for work in all() {
            assert!(seen.insert(&work.key), "{} twice", work.key);
            assert!(work.year.len() == 4 && !work.title.is_empty() && !work.author.is_empty(), "{}", work.key);
            let places = [&work.doi, &work.arxiv, &work.url].into_iter().filter(|place| place.is_some()).count();
            assert_eq!(places, 1, "{}: one place where it can be read", work.key);
            let of_journal = work.journal.is_some() && work.volume.is_some() && work.pages.is_some();
            assert_eq!(work.kind == Kind::Article, of_journal, "{}", work.key);
            assert_eq!(work.kind == Kind::Inproceedings, work.booktitle.is_some(), "{}", work.key);
            assert!(work.key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{}", work.key);
        }
    }

    /// What TeX acts on, from "The TeXbook", chapter 7: \ { } $ & # ^ _ ~ %.
    #[test]
    fn what_tex_acts_on_is_escaped() {
        let shown = escaped("a & b_c 100 % #1 {x} $y ~z ^w \\v “q” é");
        assert_eq!(
            shown,
            "a \\& b\\_c 100 \\% \\#1 \\{x\\} \\$y \\textasciitilde{}z \\textasciicircum{}w \\textbackslash{}v ``q'' é"
        );
        assert_eq!(names("{A & B} and Doe, Jane"), "{A \\& B} and Doe, Jane");
        let entries = bibtex(&all().iter().map(|work| work.key.as_str()).collect());
        let mut depth = 0_i32;
        for (at, c) in entries.char_indices() {
            let free = !entries[..at].ends_with('\\');
            depth += i32::from(c == '{' && free) - i32::from(c == '}' && free);
            assert!(depth >= 0);
        }
        assert_eq!(depth, 0);
        assert_eq!(entries.matches("\n@").count() + 1, all().len());
        assert!(entries.contains("title = {{Emissions \\& Generation Resource"), "{entries}");
    }

    /// CITATION.cff says how the program itself is cited.
    #[test]
    fn the_program_is_cited_as_it_asks_to_be() {
        let cff = include_str!("../../CITATION.cff");
        let entry = bibtex(&[CARBONHAZE].into());
        let work = &cited_by("public rows of reported_training_emissions.csv (derived)")[0];
        assert_eq!(work.key, CARBONHAZE);
        assert!(cff.contains(&format!("title: \"{}\"", work.title)));
        assert!(cff.contains(&format!("- name: {}", work.author.trim_matches(['{', '}']))));
        assert!(cff.contains(&format!("repository-code: {}", work.url.as_ref().unwrap())));
        assert!(cff.contains(&format!("date-released: \"{}", work.year)));
        let version = env!("CARGO_PKG_VERSION");
        assert!(
            cff.contains(&format!("version: {version}")) && entry.contains(&format!("note = {{Version {version}}}"))
        );
    }
}
