//! Study files, and what shows only when a study and its models files are together.

use std::path::{Path, PathBuf};

use carbonhaze::low_level::portfolio::{
    Basis, Boundary, Factor, Imputation, Portfolio, Problem, Run, Scope, Study, study_file,
};

use super::{Bad, folder, listed};

pub const STUDY: &str = r#"models = ["models.csv"]
draws = 1_000_000
seed = 42
interval = 0.95
default_shared = false
[scope]
run = "development"
boundary = "it"
basis = "market"
embodied = true
[imputation]
compute = "regression"
[priors.grid]
unknown = "mixture(0.5: lognormal(400, 1.5), 0.5: lognormal(60, 2))"
[[shared]]
factor = "grid"
gsd = 1.3
by = "region"
[groups]
by = ["organization", "tier"]
"#;

pub fn study(text: &str) -> (Study, Vec<Problem>) {
    let (file, problems) = study_file::read(Path::new("dir/study.toml"), text.as_bytes());
    (file.study, problems)
}

#[test]
fn the_study_of_the_manual_is_read() {
    let (found, problems) = study(STUDY);
    assert_eq!(problems, []);
    assert_eq!(found.models, [PathBuf::from("dir/models.csv")]);
    assert_eq!((found.draws, found.seed, found.interval), (Some(1_000_000), Some(42), Some(0.95)));
    assert!(!found.default_shared);
    let scope = Scope { run: Run::Development, boundary: Boundary::It, basis: Basis::Market, embodied: true };
    assert_eq!(found.scope, scope);
    assert_eq!(found.imputation, Imputation::Regression);
    assert_eq!(found.groups_by, ["organization", "tier"]);
    assert_eq!(found.shared.len(), 1);
    assert_eq!((found.shared[0].factor, found.shared[0].gsd), (Factor::Grid, 1.3));
    assert_eq!((found.shared[0].by.as_slice(), found.shared[0].place.line), (&["region".to_string()][..], 15));
    assert!(found.priors["grid"]["unknown"].as_str().unwrap().starts_with("mixture("));
    let line = |key: &str| found.place(key).line;
    assert_eq!((line("priors.grid.unknown"), line("priors.grids"), line("priors.grid.nowhere")), (14, 0, 0));
    // Within an array, the line of the array.
    assert_eq!(line("shared.gsd"), line("shared"));
}

pub const BAD: &[Bad] = &[
    ("draws = 5\n", 0, "models", &["names no models file"]),
    ("models = []\n", 1, "models", &["empty"]),
    ("models = [\"a.csv\", 3]\n", 1, "models", &["quotes"]),
    ("models = [\"a.csv\", \"a.csv\"]\n", 1, "models", &["twice"]),
    ("models = \"a.csv\"\n\ndraw = 5\n", 3, "draw", &["did you mean draws?"]),
    (
        "models = \"a.csv\"\n[imputation]\ncompute = \"regresion\"\n",
        3,
        "imputation.compute",
        &["did you mean \"regression\"?"],
    ),
    ("models = \"a.csv\"\n[imputation]\nfits = 3\n", 3, "imputation.fits", &["haze fit --coefficients"]),
    ("models = \"a.csv\"\n[imputation]\ncomputes = \"tokens\"\n", 3, "imputation.computes", &["did you mean compute?"]),
    ("models = \"a.csv\"\ndraws = 0\n", 2, "draws", &["from 1 to"]),
    ("models = \"a.csv\"\ndraws = 2147483648\n", 2, "draws", &["2_147_483_647"]),
    ("models = \"a.csv\"\ndraws = 1e6\n", 2, "draws", &["1_000_000"]),
    ("models = \"a.csv\"\nseed = -1\n", 2, "seed", &["from 0"]),
    ("models = \"a.csv\"\ninterval = 95\n", 2, "interval", &["did you mean 0.95?"]),
    ("models = \"a.csv\"\ninterval = 1.0\n", 2, "interval", &["between 0 and 1"]),
    ("models = \"a.csv\"\ninterval = nan\n", 2, "interval", &["between 0 and 1"]),
    ("models = \"a.csv\"\ndefault_shared = \"no\"\n", 2, "default_shared", &["true or false"]),
    ("models = \"a.csv\"\n[scope]\nrun = \"finale\"\n", 3, "scope.run", &["did you mean \"final\"?"]),
    ("models = \"a.csv\"\n[scope]\nboundary = 3\n", 3, "scope.boundary", &["facility"]),
    ("models = \"a.csv\"\n[scope]\nembodied = 1\n", 3, "scope.embodied", &["true or false"]),
    ("models = \"a.csv\"\n[scope]\nbasic = \"market\"\n", 3, "scope.basic", &["did you mean basis?"]),
    ("models = \"a.csv\"\n[shared]\nfactor = \"grid\"\n", 2, "shared", &["two brackets"]),
    ("models = \"a.csv\"\n[[shared]]\nfactor = \"gird\"\ngsd = 1.2\n", 3, "shared.factor", &["did you mean \"grid\"?"]),
    ("models = \"a.csv\"\n[[shared]]\nfactor = \"grid\"\ngsd = 1\n", 4, "shared.gsd", &["no effect"]),
    ("models = \"a.csv\"\n[[shared]]\nfactor = \"grid\"\ngsd = 0.9\n", 4, "shared.gsd", &["above 1"]),
    ("models = \"a.csv\"\n[[shared]]\nfactor = \"grid\"\ngsd = nan\n", 4, "shared.gsd", &["above 1"]),
    ("models = \"a.csv\"\n[[shared]]\ngsd = 1.2\n", 2, "shared.factor", &["no factor"]),
    ("models = \"a.csv\"\n[[shared]]\nfactor = \"pue\"\ngsd = 1.2\nby = []\n", 5, "shared.by", &["empty"]),
    ("models = \"a.csv\"\n[groups]\nby = [\"\"]\n", 3, "groups.by", &["empty"]),
    ("models = \"a.csv\"\n[groups]\nby = [\"a\", \"a\"]\n", 3, "groups.by", &["twice"]),
    ("models = \"a.csv\"\n[priors]\ngrid = 3\n", 3, "priors.grid", &["section"]),
    ("models = \"a.csv\"\n[priors.grid]\nx = 99999999999999999999\n", 3, "priors", &["integer"]),
    ("models = \"a.csv\"\ndraws = \n", 2, "", &["not TOML"]),
    ("models = \"a.csv\"\nmodels = \"b.csv\"\n", 2, "", &["not TOML", "duplicate"]),
];

