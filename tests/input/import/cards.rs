//! Awkward model cards: each is read, or refused with its line.

use carbonhaze::Value;

use super::{changes, good, read};

/// What becomes of a card.
enum Then {
    /// Emissions in kg; how many values are dropped, mended or assumed.
    Kg(f64, usize),
    /// No emissions; how many changes.
    Without(usize),
    /// Refused on this line, with this word.
    Refused(u64, &'static str),
}
use Then::{Kg, Refused, Without};

const CARDS: &[(&str, Then)] = &[
    ("---\nco2_eq_emissions: 17\n---\n", Kg(0.017, 0)),
    ("---\nco2_eq_emissions: 17\n---", Kg(0.017, 0)),
    ("---\nco2_eq_emissions: \"17g\"\n---\n", Kg(0.017, 1)),
    ("---\nco2_eq_emissions: 17 g\n---\n", Kg(0.017, 1)),
    ("---\nco2_eq_emissions: 0.4 kg\n---\n", Kg(0.4, 1)),
    ("---\nco2_eq_emissions: \"17\"\n---\n", Kg(0.017, 1)),
    ("---\nco2_eq_emissions: 24_700\n---\n", Kg(24.7, 1)),
    ("---\nco2_eq_emissions: 1\n---\n", Kg(0.001, 1)),
    ("---\nco2_eq_emissions: 0\n---\n", Kg(0.0, 1)),
    ("---\nco2_eq_emissions: 1e3\n---\n", Kg(1.0, 0)),
    ("---\nco2_eq_emissions: {emissions: 5, source: a friend}\n---\n", Kg(0.005, 1)),
    ("---\nco2_eq_emissions: {emissions: 5, source: mlco2 Calculator}\n---\n", Kg(0.005, 0)),
    // A unit in a field of its own; fields that are no figure in grams are listed.
    ("---\nco2_eq_emissions: {emissions: 3.2, unit: kg}\n---\n", Kg(3.2, 1)),
    ("---\nco2_eq_emissions: {value: 3.2, units: kgCO2eq}\n---\n", Kg(3.2, 1)),
    ("---\nco2_eq_emissions: {emissions: 17, unit: grams}\n---\n", Kg(0.017, 0)),
    ("---\nco2_eq_emissions: {emissions: 17, unit: parsecs}\n---\n", Without(1)),
    ("---\nco2_eq_emissions: {emissions_kg: 3.2}\n---\n", Without(1)),
    ("---\nco2_eq_emissions: {emissions: 17, energy_consumed: 2}\n---\n", Kg(0.017, 1)),
    // What this program wrote is read back as its distribution, and not next to the row that it came from.
    ("---\nco2_eq_emissions: {emissions: 9, carbonhaze: {cell: 17}}\n---\n", Kg(0.017, 0)),
    (
        "---\nco2_eq_emissions: 9\ndia_report: {scope: incremental, carbonhaze: {row: {emissions_kg: \"17\"}}}\n---\n",
        Kg(17.0, 1),
    ),
    ("---\nbase_model: [o/a, o/a]\nco2_eq_emissions: 17\n---\n", Kg(0.017, 0)),
    ("---\nco2_eq_emissions:\n  emissions:\n---\n", Without(0)),
    ("---\nco2_eq_emissions:\n---\n", Without(0)),
    ("---\nco2_eq_emissions: unknown\n---\n", Without(1)),
    ("---\nco2_eq_emissions: -5\n---\n", Without(1)),
    ("---\nco2_eq_emissions: .inf\n---\n", Without(1)),
    ("---\nco2_eq_emissions: [1, 2, 3]\n---\n", Without(1)),
    ("---\nco2_eq_emissions: {emissions: {value: 3}}\n---\n", Without(1)),
    ("---\nco2_eq_emissions: about 17 g\n---\n", Without(1)),
    ("---\nco2_eq_emissions: true\n---\n", Without(1)),
    ("---\nlicense: mit\n---\n\nTraining emitted 40 kg CO2eq.\n", Without(1)),
    ("---\nlicense: mit\n---\n\n- CO2 Emissions (in grams): 12.7\n", Without(1)),
    ("---\nlicense: mit\n---\n\nNo figures at all.\n", Without(0)),
    ("---\n---\n", Without(0)),
    ("---\n# only a remark\n---\n", Without(0)),
    ("# A model\n\nText.\n", Refused(1, "column id")),
    ("\u{feff}---\r\nco2_eq_emissions: 17\r\n---\r\n# x\r\n", Kg(0.017, 0)),
    ("---\nco2_eq_emissions:\t17\n---\n", Kg(0.017, 0)),
    ("---\na: &x 17\nco2_eq_emissions: *x\n---\n", Kg(0.017, 0)),
    ("---\nbase_model:\n- o/a: finetune\n- {model: o/b, relation: merge}\nco2_eq_emissions: 17\n---\n", Kg(0.017, 0)),
    ("---\nbase_model: [o/a, o/b]\nco2_eq_emissions: 17\n---\n", Kg(0.017, 1)),
    ("---\nbase_model: [[o/a]]\nbase_model_relation: 3\nco2_eq_emissions: 17\n---\n", Kg(0.017, 2)),
    ("---\nbase_model: \"\"\nco2_eq_emissions: 17\n---\n", Kg(0.017, 1)),
    ("---\ndia_report: nothing\nco2_eq_emissions: 17\n---\n", Kg(0.017, 1)),
    ("---\nlanguage: no\ntags: [yes, off]\nco2_eq_emissions: 17\n---\n", Kg(0.017, 0)),
    ("---\nco2_eq_emissions: 17\n", Refused(1, "never closed")),
    ("---\na: 1\nco2_eq_emissions: 17\na: 2\n---\n", Refused(4, "YAML")),
    ("---\na: [1, 2\nb: 3\n---\n", Refused(3, "YAML")),
    ("---\na: \"open\nb: 3\n---\n", Refused(2, "YAML")),
    ("---\n- a\n- b\n---\n", Refused(2, "no list of fields")),
    ("---\njust text\n---\n", Refused(2, "no list of fields")),
    ("---\na: *nowhere\n---\n", Refused(2, "YAML")),
];

#[test]
fn awkward_cards_are_read_or_refused_with_their_line() {
    for (text, then) in CARDS {
        let found = read("o/m/README.md", text.as_bytes());
        match (found, then) {
            (Ok(portfolio), Kg(kg, count)) => {
                let value = &portfolio.models[0].emissions_kg;
                let Some(Value::Number(x)) = value else { panic!("{text:?}: {value:?}") };
                assert!((x - kg).abs() <= 1e-12 * kg, "{text:?}: {x}");
                assert_eq!(changes(&portfolio).len(), *count, "{text:?}: {:?}", portfolio.warnings);
            }
            (Ok(portfolio), Without(count)) => {
                assert_eq!(portfolio.models[0].emissions_kg, None, "{text:?}");
                assert_eq!(changes(&portfolio).len(), *count, "{text:?}: {:?}", portfolio.warnings);
            }
            (Err(problems), Refused(line, word)) => {
                let problem = &problems[0];
                assert!(problem.place.file.ends_with("README.md"), "{text:?}: {problem}");
                assert_eq!(problem.place.line, *line, "{text:?}: {problem}");
                assert!(problem.message.contains(word), "{text:?}: {problem}");
            }
            (Ok(_), Refused(..)) => panic!("{text:?} was read"),
            (Err(problems), _) => panic!("{text:?}: {}", problems[0]),
        }
    }
}

#[test]
fn bombs_and_depths_are_refused() {
    let mut bomb = "---\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
    for i in 1..12 {
        bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", "));
    }
    bomb += "---\n";
    let deep = format!("---\na: {}1{}\n---\n", "[".repeat(5000), "]".repeat(5000));
    let steps: String = (0..500).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    let wide = format!("---\na: [{}]\n---\n", "1, ".repeat(400_000));
    for text in [bomb, deep, format!("---\n{steps}---\n"), wide] {
        let problems = read("o/m/README.md", text.as_bytes()).expect_err("was read");
        assert!(problems[0].place.line >= 1 && problems[0].message.contains("YAML"), "{}", problems[0]);
    }
}

