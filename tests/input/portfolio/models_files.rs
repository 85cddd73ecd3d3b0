//! Models files: a table of bad ones, each with a single problem, and what good ones mean.

use std::path::Path;

use carbonhaze::low_level::portfolio::formats::inputs::Inputs;
use carbonhaze::low_level::portfolio::models_file;
use carbonhaze::low_level::portfolio::{Date, Distribution, Labels, Source, Value};

use super::{Bad, good, listed, models};

const BAD: &[Bad] = &[
    // Structure.
    ("", 0, "", &["empty"]),
    (" \r\n\n", 0, "", &["empty"]),
    ("id,tokens\n", 0, "", &["no model"]),
    ("id,tokens\na,1e12\n\nb,1e12,7\n", 4, "", &["3 fields", "header 2"]),
    ("id,tokens\na\n", 2, "", &["1 fields"]),
    ("id,tokens,tokens\na,1e12,1e12\n", 1, "tokens", &["same name"]),
    ("id,,tokens\na,0,1e12\n", 1, "", &["column 2 has no name"]),
    ("label,tokens\na,1e12\n", 1, "id", &["no column id"]),
    ("idx,tokens\na,1e12\n", 1, "id", &["did you mean idx"]),
    ("id;tokens\na;1e12\n", 1, "", &["semicolons", "commas"]),
    ("id\ttokens\na\t1e12\n", 1, "", &["tabs"]),
    ("id,emissions_kg,emissions_t\na,1,\n", 1, "emissions_t", &["same quantity", "emissions_kg"]),
    ("id,energy_mwh,energy_kwh\na,1,\n", 1, "energy_kwh", &["same quantity", "energy_mwh"]),
    ("id,name\na,x\nb,\"never closed\nc,y\n", 3, "", &["never closed"]),
    ("id,name\n\"a,x\n", 2, "", &["never closed"]),
    ("id,a\0b\n", 0, "", &["NUL"]),
    ("PK\x03\x04 stuff", 0, "", &["ZIP", "CSV UTF-8"]),
    ("id,tokens\n,1e12\n", 2, "id", &["empty"]),
    ("id,tokens\na,1e12\nb,1e12\na,1e12\n", 4, "id", &["already used on line 2"]),
    ("id,name\na,\"two\nlines\"\na,x\n", 4, "id", &["already used on line 2"]),
    ("id,tokens\n\"a\nb\",1e12\n", 2, "id", &["control character"]),
    // Numbers.
    ("id,tokens\na,-5\n", 2, "tokens", &["negative"]),
    ("id,tokens\na,1 to NaN\n", 2, "tokens", &["finite", "leave the cell empty"]),
    ("id,tokens\na,1e9\nb,\"lognormal(1e12, nan)\"\n", 3, "tokens", &["finite"]),
    ("id,tokens\na,1e9\nb,\"lognormal(1e12, 1)\"\n", 3, "tokens", &["the GSD is 1", "fixed(x)"]),
    ("id,tokens\na,inf\n", 2, "tokens", &["finite"]),
    ("id,tokens\na,1e999\n", 2, "tokens", &["overflows"]),
    ("id,tokens\na,1e300\n", 2, "tokens", &["outside 1e-30 to 1e40"]),
    ("id,tokens\na,1e-400\n", 2, "tokens", &["rounded to 0"]),
    ("id,emissions_t\na,1e39\n", 2, "emissions_t", &["outside"]),
    ("id,tokens\na,\"24,700\"\n", 2, "tokens", &["24700 or 24.700"]),
    ("id,tokens\na,24.700.000\n", 2, "tokens", &["thousands", "write 24700000"]),
    ("id,pue\na,\"1,12\"\n", 2, "pue", &["point", "1.12"]),
    ("id,tokens\na,15T+\n", 2, "tokens", &["write 1.5e13"]),
    ("id,emissions_kg\na,500 kWh\n", 2, "emissions_kg", &["unit of energy", "emissions"]),
    ("id,pue\na,38%\n", 2, "pue", &["percent", "0.38"]),
    ("id,tokens\na,1e12-2e12\n", 2, "tokens", &["1e12 to 2e12"]),
    ("id,tokens\na,~1e12\n", 2, "tokens", &["lognormal(1e12"]),
    // Quantities.
    ("id,pue\na,0.9\n", 2, "pue", &["below 1"]),
    ("id,pue\na,1.05 to 1.3\n", 2, "pue", &["shifted(1,"]),
    ("id,pue\na,1.2 ± 0.05\n", 2, "pue", &["truncated(normal(1.2, 0.05), 1, inf)"]),
    ("id,mfu\na,72\n", 2, "mfu", &["did you mean 0.72?"]),
    ("id,mfu\na,1.4\n", 2, "mfu", &["did you mean 0.014?"]),
    ("id,mfu\na,7200\n", 2, "mfu", &["fraction"]),
    ("id,mfu\na,30 to 50\n", 2, "mfu", &["0.3 to 0.5"]),
    ("id,mfu\na,0\n", 2, "mfu", &["infinite energy"]),
    ("id,efficiency_flop_per_j\na,0\n", 2, "efficiency_flop_per_j", &["infinite energy"]),
    ("id,efficiency_flop_per_j\na,1e11 ± 3e10\n", 2, "efficiency_flop_per_j", &["fifth", "lognormal"]),
    ("id,efficiency_flop_per_j\na,\"uniform(0, 1e12)\"\n", 2, "efficiency_flop_per_j", &["infinite energy"]),
    ("id,base_probability\na,90\n", 2, "base_probability", &["did you mean 0.9?"]),
    ("id,downloads\na,1e3 to 1e4\n", 2, "downloads", &["plain number"]),
    ("id,hardware_count\na,-8\n", 2, "hardware_count", &["negative"]),
    ("id,gpu_hours\na,12 days\n", 2, "gpu_hours", &["288 if", "288 × the number"]),
    ("id,emissions_t\na,5 to 1\n", 2, "emissions_t", &["write 1 to 5"]),
    // Words and dates.
    ("id,tokens\nNone,1\n", 2, "id", &["empty"]),
    ("id,date\na,17/05/2024\n", 2, "date", &["2024-05-17"]),
    ("id,date\na,2024-13\n", 2, "date", &["month 13"]),
    ("id,date\na,2023-02-29\n", 2, "date", &["no such day"]),
    ("id,relation\na,finetuned\n", 2, "relation", &["did you mean finetune?"]),
    (
        "id,base_model,merge_weights\na,b; c,0.5\n",
        2,
        "merge_weights",
        &["1 weights for 2 base models", "one weight for"],
    ),
    ("id,base_model,merge_weights\na,b; c,0.5; -1\n", 2, "merge_weights", &["negative"]),
    ("id,base_model,merge_weights\na,b; c,0; 0\n", 2, "merge_weights", &["all 0"]),
    ("id,source\na,measured\n", 2, "source", &["metered"]),
    ("id,compute_confidence\na,sure\n", 2, "compute_confidence", &["confident"]),
    ("id,energy_includes_pue\na,maybe\n", 2, "energy_includes_pue", &["yes, no"]),
    ("id,base_model\na,b; a\n", 2, "base_model", &["itself"]),
    // Distributions; the cells have a table of their own.
    ("id,tokens\na,5e12 to 1e12\n", 2, "tokens", &["reversed", "1e12 to 5e12"]),
    ("id,tokens\na,\"lognormall(1e12, 2)\"\n", 2, "tokens", &["did you mean lognormal?"]),
    ("id,tokens\na,\"empirical(missing-file.txt)\"\n", 2, "tokens", &["missing-file.txt", "relative"]),
];

