//! `haze export`: known answers, the forms against their schemas, cards whose other bytes stay, exit codes.

use std::path::Path;

use serde_json::{Value, json};

use crate::{errors, folder, haze, outcome, printed};

const HEAD: &str = "id,organization,date,region,hardware,hardware_count,gpu_hours,base_model,relation,parameters,tokens,\
                    compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh\n";
/// 3.6e20 FLOP / 1e11 FLOP/J = 3.6e9 J = 1000 kWh; times 1.2 = 1200 kWh; times 500 g/kWh = 600 kg.
const FIXED: &str = "lab/fixed,Lab,2024-05-17,France,A100,8,,org/base,finetune,7e9,2e9,fixed(3.6e20),fixed(1e11),\
                     fixed(1.2),fixed(500)\n";
const LOOSE: &str = "lab/loose,\"Lab \"\"x\"\" | <b>\",2024,France,A100,384,100000,,,7e9,2e12,,,,\n";

fn models(rows: &[&str]) -> tempfile::TempDir {
    folder(&[("models.csv", &format!("{HEAD}{}", rows.concat()))])
}

fn export(dir: &Path, kind: &str, args: &[&str]) -> String {
    let draws: &[&str] = if args.contains(&"--draws") { &[] } else { &["--draws", "2000"] };
    printed(dir, &[&["export", kind, "models.csv"], draws, &["--quiet"], args].concat())
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn document(dir: &Path, kind: &str, args: &[&str]) -> Value {
    let text = export(dir, kind, args);
    if text.starts_with('{') { serde_json::from_str(&text).unwrap() } else { yaml(&text) }
}

#[test]
fn every_form_of_a_model_without_uncertainty() {
    let dir = models(&[FIXED]);
    let of = |kind: &str, args: &[&str], pointer: &str| document(dir.path(), kind, args).pointer(pointer).cloned();
    let energies = "/components/0/modelCard/considerations/environmentalConsiderations/energyConsumptions/0";
    let cases: [(&str, &[&str], String, Value); 8] = [
        ("dia", &[], "/dia_report/footprint/energy_kwh/value".into(), json!([1200, 1200])),
        ("dia", &[], "/dia_report/footprint/carbon_kgco2eq/value".into(), json!([600, 600])),
        ("hf", &[], "/co2_eq_emissions/emissions".into(), json!(600_000)),
        ("gpai", &["--format", "json"], "/training_energy/mwh".into(), json!(1.2)),
        ("boamps", &[], "/measures/0/powerConsumption".into(), json!(1000)),
        ("cyclonedx", &[], format!("{energies}/co2CostEquivalent/value"), json!(0.6)),
        (
            "spdx",
            &[],
            "/@graph/2/ai_energyConsumption/ai_finetuningEnergyConsumption/0/ai_energyQuantity".into(),
            json!(1200),
        ),
        ("audit", &["--format", "json"], "/total/emissions_t/median".into(), json!(0.6)),
    ];
    for (kind, args, pointer, want) in cases {
        let got = of(kind, args, &pointer);
        let number = |v: &Value| v.as_f64();
        let same =
            got.as_ref() == Some(&want) || got.as_ref().and_then(number).is_some_and(|x| number(&want) == Some(x));
        assert!(same, "{kind} {pointer}: {got:?}, not {want}");
    }
}

/// The document of a form against its schema; and every way of breaking it that is given fails.
fn follows(schema: &str, found: &Value, breaks: &[(&str, Value)]) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    if let Err(error) = validator.validate(found) {
        panic!("{error} at {}\n{found:#}", error.instance_path());
    }
    for (pointer, wrong) in breaks {
        let mut broken = found.clone();
        *broken.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer} in {found:#}")) = wrong.clone();
        assert!(!validator.is_valid(&broken), "{pointer} = {wrong}");
    }
}

