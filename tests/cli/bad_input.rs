//! Bad input and usage: exit code 2, the place named, everything told at once, nothing written, no panic.

use std::path::Path;

use crate::{MODELS, STUDY, errors, folder, haze, names, outcome};

/// A bad models file: its bytes, and what must be told (`:2` is the line).
type Bad = (&'static str, &'static [u8], &'static [&'static str]);

/// The models file that the table's first part spoils; it is good itself (see the negative control).
const GOOD: &[u8] = b"id,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh\na,1e20,1e11,1.2,300\n";

const FILES: &[Bad] = &[
    ("negative", b"id,compute_flop\na,-1e20\n", &["bad.csv:2: compute_flop", "-1e20"]),
    ("NaN", b"id,compute_flop\na,1 to NaN\n", &["bad.csv:2: compute_flop"]),
    ("infinity", b"id,compute_flop\na,inf\n", &["bad.csv:2: compute_flop"]),
    ("overflow", b"id,compute_flop\na,1e999\n", &["bad.csv:2: compute_flop"]),
    ("out of range", b"id,compute_flop\na,1e60\n", &["bad.csv:2: compute_flop"]),
    ("words", b"id,compute_flop\na,lots\n", &["bad.csv:2: compute_flop", "lots"]),
    ("thousands", b"id,tokens\na,\"24,700\"\n", &["bad.csv:2: tokens", "24700 or 24.700"]),
    ("unit of something else", b"id,emissions_kg\na,500 kWh\n", &["bad.csv:2: emissions_kg", "unit of energy"]),
    ("PUE below 1", b"id,pue\na,0.8\n", &["bad.csv:2: pue", "below 1"]),
    ("MFU in per cent", b"id,mfu\na,72\n", &["bad.csv:2: mfu", "did you mean 0.72?"]),
    ("division by zero", b"id,efficiency_flop_per_j\na,0\n", &["bad.csv:2: efficiency_flop_per_j"]),
    ("reversed range", b"id,tokens\na,5e12 to 1e12\n", &["bad.csv:2: tokens", "reversed"]),
    ("reversed bounds", b"id,tokens\na,\"uniform(5, 2)\"\n", &["bad.csv:2: tokens"]),
    ("reversed triangle", b"id,tokens\na,\"triangular(5, 9, 7)\"\n", &["bad.csv:2: tokens"]),
    (
        "unknown distribution",
        b"id,tokens\na,\"lognormall(1e12, 2)\"\n",
        &["bad.csv:2: tokens", "did you mean lognormal?"],
    ),
    ("missing argument", b"id,tokens\na,lognormal(1e12)\n", &["bad.csv:2: tokens", "lognormal(median, gsd)"]),
    ("GSD below 1", b"id,tokens\na,\"lognormal(1e12, 0.5)\"\n", &["bad.csv:2: tokens"]),
    ("normal far below zero", b"id,tokens\na,1e12 \xc2\xb1 1e12\n", &["bad.csv:2: tokens"]),
    ("weights that are none", b"id,tokens\na,\"mixture(-1: fixed(1), 2: fixed(2))\"\n", &["bad.csv:2: tokens"]),
    ("unclosed bracket", b"id,tokens\na,\"lognormal(1e12, 2\"\n", &["bad.csv:2: tokens"]),
    ("missing empirical file", b"id,tokens\na,empirical(nowhere.txt)\n", &["bad.csv:2: tokens", "nowhere.txt"]),
    ("bad date", b"id,date\na,2023-02-29\n", &["bad.csv:2: date"]),
    ("bad relation", b"id,relation\na,finetuned\n", &["bad.csv:2: relation", "did you mean finetune?"]),
    ("its own base", b"id,base_model,relation\na,a,finetune\n", &["bad.csv:2: base_model"]),
    ("duplicate id", b"id,pue\na,1.2\nb,1.1\na,1.2\n", &["bad.csv:4: id", "already used on line 2"]),
    ("empty id", b"id,pue\n,1.2\n", &["bad.csv:2: id", "empty"]),
    ("no id column", b"label,pue\na,1.2\n", &["bad.csv:1: id", "no column id"]),
    ("duplicate column", b"id,pue,pue\na,1.2,1.2\n", &["bad.csv:1: pue"]),
    ("two units", b"id,emissions_kg,emissions_t\na,1,1\n", &["bad.csv:1: emissions_t", "same quantity"]),
    ("short row", b"id,pue,name\na,1.2\n", &["bad.csv:2: ", "2 fields, the header 3"]),
    ("long row", b"id,pue\na,1,2\n", &["bad.csv:2: ", "3 fields, the header 2"]),
    ("empty", b"", &["bad.csv: ", "empty"]),
    ("header only", b"id,pue\n", &["bad.csv: ", "no model"]),
    ("Latin-1", b"id,organization\na,Universit\xe9\n", &["bad.csv:2: ", "UTF-8"]),
    ("UTF-16", b"\xff\xfei\0d\0\n\0a\0\n\0", &["bad.csv:1: ", "UTF-16"]),
    ("binary", b"\x00\x01\xff", &["bad.csv"]),
    ("unclosed quote", b"id,pue\n\"a,1.2\nb,1.1\n", &["bad.csv:2: ", "never closed"]),
    ("CodeCarbon", b"id,emissions,emissions_rate\na,1,2\n", &["bad.csv:1: ", "CodeCarbon"]),
    ("semicolons", b"id;pue\na;1.2\n", &["bad.csv:1: ", "semicolons"]),
    ("unknown chip", b"id,hardware,gpu_hours\na,H1000 Ultra,1e6\n", &["bad.csv:2: hardware", "H1000 Ultra"]),
    ("misspelt region", b"id,compute_flop,region\na,1e22,Frnce\n", &["bad.csv:2: region", "did you mean France?"]),
    ("two places", b"id,compute_flop,region\na,1e22,Georgia\n", &["bad.csv:2: region", "GEO", "Georgia, USA"]),
    ("unknown base", b"id,base_model,relation\na,b,quantized\nb,,\nc,,\nc,,\n", &["bad.csv:5: id"]),
];

