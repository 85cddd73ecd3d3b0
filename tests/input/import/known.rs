//! Known answers for each format.

use carbonhaze::low_level::portfolio::{Relation, Source};
use carbonhaze::{Distribution, Model, Value};

use super::{changes, good, read};

fn number(value: &Option<Value>) -> Option<f64> {
    match value {
        Some(Value::Number(x)) => Some(*x),
        _ => None,
    }
}

/// A figure without any error.
fn certain(value: &Option<Value>) -> Option<f64> {
    if let Some(Value::Distribution(d)) = value
        && let Distribution::Fixed(x) = **d
    {
        Some(x)
    } else {
        None
    }
}

fn ends(value: &Option<Value>) -> Option<(f64, f64)> {
    if let Some(Value::Distribution(d)) = value
        && let Distribution::Uniform { lo, hi } = **d
    {
        Some((lo, hi))
    } else {
        None
    }
}

/// A base of 100 kg, derivatives of 10 and 20, their merge of 5: the small example of DIA's aggregation.
const STATE: &str = r#"{"nodes": {
"o/base": {"report": {"scope": "incremental", "energy_kwh": [0.0, 0.0], "carbon_kgco2eq": [100, 100],
  "water_liters": [0.0, 0.0], "quality": {"energy": "unavailable", "carbon": "measured", "water": "unavailable"}},
  "lineage": [{"model": "scratch", "relation": "finetune"}]},
"o/a": {"report": {"energy_kwh": [20, 30], "carbon_kgco2eq": [10, 10], "quality": {"energy": "estimated (hardware)",
  "carbon": "estimated (hardware)"}, "gpu": "NVIDIA A100", "gpu_count": 4, "gpu_hours": 100.5, "region": "eu-west-3",
  "tool": "nvml"}, "lineage": [{"model": "o/base", "relation": "lora"}], "updated_at": null},
"o/b": {"report": {"carbon_kgco2eq": [22, 18], "quality": {"carbon": "measured"}},
  "lineage": [{"model": "o/base", "relation": "quantized"}]},
"o/m": {"report": {"carbon_kgco2eq": [5, 5], "water_liters": [7, 7], "quality": {"carbon": "imputed"}},
  "lineage": [{"model": "o/a", "relation": "merge"}, {"model": "o/b", "relation": "finetune"}]},
"o/none": {"report": null, "lineage": [{"model": "o/base", "relation": "fork"}]}
}}"#;

#[test]
fn a_state_of_dia() {
    let portfolio = good("state.json", STATE);
    let [base, a, b, m, none] = portfolio.models.as_slice() else { panic!("{} models", portfolio.models.len()) };
    assert_eq!((certain(&base.emissions_kg), &base.energy_kwh, base.source), (Some(100.0), &None, Source::Metered));
    assert!(base.base_models.is_empty());
    assert_eq!(
        (ends(&a.energy_kwh), certain(&a.emissions_kg), a.source),
        (Some((20.0, 30.0)), Some(10.0), Source::Calculator)
    );
    assert_eq!((a.energy_includes_pue, a.emissions_include_pue, a.hardware_count), (true, Some(true), Some(4.0)));
    assert_eq!((number(&a.gpu_hours), a.relation, a.place.line), (Some(100.5), Some(Relation::Lora), 5));
    assert_eq!((&a.labels["hardware"], &a.labels["region"]), ("NVIDIA A100", "eu-west-3"));
    assert_eq!(ends(&b.emissions_kg), Some((18.0, 22.0)));
    let of_m: Vec<_> = m.base_models.iter().map(|base| (base.id.as_str(), base.relation)).collect();
    assert_eq!(of_m, [("o/a", Some(Relation::Merge)), ("o/b", Some(Relation::Finetune))]);
    // Missing is not 0.
    assert_eq!((&m.emissions_kg, &none.emissions_kg, &none.energy_kwh), (&None, &None, &None));
    assert_eq!(none.relation, Some(Relation::Fork));
    let mut found = changes(&portfolio);
    found.sort_unstable();
    let expected = [
        ("import-assumed", 7),
        ("import-assumed", 7),
        ("import-dropped", 4),
        ("import-dropped", 10),
        ("import-dropped", 10),
        ("import-repaired", 8),
    ];
    assert_eq!(found, expected);
}

/// Negative control: another value is another portfolio, so the test above would see it.
#[test]
fn another_state_is_another_portfolio() {
    let totals =
        |text: &str| good("state.json", text).models.iter().filter_map(|m| certain(&m.emissions_kg)).sum::<f64>();
    assert_eq!(totals(STATE), 110.0);
    assert_eq!(totals(&STATE.replace("[10, 10]", "[10.5, 10.5]")), 110.5);
}

#[test]
fn a_report_of_dia_in_a_card() {
    let text = "---\nbase_model: o/base\ndia_version: \"0.1\"\ndia_report:\n  scope: incremental\n  footprint:\n    \
                energy_kwh: {value: [2, 4], quality: measured}\n    carbon_kgco2eq:\n      value: 1.5\n      \
                quality: measured\n    water_liters: {value: 3}\n  lineage:\n  - {model: o/base, relation: qlora}\n  \
                compute: {hardware: {gpu: NVIDIA H100, count: 8}, duration_gpu_hours: 16}\n  context: {region: France, \
                carbon_intensity: 0.056, wue_l_per_kwh: [1.8, 4]}\n  tool: codecarbon\nco2_eq_emissions: 1400\n---\n# x\n";
    let portfolio = good("o/m/README.md", text);
    let model = &portfolio.models[0];
    assert_eq!((model.id.as_str(), model.relation, model.source), ("o/m", Some(Relation::Qlora), Source::Metered));
    assert_eq!((ends(&model.energy_kwh), number(&model.emissions_kg)), (Some((2.0, 4.0)), Some(1.5)));
    assert_eq!((number(&model.grid_g_per_kwh), ends(&model.wue_l_per_kwh)), (Some(56.0), Some((1.8, 4.0))));
    assert_eq!((number(&model.gpu_hours), model.energy_includes_pue), (Some(16.0), false));
    let dropped: Vec<u64> = changes(&portfolio).iter().filter(|c| c.0 == "import-dropped").map(|c| c.1).collect();
    assert_eq!(dropped, [11, 17]);
}

