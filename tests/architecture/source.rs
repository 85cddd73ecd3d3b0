//! The source as a graph: its files, and which of them uses a definition of which other.
//!
//! A path such as `crate::run::Session` leads to the file that defines the item, through the `pub use` lines on the way,
//! not to the `mod.rs` that passes it on. Tests inside files, and modules that only tests have, are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Texts by path from the root of the repository.
pub type Texts = BTreeMap<String, String>;

/// All files below these folders with one of these endings.
pub fn read(folders: &[&str], endings: &[&str]) -> Texts {
    fn walk(folder: &Path, endings: &[&str], texts: &mut Texts) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, endings, texts);
            } else if path.extension().is_some_and(|e| endings.iter().any(|ending| e == *ending)) {
                let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("below the root");
                let text = fs::read_to_string(&path).expect("UTF-8");
                texts.insert(name.to_string_lossy().replace('\\', "/"), text);
            }
        }
    }
    let mut texts = Texts::new();
    folders.iter().for_each(|f| walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(f), endings, &mut texts));
    texts
}

/// The text without comments, strings and tests.
pub fn code(text: &str) -> String {
    let mut code = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        code.push('\n');
                        break;
                    }
                }
            }
            '"' => {
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                code.push_str("\"\"");
            }
            '\'' => {
                // A character, or a lifetime.
                code.push(c);
                let mut ahead = chars.clone();
                match (ahead.next(), ahead.next()) {
                    (Some('\\'), _) => {
                        chars.next();
                        chars.next();
                        chars.by_ref().find(|&c| c == '\'');
                    }
                    (Some(_), Some('\'')) => {
                        chars.next();
                        chars.next();
                    }
                    _ => {}
                }
            }
            c => code.push(c),
        }
    }
    without_tests(&code)
}

/// Without the items under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        kept.push_str(before);
        let end = after.find([';', '{']).unwrap_or(after.len());
        rest = if after[end..].starts_with('{') {
            after_block(&after[end..])
        } else {
            &after[(end + 1).min(after.len())..]
        };
    }
    kept + rest
}

fn after_block(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[at + 1..];
        }
    }
    ""
}

/// A path that a file mentions, from the root of the crate.
struct Mention {
    path: Vec<String>,
    /// The name it has in the file, and whether the file passes it on.
    passed_on_as: Option<String>,
}

/// A file, as others see it.
struct File {
    name: String,
    mentions: Vec<Mention>,
}

/// Which file uses which.
pub struct Graph {
    /// By the path of their module.
    files: BTreeMap<Vec<String>, File>,
    /// Names of files.
    pub edges: BTreeMap<String, BTreeSet<String>>,
}