#[test]
fn bad_files_are_refused_with_line_column_and_advice() {
    for (text, line, column, words) in BAD {
        let problems = models(text).expect_err(&format!("{text:?} was read"));
        let hit = problems.iter().find(|p| {
            p.place.line == *line && p.place.column == *column && words.iter().all(|w| p.message.contains(w))
        });
        assert!(hit.is_some(), "{text:?}: expected line {line}, {column:?}, {words:?}, got{}", listed(&problems));
        assert_eq!(problems.len(), 1, "{text:?}:{}", listed(&problems));
        assert!(problems[0].place.file.ends_with("models.csv"));
    }
}

/// Negative control of the table: the same columns with proper cells are read.
#[test]
fn the_corrected_file_is_read() {
    let text = "id,tokens,pue,mfu,efficiency_flop_per_j,base_probability,downloads,hardware_count,date,relation,\
                source,compute_confidence,energy_includes_pue,base_model\n\
                a,1e12 to 5e12,\"shifted(1, 0.05 to 0.3)\",0.3 to 0.5,1e11 ± 2e10,0.9,1e4,8,2024-02-29,finetune,\
                metered,Confident,yes,b; c\n";
    let model = &good(text)[0];
    assert!(model.base_ids().eq(["b", "c"]));
    assert_eq!(model.source, Source::Metered);
    assert_eq!(model.date, Some(Date { year: 2024, month: Some(2), day: Some(29) }));
    assert!(model.energy_includes_pue);
    assert_eq!((model.downloads, model.hardware_count, model.base_probability), (Some(1e4), Some(8.0), Some(0.9)));
}