/// Runs must not write, and checks must agree with runs.
fn refused(dir: &Path, file: &str, words: &[&str], what: &str) {
    let before = names(dir);
    for command in
        [vec!["run", file, "--draws", "1000", "--out", "out"], vec!["check", file], vec!["explain", file, "a"]]
    {
        let output = outcome(dir, &command);
        let told = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{what}: haze {}: {told}", command.join(" "));
        assert!(!told.contains("panicked") && output.stdout.is_empty(), "{what}: {told}");
        for word in words {
            assert!(told.contains(word), "{what}: no {word:?} in {told}");
        }
        assert_eq!(names(dir), before, "{what}");
    }
}

#[test]
fn bad_models_files() {
    assert!(FILES.len() >= 30);
    for (what, bytes, words) in FILES {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("bad.csv"), bytes).unwrap();
        refused(dir.path(), "bad.csv", words, what);
    }
}

/// Negative control: the same commands accept the good files.
#[test]
fn good_files_are_taken() {
    let dir = folder(&[("models.csv", MODELS), ("study.toml", STUDY)]);
    std::fs::write(dir.path().join("bad.csv"), GOOD).unwrap();
    for file in ["bad.csv", "models.csv", "study.toml"] {
        for command in
            [vec!["run", file, "--draws", "1000", "--out", "out"], vec!["check", file], vec!["explain", file, "a"]]
        {
            let output = outcome(dir.path(), &command);
            assert!(output.status.success(), "{file}: {}", errors(&output));
        }
        assert_eq!(names(&dir.path().join("out")), crate::WRITTEN);
    }
}

