//! Pages of the documentation: each is in the table of contents of the site, and links between them lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// Where the links of a page lead: `](target)`, without what is after `#`.
fn links(text: &str) -> Vec<String> {
    let after = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let targets = after.map(|(target, _)| target.split('#').next().unwrap_or("").to_string());
    targets.filter(|target| !target.is_empty() && !target.contains("://") && !target.contains(' ')).collect()
}

#[test]
fn every_page_is_in_the_contents() {
    let contents = links(&fs::read_to_string(docs().join("SUMMARY.md")).unwrap());
    let mut pages: Vec<String> = fs::read_dir(docs())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect();
    pages.sort();
    let mut listed = contents.clone();
    listed.sort();
    assert_eq!(listed, pages);
    let overview = links(&fs::read_to_string(docs().join("README.md")).unwrap());
    let missing: Vec<&String> = pages.iter().filter(|page| *page != "README.md" && !overview.contains(page)).collect();
    assert!(missing.is_empty(), "not in docs/README.md: {missing:?}");
}

#[test]
fn links_lead_somewhere() {
    let root = docs().join("..");
    let mut pages: Vec<PathBuf> = fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.extend(["README.md", "CONTRIBUTING.md", "fixtures/README.md"].map(|page| root.join(page)));
    let mut found = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|e| e == "md")) {
        for link in links(&fs::read_to_string(page).unwrap()) {
            found += 1;
            assert!(page.parent().unwrap().join(&link).exists(), "{}: {link}", page.display());
        }
    }
    assert!(found > 100, "{found}");
}
