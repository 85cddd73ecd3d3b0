//! What a study changes: priors and scope; what a result depends on.

use super::*;
use crate::assess::priors::Priors;
use crate::portfolio::{Boundary, Relation, Run, Scope};

#[test]
fn a_study_replaces_priors_and_errs_by_name() {
    let with = |text: &str| Study { priors: text.parse().unwrap(), ..study() };
    let (_, m) = one_in(llama("m"), with("[k_node]\na100 = \"lognormal(2, 1.2)\""));
    let (_, default) = one(llama("m"));
    close(at_medians(&m, Output::ItEnergy) / at_medians(&default, Output::ItEnergy), 2.0 / 1.52, 0.01);
    let mut nowhere = llama("m");
    nowhere.labels.remove("region");
    let text = "[grid]\nunknown = \"mixture(0.5: lognormal(400, 1.5), 0.5: lognormal(60, 2))\"";
    let (_, m) = one_in(nowhere, with(text));
    assert!(quantile(&m.factors[Slot::Grid as usize].as_ref().unwrap().distribution, 0.1) < 100.0);
    for (text, column, says) in [
        ("[gird]\nunknown = 1", "priors.gird", "grid"),
        ("[grid]\nunknwon = 1", "priors.grid.unknwon", "unknown"),
        ("[grid]\nusa_gsd = 0.5", "priors.grid.usa_gsd", "at least 1"),
        ("[grid]\nusa_gsd = -1", "priors.grid.usa_gsd", "0 or above"),
        ("[grid]\nusa_gsd = nan", "priors.grid.usa_gsd", "finite"),
        ("[grid]\nunknown = \"lognormal(400)\"", "priors.grid.unknown", "lognormal"),
        ("[efficiency]\nmfu_a100 = 38", "priors.efficiency.mfu_a100", "0.38"),
        ("[k_node]\na100 = \"uniform(1, 2)\"", "priors.k_node.a100", "lognormal(median, gsd)"),
        ("[chips]\nus_2023 = \"0.5: H110\"", "priors.chips.us_2023", "H100"),
        ("[chips]\nus_2023 = \"H100\"", "priors.chips.us_2023", "share"),
        ("grid = 3", "priors.grid", "table"),
    ] {
        let problems = run(vec![llama("m")], with(text)).unwrap_err();
        assert_eq!(problems.len(), 1, "{text}");
        assert_eq!(problems[0].place.column, column);
        assert!(problems[0].message.contains(says), "{text}: {}", problems[0].message);
    }
}

#[test]
fn scopes() {
    let it = Study { scope: Scope { boundary: Boundary::It, ..study().scope }, ..study() };
    let (_, facility) = one(llama("m"));
    let (_, m) = one_in(llama("m"), it);
    assert_eq!(m.terms[Output::Energy as usize], m.terms[Output::ItEnergy as usize]);
    assert!(m.factors[Slot::Pue as usize].is_none());
    close(at_medians(&facility, Output::Emissions) / at_medians(&m, Output::Emissions), 1.12, 1e-6);
    let development = Study { scope: Scope { run: Run::Development, ..study().scope }, ..study() };
    let (_, m) = one_in(llama("m"), development);
    for output in Output::ALL {
        close(at_medians(&m, output) / at_medians(&facility, output), 2.2, 1e-9);
    }
    let unsupported = Study {
        scope: Scope { embodied: true, ..study().scope },
        path: Some(std::path::PathBuf::from("s.toml")),
        ..study()
    };
    let problems = run(vec![llama("m")], unsupported).unwrap_err();
    let columns: Vec<_> = problems.iter().map(|p| p.place.column.as_str()).collect();
    assert_eq!(columns, ["scope.embodied"]);
}

#[test]
fn a_model_depends_on_its_own_row_and_on_what_informs_its_effects() {
    let mut undated = llama("undated");
    (undated.date, undated.tokens) = (None, None);
    undated.labels.insert("architecture", "qwen2");
    let mut all = vec![
        llama("z"),
        undated,
        Model { gpu_hours: number(10.0), ..model("hours", &LLAMA) },
        Model { emissions_kg: number(10.0), ..model("kg", &[("region", "FRA"), ("organization", "B")]) },
        Model { relation: Some(Relation::Quantized), ..model("q", &[("hardware", "T4")]) },
    ];
    // A model's exposures by effect, not by index.
    let seen = |a: &Assessment, id: &str| {
        let m = a.models.iter().find(|m| m.id == id).unwrap().clone();
        let effects: Vec<Vec<(SharedEffect, f64)>> = m
            .factors
            .iter()
            .map(|f| f.iter().flat_map(|f| f.shared.iter().map(|(i, w)| (a.shared[*i].clone(), *w))).collect())
            .collect();
        let drawn = m.factors.clone().map(|f| f.map(|f| (f.distribution, f.provenance)));
        (m.tier, drawn, m.terms, m.labels, m.provenance, effects)
    };
    let whole = run(all.clone(), study()).unwrap();
    assert!(whole.models.windows(2).all(|w| w[0].id < w[1].id));
    all.reverse();
    assert_eq!(run(all.clone(), study()).unwrap(), whole);
    // Without learning each row is what it is alone; with it, the one whose training length another row informs is not.
    let off = || Study { learn: false, ..study() };
    let unlearned = run(all.clone(), off()).unwrap();
    for m in &all {
        assert_eq!(seen(&one_in(m.clone(), off()).0, &m.id), seen(&unlearned, &m.id));
        let (alone, _) = one(m.clone());
        assert_eq!(seen(&alone, &m.id) == seen(&whole, &m.id), m.id != "undated", "{}", m.id);
    }
    assert_ne!(seen(&whole, "z"), seen(&whole, "hours"));
}

#[test]
fn typical_spreads_are_those_of_the_method() {
    let gsds = typical::gsds(&Priors::defaults());
    // The table of docs: 1.10; 1.3; 1.2 to 1.9; 1.8 with the country only; 1.6 to 2.5; 1.6 to 2.7; of 2024 3 to 5,
    // since the tokens have 3.57 and what tier 4b has besides about 1.65: exp(√(1.27² + 0.5²)) = 3.9; 10 and more.
    let ranges = [(1.09, 1.11), (1.29, 1.31), (1.2, 1.9), (1.2, 1.8), (1.6, 2.5), (1.6, 2.7), (3.0, 5.0), (10.0, 60.0)];
    assert_eq!(gsds.len(), ranges.len());
    for ((tier, gsd), (lo, hi)) in gsds.iter().zip(ranges) {
        assert!((lo..=hi).contains(gsd), "tier {}: {gsd}", tier.name());
    }
    // Metered energy in the USA: 1.03 and grid 1.5, PUE of unknown kind (ln sd about 0.09): exp(√(0.0296² + 0.4055²)) = 1.50.
    close(gsds[2].1, 1.51, 0.02);
}
