//! Shared effects: what they take of a spread, where they cancel, which a study adds.

use super::*;
use crate::portfolio::{Factor, Place, SharedSpec};

#[test]
fn own_and_shared_spreads_sum_to_the_evidence() {
    let (a, m) = one(llama("llama"));
    // MFU: family 0.211, run 0.136, and the A100's median itself, with three loadings; k_node of the A100: GSD 1.15.
    let prior = 0.0107f64.powi(2) + 0.0028f64.powi(2) + 0.0992f64.powi(2);
    let evidence = (0.211f64.powi(2) + 0.136f64.powi(2) + prior + 1.15f64.ln().powi(2)).sqrt();
    let sum = |a: &Assessment, m: &AssessedModel, slot| own(m, slot).hypot(shared_sd(a, m, slot));
    close(sum(&a, &m, Slot::Efficiency), evidence, 1e-9);
    close(sum(&a, &m, Slot::Grid), 1.5f64.ln(), 1e-9);
    assert!(own(&m, Slot::Efficiency) < 0.9 * evidence);
    // Without an organisation the family's and the sites' spread are the model's own.
    let mut alone = llama("alone");
    alone.labels.remove("organization");
    let (b, n) = one(alone);
    close(sum(&b, &n, Slot::Efficiency), evidence, 1e-9);
    assert!(own(&n, Slot::Efficiency) > own(&m, Slot::Efficiency) && own(&n, Slot::Grid) > own(&m, Slot::Grid));
    // Without default effects all of it is.
    let (c, o) = one_in(llama("off"), Study { default_shared: false, ..study() });
    assert!(c.shared.is_empty());
    close(own(&o, Slot::Efficiency), evidence, 1e-9);
    close(own(&o, Slot::Grid), 1.5f64.ln(), 1e-9);
}

/// All models load on the uncertainty of the priors: two chips on what their classes have in common, two sizes on H100s by
/// the slope, and a mixture of chips by share, with one more draw for the shares themselves.
#[test]
fn the_uncertainty_of_the_priors_is_shared_by_all() {
    let loads = |m: Model| -> Vec<(String, f64)> {
        let (a, m) = one(m);
        names(&a, &m, Slot::Efficiency).into_iter().filter(|(n, _)| n.contains("uncertainty of the MFU")).collect()
    };
    let on = |chip: &str, n: f64| {
        let mut m = Model { parameters: number(n), ..llama("x") };
        m.labels.insert("hardware", chip);
        m
    };
    let (a100, h100) = (loads(on("A100", 7e9)), loads(on("H100", 20e9)));
    assert_eq!(a100.iter().map(|(_, w)| *w).collect::<Vec<_>>(), [-0.0107, -0.0028, 0.0992]);
    assert_eq!((h100.len(), &h100[0].0, h100[0].1), (1, &a100[0].0, 0.1486));
    // e² times 20 B: two slopes more, 0.1486 − 2 · 0.0027 and 2 · 0.0426.
    let larger = loads(on("H100", 20e9 * 1.0f64.exp()));
    close(larger[0].1, 0.1486 - 0.0027, 1e-9);
    close(larger[1].1, 0.0426, 1e-9);
    assert_eq!(loads(on("A100", 7e10)), a100);
    // us_2023: 0.79 A100, 0.14 H100 (at 7 B, one step of −1), 0.07 V100.
    let mut unknown = on("A100", 7e9);
    unknown.labels.remove("hardware");
    unknown.labels.remove("organization");
    let first = 0.79 * -0.0107 + 0.14 * (0.1486 + 0.0027) + 0.07 * 0.0904;
    close(loads(unknown.clone())[0].1, first, 1e-9);
    let shares = |m: Model| {
        let (a, m) = one(m);
        names(&a, &m, Slot::Efficiency).iter().find(|(n, _)| n.contains("shares of chips")).map(|(_, w)| *w)
    };
    // k · TDP / (MFU · peak) of each, against their mean: sd of ln by the delta method with a concentration of 5.6.
    let mfu_h100 = 0.265 * (7.0f64 / 20.0).powf(0.215);
    let r = [608.0 / (0.357 * 312e12), 1.38 * 700.0 / (mfu_h100 * 989.4e12), 1.09 * 300.0 / (0.256 * 125e12)];
    let w = [0.79, 0.14, 0.07];
    let mean: f64 = (0..3).map(|i| w[i] * r[i]).sum();
    let variance = (0..3).map(|i| w[i] * (r[i] / mean - 1.0).powi(2)).sum::<f64>() / 6.6;
    // It is rounded to 0.02.
    assert!((shares(unknown.clone()).unwrap() + variance.sqrt()).abs() < 0.0101, "{variance}");
    assert!(variance.sqrt() > 0.05);
    assert_eq!(shares(on("A100", 7e9)), None);
    let priors: toml::Table = "[chips]\nus_2023 = \"0.5: H100, 0.5: A100\"".parse().unwrap();
    let (a, m) = one_in(unknown, Study { priors, ..study() });
    assert!(!names(&a, &m, Slot::Efficiency).iter().any(|(n, _)| n.contains("shares of chips")));
}