/// `src/run/session.rs` is `["run", "session"]`, `src/run/mod.rs` `["run"]`.
fn module(name: &str) -> Vec<String> {
    let name = name.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = name.split('/').map(String::from).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

impl Graph {
    pub fn new(texts: &Texts) -> Graph {
        let only_tests: BTreeSet<String> = texts.iter().flat_map(|(name, text)| test_modules(name, text)).collect();
        let modules: BTreeSet<Vec<String>> = texts.keys().map(|name| module(name)).collect();
        let mut files = BTreeMap::new();
        for (name, text) in texts {
            if name == "src/main.rs" || only_tests.contains(name) {
                continue;
            }
            let at = module(name);
            files.insert(at.clone(), File { name: name.clone(), mentions: mentions(&at, &code(text), &modules) });
        }
        let mut graph = Graph { files, edges: BTreeMap::new() };
        let names = graph.files.values().map(|file| {
            // What a file only passes on, it does not use.
            let used = file.mentions.iter().filter(|m| m.passed_on_as.is_none());
            let to = used.filter_map(|m| graph.definition(&m.path, 0)).filter(|to| *to != file.name);
            (file.name.clone(), to.map(String::from).collect())
        });
        graph.edges = names.collect();
        graph
    }

    /// The file that defines what a path leads to.
    fn definition(&self, path: &[String], depth: usize) -> Option<&str> {
        let known = (1..=path.len()).rev().find(|&n| self.files.contains_key(&path[..n]))?;
        let (file, rest) = (&self.files[&path[..known]], &path[known..]);
        let Some(item) = rest.first() else { return Some(&file.name) };
        let passed = file.mentions.iter().find(|m| m.passed_on_as.as_ref() == Some(item));
        match passed {
            Some(mention) if depth < 8 => self.definition(&mention.path, depth + 1),
            _ => Some(&file.name),
        }
    }

    /// Files that lead to one another, two or more each.
    pub fn circles(&self) -> Vec<BTreeSet<&str>> {
        let reach: BTreeMap<&str, BTreeSet<&str>> = self.edges.keys().map(|f| (f.as_str(), self.reached(f))).collect();
        let mut circles: Vec<BTreeSet<&str>> = vec![];
        for (file, reached) in &reach {
            let circle: BTreeSet<&str> =
                reached.iter().copied().filter(|other| reach.get(other).is_some_and(|r| r.contains(file))).collect();
            if circle.len() > 1 && !circles.contains(&circle) {
                circles.push(circle);
            }
        }
        circles
    }

    fn reached(&self, from: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&str> = self.edges[from].iter().map(String::as_str).collect();
        while let Some(file) = next.pop() {
            if reached.insert(file) {
                next.extend(self.edges.get(file).into_iter().flatten().map(String::as_str));
            }
        }
        reached
    }
}

/// Files of the modules that are there for tests only.
fn test_modules(name: &str, text: &str) -> Vec<String> {
    let folder = match name.rsplit_once('/') {
        Some((folder, "mod.rs" | "lib.rs")) => folder.to_string(),
        _ => name.trim_end_matches(".rs").to_string(),
    };
    let mut found = vec![];
    for after in text.split("#[cfg(test)]").skip(1) {
        let Some((item, _)) = after.split_once(';') else { continue };
        if let Some((before, module)) = item.rsplit_once("mod ")
            && !before.contains('{')
        {
            found.extend([format!("{folder}/{module}.rs"), format!("{folder}/{module}/mod.rs")]);
        }
    }
    found
}

/// All paths into the crate in some code.
fn mentions(at: &[String], code: &str, modules: &BTreeSet<Vec<String>>) -> Vec<Mention> {
    let mut found = vec![];
    let mut rest = code;
    let mut outside = String::new();
    while let Some(start) = next_use(rest) {
        let (before, statement) = rest.split_at(start);
        outside.push_str(before);
        let line = before.rsplit(['\n', ';', '}']).next().unwrap_or("").trim();
        let public = line == "pub" || line.starts_with("pub(");
        let end = statement.find(';').unwrap_or(statement.len());
        for (path, name) in expanded(&statement["use ".len()..end]) {
            if let Some(path) = absolute(at, &path, modules) {
                found.push(Mention { path, passed_on_as: public.then_some(name) });
            }
        }
        rest = &statement[end..];
    }
    outside.push_str(rest);
    // What is passed on and stands in the file as well is used there.
    let words: BTreeSet<&str> = outside.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let used = |m: &Mention| m.passed_on_as.as_ref().is_some_and(|name| words.contains(name.as_str()));
    let too: Vec<Mention> =
        found.iter().filter(|m| used(m)).map(|m| Mention { path: m.path.clone(), passed_on_as: None }).collect();
    found.extend(too);
    for root in ["crate::", "super::"] {
        for (start, _) in outside.match_indices(root) {
            if outside[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let path: String =
                outside[start..].chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
            let path: Vec<String> = path.split("::").filter(|p| !p.is_empty()).map(String::from).collect();
            if let Some(path) = absolute(at, &path, modules) {
                found.push(Mention { path, passed_on_as: None });
            }
        }
    }
    found
}

/// Where the next `use` statement starts.
fn next_use(code: &str) -> Option<usize> {
    code.match_indices("use ").map(|(at, _)| at).find(|&at| {
        let before = code[..at].trim_end_matches([' ', '\n']);
        at == 0
            || (code[..at].ends_with([' ', '\n'])
                && (before.is_empty() || before.ends_with([';', '}', '{', ']', ')']) || before.ends_with("pub")))
    })
}

/// `a::{b, c as d}` as paths, each with the name that it has afterwards.
fn expanded(tree: &str) -> Vec<(Vec<String>, String)> {
    fn expand(prefix: &[String], tree: &str, out: &mut Vec<(Vec<String>, String)>) {
        let tree = tree.trim();
        if let Some((head, group)) = tree.split_once('{') {
            let mut prefix = prefix.to_vec();
            prefix.extend(head.split("::").map(str::trim).filter(|p| !p.is_empty()).map(String::from));
            let group = group.trim_end().strip_suffix('}').unwrap_or(group);
            let (mut depth, mut from) = (0, 0);
            for (at, c) in group.char_indices().chain([(group.len(), ',')]) {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        expand(&prefix, &group[from..at], out);
                        from = at + 1;
                    }
                    _ => {}
                }
            }
            return;
        }
        if tree.is_empty() {
            return;
        }
        let (path, alias) = tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
        let mut full = prefix.to_vec();
        full.extend(
            path.split("::").map(str::trim).filter(|p| !p.is_empty() && *p != "self" && *p != "*").map(String::from),
        );
        if path.trim().starts_with("self::") || path.trim() == "self" && prefix.is_empty() {
            full.insert(0, "self".into());
        }
        let name = alias.map(String::from).or(full.last().cloned()).unwrap_or_default();
        out.push((full, name));
    }
    let mut out = vec![];
    expand(&[], tree, &mut out);
    out
}

/// From the root of the crate; `None` for other crates.
fn absolute(at: &[String], path: &[String], modules: &BTreeSet<Vec<String>>) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some(at.iter().chain(rest).cloned().collect()),
        "super" => {
            let up = path.iter().take_while(|p| *p == "super").count();
            let base = at.len().checked_sub(up)?;
            Some(at[..base].iter().chain(&path[up..]).cloned().collect())
        }
        _ => {
            let child: Vec<String> = at.iter().chain([first]).cloned().collect();
            modules.contains(&child).then(|| at.iter().chain(path).cloned().collect())
        }
    }
}