/// What the exporter writes comes back as it was.
#[test]
fn a_distribution_travels_in_a_report() {
    let text = r#"{"dia_version": "0.1", "id": "o/m", "dia_report": {"scope": "incremental", "footprint": {
        "energy_kwh": {"value": [1, 2], "quality": "estimated-from-hardware",
            "carbonhaze": {"cell": "lognormal(1.2, 1.3)", "includes_pue": true, "other": [1]}},
        "carbon_kgco2eq": {"value": [1, 2], "quality": "imputed"}}}}"#;
    let portfolio = good("report.json", text);
    let model = &portfolio.models[0];
    let expected = Distribution::LogNormal { median: 1.2, gsd: 1.3 };
    assert_eq!((&model.energy_kwh, model.energy_includes_pue), (&Some(Value::from(expected)), true));
    assert_eq!(model.emissions_kg, None);
    // Negative control: without the block it is the interval.
    let plain = good("report.json", &text.replace("\"cell\"", "\"bell\""));
    assert_eq!(ends(&plain.models[0].energy_kwh), Some((1.0, 2.0)));
}

#[test]
fn a_scope_that_is_not_incremental_is_left_out() {
    let text = r#"{"dia_report": {"scope": "cumulative", "footprint": {"energy_kwh": {"value": 5}},
        "compute": {"duration_gpu_hours": 3}, "lineage": [{"model": "o/a"}]}}"#;
    let portfolio = good("o__m.json", text);
    let Model { id, energy_kwh, gpu_hours, .. } = &portfolio.models[0];
    assert_eq!((id.as_str(), energy_kwh, gpu_hours), ("o/m", &None, &None));
    assert!(portfolio.models[0].base_ids().eq(["o/a"]));
}

#[test]
fn a_card_a_listing_and_a_merge() {
    let card = "\u{feff}---\r\nbase_model:\r\n- o/a\r\nco2_eq_emissions:\r\n  emissions: 1710\r\n  source: CodeCarbon\r\n  \
                training_type: fine-tuning\r\n  geographical_location: Singapore\r\n  hardware_used: NVIDIA A100\r\n---\r\n# x\r\n";
    let model = &good("cards/o__m.md", card).models[0];
    assert_eq!((model.id.as_str(), number(&model.emissions_kg), model.source), ("o/m", Some(1.71), Source::Calculator));
    assert_eq!((model.relation, model.emissions_from_card), (Some(Relation::Finetune), true));
    let list = r#"[{"id": "o/m", "createdAt": "2024-05-17T00:00:00.000Z", "tags": ["base_model:quantized:o/a", "region:us"],
        "safetensors": {"parameters": {"BF16": 7000000000}, "total": 7000000000}}, {"id": "o/n", "tags": []}]"#;
    let models = good("listing.json", list).models;
    assert_eq!(
        (models.len(), number(&models[0].parameters), models[0].relation),
        (2, Some(7e9), Some(Relation::Quantized))
    );
    assert!(!models[0].labels.contains_key("region"));
    let merge = "models:\n- model: o/a\n  parameters:\n    weight: 0.25\n- model: o/b\n  parameters:\n    weight: 0.75\n- model: /data/c\nmerge_method: linear\n";
    let model = &good("o/m/mergekit_config.yml", merge).models[0];
    let weights: Vec<_> = model.base_models.iter().map(|base| (base.id.as_str(), base.weight)).collect();
    assert_eq!((weights, model.relation), (vec![("o/a", Some(0.25)), ("o/b", Some(0.75))], Some(Relation::Merge)));
}

#[test]
fn a_models_file_stays_one() {
    for text in [
        "id,nodes,lineage\na,1,2\n",
        "id,tags,downloads\no/a,\"[\"\"base_model:o/b\"\"]\",5\n",
        "id,merge_method\na,ties\n",
        "id,dia_report\na,\"{\"\"dia_report\"\": 1}\"\n",
    ] {
        let portfolio = good("m.csv", text);
        assert!(portfolio.warnings.iter().all(|w| !w.message.contains("the file is read as")), "{text}");
    }
    assert!(read("m.json", b"[1, 2]").is_err());
}

/// No grid emits 400 kg for a kilowatt-hour: grams were written where kilograms belong.
#[test]
fn an_intensity_in_grams_is_not_used() {
    let report = |intensity: &str| {
        let text = format!(
            r#"{{"dia_report": {{"scope": "incremental", "footprint": {{"energy_kwh": {{"value": 12}}}},
            "context": {{"carbon_intensity": {intensity}}}}}}}"#
        );
        number(&good("o__m.json", &text).models[0].grid_g_per_kwh)
    };
    assert_eq!((report("400"), report("0.4")), (None, Some(400.0)));
}
