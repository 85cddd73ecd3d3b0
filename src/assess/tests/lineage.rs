//! Derivatives, guessed bases and the development around a run.

use super::*;
use crate::portfolio::moments::raw_moment;
use crate::portfolio::{Base, Relation, Run, Scope, Source};

#[test]
fn a_derivative_carries_its_own_compute_only() {
    let mut lora = Model { relation: Some(Relation::Lora), ..llama("lora") };
    (lora.tokens, lora.parameters) = (None, None);
    lora.base_models = vec![Base::of("base")];
    let (_, m) = one(lora.clone());
    // 1 GPU-hour at MFU 0.15 (median of the small jobs) of 312e12; E_IT = C/efficiency = 1 h · 1.52 · 400 W.
    close(at_medians(&m, Output::Compute), 3600.0 * 0.15 * 312e12 / 1e18, 1e-3);
    close(at_medians(&m, Output::ItEnergy), 0.608, 1e-6);
    close(own(&m, Slot::Compute), 5f64.ln(), 1e-9);
    // A copy is nothing.
    let (_, fork) = one(Model { relation: Some(Relation::Fork), ..lora.clone() });
    assert!(fork.terms.iter().all(|t| t.constant == 0.0));
    // A fine-tune may be continued training; its size may be the base's.
    let tune = Model { relation: Some(Relation::Finetune), ..lora };
    let continued = |models: Vec<Model>| {
        let a = run(models, study()).unwrap();
        let m = a.models.iter().find(|m| m.id == "lora").unwrap();
        match &m.factors[Slot::Compute as usize].as_ref().unwrap().distribution {
            Distribution::Mixture(parts) => parts[1].clone(),
            d => panic!("{d:?}"),
        }
    };
    // 6 · 2^30 parameters · 1e9 to 5e12 tokens (sizes are rounded to eighths of an octave).
    let size = 2f64.powi(30);
    let own_size = Model { parameters: number(1.07e9), ..tune.clone() };
    let expected = Distribution::LogUniform { lo: 6.0 * size * 1e9, hi: 6.0 * size * 5e12 };
    assert_eq!(continued(vec![own_size]), (0.05, expected.clone()));
    // Of another organisation: one of its own would make it a laboratory's further training.
    let labels = [("organization", "Another"), ("hardware", "NVIDIA A100")];
    let base = Model { parameters: number(2.14e9), tokens: number(1e12), ..model("base", &labels) };
    assert_eq!(continued(vec![tune, base]), (0.05, expected.scaled(2.0)));
}

#[test]
fn a_guessed_base_is_a_bernoulli_factor() {
    let with = |p: f64| {
        let mut m = llama("b");
        m.base_models = vec![Base::of("other")];
        m.base_probability = Some(p);
        m.tokens = None;
        one(m).1
    };
    let m = with(0.4);
    let f = m.factors[Slot::Lineage as usize].as_ref().unwrap();
    let Distribution::Mixture(parts) = &f.distribution else { panic!("{f:?}") };
    assert_eq!(parts[0], (0.4, Distribution::Fixed(1.0)));
    close(parts[1..].iter().map(|(w, _)| w).sum::<f64>(), 0.6, 1e-12);
    let r = of_derivative(parts);
    assert!(r > 0.0 && r < 0.1, "{r}");
    assert!(m.terms.iter().all(|t| t.powers[Slot::Lineage as usize] == 1));
    assert_eq!((f.provenance.kind, f.provenance.chosen), (Kind::Guessed, true));
    assert!(with(1.0).factors[Slot::Lineage as usize].is_none());
    assert_eq!(with(1.0).terms[0].powers[..6], [1, 0, 0, 0, 0, 0]);
    // p = 0 is a derivative.
    assert!(at_medians(&with(0.0), Output::Compute) < 1e-2 * at_medians(&with(1.0), Output::Compute));
}

/// Mean ratio of the derivative branch.
fn of_derivative(parts: &[(f64, Distribution)]) -> f64 {
    let weight: f64 = parts[1..].iter().map(|(w, _)| w).sum();
    parts[1..].iter().map(|(w, d)| w * raw_moment(d, 1).unwrap()).sum::<f64>() / weight
}

