//! Published facts: which rows they complete, what of a row they leave alone, and that predictions never see them.

use carbonhaze::facts::completed;
use carbonhaze::low_level::assess::{AssessedFactor, Assessment, Output, Tier, assess};
use carbonhaze::low_level::portfolio::{Model, Portfolio, Value};

use crate::combine::ln;

const HEAD: &str = "id,organization,date,region,hardware,parameters,tokens,gpu_hours,energy_kwh,base_model,base_probability,figures_from\n";

fn read(study: &str, rows: &str) -> Portfolio {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("models.csv"), format!("{HEAD}{rows}")).unwrap();
    std::fs::write(dir.path().join("study.toml"), format!("models = [\"models.csv\"]\n{study}")).unwrap();
    Portfolio::read(dir.path().join("study.toml")).unwrap()
}

fn both(rows: &str) -> [Portfolio; 2] {
    [read("", rows), completed(read("", rows))]
}

fn tonnes(a: &Assessment, id: &str) -> f64 {
    let m = a.models.iter().find(|m| m.id == id).unwrap();
    let term = m.terms[Output::Emissions as usize];
    let factors = m.factors.iter().zip(term.powers).filter(|(_, power)| *power != 0);
    let of = |(f, power): (&Option<AssessedFactor>, i8)| f64::from(power) * ln(&f.as_ref().unwrap().alone()).0;
    term.constant * factors.map(of).sum::<f64>().exp()
}

/// arXiv:2412.19437, Table 1: 2.788 million H800-hours; abstract: 14.8 T tokens, 37 B parameters activated.
#[test]
fn a_name_is_enough_for_a_published_run() {
    let [stated, known] = both("deepseek-ai/DeepSeek-V3,,,,,,,,,,,\nunsloth/DeepSeek-V3,,,,,,,,,,,\n");
    let row = |p: &Portfolio, at: usize| p.models[at].clone();
    assert_eq!(row(&known, 0).gpu_hours, Some(Value::Number(2.788e6)));
    assert_eq!(row(&known, 0).tokens, Some(Value::Number(14.8e12)));
    assert_eq!(row(&known, 0).active_parameters, Some(Value::Number(37e9)));
    assert!(row(&known, 0).published["gpu_hours"].document.contains("DeepSeek-V3"));
    // A copy under another organisation's name is another row.
    assert_eq!(row(&known, 1), Model { place: row(&known, 1).place, ..row(&stated, 1) });
    let a = assess(&known).unwrap();
    assert_eq!(a.models[0].tier, Tier::T3);
    let published = a.models[0].provenance.keys().filter(|name| name.starts_with("published ")).count();
    assert_eq!(published, row(&known, 0).published.len());
    // 2.788e6 h of some 0.98 kW at some 1.15 and, at an unknown place, 0.37 kg/kWh: 1.2 kt (1.6 kt in China), not the
    // 4.1 kt of compute and a guessed MFU.
    let t = tonnes(&a, "deepseek-ai/DeepSeek-V3");
    assert!((900.0..1500.0).contains(&t), "{t}");
}

#[test]
fn what_a_row_states_wins_and_a_list_does_not() {
    // A figure of the run: the user's figures stand as a whole; what the model is, is still looked up.
    let [_, known] = both("deepseek-ai/DeepSeek-V3,,,,NVIDIA A100,,,1e6,,,,\n");
    let row = &known.models[0];
    assert_eq!(row.gpu_hours, Some(Value::Number(1e6)));
    assert_eq!((&row.labels["hardware"], &row.tokens), ("NVIDIA A100", &None));
    assert_eq!(row.parameters, Some(Value::Number(671e9)));
    assert!(!row.published.contains_key("gpu_hours") && row.published.contains_key("parameters"));
    // The same from a list.
    let [_, known] = both("deepseek-ai/DeepSeek-V3,,,,NVIDIA A100,,,1e6,5,x/y,0.4,list\n");
    let row = &known.models[0];
    assert_eq!((&row.gpu_hours, &row.energy_kwh), (&Some(Value::Number(2.788e6)), &None));
    assert_eq!((&row.labels["hardware"], row.base_probability), ("NVIDIA H800 SXM5", None));
    assert!(row.base_models.is_empty());
}