/// Appended to a study that names `models.csv`; what must be told.
const STUDIES: &[(&str, &[&str])] = &[
    ("draw = 5", &["study.toml:2: draw", "did you mean draws?"]),
    ("draws = 0", &["study.toml:2: draws"]),
    ("draws = 1e6", &["study.toml:2: draws", "1_000_000"]),
    ("seed = -1", &["study.toml:2: seed"]),
    ("interval = 95", &["study.toml:2: interval", "did you mean 0.95?"]),
    ("[scope]\nbasis = \"net\"", &["study.toml:3: scope.basis", "\"location\", \"market\""]),
    ("[scope]\nembodied = true", &["study.toml:3: scope.embodied", "under [outputs]"]),
    ("[scope]\nboundary = \"facilty\"", &["study.toml:3: scope.boundary", "did you mean \"facility\"?"]),
    ("[priors.gird]\nunknown = 3", &["study.toml:2: priors.gird", "did you mean grid?"]),
    ("[priors.grid]\n\nunknwn = 3", &["study.toml:4: priors.grid.unknwn", "did you mean unknown?"]),
    ("[priors.pue]\nunknown = 0.2", &["study.toml:3: priors.pue.unknown", "below 1"]),
    ("[priors.grid]\nunknown = \"lognormal(1)\"", &["study.toml:3: priors.grid.unknown", "lognormal(median, gsd)"]),
    ("[groups]\nby = \"regoin\"", &["study.toml:2: groups.by", "did you mean region?"]),
    ("[[shared]]\nfactor = \"gird\"\ngsd = 1.2", &["study.toml:3: shared.factor", "did you mean \"grid\"?"]),
    ("[[shared]]\nfactor = \"grid\"\ngsd = 1.2\nby = \"regoin\"", &["study.toml:2: shared.by", "did you mean region?"]),
    ("[[shared]]\nfactor = \"grid\"\ngsd = 0.9", &["study.toml:4: shared.gsd"]),
    ("draws = ", &["study.toml:2: ", "not TOML"]),
];

#[test]
fn bad_studies() {
    for (text, words) in STUDIES {
        let dir = folder(&[("models.csv", MODELS), ("study.toml", &format!("models = [\"models.csv\"]\n{text}\n"))]);
        refused(dir.path(), "study.toml", words, text);
    }
    // A thousand effects of one factor would leave the range of its numbers; 64 are taken.
    let shared = |n: usize| "[[shared]]\nfactor = \"grid\"\ngsd = 1.01\n".repeat(n);
    for (n, fine) in [(64, true), (65, false), (1100, false)] {
        let study = format!("models = [\"models.csv\"]\n{}", shared(n));
        let dir = folder(&[("models.csv", MODELS), ("study.toml", &study)]);
        match fine {
            true => assert!(outcome(dir.path(), &["check", "study.toml"]).status.success()),
            false => refused(dir.path(), "study.toml", &["study.toml:", "at most 64"], "many shared effects"),
        }
    }
    let dir = folder(&[("study.toml", "models = [\"nowhere.csv\"]\n")]);
    refused(dir.path(), "study.toml", &["study.toml:1: models", "nowhere.csv"], "missing models file");
    refused(dir.path(), "nowhere.csv", &["nowhere.csv: the file could not be read"], "missing file");
    refused(dir.path(), ".", &["no file in this folder"], "a folder");
}

#[test]
fn everything_is_told_at_once() {
    let dir = folder(&[
        ("study.toml", "models = [\"one.csv\", \"two.csv\", \"three.csv\"]\ndraws = 0\nsed = 1\n"),
        ("one.csv", "id,tokens,mfu\na,-1,72\nb,1e12\n"),
        ("two.csv", "id,pue\na,0.5\n,1.1\n"),
    ]);
    let told = errors(&outcome(dir.path(), &["check", "study.toml"]));
    let places = [
        "study.toml:1: models",
        "study.toml:2: draws",
        "study.toml:3: sed",
        "one.csv:2: tokens",
        "one.csv:2: mfu",
        "one.csv:3: ",
        "two.csv:2: pue",
        "two.csv:3: id",
        "8 problems",
    ];
    for place in places {
        assert!(told.contains(place), "no {place} in {told}");
    }
    // A mistake of syntax is told once, not with all that follows from it.
    let dir = folder(&[("study.toml", "models = [\"models.csv\"\ndraws = 3\n"), ("models.csv", MODELS)]);
    let told = errors(&outcome(dir.path(), &["check", "study.toml"]));
    assert!(told.contains("study.toml:2: ") && told.ends_with("1 problem\n"), "{told}");
}