#[test]
fn documents_follow_the_schemas() {
    let dir = models(&[FIXED, LOOSE]);
    for id in ["lab/fixed", "lab/loose"] {
        let of = |kind: &str| document(dir.path(), kind, &["--model", id]);
        follows(
            include_str!("../../fixtures/schemas/dia-report.schema.json"),
            &of("dia"),
            &[
                ("/dia_report/scope", json!("cumulative")),
                ("/dia_report/footprint/energy_kwh/value", json!([1, 2, 3])),
                ("/dia_report/footprint/carbon_kgco2eq/quality", json!("good")),
                ("/dia_report/compute/hardware/count", json!(0)),
            ],
        );
        follows(
            include_str!("../../fixtures/schemas/boamps.schema.json"),
            &of("boamps"),
            &[
                ("/infrastructure/components/0/nbComponent", json!("8")),
                ("/measures", json!([])),
                ("/quality", json!("best")),
            ],
        );
        let entry = "/components/0/modelCard/considerations/environmentalConsiderations/energyConsumptions/0";
        follows(
            include_str!("../../fixtures/schemas/cyclonedx-1.6.cut.schema.json"),
            &of("cyclonedx"),
            &[
                (&format!("{entry}/activity"), json!("thinking")),
                (&format!("{entry}/activityEnergyCost/unit"), json!("MWh")),
                (&format!("{entry}/co2CostEquivalent/unit"), json!("kg")),
                (&format!("{entry}/properties/0"), json!({"key": "x"})),
                ("/components/0/type", json!("model")),
                ("/bomFormat", json!("BOM")),
            ],
        );
        let energy = if id == "lab/fixed" { "ai_finetuningEnergyConsumption" } else { "ai_trainingEnergyConsumption" };
        follows(
            include_str!("../../fixtures/schemas/spdx-3.0.1.schema.json"),
            &of("spdx"),
            &[
                (&format!("/@graph/2/ai_energyConsumption/{energy}/0/ai_energyUnit"), json!("kWh")),
                ("/@graph/0/created", json!("yesterday")),
                ("/@graph/2/creationInfo", json!("none")),
            ],
        );
    }
}

const CARD: &str = "---\nlicense: mit # keep\ntags:\n- a\n\nco2_eq_emissions: 1\nbase_model: org/base\n---\n# Title\n\n---\nco2_eq_emissions: 5\n---\n";