/// The numbers of the eras are those that the effects go by, and no two keys are the same.
#[test]
fn every_effect_of_a_prior_has_a_key_and_a_name_of_its_own() {
    use crate::assess::default_effects::{DefaultEffect, TOKENS_DIRECTIONS};
    use crate::assess::era::Era;
    let mut keys = std::collections::BTreeSet::new();
    for era in Era::ALL {
        for k in 0..TOKENS_DIRECTIONS {
            let effect = DefaultEffect::TokensPrior(era as usize, k);
            assert_eq!(effect.prior(), era.priors().tokens.into());
            assert!(keys.insert(effect.key(&llama("x")).unwrap()));
        }
    }
    for mixture in crate::assess::priors::names::Chips::all() {
        let key = DefaultEffect::ChipMixture(mixture).key(&llama("x")).unwrap();
        assert_eq!(DefaultEffect::of(&key), Some(DefaultEffect::ChipMixture(mixture)));
        assert!(keys.insert(key));
    }
    for k in 0..6 {
        assert!(keys.insert(DefaultEffect::MfuPrior(k).key(&llama("x")).unwrap()));
    }
    assert_eq!(keys.len(), 10 + 26 + 6);
}

#[test]
fn the_flop_convention_cancels_in_energy() {
    let (a, m) = one(llama("llama"));
    let weight =
        |slot: Slot| names(&a, &m, slot).iter().find(|(n, _)| n.contains("operation")).map_or(0.0, |(_, w)| *w);
    let total = |output: Output| {
        let powers = m.terms[output as usize].powers;
        Slot::ALL
            .iter()
            .map(|s| f64::from(powers[*s as usize]) * m.factors[*s as usize].as_ref().map_or(0.0, |_| weight(*s)))
            .sum::<f64>()
    };
    assert_eq!((total(Output::Compute), total(Output::ItEnergy), total(Output::Emissions)), (1.0, 0.0, 0.0));
}

#[test]
fn given_distributions_stand_as_they_are() {
    let given = |d: Distribution| Some(Value::from(d));
    let m = Model {
        compute_flop: given(Distribution::LogNormal { median: 1e23, gsd: 1.5 }),
        efficiency_flop_per_j: given(Distribution::Fixed(3e11)),
        pue: given(Distribution::Uniform { lo: 1.1, hi: 1.3 }),
        grid_g_per_kwh: given(Distribution::LogNormal { median: 400.0, gsd: 1.2 }),
        ..model("a", &[("region", "nowhere"), ("hardware", "no chip"), ("organization", "o")])
    };
    let mut s = study();
    let spec = |factor, by: &[&str]| SharedSpec {
        factor,
        gsd: 1.3,
        by: by.iter().map(|b| b.to_string()).collect(),
        place: Place::default(),
    };
    let (a, plain) = one_in(m.clone(), study());
    assert!(a.shared.is_empty());
    assert_eq!(plain.tier, Tier::T4); // the efficiency stands for the chip, which is not looked up
    for (slot, expected) in [
        (Slot::Compute, &m.compute_flop),
        (Slot::Efficiency, &m.efficiency_flop_per_j),
        (Slot::Pue, &m.pue),
        (Slot::Grid, &m.grid_g_per_kwh),
    ] {
        let d = plain.factors[slot as usize].as_ref().unwrap().distribution.clone();
        assert_eq!(Some(Value::from(d)), *expected);
    }
    // The study's own effects act all the same, two equal ones as two draws, and not without the label.
    s.shared = vec![
        spec(Factor::Grid, &["region"]),
        spec(Factor::Efficiency, &[]),
        spec(Factor::Grid, &["region"]),
        spec(Factor::Pue, &["provider"]),
    ];
    let (b, m) = one_in(m, s);
    let keys: Vec<_> = b.shared.iter().map(|e| (e.factor, e.value.to_vec(), e.ordinal)).collect();
    assert_eq!(
        keys,
        [
            (Factor::Efficiency, vec![], 0),
            (Factor::Grid, vec!["nowhere".to_string()], 0),
            (Factor::Grid, vec!["nowhere".to_string()], 1)
        ]
    );
    assert_eq!(m.factors[Slot::Grid as usize].as_ref().unwrap().shared, [(1, 1.0), (2, 1.0)]);
    close(b.shared[1].ln_gsd, 1.3f64.ln(), 1e-12);
    assert_eq!(b.warnings.iter().map(|w| w.rule).collect::<Vec<_>>(), ["unknown-chip", "shared-idle"]);
}