#[test]
fn large_cards_and_wrong_encodings() {
    let text = format!("---\nco2_eq_emissions: 17\n---\n{}", "A line of prose without figures.\n".repeat(300_000));
    assert!(good("o/m/README.md", &text).models[0].emissions_kg.is_some());
    let problems = read("o/m/README.md", b"---\nco2_eq_emissions: 17\n---\ncaf\xe9\n").expect_err("Latin-1");
    assert_eq!(problems[0].place.line, 4);
    assert!(problems[0].message.contains("UTF-8"));
}

#[test]
fn a_card_without_a_name_has_one_from_its_front_matter() {
    let id = |text: &str| {
        let portfolio = good("o/README.md", text);
        portfolio.models[0].id.clone()
    };
    assert!(id("---\nmodel_id: org/x\n---\n") == "org/x");
    assert!(!id("---\nlicense: mit\n---\n").is_empty());
}

/// The Hub writes the bases into tags, with the relation; a card may have them there alone.
#[test]
fn tags_of_a_card_name_its_bases() {
    let of = |front: &str| {
        let model = good("o/m/README.md", &format!("---\n{front}\n---\n")).models.remove(0);
        let bases: Vec<String> = model.base_ids().map(str::to_string).collect();
        (bases.join(" "), model.relation)
    };
    let adapter = Some(carbonhaze::low_level::portfolio::Relation::Adapter);
    assert_eq!(of("tags:\n- text\n- base_model:adapter:a/b"), ("a/b".into(), adapter));
    assert_eq!(of("base_model: a/b\ntags:\n- base_model:a/b\n- base_model:adapter:a/b"), ("a/b".into(), adapter));
    // Negative control: another tag names none.
    assert_eq!(of("tags:\n- adapter:a/b"), (String::new(), None));
}

/// Readmes of projects, data sets and Spaces lie next to a log: they are no models.
#[test]
fn a_folder_has_models_only() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("README.md", "# my project\n\nA table | of | results\n");
    write("data/README.md", "---\ntask_categories:\n- text-classification\n---\n# A data set\n");
    write("space/README.md", "---\nsdk: gradio\ntitle: x\n---\n");
    write("o/m/README.md", "---\nco2_eq_emissions: 17\n---\n");
    let portfolio = carbonhaze::Portfolio::read(dir.path()).unwrap();
    assert_eq!(portfolio.models.iter().map(|m| m.id.as_str()).collect::<Vec<_>>().len(), 1);
    assert!(portfolio.warnings.iter().any(|w| w.message.starts_with("3 of 4 files")), "{:?}", portfolio.warnings);
}
