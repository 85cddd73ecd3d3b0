//! `haze check` and `haze run` on the corpus of odd inputs: the same exit code, and no problem without its file.

use std::path::{Path, PathBuf};

use crate::{errors, folder, outcome};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/input/corpus");

/// The corpus files of a kind.
fn corpus(kind: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(CORPUS).join(kind)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn a_check_refuses_what_a_run_refuses() {
    // Nothing is written next to the corpus.
    let dir = folder(&[]);
    let (mut taken, mut refused) = (0, 0);
    for path in ["headers", "rows", "studies"].into_iter().flat_map(corpus) {
        let file = path.to_str().unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        let check = outcome(dir.path(), &["check", file]);
        let run = outcome(dir.path(), &["run", file, "--draws", "2", "--quiet", "--threads", "1"]);
        assert_eq!(check.status.code(), run.status.code(), "{name}: {} {}", errors(&check), errors(&run));
        match run.status.code() {
            Some(0) => taken += 1,
            Some(2) => refused += 1,
            code => panic!("{name}: {code:?}: {}", errors(&run)),
        }
        for (text, code) in [(errors(&check), check.status.code()), (errors(&run), run.status.code())] {
            let problems: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
            assert_eq!(problems.is_empty(), code == Some(0), "{name}: {text}");
            assert!(problems.iter().all(|problem| problem.starts_with(CORPUS)), "{name}: {text}");
            assert!(!text.contains("haze: ") && !text.contains("panicked"), "{name}: {text}");
        }
    }
    assert!(taken > 50 && refused > 50, "{taken} {refused}");
}