#[test]
fn bad_studies_are_refused_with_line_key_and_advice() {
    for (text, line, column, words) in BAD {
        let (_, problems) = study(text);
        let hit = problems
            .iter()
            .any(|p| p.place.line == *line && p.place.column == *column && words.iter().all(|w| p.message.contains(w)));
        assert!(hit, "{text:?}: expected line {line}, {column:?}, {words:?}, got{}", listed(&problems));
    }
    // Deep nesting is a problem, not a stack overflow.
    for deep in [
        format!("models = {}", "[".repeat(100_000)),
        format!("models = \"a.csv\"\npriors.{}b = 1", "a.".repeat(100_000)),
        format!("models = \"a.csv\"\n[priors.{}b]", "a.".repeat(100_000)),
    ] {
        assert!(study(&deep).1.iter().any(|p| p.message.contains("not TOML")), "{}", listed(&study(&deep).1));
    }
    let (_, problems) = study_file::read(Path::new("s.toml"), b"models = \"a.csv\"\n# \xff\n");
    assert_eq!(problems[0].place.line, 2);
}

#[test]
fn all_problems_of_a_study_and_its_files_come_at_once() {
    let dir = folder(&[
        ("study.toml", "models = [\"a.csv\", \"b.csv\", \"c.csv\"]\ndraws = 0\nsed = 1\n"),
        ("a.csv", "id,tokens\na,-1\n"),
        ("b.csv", "id,mfu\na,72\n"),
    ]);
    let problems = Portfolio::read(dir.path().join("study.toml")).unwrap_err();
    let name = |p: &Problem| p.place.file.file_name().unwrap().to_str().unwrap().to_string();
    let mut places: Vec<(String, u64, String)> =
        problems.iter().map(|p| (name(p), p.place.line, p.place.column.clone())).collect();
    places.sort_unstable();
    let expected = [
        ("a.csv", 2, "tokens"),
        ("b.csv", 2, "mfu"),
        ("study.toml", 1, "models"),
        ("study.toml", 2, "draws"),
        ("study.toml", 3, "sed"),
    ];
    assert_eq!(places, expected.map(|(f, l, c)| (f.to_string(), l, c.to_string())), "{}", listed(&problems));
}

#[test]
fn ids_are_unique_across_files_and_columns_are_there() {
    let text = "models = [\"a.csv\", \"b.csv\"]\n[groups]\nby = [\"team\", \"tier\", \"orgnization\"]\n\
                [[shared]]\nfactor = \"grid\"\ngsd = 1.2\nby = [\"regio\"]\n";
    let a = ("a.csv", "id,team\nx,1\n");
    let dir = folder(&[("study.toml", text), a, ("b.csv", "id,organization,region\nx,1,FR\n")]);
    let problems = Portfolio::read(dir.path().join("study.toml")).unwrap_err();
    assert_eq!(problems.len(), 3, "{}", listed(&problems));
    assert!(problems[0].message.contains("a.csv:2") && problems[0].place.file.ends_with("b.csv"), "{}", problems[0]);
    assert!(problems[1].message.contains("did you mean organization?"), "{}", problems[1]);
    assert_eq!(problems[1].place.line, 2);
    assert!(problems[2].message.contains("did you mean region?"), "{}", problems[2]);
    // Negative control: with the slips corrected it is read.
    let corrected = text.replace("orgnization", "organization").replace("regio\"", "region\"");
    let dir = folder(&[("study.toml", &corrected), a, ("b.csv", "id,organization,region\ny,1,FR\n")]);
    let portfolio = Portfolio::read(dir.path().join("study.toml")).unwrap();
    assert_eq!(portfolio.models.len(), 2);
}

/// A problem stays readable however many columns there are.
#[test]
fn of_many_columns_some_are_listed() {
    let header: String = (0..500).map(|i| format!(",column{i:03}")).collect();
    let models = format!("id{header}\na{}\n", ",x".repeat(500));
    let dir = folder(&[("s.toml", "models = \"m.csv\"\n[groups]\nby = [\"colum007\", \"x\"]\n"), ("m.csv", &models)]);
    let problems = Portfolio::read(dir.path().join("s.toml")).unwrap_err();
    let [near, far] = &problems[..] else { panic!("{problems}") };
    assert!(near.message.contains("did you mean column007? ") && near.message.ends_with(", column039 and 461 more"));
    assert!(!far.message.contains("did you mean") && far.message.len() < 600, "{far}");
}

#[test]
fn missing_files_folders_and_other_formats_are_problems() {
    let dir = folder(&[("m.xlsx", "x")]);
    for (name, words) in
        [("nowhere.csv", "could not be read"), ("nowhere.toml", "could not"), ("", "folder"), ("m.xlsx", "CSV")]
    {
        let problems = Portfolio::read(dir.path().join(name)).unwrap_err();
        assert_eq!(problems.len(), 1, "{name}");
        assert!(problems[0].message.contains(words), "{}", problems[0]);
    }
}
