//! The formats of models files: the same table in each of them, written by other software (`formats/write.py`), is the
//! same portfolio; a file that is cut off, damaged or not what its name says is refused with its name.

use std::fs;
use std::path::{Path, PathBuf};

use carbonhaze::low_level::portfolio::{Model, Portfolio};
use tempfile::TempDir;

use crate::taken::{refused, taken};

const FILES: [&str; 9] = [
    "models.csv.gz",
    "models.jsonl",
    "models.jsonl.gz",
    "models_snappy.parquet",
    "models_zstd.parquet",
    "models_int96.parquet",
    "models_lz4.parquet",
    "models_pandas.parquet",
    "models_polars.parquet",
];

fn at(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/input/formats").join(name)
}

/// The models of a file, without their places.
fn models(path: &Path) -> Vec<Model> {
    let portfolio = Portfolio::read(path).unwrap_or_else(|problems| panic!("{}: {problems}", path.display()));
    let anywhere = |model: Model| Model { place: Default::default(), ..model };
    portfolio.models.into_iter().map(anywhere).collect()
}

/// A file of these bytes.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

/// What is said of a file that cannot be read.
fn problems_of(name: &str, bytes: &[u8]) -> String {
    let (_dir, path) = file(name, bytes);
    let problems = Portfolio::read(&path).map(|_| ()).expect_err(name);
    refused(&problems);
    assert!(problems.iter().all(|problem| problem.place.file.ends_with(name)), "{problems}");
    problems.to_string()
}

#[test]
fn the_same_table_is_the_same_models_in_every_format() {
    let want = models(&at("models.csv"));
    assert_eq!(want.len(), 6);
    assert_eq!(&want[0].labels["date"], "2024-05-17");
    assert_eq!(&want[3].labels["base_model"], "lab/base; =other/b");
    for name in FILES {
        let found = models(&at(name));
        for (found, want) in found.iter().zip(&want) {
            assert_eq!(found, want, "{name}");
        }
        assert_eq!(found.len(), want.len(), "{name}");
    }
    // Negative control: another digit is another model.
    let text = fs::read_to_string(at("models.jsonl")).unwrap();
    for (from, to) in [("9007199254740993", "9007199254740994"), ("0.0100", "0.0101"), ("2024-06-01", "2024-06-02")] {
        assert!(text.contains(from));
        let (_dir, path) = file("models.jsonl", text.replace(from, to).as_bytes());
        let same = models(&path) == want;
        // 2^53 + 1 is no float, and the next even number is what it is read as.
        assert_eq!(same, from == "9007199254740993" && to.parse::<f64>() == from.parse::<f64>(), "{from}");
    }
}

#[test]
fn content_decides_where_the_name_says_nothing() {
    let want = models(&at("models.csv"));
    for name in ["models.csv", "models.csv.gz", "models.jsonl", "models.jsonl.gz", "models_zstd.parquet"] {
        for other in ["models", "models.txt", "models.gz", "models.json"] {
            let (_dir, path) = file(other, &fs::read(at(name)).unwrap());
            assert_eq!(models(&path), want, "{name} as {other}");
        }
    }
    let (_dir, path) = file("models.csv", &fs::read(at("models_zstd.parquet")).unwrap());
    assert_eq!(models(&path), want);
    let (dir, _) = file("a.Parquet", &fs::read(at("models_snappy.parquet")).unwrap());
    let study = dir.path().join("study.toml");
    fs::write(&study, "models = [\"a.Parquet\"]\n[groups]\nby = [\"kind\"]\n").unwrap();
    assert_eq!(models(&study), want);
}

#[test]
fn lines_of_problems_are_rows() {
    let rows = b"{\"id\": \"a\", \"mfu\": 0.4}\n\n{\"id\": \"b\", \"mfu\": 40}\n{\"id\": \"c\",\n{\"id\": \"d\", \"tokens\": {\"n\": 1}}\n";
    let said = problems_of("m.jsonl", rows);
    for want in ["m.jsonl:3: mfu", "m.jsonl:4", "m.jsonl:5: tokens"] {
        assert!(said.contains(want), "{want} in {said}");
    }
}

#[test]
fn damaged_files_are_refused_with_their_name() {
    let parquet = fs::read(at("models_zstd.parquet")).unwrap();
    assert!(problems_of("m.parquet", &parquet[..parquet.len() / 2]).contains("cut off"));
    assert!(problems_of("m.parquet", b"id,tokens\na,1\n").contains("no Parquet"));
    assert!(problems_of("m.parquet", b"PAR1").contains("cut off"));
    assert!(problems_of("m.parquet", b"").contains("no Parquet"));
    assert!(problems_of("m.parquet", b"PARE....PARE").contains("encrypted"));
    let mut broken = parquet.clone();
    let end = broken.len();
    broken[end - 8..end - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(problems_of("m.parquet", &broken).contains("damaged"));
    let gzip = fs::read(at("models.csv.gz")).unwrap();
    assert!(problems_of("m.csv.gz", &gzip[..gzip.len() - 9]).contains("cut off"));
    let mut broken = gzip.clone();
    broken[40] ^= 0xff;
    assert!(problems_of("m.csv.gz", &broken).contains("damaged"));
    assert!(problems_of("m.xlsx", b"PK\x03\x04").contains("Parquet"));
    assert!(problems_of("m.xls.gz", &gzip).contains("not supported"));
}

/// Every byte of a small file changed: it is read or refused, and nothing panics.
#[test]
fn changed_bytes_are_read_or_refused() {
    for name in ["models_snappy.parquet", "models_zstd.parquet", "models.csv.gz", "models.jsonl.gz", "models.jsonl"] {
        let whole = fs::read(at(name)).unwrap();
        let (_dir, path) = file(name, &whole);
        for place in (0..whole.len()).step_by(if name.ends_with("parquet") { 7 } else { 11 }) {
            for change in [0xff, 0x01] {
                let mut other = whole.clone();
                other[place] ^= change;
                fs::write(&path, &other).unwrap();
                match Portfolio::read(&path) {
                    Ok(_) => {}
                    Err(problems) => drop(refused(&problems)),
                }
            }
        }
        for end in (0..whole.len()).step_by(97) {
            fs::write(&path, &whole[..end]).unwrap();
            if let Err(problems) = Portfolio::read(&path) {
                refused(&problems);
            }
        }
        fs::write(&path, &whole).unwrap();
        assert!(taken(&path, true), "{name}");
    }
}