#[test]
fn a_guessed_derivative_keeps_the_mean_of_its_compute() {
    let guess = |relation| {
        let mut m = Model { compute_flop: number(1e23), parameters: number(2f64.powi(33)), ..model("b", &LLAMA) };
        (m.relation, m.base_probability) = (Some(relation), Some(0.4));
        match one(m).1.factors[Slot::Lineage as usize].as_ref().map(|f| f.distribution.clone()) {
            Some(Distribution::Mixture(parts)) => of_derivative(&parts),
            d => panic!("{d:?}"),
        }
    };
    // GSD 5: mean/median exp(½ ln² 5) = 3.6515. A fine-tune: 0.95 · 100 h · 3,600 s · 0.357 · 312e12 · 3.6515, and
    // 0.05 · 6 · 2^33 · (5e12 − 1e9)/ln 5000 (mean of the log-uniform tokens, 5.8692e11). The run: 1e23 · 1.00119.
    // Ratios are rounded to an eighth of an octave, at most 2^(1/16) = 1.0443, once in all and once for each part.
    let continued = 0.05 * 6.0 * 2f64.powi(33) * 5.8692e11;
    let tune = 0.95 * 100.0 * 3600.0 * 0.357 * 312e12 * 3.6515;
    close(guess(Relation::Finetune), (tune + continued) / 1.00119e23, 0.091);
    // LoRA: 1 h at the small jobs' MFU of 0.15.
    close(guess(Relation::Lora), 3600.0 * 0.15 * 312e12 * 3.6515 / 1.00119e23, 0.091);
}

#[test]
fn a_guessed_derivative_has_the_spread_of_its_compute_and_no_more_than_the_run() {
    let mut m = Model { compute_flop: number(1e23), parameters: number(2f64.powi(33)), ..model("b", &LLAMA) };
    (m.relation, m.base_probability) = (Some(Relation::Lora), Some(0.4));
    let part = match one(m).1.factors[Slot::Lineage as usize].as_ref().map(|f| f.distribution.clone()) {
        Some(Distribution::Mixture(parts)) => parts[1].1.clone(),
        d => panic!("{d:?}"),
    };
    // GSD 5 of the hours, less the run's GSD of 1.05: √(ln² 5 − ln² 1.05) = 1.6087, to a sixteenth 1.625.
    let ratio = quantile(&part, 0.84134) / quantile(&part, 0.5);
    close(ratio, 1.625f64.exp(), 0.01);
    assert!(quantile(&part, 1.0 - 1e-12) <= 1.0);
}

#[test]
fn a_laboratorys_derivative_goes_by_the_tokens_of_its_kind() {
    let derivative = |label: Option<&str>, relation| {
        let mut m = Model { relation: Some(relation), parameters: number(2f64.powi(33)), ..model("d", &LLAMA) };
        m.base_models = vec![Base::of("base")];
        if let Some(label) = label {
            m.labels.insert("further_training", label);
        }
        m
    };
    let compute = |row: Model, others: Vec<Model>| {
        let a = run(others.into_iter().chain([row]).collect(), study()).unwrap();
        at_medians(a.models.iter().find(|m| m.id == "d").unwrap(), Output::Compute) * 1e18 / (6.0 * 2f64.powi(33))
    };
    // Medians of the truncated lognormals: SciPy 1.17.1, norm.ppf(norm.cdf(ln(hi/median)/σ)/2).
    close(compute(derivative(Some("further"), Relation::Finetune), vec![]), FURTHER, 1e-4);
    close(compute(derivative(Some("Post-training"), Relation::Finetune), vec![]), POST, 1e-4);
    // Without the label: its base at hand is of the same organisation, or of another, or not there.
    let base = |organization: &str| {
        let labels = [("organization", organization), ("hardware", "NVIDIA A100")];
        Model { parameters: number(2f64.powi(33)), tokens: number(1e12), ..model("base", &labels) }
    };
    let tune = || derivative(None, Relation::Finetune);
    close(compute(tune(), vec![base("Meta AI")]), POST, 1e-4);
    let public = compute(tune(), vec![]);
    close(compute(tune(), vec![base("Another")]), public, 1e-12);
    assert!(public < 0.5 * POST);
    // An adapter is a small job whoever makes it.
    close(
        compute(derivative(Some("further"), Relation::Lora), vec![]),
        compute(derivative(None, Relation::Lora), vec![]),
        1e-12,
    );
}

