//! The shape of the house: which part may know which. Every rule is also shown a text that breaks it.

mod citations;
mod source;

use std::collections::BTreeSet;

use source::{Graph, Texts, code, read};

fn sources() -> Texts {
    read(&["src"], &["rs"])
}

/// `engine` of `src/engine/gpu/mod.rs`; `compile` of `src/compile.rs`.
fn stage(file: &str) -> &str {
    let below = file.trim_start_matches("src/");
    below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
}

type Rule = fn(&Texts) -> Vec<String>;

/// The rule holds, and does not any more once `line` stands in `file`.
fn holds(rule: Rule, file: &str, line: &str) {
    let mut texts = sources();
    let broken = rule(&texts);
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
    let text = texts.get_mut(file).unwrap_or_else(|| panic!("no {file}"));
    text.insert_str(0, &format!("{line}\n"));
    assert!(!rule(&texts).is_empty(), "{line:?} in {file} was not seen");
}

/// Edges whose ends a function forbids.
fn edges(texts: &Texts, forbidden: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let graph = Graph::new(texts);
    let all = graph.edges.iter().flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    all.filter(|(from, to)| forbidden(from, to)).map(|(from, to)| format!("{from} uses {to}")).collect()
}

#[test]
fn no_circle_between_folders() {
    let rule: Rule = |texts| {
        let graph = Graph::new(texts);
        let several = |circle: &BTreeSet<&str>| circle.iter().map(|f| stage(f)).collect::<BTreeSet<_>>().len() > 1;
        graph.circles().into_iter().filter(several).map(|c| format!("{c:?}")).collect()
    };
    holds(rule, "src/portfolio/study.rs", "use crate::assess::assess;");
}

#[test]
fn the_engine_stands_alone() {
    let rule: Rule = |texts| edges(texts, |from, to| stage(from) == "engine" && stage(to) != "engine");
    holds(rule, "src/engine/draw/cpu.rs", "use crate::portfolio::Distribution;");
}

#[test]
fn nothing_uses_the_command_line() {
    let rule: Rule = |texts| edges(texts, |from, to| !["cli", "lib"].contains(&stage(from)) && stage(to) == "cli");
    holds(rule, "src/report/page.rs", "use crate::cli::main;");
}

#[test]
fn reports_know_no_gpu() {
    let rule: Rule = |texts| edges(texts, |from, to| stage(from) == "report" && to.starts_with("src/engine/gpu"));
    holds(rule, "src/report/gauge.rs", "use crate::engine::gpu::Facts;");
}

#[test]
fn inside_assess_no_circle_of_more_than_two() {
    let rule: Rule = |texts| {
        let graph = Graph::new(texts);
        let large = |circle: &BTreeSet<&str>| circle.len() > 2 && circle.iter().all(|f| stage(f) == "assess");
        graph.circles().into_iter().filter(large).map(|c| format!("{c:?}")).collect()
    };
    let line = "use super::assemble::assess; use super::chain::assess_model; use super::assessment::Assessment;";
    holds(rule, "src/assess/slot.rs", line);
}

/// Where files may be opened.
const OPEN: [&str; 6] =
    ["src/portfolio/formats/", "src/import/", "src/export/", "src/report/", "src/track/", "src/cli/"];

#[test]
fn few_places_open_files() {
    let rule: Rule = |texts| {
        let allowed = |file: &str| file == "src/main.rs" || OPEN.iter().any(|folder| file.starts_with(folder));
        let words = ["fs::", "File::", "OpenOptions", "read_dir", "std::io::stdin"];
        let opens = |text: &str| {
            let code = code(text);
            words.into_iter().find(|word| code.contains(word) && !code.contains(&format!("Models{word}")))
        };
        let of = texts.iter().filter(|(file, _)| !allowed(file));
        of.filter_map(|(file, text)| Some(format!("{file} has {}", opens(text)?))).collect()
    };
    holds(rule, "src/run/session.rs", "fn f() { std::fs::read(\"x\"); }");
}

#[test]
fn only_sessions_draw() {
    let rule: Rule = |texts| {
        let may = |file: &str| ["run", "engine"].contains(&stage(file));
        let words = ["engine::Backend", ".run_block(", ".backend()"];
        let draws = |file: &str, text: &str| {
            let imported = code(text)
                .split(';')
                .any(|part| part.contains("engine::{") && part.contains("use ") && part.contains("Backend"));
            let word = words.into_iter().find(|word| code(text).contains(word));
            word.map(String::from)
                .or(imported.then(|| "engine::{Backend}".into()))
                .map(|word| format!("{file} has {word}"))
        };
        texts.iter().filter(|(file, _)| !may(file)).filter_map(|(file, text)| draws(file, text)).collect()
    };
    holds(rule, "src/coverage/mod.rs", "use crate::engine::{Backend, Cpu};");
}

/// Words of the domain: whole ones where they are short.
const LONG: [&str; 10] = [
    "emission",
    "carbon",
    "kwh",
    "eflop",
    "footprint",
    "electric",
    "embodied",
    "greenhouse",
    "climate",
    "accelerator-hour",
];
const SHORT: [&str; 8] = ["atci", "pue", "co2", "co2e", "grid", "flop", "wue", "mfu"];

#[test]
fn the_engine_has_no_word_of_carbon() {
    let found = |texts: &Texts| -> Vec<String> {
        let lines = texts.iter().flat_map(|(file, text)| text.lines().zip(1..).map(move |(line, n)| (file, n, line)));
        let carbon = |line: &str| {
            // The crate's own name, in the examples of the documentation, is no word of the domain.
            let line = line.to_lowercase().replace("carbonhaze", "");
            let words: BTreeSet<&str> = line.split(|c: char| !c.is_ascii_alphanumeric()).collect();
            LONG.iter().any(|word| line.contains(word)) || SHORT.iter().any(|word| words.contains(word))
        };
        lines.filter(|(_, _, line)| carbon(line)).map(|(file, n, line)| format!("{file}:{n}: {line}")).collect()
    };
    let texts = read(&["src/engine", "shaders"], &["rs", "wgsl"]);
    assert!(texts.len() > 60);
    let broken = found(&texts);
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
    for line in ["// of all emissions", "// carbonhaze::carbon", "let grid = 1;", "let pue_minus_one = 1;"] {
        assert_eq!(found(&[("x".to_string(), line.to_string())].into()).len(), 1, "{line}");
    }
}

#[test]
fn paths_lead_to_definitions() {
    let texts: Texts = [
        ("src/lib.rs", "mod a; mod b;"),
        ("src/a/mod.rs", "mod deep; pub use deep::Thing;"),
        ("src/a/deep.rs", "pub struct Thing; // use crate::b::B;"),
        ("src/b.rs", "use crate::a::{Thing as T, other};\n#[cfg(test)]\nmod tests { use crate::nowhere; }"),
    ]
    .map(|(name, text)| (name.to_string(), text.to_string()))
    .into();
    let graph = Graph::new(&texts);
    let of = |name: &str| graph.edges[name].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("src/b.rs"), ["src/a/deep.rs", "src/a/mod.rs"]);
    assert!(of("src/a/mod.rs").is_empty() && of("src/a/deep.rs").is_empty());
    assert!(graph.circles().is_empty());
}