/// The card of DeepSeek-V3.1: from V3-Base by 630 B and 209 B further tokens.
#[test]
fn a_derivative_has_its_own_compute_only() {
    let [stated, known] = both("deepseek-ai/DeepSeek-V3.1,DeepSeek,2025-08,China,,671e9,,,,,,\n");
    let [whole, own] = [&stated, &known].map(|p| tonnes(&assess(p).unwrap(), "deepseek-ai/DeepSeek-V3.1"));
    assert_eq!(known.models[0].tokens, Some(Value::Number(8.39e11)));
    assert!(known.models[0].base_models[0].id.contains("DeepSeek-V3"), "{:?}", known.models[0].base_models);
    assert!(own < whole / 5.0, "{own} {whole}");
}

/// A name alone may be anybody's; a size, a base or a chip that differs says that it is another run.
#[test]
fn another_run_of_that_name_is_left_alone() {
    let rows = "deepseek-ai/DeepSeek-V3,,,,,7e9,2e12,,,,,\nDeepSeek-V3,,,,,,,,,x/y,,\nAria,,,,,,,,,,,\n";
    let [stated, known] = both(rows);
    for (stated, known) in stated.models.iter().zip(&known.models) {
        assert!(known.published.is_empty(), "{}: {:?}", stated.id, known.published);
    }
    let [_, known] = both("deepseek-ai/DeepSeek-V3,,,,V100,,,,,,,\n");
    let row = &known.models[0];
    assert!(row.gpu_hours.is_none() && row.tokens.is_some(), "{:?}", row.published);
    // Controls: the size with embeddings, and the chip in another spelling.
    let [_, known] = both("deepseek-ai/DeepSeek-V3,,,,H800,685e9,,,,,,\n");
    assert_eq!(known.models[0].gpu_hours, Some(Value::Number(2.788e6)));
}

#[test]
fn one_run_under_two_names_is_warned_of() {
    let [_, known] = both("deepseek-ai/DeepSeek-V3,,,,,,,,,,,\nDeepSeek-V3,,,,,,,,,,,\n");
    let found: Vec<_> = known.warnings.iter().filter(|w| w.rule == "same-run").collect();
    assert!(found.len() == 1 && found[0].message.contains("counted twice"), "{:?}", known.warnings);
    let [_, known] = both("deepseek-ai/DeepSeek-V3,,,,,,,,,,,\ndeepseek-ai/DeepSeek-V3.1,,,,,,,,,,,\n");
    assert!(known.warnings.iter().all(|w| w.rule != "same-run"));
}

#[test]
fn a_study_without_facts_is_the_rows_as_they_stand() {
    let rows = "deepseek-ai/DeepSeek-V3,,2024-12,China,,,,,,,,\n";
    let off = read("facts = false\n", rows);
    assert_eq!(completed(off.clone()), off);
    let on = completed(read("", rows));
    assert_ne!(on.models, off.models);
    let notes: Vec<&str> = on.warnings.iter().filter(|w| w.is_note()).map(|w| w.rule).collect();
    assert!(notes.contains(&"published-facts"), "{notes:?}");
    // Once completed, nothing is left to complete.
    assert_eq!(completed(on.clone()).models, on.models);
}

/// A chip or place of the table that the look-ups do not know would make every row that names the run an error.
#[test]
fn every_published_run_can_be_assessed() {
    let names: Vec<String> =
        carbonhaze::facts::all().iter().map(|f| f.ids.first().unwrap_or(&f.name).clone()).collect();
    let rows: String = names.iter().map(|id| format!("\"{id}\",,,,,,,,,,,list\n")).collect();
    let known = completed(read("", &rows));
    let complete = known.models.iter().filter(|m| !m.published.is_empty()).count();
    assert_eq!(complete, names.len());
    let a = assess(&known).unwrap_or_else(|p| panic!("{p}"));
    let hours = known.models.iter().filter(|m| m.gpu_hours.is_some()).count();
    let through = a.models.iter().filter(|m| m.tier == Tier::T3 || m.tier == Tier::T2 || m.tier == Tier::T1b).count();
    assert!(through >= hours && hours > 90, "{through} {hours}");
}