const FURTHER: f64 = 247182705070.49;
const POST: f64 = 2371949043.45;

#[test]
fn rows_of_a_class_share_the_error_of_its_probability() {
    let row = |id: &str, class: &str, sd: Option<f64>| {
        let mut m = llama(id);
        (m.base_probability, m.base_probability_sd) = (Some(0.1), sd);
        m.labels.insert("lineage_class", class);
        m
    };
    let rows =
        || vec![row("a", "later", Some(0.122474)), row("b", "later", Some(0.122474)), row("c", "own", Some(0.1))];
    let lineage = |a: &Assessment, i: usize| a.models[i].factors[Slot::Lineage as usize].clone().unwrap();
    let a = run(rows(), study()).unwrap();
    assert_eq!(lineage(&a, 0).acts, Acts::Rank);
    // One draw for a and b, another for c; the loading as in `class`, SciPy: 0.607113, up to the next of 256 steps.
    let (of_a, of_b, of_c) = (lineage(&a, 0).shared, lineage(&a, 1).shared, lineage(&a, 2).shared);
    assert_eq!(of_a, of_b);
    assert_ne!(of_a[0].0, of_c[0].0);
    assert!((of_a[0].1 * a.shared[of_a[0].0].ln_gsd - 0.607113).abs() < 1.0 / 256.0);
    // The marginal is as without.
    let alone = run(vec![row("a", "later", None)], study()).unwrap();
    assert_eq!(lineage(&alone, 0).distribution, lineage(&a, 0).distribution);
    assert_eq!((lineage(&alone, 0).acts, lineage(&alone, 0).shared.len()), (Acts::Multiply, 0));
    // Off with the default effects, and where no class is named.
    let off = run(rows(), Study { default_shared: false, ..study() }).unwrap();
    assert_eq!((lineage(&off, 0).acts, lineage(&off, 0).shared.len()), (Acts::Multiply, 0));
    assert_eq!(lineage(&run(vec![row("a", "", Some(0.1))], study()).unwrap(), 0).acts, Acts::Multiply);
}

#[test]
fn an_undated_rows_chips_and_grid_are_those_of_its_architectures_year() {
    let row = |architecture: Option<&str>| {
        let mut m = Model { parameters: number(7e9), date: None, ..model("u", &[("region", "USA")]) };
        if let Some(architecture) = architecture {
            m.labels.insert("architecture", architecture);
        }
        one(m).1
    };
    let said = |m: &AssessedModel, what: &str| {
        m.factors.iter().flatten().any(|f| f.provenance.how.contains(what))
            || m.provenance.values().any(|p| p.how.contains(what))
    };
    // architecture_dates.csv: falcon 2023-04-25. chips.us_2023 and the grid of 2023.
    let falcon = row(Some("falcon"));
    assert!(said(&falcon, "us_2023") && said(&falcon, "2023 assumed") && said(&falcon, "of 2023, the architecture"));
    assert!(said(&row(None), "us_2024") && said(&row(None), "undated: 2024 assumed"));
}

#[test]
fn a_parents_parameters_and_tokens_are_not_a_copys_compute() {
    let of = |relation| one(Model { relation: Some(relation), ..llama("d") }).1;
    // 1 GPU-hour of LoRA, and not 6 · 7e9 · 2e12; also with stated hours.
    for relation in [Relation::Lora, Relation::Qlora, Relation::Adapter, Relation::Quantized, Relation::Merge] {
        assert!(at_medians(&of(relation), Output::Compute) < 1e4, "{relation:?}");
    }
    close(at_medians(&of(Relation::Lora), Output::Compute), 3600.0 * 0.15 * 312e12 / 1e18, 1e-3);
    let hours = Model { gpu_hours: number(10.0), relation: Some(Relation::Lora), ..llama("d") };
    close(at_medians(&one(hours).1, Output::Compute), 10.0 * 3600.0 * 0.15 * 312e12 / 1e18, 1e-3);
    // Fine-tunes and distillations have tokens of their own; p = 1 says that it is a run after all.
    close(at_medians(&of(Relation::Finetune), Output::Compute), 8.4e4, 1e-9);
    close(at_medians(&of(Relation::Distill), Output::Compute), 8.4e4, 1e-9);
    let run = Model { relation: Some(Relation::Lora), base_probability: Some(1.0), ..llama("d") };
    close(at_medians(&one(run).1, Output::Compute), 8.4e4, 1e-9);
}

