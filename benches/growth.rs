//! How the time to read, assess and compile grows with everything that an input can repeat: measured at n and 2n.
//!
//! `cargo bench --bench growth`, or with part of a name `cargo bench --bench growth -- chain`. For each kind of input n is
//! doubled until the work takes 20 ms and four times that at the start, so that what it always costs does not hide the
//! growth; then the best of three interleaved rounds at n and 2n. A ratio of 2 is linear; what takes more than 3.2 times
//! as long grows faster than n log n and is marked. Ratios count, since machines drift. What it must show: no mark.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use carbonhaze::low_level::assess::{assess, with_outputs};
use carbonhaze::low_level::compile::compile;
use carbonhaze::low_level::coverage::matches_file;
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::fit::{self, Response, Sample, Size};
use carbonhaze::low_level::portfolio::Portfolio;
use carbonhaze::low_level::run::lineage::Question;
use carbonhaze::low_level::run::{Backend, NoProgress, Session, Settings};
use carbonhaze::low_level::validate::repeats;
use carbonhaze::low_level::validate::runs_file;

const ROUNDS: usize = 3;
/// Shortest work that is measured, in seconds.
const LEAST: f64 = 0.02;
/// Work that is long enough whatever it always costs.
const MOST_TIME: f64 = 0.2;
/// What grows by more from n to 2n is marked.
const LINEAR: f64 = 3.2;
/// What is refused beyond a number: the growth is that up to it.
const MOST: [(&str, usize); 2] = [("components of a mixture", 1000), ("components of a prior", 1000)];
const STUDY: &str = "models = \"models.csv\"\n";