#[test]
fn wrong_encodings_name_each_line() {
    let latin = b"id,organization\na,Universit\xe9\nb,Inria\nc,Universit\xe4t\n";
    let problems = models_file::read(Path::new("m.csv"), latin, &Inputs::default().folder(Path::new(""))).unwrap_err();
    let lines: Vec<u64> = problems.iter().map(|p| p.place.line).collect();
    assert_eq!(lines, [2, 4], "{}", listed(&problems));
    assert!(problems.iter().all(|p| p.message.contains("UTF-8")));
    let wide: Vec<u8> = "\u{feff}id,name\na,b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let problems = models_file::read(Path::new("m.csv"), &wide, &Inputs::default().folder(Path::new(""))).unwrap_err();
    assert!(problems[0].message.contains("UTF-16"), "{}", listed(&problems));
}

#[test]
fn all_problems_of_a_file_come_at_once() {
    let text = "id,tokens,mfu,tokens,pue\n\
                a,-1,72,1,0.5\n\
                b,1\n\
                ,1,0.4,1,1.1\n\
                a,x,0.4,1,1.1\n\
                c,1,\"0.4,1,1\n";
    let problems = models(text).unwrap_err();
    let mut places: Vec<(u64, &str)> = problems.iter().map(|p| (p.place.line, p.place.column.as_str())).collect();
    places.sort_unstable();
    let expected =
        [(1, "tokens"), (2, "mfu"), (2, "pue"), (2, "tokens"), (3, ""), (4, "id"), (5, "id"), (5, "tokens"), (6, "")];
    assert_eq!(places, expected, "{}", listed(&problems));
}

#[test]
fn units_zeros_empty_cells_and_labels() {
    let text = "\u{feff}id, emissions_t ,energy_mwh,tokens,team,organization\r\n\r\n\
                a , 2 ,0,, blue ,Org\r\nb,1 to 3,4,0.0,,\r\n";
    let found = good(text);
    assert_eq!(found[0].emissions_kg, Some(Value::Number(2000.0)));
    assert_eq!(found[0].energy_kwh, Some(Value::Number(0.0)));
    assert_eq!(found[0].tokens, None);
    assert_eq!(found[1].tokens, Some(Value::Number(0.0)));
    let labels = Labels::from([("team", "blue"), ("organization", "Org")]);
    assert_eq!(found[0].labels, labels);
    assert!(found[1].labels.is_empty());
    assert_eq!((found[0].place.line, found[1].place.line), (3, 4));
    let Some(Value::Distribution(d)) = &found[1].emissions_kg else { panic!("{:?}", found[1].emissions_kg) };
    let Distribution::LogNormal { median, .. } = **d else { panic!("{d:?}") };
    // 1000 · √3
    assert!((median / 1732.0508075688772 - 1.0).abs() < 1e-15);
    assert_eq!(good("id,emissions_g\na,2500\n")[0].emissions_kg, Some(Value::Number(2.5)));
}