#[test]
fn the_mfu_of_small_jobs_goes_by_the_relation() {
    let lora = Model { compute_flop: number(1e18), relation: Some(Relation::Lora), ..model("l", &LLAMA) };
    // 1e18 FLOP at MFU 0.15: 1e18 / (0.15 · 312e12 / 608 W) / 3.6e6 = 3.609 kWh.
    close(at_medians(&one(lora.clone()).1, Output::ItEnergy), 3.609, 1e-3);
    // Backwards from 1 kWh: 3.6e6 · 0.15 · 312e12 / 608 = 2.771e17 FLOP.
    let energy = Model { compute_flop: None, energy_kwh: number(1.0), source: Source::Metered, ..lora };
    close(at_medians(&one(energy).1, Output::Compute), 0.2771, 1e-3);
}

#[test]
fn a_run_for_certain_has_a_runs_development() {
    let development = || Study { scope: Scope { run: Run::Development, ..study().scope }, ..study() };
    let row = |p| Model { base_models: vec![Base::of("x")], base_probability: p, ..llama("m") };
    let multiplier = |p| {
        let (_, m) = one_in(row(p), development());
        assert!(p == Some(0.4) || m.factors[Slot::Lineage as usize].is_none());
        quantile(&m.factors[Slot::Development as usize].as_ref().unwrap().distribution, 0.5)
    };
    close(multiplier(Some(1.0)), 2.2, 1e-9);
    // A fine-tune has 1 + 0.5.
    close(multiplier(None), 1.5, 1e-9);
    close(multiplier(Some(0.4)), 2.2, 1e-9);
}

/// The mean is p · E[base] + (1 − p) · r · E[fine-tune], with r of the final run; E[base] = 2.2 · exp(½ ln² 1.44) and
/// E[fine-tune] = 1 + 0.5 · exp(½ ln² 2), by hand.
#[test]
fn a_guess_and_its_development_are_two_factors() {
    let row = Model { base_models: vec![Base::of("x")], base_probability: Some(0.4), tokens: None, ..llama("m") };
    let development = Study { scope: Scope { run: Run::Development, ..study().scope }, ..study() };
    let (_, of_final) = one(row.clone());
    let (_, of_all) = one_in(row, development);
    let mean = |m: &AssessedModel, slot: Slot| {
        raw_moment(&m.factors[slot as usize].as_ref().unwrap().distribution, 1).unwrap()
    };
    let r = (mean(&of_final, Slot::Lineage) - 0.4) / 0.6;
    let spread = |gsd: f64| libm::exp(0.5 * libm::log(gsd) * libm::log(gsd));
    let (base, tune) = (2.2 * spread(1.44), 1.0 + 0.5 * spread(2.0));
    let all = mean(&of_all, Slot::Lineage) * mean(&of_all, Slot::Development);
    // Each part of the ratio is rounded to an eighth of an octave.
    assert!((all - 0.4 * base - 0.6 * r * tune).abs() < 0.091 * 0.6 * r * tune, "{all}");
    // Negative control: without the ratio of the multipliers it would be larger, if only by what derivatives are.
    assert!(all < base * mean(&of_final, Slot::Lineage) && r < 0.1, "{all} {r}");
    let powers = of_all.terms[Output::Emissions as usize].powers;
    assert_eq!((powers[Slot::Lineage as usize], powers[Slot::Development as usize]), (1, 1));
    assert!(of_final.factors[Slot::Development as usize].is_none());
}