#[test]
fn nothing_else_in_a_card_changes() {
    let dir = models(&[FIXED]);
    let block = export(dir.path(), "hf", &[]);
    let both = export(dir.path(), "dia", &[]);
    let put = |kind: &str, card: &str| -> Vec<u8> {
        std::fs::write(dir.path().join("card.md"), card).unwrap();
        let args = ["export", kind, "models.csv", "--draws", "2000", "--quiet", "--card", "card.md", "-o", "card.md"];
        assert_eq!(printed(dir.path(), &args), "");
        std::fs::read(dir.path().join("card.md")).unwrap()
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(text(put("hf", CARD)), CARD.replacen("co2_eq_emissions: 1\n", &block, 1));
    let inserted = CARD.replacen("base_model: org/base\n", &format!("base_model: org/base\n{both}"), 1);
    assert_eq!(text(put("dia", CARD)), inserted);
    // A second time, and with the other line ends and a byte order mark.
    assert_eq!(text(put("dia", &inserted)), inserted);
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(text(put("dia", &windows(CARD))), windows(&inserted));
    assert_eq!(text(put("hf", "# A\n")), format!("---\n{block}---\n\n# A\n"));
    // On standard output the card is not touched.
    std::fs::write(dir.path().join("card.md"), CARD).unwrap();
    let shown = export(dir.path(), "hf", &["--card", "card.md"]);
    assert_eq!(shown, CARD.replacen("co2_eq_emissions: 1\n", &block, 1));
    assert_eq!(std::fs::read_to_string(dir.path().join("card.md")).unwrap(), CARD);
}

/// The cell in a block, read back as energy or emissions of a row, has the block's interval.
#[test]
fn a_cell_is_read_back() {
    let dir = models(&[LOOSE]);
    let report = document(dir.path(), "dia", &[]);
    let carbon = &report["dia_report"]["footprint"]["carbon_kgco2eq"];
    let cell = carbon["carbonhaze"]["cell"].as_str().unwrap();
    let back = folder(&[("models.csv", &format!("id,emissions_kg\na,\"{cell}\"\n"))]);
    let again = document(back.path(), "dia", &["--draws", "40000"]);
    let again = &again["dia_report"]["footprint"]["carbon_kgco2eq"];
    for end in [0, 1] {
        let of = |report: &Value| report["value"][end].as_f64().unwrap();
        assert!((of(again) / of(carbon) - 1.0).abs() < 0.05, "{again} {carbon}");
        assert!((of(again) / of(carbon) * 1.3 - 1.0).abs() > 0.05);
    }
}

#[test]
fn the_same_on_every_number_of_threads_and_in_every_file() {
    let (alone, both) = (models(&[LOOSE]), models(&[FIXED, LOOSE]));
    let of = |dir: &Path, args: &[&str]| export(dir, "cyclonedx", &[&["--model", "lab/loose"], args].concat());
    let one = of(alone.path(), &["--threads", "1", "--backend", "cpu"]);
    assert_eq!(one, of(alone.path(), &["--threads", "2", "--chunk", "77"]));
    assert_eq!(one, of(both.path(), &[]));
    assert_ne!(one, of(both.path(), &["--seed", "7"]));
    let spdx = |epoch: &str| {
        let args = ["export", "spdx", "models.csv", "--draws", "100", "--quiet"];
        haze(alone.path()).args(args).env("SOURCE_DATE_EPOCH", epoch).output().unwrap().stdout
    };
    assert_eq!(spdx("0"), spdx("0"));
    assert!(String::from_utf8(spdx("0")).unwrap().contains("1970-01-01T00:00:00Z"));
}

#[test]
fn tables_of_a_portfolio() {
    let dir = models(&[FIXED, LOOSE]);
    let text = export(dir.path(), "ipcc", &["--by", "organization"]);
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let sum: f64 =
        rows.iter().filter(|r| &r[0] != "total" && &r[0] != "factor").filter_map(|r| r[11].parse::<f64>().ok()).sum();
    assert!((sum - 1.0).abs() < 1e-3, "{text}");
    // The fixed model has no spread.
    let fixed = rows.iter().find(|r| &r[1] == "Lab").unwrap();
    assert_eq!([&fixed[4], &fixed[9], &fixed[10], &fixed[11]], ["0.6", "0", "0", "0.0000"]);
    let audit = export(dir.path(), "audit", &[]);
    assert!(audit.contains("haze export audit models.csv --draws 2000 --quiet"), "{audit}");
    assert!(!audit.contains("<b>"), "text from input acts in {audit}");
    assert!(export(dir.path(), "audit", &["--model", "lab/loose"]).lines().count() < audit.lines().count());
    for (kind, format) in [("ipcc", "md"), ("ipcc", "json"), ("sci-ai", "md"), ("gpai", "md")] {
        let model: &[&str] = if kind == "ipcc" { &[] } else { &["--model", "lab/fixed"] };
        assert!(!export(dir.path(), kind, &[model, &["--format", format]].concat()).is_empty());
    }
}

#[test]
fn what_is_wrong_is_said() {
    let dir = models(&[FIXED, LOOSE, "lab/bare,,,,,,,,,7e9,,,,,\n"]);
    std::fs::write(dir.path().join("open.md"), "---\nx: 1\n").unwrap();
    let cases: [(&[&str], &str); 11] = [
        (&["dia", "models.csv"], "has 3 models; name one with --model"),
        (&["dia", "models.csv", "--model", "lab/fixd"], "did you mean \"lab/fixed\"?"),
        (&["dia", "models.csv", "--model", "lab/fixed", "--format", "json"], "dia has no format json; it has yaml"),
        (&["gpai", "models.csv", "--model", "lab/fixed", "--card", "open.md"], "--card is for dia and hf"),
        (&["dia", "models.csv", "--model", "lab/fixed", "--card", "open.md"], "no closing line"),
        (&["dia", "models.csv", "--model", "lab/fixed", "--card", "none.md"], "none.md"),
        (&["dia", "models.csv", "--model", "lab/fixed", "-o", "models.csv"], "is an input of this run"),
        (&["boamps", "models.csv", "--model", "lab/bare"], "hardware_count"),
        (&["ipcc", "models.csv", "--interval", "0.9"], "leave out --interval"),
        (&["ipcc", "models.csv", "--by", "regoin"], "did you mean \"region\"?"),
        (&["audit", "models.csv", "--by", "region"], "--by is for ipcc"),
    ];
    for (args, want) in cases {
        let bad = outcome(dir.path(), &[&["export"], args, &["--draws", "100"]].concat());
        assert_eq!(bad.status.code(), Some(2), "{args:?}: {}", errors(&bad));
        assert!(errors(&bad).contains(want), "{args:?}: {}", errors(&bad));
        assert!(bad.stdout.is_empty());
    }
    assert_eq!(std::fs::read_to_string(dir.path().join("open.md")).unwrap(), "---\nx: 1\n");
}

/// What a card states comes back from the card that was written of it: every cell and the lineage, whatever the unit.
#[test]
fn import_export_and_import_again_keeps_every_value() {
    let rows = "id,base_model,relation,merge_weights,date,region,hardware,hardware_count,parameters,tokens,energy_kwh,\
        energy_includes_pue,emissions_kg,source\n\
        o/a,base_model:finetune:o/base; base_model:distill:o/teacher,,,2024-05-02,France,8 x A100,8,7e9,,\"uniform(1000, 1500)\",\
        yes,fixed(120),metered\n\
        o/b,o/x; o/y,merge,0.25; 0.75,2024,,,,7.5e9,,,,1 to 4,calculator\n\
        o/c,,,,,,,,1.1e9,2e12 +- 1e11,,,,\n";
    let dir = folder(&[("m.csv", rows)]);
    let read = |file: &str| -> Vec<String> {
        let portfolio = carbonhaze::Portfolio::read(dir.path().join(file)).unwrap();
        let mut rows: Vec<String> = Vec::new();
        for mut model in portfolio.models {
            let bases: Vec<_> =
                model.base_models.iter().map(|base| (base.clone(), base.relation.or(model.relation))).collect();
            let bases: Vec<_> = bases.iter().map(|(base, relation)| (&base.id, relation, base.weight)).collect();
            let text = format!("{bases:?}");
            // The lineage is compared above, step by step.
            (model.base_models, model.relation) = (vec![], None);
            ["base_model", "relation"].iter().for_each(|name| model.labels.remove(name));
            model.place = carbonhaze::Place::default();
            rows.push(format!("{text} {model:?}"));
        }
        rows.sort();
        rows
    };
    let before = read("m.csv");
    for model in ["o/a", "o/b", "o/c"] {
        std::fs::create_dir_all(dir.path().join("cards").join(model)).unwrap();
        let card = format!("cards/{model}/README.md");
        printed(
            dir.path(),
            &["export", "dia", "m.csv", "--model", model, "--draws", "1000", "--no-facts", "--quiet", "-o", &card],
        );
        let text = std::fs::read_to_string(dir.path().join(&card)).unwrap();
        std::fs::write(dir.path().join(&card), format!("---\n{text}---\n")).unwrap();
    }
    printed(dir.path(), &["import", "cards", "-o", "again.csv"]);
    assert_eq!(read("again.csv"), before);
    assert_eq!(read("cards"), before);
    // Negative control: another cell in a card is another row.
    let card = dir.path().join("cards/o/c/README.md");
    let text = std::fs::read_to_string(&card).unwrap();
    std::fs::write(&card, text.replace("1.1e9", "1.2e9").replace("1100000000", "1200000000")).unwrap();
    assert_ne!(read("cards"), before);
}

/// A block alone does not take the place of a card.
#[test]
fn a_card_is_not_replaced_by_a_block() {
    let dir = models(&[FIXED]);
    let card = dir.path().join("README.md");
    std::fs::write(&card, "---\nlicense: mit\n---\ntext\n").unwrap();
    let refused = outcome(dir.path(), &["export", "hf", "models.csv", "--draws", "1000", "-o", "README.md"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(errors(&refused).contains("add --card README.md"), "{}", errors(&refused));
    assert_eq!(std::fs::read_to_string(&card).unwrap(), "---\nlicense: mit\n---\ntext\n");
    printed(dir.path(), &["export", "hf", "models.csv", "--draws", "1000", "--card", "README.md", "-o", "README.md"]);
    let merged = std::fs::read_to_string(&card).unwrap();
    assert!(
        merged.starts_with("---\nlicense: mit\nco2_eq_emissions:\n") && merged.ends_with("\n---\ntext\n"),
        "{merged}"
    );
}
