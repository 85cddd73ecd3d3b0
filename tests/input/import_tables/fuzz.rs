//! No bytes make an importer panic, and what one gives can be typed or has a place.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{BOAMPS, CODECARBON, EPOCH, RUNS, TRACK, read};
use crate::common::cases::cases;

/// Pieces that are legal somewhere, and some that are legal nowhere.
const PIECES: [&str; 40] = [
    "0",
    "1",
    "-1",
    "1e400",
    "nan",
    "inf",
    "0.5",
    "1e308",
    "-0.0",
    "",
    ",",
    "\"",
    "\n",
    "\r",
    "\t",
    "x",
    "é",
    "\u{202e}",
    "8 x NVIDIA A100",
    "2 x A, 1 x B",
    "machine",
    "process",
    "Y",
    "N",
    "codecarbon",
    "2024-05-14T09:12:33",
    "2024-13-40",
    "FRA",
    "USA",
    "georgia",
    "X",
    "X-7B",
    "{",
    "}",
    "[",
    "]",
    "null",
    "\"unit\": \"MWh\"",
    ":",
    ";",
];

fn text() -> impl Strategy<Value = String> {
    let piece = select(&PIECES[..]);
    let line = prop::collection::vec(piece, 1..24).prop_map(|pieces| pieces.join(","));
    let head = select(vec![CODECARBON, EPOCH, BOAMPS, TRACK]);
    (head, prop::collection::vec(line, 0..6)).prop_map(|(head, lines)| format!("{head}{}", lines.join("\n")))
}

/// A good file with pieces put in the place of others.
fn mutated() -> impl Strategy<Value = String> {
    let row = "X-7B,Language,Lab,2023-05-01,7e9,8.4e22,2e12,1000,NVIDIA A100,512,0.4,Confident,,,France\n";
    let good = select(vec![
        format!("{CODECARBON}{RUNS}"),
        format!("{EPOCH}{row}{row}"),
        BOAMPS.to_string(),
        TRACK.to_string(),
    ]);
    let change = (any::<Index>(), select(&PIECES[..]), 0usize..6);
    (good, prop::collection::vec(change, 1..6)).prop_map(|(mut text, changes)| {
        for (at, piece, length) in changes {
            let places: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let from = at.index(places.len());
            let to = (from + length).min(places.len() - 1);
            text.replace_range(places[from]..places[to], piece);
        }
        text
    })
}

/// Every problem has a file, and all that is named by a problem is short.
fn taken(text: &str) -> Result<(), TestCaseError> {
    for name in ["emissions.csv", "report.json", "standard input"] {
        match read(name, text) {
            Ok(file) => {
                let ids: std::collections::BTreeSet<&str> = file.models.iter().map(|m| m.id.as_str()).collect();
                prop_assert_eq!(ids.len(), file.models.len());
                for model in &file.models {
                    prop_assert!(!model.id.is_empty());
                }
                for warning in &file.warnings {
                    prop_assert!(warning.value.chars().count() <= 60 && !warning.to_string().contains('\n'));
                }
            }
            Err(problems) => {
                for problem in &problems {
                    prop_assert!(problem.value.chars().count() <= 60 && !problem.to_string().contains('\n'));
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn no_foreign_file_makes_a_reader_panic(text in text()) {
        taken(&text)?;
    }

    #[test]
    fn nor_does_one_that_is_nearly_right(text in mutated()) {
        taken(&text)?;
    }
}