/// Files by name; the first is what the work is done on.
type Files = Vec<(String, String)>;
/// A kind of input: name, the files at n, and n at the start.
type Case = (&'static str, fn(usize) -> Files, usize);

/// The lines of `header` and of each i below n.
fn lines(header: &str, n: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = format!("{header}\n");
    (0..n).for_each(|i| {
        let _ = writeln!(text, "{}", line(i));
    });
    text
}

fn models(header: &str, n: usize, line: impl Fn(usize) -> String) -> Files {
    vec![("models.csv".into(), lines(header, n, line))]
}

/// A study with these lines over a small models file.
fn study(text: String) -> Files {
    vec![("study.toml".into(), format!("{STUDY}{text}")), ("models.csv".into(), "id,region,tokens\na,FR,1e12\n".into())]
}

fn joined(n: usize, separator: &str, part: impl Fn(usize) -> String) -> String {
    (0..n).map(part).collect::<Vec<_>>().join(separator)
}

/// One row with one cell.
fn cell(column: &str, text: &str) -> Files {
    models(&format!("id,{column}"), 1, |_| format!("a,\"{text}\""))
}

fn rows(n: usize) -> Files {
    models("id,date,organization,region,hardware,parameters,tokens", n, |i| {
        format!("lab/m{i},2023-05,lab {},FR,A100,{}e9,1e12", i % 97, 1 + i % 70)
    })
}

/// Of each organisation one run that states compute and hours, and one that states neither.
fn informing(n: usize) -> Files {
    models("id,date,organization,region,hardware,parameters,tokens,gpu_hours", n, |i| {
        let figures = if i % 2 == 0 { "1e12,2e5" } else { "," };
        format!("lab/m{i},2024-05,lab {},FR,A100,{}e9,{figures}", i / 2, 1 + i % 70)
    })
}

const ROWS: [Case; 14] = [
    ("rows", rows, 500),
    ("rows that inform, an organization each", informing, 200),
    ("rows, ids only", |n| models("id", n, |i| format!("m{i}")), 500),
    ("rows of one organization and day", same_day, 10),
    (
        "rows with disclosures that disagree",
        |n| models("id,gpu_hours,energy_kwh", n, |i| format!("m{i},1e5,{}", 300_000 + i)),
        2,
    ),
    ("warnings of one rule", |n| models("id,pue", n, |i| format!("m{i},2.9")), 500),
    ("notes of one kind", |n| models("id,tokens", n, |i| format!("m{i},n/a")), 500),
    ("problems of one kind", |n| models("id,pue", n, |i| format!("m{i},0.2")), 500),
    ("rows with one id", |n| models("id,pue", n, |_| "m,1.2".into()), 500),
    ("unknown places", |n| models("id,region", n, |i| format!("m{i},Frannce{}", i % 7)), 100),
    ("unknown chips", |n| models("id,hardware,gpu_hours", n, |i| format!("m{i},NVIDIA A10{i},1e3")), 100),
    ("blank lines", |n| models("id", n, |_| String::new()), 10_000),
    ("lines after an open quote", |n| models("id\n\"a", n, |i| format!("m{i}")), 10_000),
    ("lines that are not text", |n| vec![("latin1.csv".into(), lines("id", n, |i| format!("é{i}")))], 5_000),
];

fn same_day(n: usize) -> Files {
    models("id,organization,date,energy_kwh,emissions_kg", n, |i| format!("m{i},lab,2024-01-01,100,{}", i % 50))
}

const LINEAGE: [Case; 8] = [
    ("lineage chain", |n| models(LINEAGE_COLUMNS, n, |i| derived(i, &format!("m{}", i + 1))), 200),
    ("lineage chain, bases first", |n| models(LINEAGE_COLUMNS, n, |i| derived(i, &before(i))), 200),
    ("star: one parent", |n| models(LINEAGE_COLUMNS, n, |i| derived(i, "m0")), 200),
    ("merge of many parents", merge, 500),
    ("many merges of all rows before", |n| models(LINEAGE_COLUMNS, n, |i| derived(i, &last_ten(i))), 100),
    ("cycle", |n| models(LINEAGE_COLUMNS, n, |i| derived(i, &format!("m{}", (i + 1) % n))), 200),
    ("chain back to the first", |n| models(LINEAGE_COLUMNS, n, |i| derived(i, &format!("m{};m0", i + 1))), 200),
    ("bases in another case", |n| models(LINEAGE_COLUMNS, n, |i| derived(i, &format!("M{}", i + 1))), 200),
];
const LINEAGE_COLUMNS: &str = "id,base_model,date,emissions_kg,tokens";

fn derived(i: usize, base: &str) -> String {
    format!("m{i},{base},2024,{}0,1e9", i + 1)
}

fn before(i: usize) -> String {
    i.checked_sub(1).map_or(String::new(), |i| format!("m{i}"))
}

fn last_ten(i: usize) -> String {
    joined(i.min(10), ";", |back| format!("m{}", i - 1 - back))
}

fn merge(n: usize) -> Files {
    models(LINEAGE_COLUMNS, n, |i| {
        derived(i, &if i == 0 { joined(n - 1, ";", |k| format!("m{}", k + 1)) } else { String::new() })
    })
}

const FAMILIES: [Case; 5] = [
    (
        "families of a base and two",
        |n| families(n, |i| if i % 3 == 0 { String::new() } else { format!("m{}", i - i % 3) }),
        30,
    ),
    ("one family, a chain", |n| families(n, before), 100),
    ("one family, merges of ten", |n| families(n, last_ten), 100),
    ("nodes of a state.json", state, 500),
    ("runs of CodeCarbon", codecarbon, 500),
];

/// Drawn as families, with two draws.
fn families(n: usize, base: impl Fn(usize) -> String) -> Files {
    vec![("families.csv".into(), lines(LINEAGE_COLUMNS, n, |i| derived(i, &base(i))))]
}

fn state(n: usize) -> Files {
    let node = |i: usize| {
        format!(
            "\"o/m{i}\": {{\"report\": {{\"carbon_kgco2eq\": [{i}, {}]}}, \"lineage\": [{{\"model\": \"o/m{}\"}}]}}",
            i + 2,
            i + 1
        )
    };
    vec![("state.json".into(), format!("{{\"nodes\": {{{}}}}}", joined(n, ",\n", node)))]
}

fn codecarbon(n: usize) -> Files {
    let header = "timestamp,project_name,run_id,duration,emissions,emissions_rate,energy_consumed,country_iso_code";
    let row = |i: usize| format!("2024-05-14T09:12:33,p{},r{i},{},0.1,0.2,0.{},FRA", i / 4, 100 + i, 1 + i % 9);
    vec![("emissions.csv".into(), lines(header, n, row))]
}

const COLUMNS: [Case; 8] = [
    ("columns of labels", |n| header(n, |i| format!("label {i}")), 200),
    ("columns with a unit that are not read", |n| header(n, |i| format!("x{i}_kwh")), 200),
    ("columns nearly known", |n| header(n, |i| format!("tokns{}", i % 9 + 10 * (i / 9))), 200),
    ("synonyms of one column", |n| header(n, |i| "_".repeat(i % 60) + "params" + &"_".repeat(i / 60)), 200),
    ("columns of one name", |n| header(n, |_| "team".into()), 200),
    ("columns without a name", |n| header(n, |_| String::new()), 200),
    ("length of a column's name", |n| header(1, |_| joined(n, "_", |_| "kwh".into())), 1_000),
    ("length of an id", |n| models("id", 1, |_| "m".repeat(n)), 10_000),
];

fn header(n: usize, name: impl Fn(usize) -> String) -> Files {
    let names = joined(n, ",", name);
    models(&format!("id,{names}"), 3, |i| format!("m{i}{}", ",1".repeat(n)))
}

const CELLS: [Case; 10] = [
    (
        "values of empirical()",
        |n| cell("tokens", &format!("empirical({})", joined(n, ",", |i| format!("1e{}", i % 20)))),
        200,
    ),
    ("values of an empirical file", empirical_file, 1_000),
    (
        "components of a mixture",
        |n| {
            cell(
                "tokens",
                &format!("mixture({})", joined(n, ", ", |i| format!("{}: lognormal({}, 1.2)", 1.0 / n as f64, i + 1))),
            )
        },
        10,
    ),
    (
        "rows with a mixture each",
        |n| models("id,tokens", n, |i| format!("m{i},\"mixture(0.5: 1e9, 0.5: lognormal({}e9, 1.2))\"", i + 2)),
        5,
    ),
    ("digits of a number", |n| cell("tokens", &"1".repeat(n)), 10_000),
    ("groups of digits", |n| cell("tokens", &joined(n, ",", |_| "123".into())), 5_000),
    ("words of a cell", |n| cell("tokens", &joined(n, " ", |_| "kWh".into())), 5_000),
    ("brackets of a cell", |n| cell("tokens", &"mixture(1: ".repeat(n)), 1_000),
    ("words of a place", |n| cell("region", &joined(n, ", ", |_| "Paris".into())), 1_000),
    ("words of a chip", |n| cell("hardware", &joined(n, ", ", |_| "A100".into())), 500),
];

fn empirical_file(n: usize) -> Files {
    let mut files = cell("tokens", "empirical(values.txt)");
    files.push(("values.txt".into(), lines("values", n, |i| format!("{}e9", i + 1))));
    files
}

const STUDIES: [Case; 14] = [
    ("[[shared]], of which 64 are taken", |n| study("[[shared]]\nfactor = \"grid\"\ngsd = 1.3\n".repeat(n)), 500),
    (
        "[groups] by unknown columns",
        |n| study(format!("[groups]\nby = [{}]\n", joined(n, ", ", |i| format!("\"c{i}\"")))),
        500,
    ),
    ("[groups] by columns", grouped, 20),
    (
        "groups of one column",
        |n| over("[groups]\nby = \"organization\"\n", models("id,organization", n, |i| format!("m{i},lab {i}"))),
        200,
    ),
    ("values of a shared effect", |n| over("[[shared]]\nfactor = \"grid\"\ngsd = 1.3\nby = \"id\"\n", rows(n)), 200),
    (
        "one group named often",
        |n| study(format!("[groups]\nby = [{}]\n", joined(n, ", ", |_| "\"region\"".into()))),
        500,
    ),
    ("unknown priors", |n| study(lines("[priors.grid]", n, |i| format!("unknwon{i} = 1.0"))), 200),
    ("unknown sections of priors", |n| study(lines("", n, |i| format!("[priors.gird{i}]\nx = 1"))), 200),
    (
        "components of a prior",
        |n| {
            study(format!(
                "[priors.grid]\nunknown = \"mixture({})\"\n",
                joined(n, ", ", |i| format!("{}: {}", 1.0 / n as f64, i + 1))
            ))
        },
        20,
    ),
    ("unknown keys", |n| study(lines("", n, |i| format!("key{i} = 1"))), 500),
    ("lines that are not TOML", |n| study(lines("", n, |i| format!("no toml {i}"))), 200),
    (
        "missing models files",
        |n| vec![("study.toml".into(), format!("models = [{}]\n", joined(n, ", ", |i| format!("\"none{i}.csv\""))))],
        200,
    ),
    ("models files", many_files, 100),
    (
        "one models file named often",
        |n| vec![("study.toml".into(), format!("models = [{}]\n", joined(n, ", ", |_| "\"none.csv\"".into())))],
        500,
    ),
];

/// A study with these lines over a models file.
fn over(text: &str, models: Files) -> Files {
    [vec![("study.toml".to_string(), format!("{STUDY}{text}"))], models].concat()
}

fn grouped(n: usize) -> Files {
    let by = format!("[groups]\nby = [{}]\n", joined(n, ", ", |i| format!("\"c{i}\"")));
    over(&by, models(&format!("id,{}", joined(n, ",", |i| format!("c{i}"))), 20, |i| format!("m{i}{}", ",x".repeat(n))))
}

fn many_files(n: usize) -> Files {
    let names = joined(n, ", ", |i| format!("\"f{i}.csv\""));
    let mut files = vec![("study.toml".to_string(), format!("models = [{names}]\n"))];
    files.extend((0..n).map(|i| (format!("f{i}.csv"), format!("id,region\nm{i},FR\n"))));
    files
}

const OTHERS: [Case; 8] = [
    ("runs", |n| vec![("runs".into(), lines("model,gpu_hours,emissions_tco2e", n, |i| format!("m{i},1e5,20")))], 500),
    ("runs of one name", |n| vec![("runs".into(), lines("model,gpu_hours", n, |i| format!("m,{i}1")))], 500),
    ("runs with a problem", |n| vec![("runs".into(), lines("model,gpu_hours", n, |i| format!("m{i},many")))], 500),
    (
        "runs, predicted",
        |n| vec![("predicted".into(), lines("model,gpu_hours,emissions_tco2e", n, |i| format!("m{i},1e5,20")))],
        10,
    ),
    ("matches", |n| vec![("matches".into(), lines("id,epoch_model", n, |i| format!("m{i},M{i}")))], 500),
    ("fit, one organization", |n| vec![("fit.csv".into(), trained(n, 1))], 200),
    ("fit, an organization each", |n| vec![("fit.csv".into(), trained(n, n))], 100),
    ("exact moments", |n| vec![("exact.csv".into(), rows(n).remove(0).1)], 200),
];

fn trained(n: usize, organizations: usize) -> String {
    lines("id,organization,date,parameters,tokens", n, |i| {
        let month = 1 + i % 12;
        format!("m{i},lab {},2022-{month:02},{}e9,{}e11", i % organizations, 1 + i % 70, 1 + i % 13)
    })
}

/// Reads, assesses and compiles what lies at the path; how much came of it.
fn work(path: &Path) -> usize {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let bytes = || std::fs::read(path).expect("a file");
    if name == "runs" {
        return runs_file::read(path, &bytes()).map_or_else(|p| p.len(), |file| repeats::of(&file.runs).0.len());
    }
    if name == "predicted" {
        let file = runs_file::read(path, &bytes()).expect("runs");
        let session = Session::builder().backend(Backend::Cpu).threads(1).build().expect("a thread");
        let settings = Settings { draws: 2, ..Settings::default() };
        return session.validate(&file, &[], settings, &NoProgress).map_or(0, |found| found.rows.len());
    }
    if name == "matches" {
        return matches_file::read(path, &bytes(), [&[], &[]]).map_or_else(|p| p.len(), |file| file.names.len());
    }
    let portfolio = match Portfolio::read(path) {
        Ok(portfolio) => portfolio,
        Err(problems) => return problems.len(),
    };
    if name == "fit.csv" {
        let rows = fit::sample::rows(&portfolio, Size::Active);
        return fit::card(&rows, Sample::Language, Response::Tokens, Size::Active).map_or(0, |card| card.points.len());
    }
    let assessment = match assess(&portfolio) {
        Ok(assessment) => assessment,
        Err(problems) => return problems.len(),
    };
    if name == "exact.csv" {
        return oracle(&assessment).groups.len();
    }
    if name == "families.csv" {
        let session = Session::builder().backend(Backend::Cpu).threads(1).build().expect("a thread");
        let settings = Settings { draws: 2, ..Settings::default() };
        let question = Question { all: true, ..Question::default() };
        let found = session.lineage(&portfolio, &assessment, &question, settings, &NoProgress);
        return found.map_or(0, |found| found.families.len());
    }
    let whole = with_outputs(&portfolio, &assessment).expect("outputs");
    compile(&whole).map_or(0, |plan| plan.models.len())
}

/// Writes the files of a case at n into a folder; the path to work on.
fn written(folder: &Path, files: &Files) -> PathBuf {
    for (name, text) in files {
        // One case is about bytes that are no UTF-8.
        let bytes =
            if name == "latin1.csv" { text.chars().map(|c| c as u8).collect() } else { text.as_bytes().to_vec() };
        std::fs::write(folder.join(name), bytes).expect("a file");
    }
    folder.join(&files[0].0)
}

fn seconds(path: &Path) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work(path));
    start.elapsed().as_secs_f64()
}