#[test]
fn bad_usage() {
    let dir = folder(&[("models.csv", MODELS)]);
    let cases: &[(&[&str], &str)] = &[
        (&["run"], "<FILE>"),
        (&["run", "models.csv", "--draws", "0"], "--draws"),
        (&["run", "models.csv", "--draws", "-5"], "--draws"),
        (&["run", "models.csv", "--draws", "many"], "--draws"),
        (&["run", "models.csv", "--draws", "2147483648"], "--draws"),
        (&["run", "models.csv", "--interval", "95"], "did you mean 0.95?"),
        (&["run", "models.csv", "--interval", "1"], "--interval"),
        (&["run", "models.csv", "--interval", "nan"], "--interval"),
        (&["run", "models.csv", "--seed", "-1"], "--seed"),
        (&["run", "models.csv", "--seed", "18446744073709551616"], "--seed"),
        (&["run", "models.csv", "--threads", "0"], "--threads"),
        (&["run", "models.csv", "--chunk", "0"], "--chunk"),
        (&["run", "models.csv", "--backend", "abacus"], "--backend"),
        (&["run", "models.csv", "--dras", "5"], "--draws"),
        (&["rum", "models.csv"], "run"),
        (&["explain", "models.csv"], "<ID>"),
        (&["explain", "models.csv", "aa"], "did you mean \"a\"?"),
        (&["priors", "nowhere.toml"], "nowhere.toml"),
    ];
    for (args, word) in cases {
        let output = outcome(dir.path(), args);
        let told = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
        assert!(told.contains(word) && !told.contains("panicked"), "{args:?}: {told}");
        assert_eq!(names(dir.path()), ["models.csv"]);
    }
}

#[test]
fn unwritable_outputs_are_found_before_the_run() {
    let dir = folder(&[("models.csv", MODELS), ("file", "kept")]);
    std::fs::create_dir_all(dir.path().join("full/models.csv")).unwrap();
    let cases: &[(&[&str], &str)] = &[
        (&["--out", "file"], "not a folder"),
        (&["--out", "file/deeper"], "file"),
        (&["--out", "full"], "models.csv"),
        (&["--json", "nowhere/result.json"], "no such folder"),
        (&["--json", "full"], "folder"),
        (&["--json", "full/.."], "folder"),
        // A folder is made for --out, and goes again when --json turns out not to be writable.
        (&["--out", "new/deep", "--json", "nowhere/x.json"], "nowhere"),
        // A run does not replace what it reads.
        (&["--out", "."], "models.csv is an input of this run"),
        (&["--json", "models.csv"], "models.csv is an input of this run"),
        (&["--json", "./full/../models.csv"], "models.csv is an input of this run"),
    ];
    for (args, word) in cases {
        // So many draws that the run would be felt.
        let output = outcome(dir.path(), &[&["run", "models.csv", "--draws", "2000000000"], *args].concat());
        let told = errors(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
        assert!(told.contains(word) && !told.contains("panicked"), "{args:?}: {told}");
        assert_eq!(names(dir.path()), ["file", "full", "models.csv"], "{args:?}");
        assert_eq!(std::fs::read_to_string(dir.path().join("file")).unwrap(), "kept");
        assert_eq!(std::fs::read_to_string(dir.path().join("models.csv")).unwrap(), MODELS);
    }
}

/// A folder without write permission, unless the tests run as root, whom no permission stops.
#[test]
#[cfg(unix)]
fn a_read_only_folder() {
    use std::os::unix::fs::PermissionsExt;
    let dir = folder(&[("models.csv", MODELS)]);
    let locked = dir.path().join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(locked.join("probe"), "").is_ok() {
        return;
    }
    for args in [["--out", "locked"], ["--out", "locked/deeper"], ["--json", "locked/x.json"]] {
        let output = outcome(dir.path(), &[&["run", "models.csv"], args.as_slice()].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", errors(&output));
        assert!(errors(&output).contains("locked"));
    }
}

/// Standard output that takes nothing is a failure of the run, unlike a reader that has seen enough.
#[test]
#[cfg(target_os = "linux")]
fn a_full_device_is_a_failure_and_a_closed_pipe_is_none() {
    let dir = folder(&[("models.csv", MODELS)]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output =
        haze(dir.path()).args(["run", "models.csv", "--draws", "100", "--json", "-"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    assert!(errors(&output).contains("standard output"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = haze(dir.path()).args(["run", "models.csv", "--draws", "100"]).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{}", errors(&output));
}
