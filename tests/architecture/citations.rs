//! Works in the documentation: what is cited is listed, and what is listed is cited.
//!
//! `docs/method.md` has the list. Another page may cite what stands there, or give the work's number itself.

use std::collections::BTreeSet;

use regex::Regex;

use crate::source::{Texts, read};

/// Capitalised words before a year that are no author.
const NO_AUTHORS: [&str; 17] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "Schema",
    "ICML",
    "Guidance",
    "France",
    "Data",
];

/// A work as a text names it: `Box and Tiao 1968`, and where that stands.
fn citations(text: &str) -> Vec<(String, usize)> {
    let pattern = r"\b([A-Z][\p{L}'’-]+)(?: et al\.| and ([A-Z][\p{L}'’-]+))?,?\s\(?((?:18|19|20)\d\d)\b";
    let works = Regex::new(pattern).unwrap();
    let found = works.captures_iter(text).filter(|c| !NO_AUTHORS.contains(&&c[1]));
    let name = |c: &regex::Captures<'_>| {
        let second = c.get(2).map(|second| format!(" and {}", second.as_str())).unwrap_or_default();
        format!("{}{second} {}", &c[1], &c[3])
    };
    found.map(|c| (name(&c), c.get(0).unwrap().end())).collect()
}

/// What is wrong with these pages.
fn wrong(pages: &Texts) -> Vec<String> {
    let (body, list) = pages["docs/method.md"].split_once("\n## References\n").unwrap();
    let names = |text: &str| citations(text).into_iter().map(|(name, _)| name).collect::<BTreeSet<String>>();
    let (listed, cited) = (names(list), names(body));
    let mut found: Vec<String> =
        listed.difference(&cited).map(|work| format!("{work} is listed and not cited")).collect();
    found.extend(cited.difference(&listed).map(|work| format!("{work} is cited and not listed")));
    // An identifier, or a volume with pages where a work has none.
    let number = Regex::new(r"doi|arXiv|ISBN|\b\d+:\d+–\d+").unwrap();
    for (page, text) in pages.iter().filter(|(page, _)| *page != "docs/method.md") {
        let all = citations(text);
        // Once a page is enough.
        let given = |(_, end): &&(String, usize)| number.is_match(&text[*end..].chars().take(250).collect::<String>());
        let numbered: BTreeSet<&String> = all.iter().filter(given).map(|(work, _)| work).collect();
        let missing =
            all.iter().map(|(work, _)| work).filter(|work| !listed.contains(*work) && !numbered.contains(work));
        found.extend(missing.map(|work| format!("{page}: {work} has no number and is not listed in method.md")));
    }
    // One list, one number a work.
    for line in list.split("\n- ").filter(|line| !citations(line).is_empty()) {
        if !number.is_match(line) && !line.contains("https://") {
            found.push(format!("{line} does not say where it can be read"));
        }
    }
    found
}

#[test]
fn works_are_cited_and_listed() {
    let pages = read(&["docs"], &["md"]);
    let broken = wrong(&pages);
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
    assert!(citations(&pages["docs/method.md"]).len() > 25);
    // Negative controls: a work that is only cited, one that is only listed, one on another page, one without a number.
    let with = |page: &str, at: &str, words: &str| {
        let mut pages = pages.clone();
        let text = pages.get_mut(page).unwrap();
        *text = text.replacen(at, &format!("{at}{words}"), 1);
        wrong(&pages).len()
    };
    let list = "\n## References\n";
    assert_eq!(with("docs/method.md", "# Method\n", "\nAs Gauss 1809 did.\n"), 1);
    assert_eq!(with("docs/method.md", list, "\n- Gauss and Legendre 1806, Sums: doi:10.1000/1.\n"), 1);
    assert_eq!(with("docs/columns.md", "# ", "Gauss (1809) "), 1);
    assert_eq!(with("docs/method.md", list, "\n- Kaplan et al. 2020.\n"), 1);
}