fn main() {
    // Cargo adds words of its own.
    let asked = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    println!("{:42} {:>9} {:>9} {:>9} {:>6}", "", "n", "ms", "at 2n", "ratio");
    let all = ROWS.iter().chain(&LINEAGE).chain(&FAMILIES).chain(&COLUMNS).chain(&CELLS).chain(&STUDIES).chain(&OTHERS);
    for (name, files, start) in all.filter(|(name, ..)| name.contains(&asked)) {
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
        let most = MOST.iter().find(|(of, _)| of == name).map_or(start << 12, |(_, most)| most / 2);
        let at = |n: usize, folder: usize| written(folders[folder].path(), &files(n));
        let mut n = *start;
        // The first time, tables that are part of the program are read.
        let always = [(); 2].map(|()| seconds(&at(n, 0)))[1];
        while n < most && seconds(&at(n, 0)) < (4.0 * always).clamp(LEAST, MOST_TIME) {
            n = most.min(2 * n);
        }
        let (small, large) = (at(n, 0), at(2 * n, 1));
        let mut best = [f64::INFINITY; 2];
        for _ in 0..ROUNDS {
            best = [best[0].min(seconds(&small)), best[1].min(seconds(&large))];
        }
        let ratio = best[1] / best[0];
        let mark = if ratio > LINEAR { "  faster than n log n" } else { "" };
        println!("{name:42} {n:9} {:9.1} {:9.1} {ratio:6.2}{mark}", 1e3 * best[0], 1e3 * best[1]);
    }
}
