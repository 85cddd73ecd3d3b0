//! Shared effects: what they take of a spread, where they cancel, which a study adds.

use super::*;
use crate::portfolio::{Factor, Place, SharedSpec};

#[test]
fn own_and_shared_spreads_sum_to_the_evidence() {
    let (a, m) = one(llama("llama"));
    // MFU: family 0.34, run 0.22; k_node of the A100: GSD 1.15.
    let evidence = (0.34f64.powi(2) + 0.22f64.powi(2) + 1.15f64.ln().powi(2)).sqrt();
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
    let given = |d: Distribution| Some(Value::Distribution(d));
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
        assert_eq!(Some(Value::Distribution(d)), *expected);
    }
    // The study's own effects act all the same, two equal ones as two draws, and not without the label.
    s.shared = vec![
        spec(Factor::Grid, &["region"]),
        spec(Factor::Efficiency, &[]),
        spec(Factor::Grid, &["region"]),
        spec(Factor::Pue, &["provider"]),
    ];
    let (b, m) = one_in(m, s);
    let keys: Vec<_> = b.shared.iter().map(|e| (e.factor, e.value.clone(), e.ordinal)).collect();
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
