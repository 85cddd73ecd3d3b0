//! Figures that contradict each other: the mixture of readings against brute force, and its limits.
//!
//! Brute force is importance sampling in f64 of the model that `docs/method.md` states: links from their priors, compute
//! drawn back from the first figure that is right, the others as weights. Nothing of the closed form is used: the
//! ingredients are the factors of rows that state one figure alone.

use std::collections::BTreeMap;

use carbonhaze::low_level::assess::{AssessedModel, Assessment, Output, Slot};
use carbonhaze::low_level::portfolio::Distribution;
use carbonhaze::low_level::portfolio::moments::raw_moment;
use carbonhaze::low_level::portfolio::quantile::quantile;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution as _, StandardNormal};

use crate::combine::{factor, ln, one, one_of, output};

/// The unknowns of the chain: ln C, two links to the IT energy, PUE, grid.
const UNKNOWNS: usize = 5;
type Row = [f64; UNKNOWNS];

/// What a figure is of the unknowns, by the column it is in. Its error (ln) is that of the method page.
const FIGURES: [(&str, Row, f64); 4] = [
    ("compute_flop", [1.0, 0.0, 0.0, 0.0, 0.0], 1.05),
    ("gpu_hours", [1.0, 1.0, 0.0, 0.0, 0.0], 1.10),
    ("energy_kwh", [1.0, 1.0, 1.0, 0.0, 0.0], 1.20),
    ("emissions_kg", [1.0, 1.0, 1.0, 1.0, 1.0], 1.30),
];
/// A figure is wrong with this probability, and then off by this GSD beyond what was to be expected.
const WRONG: (f64, f64) = (0.02, 100.0);

/// A normal with loads on shared effects by name.
#[derive(Clone, Default)]
struct Unknown {
    mean: f64,
    sd: f64,
    shared: BTreeMap<String, f64>,
}

fn unknown(a: &Assessment, m: &AssessedModel, slot: Slot, sign: f64, constant: f64) -> Unknown {
    let factor = m.factors[slot as usize].as_ref().unwrap();
    let (mean, sd) = ln(&factor.alone());
    let name = |e: usize| format!("{}{:?}", a.shared[e].name, a.shared[e].value);
    let shared = factor.shared.iter().map(|(e, w)| (name(*e), sign * w * a.shared[*e].ln_gsd)).collect();
    Unknown { mean: sign * mean - constant.ln(), sd, shared }
}

/// The priors of the chain of an A100 run that states hours, from rows that state less.
fn priors(study: &str, size: &(&str, &str)) -> [Unknown; UNKNOWNS] {
    let (silent_a, silent) = one_of(study, &[*size]);
    let (hours_a, hours) = one_of(study, &[*size, ("gpu_hours", "1e5")]);
    let mut compute = unknown(&silent_a, &silent, Slot::Compute, 1.0, 1.0);
    // What counts as an operation is no part of a size's compute.
    compute.shared.retain(|name, _| !name.starts_with("what counts"));
    let mut pue = unknown(&hours_a, &hours, Slot::Pue, 1.0, 1.0);
    pue.shared.clear();
    [
        compute,
        unknown(&hours_a, &hours, Slot::Compute, -1.0, 3600.0),
        unknown(&hours_a, &hours, Slot::Efficiency, -1.0, 1e3),
        pue,
        unknown(&hours_a, &hours, Slot::Grid, 1.0, 1e3),
    ]
}

fn density(x: f64, sd: f64) -> f64 {
    (-0.5 * (x / sd).powi(2)).exp() / (sd * (2.0 * std::f64::consts::PI).sqrt())
}

/// One draw of the unknowns from their priors.
fn drawn(priors: &[Unknown; UNKNOWNS], random: &mut StdRng) -> Row {
    let mut effects: BTreeMap<&str, f64> = BTreeMap::new();
    let mut z = || -> f64 { StandardNormal.sample(&mut *random) };
    std::array::from_fn(|j| {
        let prior = &priors[j];
        let shared = prior.shared.iter().map(|(name, load)| load * *effects.entry(name).or_insert_with(&mut z));
        let shared: f64 = shared.sum();
        prior.mean + shared + prior.sd * z()
    })
}

fn dot(a: &Row, b: &Row) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Weighted values of ln of a node, and the probability of each reading.
struct Sampled {
    draws: Vec<(f64, f64)>,
    weights: Vec<(Vec<usize>, f64)>,
}

/// All readings of these figures (index, value), and what they make of `node`.
fn sampled(priors: &[Unknown; UNKNOWNS], figures: &[(usize, f64)], node: &Row) -> Sampled {
    const DRAWS: usize = 300_000;
    let mut random = StdRng::seed_from_u64(11);
    let from_priors: Vec<Row> = (0..DRAWS).map(|_| drawn(priors, &mut random)).collect();
    let predicted: Vec<(f64, f64)> = figures
        .iter()
        .map(|(k, _)| {
            let values = from_priors.iter().map(|x| dot(&FIGURES[*k].1, x));
            let mean = values.clone().sum::<f64>() / DRAWS as f64;
            let variance = values.map(|v| (v - mean).powi(2)).sum::<f64>() / DRAWS as f64;
            (mean, (variance + FIGURES[*k].2.ln().powi(2) + WRONG.1.ln().powi(2)).sqrt())
        })
        .collect();
    let spread = priors[0].shared.values().map(|l| l * l).sum::<f64>();
    let level = (priors[0].sd.powi(2) + spread).sqrt();
    let mut draws = Vec::new();
    let mut weights = Vec::new();
    for bits in 0..1usize << figures.len() {
        let right: Vec<usize> = (0..figures.len()).filter(|k| bits >> k & 1 == 1).collect();
        let apart: f64 = (0..figures.len())
            .filter(|k| !right.contains(k))
            .map(|k| WRONG.0 * density(figures[k].1.ln() - predicted[k].0, predicted[k].1))
            .product();
        let mut values: Vec<(f64, f64)> = Vec::with_capacity(DRAWS);
        let mut evidence = 0.0;
        for x in &from_priors {
            let mut x = *x;
            let mut likelihood = 1.0;
            for (place, k) in right.iter().enumerate() {
                let (column, value) = figures[*k];
                let error = FIGURES[column].2.ln();
                if place == 0 {
                    let z: f64 = StandardNormal.sample(&mut random);
                    x[0] += value.ln() + error * z - dot(&FIGURES[column].1, &x);
                } else {
                    likelihood *= density(value.ln() - dot(&FIGURES[column].1, &x), error);
                }
            }
            values.push((dot(node, &x), likelihood));
            // Compute as it would be imputed counts in the weight of a reading.
            evidence += likelihood * if right.is_empty() { 1.0 } else { density(x[0] - priors[0].mean, level) };
        }
        let weight = apart * (1.0 - WRONG.0).powi(right.len() as i32) * evidence / DRAWS as f64;
        let sum: f64 = values.iter().map(|(_, w)| w).sum();
        draws.extend(values.into_iter().map(|(v, w)| (v, weight * w / sum)));
        weights.push((right, weight));
    }
    let sum: f64 = weights.iter().map(|(_, w)| w).sum();
    weights.iter_mut().for_each(|(_, w)| *w /= sum);
    draws.sort_by(|a, b| a.0.total_cmp(&b.0));
    Sampled { draws, weights }
}

impl Sampled {
    fn quantile(&self, p: f64) -> f64 {
        let sum: f64 = self.draws.iter().map(|(_, w)| w).sum();
        let mut below = 0.0;
        let at = self.draws.iter().find(|(_, w)| {
            below += w;
            below >= p * sum
        });
        at.unwrap().0
    }
}

/// ln of the quantiles of an output that the row's mixture is the only spread of.
fn quantiles_of(m: &AssessedModel, slot: Slot) -> Option<[f64; 5]> {
    let d = factor(m, slot);
    matches!(d, Distribution::Mixture(_)).then(|| PROBABILITIES.map(|p| quantile(d, p).ln()))
}

const PROBABILITIES: [f64; 5] = [0.025, 0.25, 0.5, 0.75, 0.975];

#[test]
fn a_mixture_of_readings_is_what_weighted_draws_give() {
    let size = ("parameters", "7e9");
    // Each figure alone makes sense; together they are 3 to 8 standard deviations apart. Conditioning takes shared effects
    // as they are, which matters where they are most of a link's spread: these cases have none.
    let (shared, none) = ("", "default_shared = false\n");
    let cases: [(&str, &[(usize, &str)]); 6] = [
        (shared, &[(1, "1e5"), (2, "1.7e5")]),
        (shared, &[(1, "1e5"), (2, "2e6")]),
        (none, &[(1, "1e5"), (2, "1.7e5")]),
        (none, &[(1, "1e5"), (3, "1.5e5")]),
        (none, &[(0, "4e21"), (1, "1e5"), (2, "4e5")]),
        (none, &[(1, "1e5"), (2, "1.4e5"), (3, "3e4")]),
    ];
    let mut several = 0;
    for (study, figures) in cases {
        let priors = priors(study, &size);
        let cells: Vec<(&str, &str)> =
            std::iter::once(size).chain(figures.iter().map(|(k, value)| (FIGURES[*k].0, *value))).collect();
        let (_, m) = one_of(study, &cells);
        let values: Vec<(usize, f64)> = figures.iter().map(|(k, value)| (*k, value.parse().unwrap())).collect();
        let node = if values.iter().any(|(k, _)| *k == 3) { FIGURES[3].1 } else { FIGURES[2].1 };
        let want = sampled(&priors, &values, &node);
        let Some(got) = quantiles_of(&m, Slot::Reporting) else { panic!("{figures:?}: {:?}", want.weights) };
        for (p, got) in PROBABILITIES.iter().zip(got) {
            // In probability: between two readings the quantile function is steep.
            let below: f64 = want.draws.iter().filter(|(x, _)| *x <= got).map(|(_, w)| w).sum();
            let all: f64 = want.draws.iter().map(|(_, w)| w).sum();
            assert!((below / all - p).abs() < 0.03, "{figures:?} at {p}: {} {:?}", below / all, want.weights);
        }
        let spread = [0.025, 0.975].map(|p| want.quantile(p));
        assert!((got[4] - got[0]) / (spread[1] - spread[0]) > 0.9, "{got:?} {spread:?}");
        several += want.weights.iter().filter(|(_, w)| *w > 0.02).count();
        // Negative control: a reading alone.
        let Distribution::Mixture(parts) = factor(&m, Slot::Reporting) else { panic!() };
        let misses = |part: &Distribution| {
            PROBABILITIES.iter().any(|p| {
                let below = want.draws.iter().filter(|(x, _)| *x <= quantile(part, *p).ln()).map(|(_, w)| w);
                (below.sum::<f64>() / want.draws.iter().map(|(_, w)| w).sum::<f64>() - p).abs() > 0.03
            })
        };
        assert!(parts.iter().any(|(_, part)| misses(part)), "{figures:?}");
    }
    assert!(several > 12, "{several}");
}

/// With agreement nothing changes: what is right is known, and so is what is wrong where the others agree.
#[test]
fn one_reading_is_the_row_without_the_others() {
    for figures in [
        &[("gpu_hours", "1e5"), ("energy_kwh", "7e4")][..],
        &[("gpu_hours", "1e5"), ("energy_kwh", "1e5")],
        &[("gpu_hours", "1e5"), ("energy_kwh", "7e4"), ("compute_flop", "4e22")],
    ] {
        let (a, m) = one(&[&[("parameters", "7e9")], figures].concat());
        assert!(a.warnings.iter().all(|w| w.rule != "disclosures-disagree"), "{:?}", a.warnings);
        assert!(quantiles_of(&m, Slot::Reporting).is_none(), "{figures:?}");
    }
}

/// 433 kWh against 1.08 million A100-hours gave 1,148 t, where the hours alone lead to 63 t.
#[test]
fn the_mean_never_lies_above_both_readings() {
    let mean = |cells: &[(&str, &str)]| {
        let (_, m) = one(cells);
        let term = m.terms[Output::Emissions as usize];
        let moments = m.factors.iter().zip(term.powers).filter(|(_, power)| *power != 0);
        let of = |(f, power): (&Option<_>, i8)| {
            let f: &carbonhaze::low_level::assess::AssessedFactor = f.as_ref().unwrap();
            raw_moment(&f.alone(), power.into()).unwrap()
        };
        term.constant * moments.map(of).product::<f64>()
    };
    for (hours, energy) in [("1.08e6", "433"), ("1e5", "2e6"), ("10", "1e9"), ("1e5", "2e5")] {
        for more in [&[][..], &[("parameters", "7e9")], &[("parameters", "1e12")]] {
            let of = |cells: &[(&'static str, &'static str)]| mean(&[more, cells].concat());
            let both = of(&[("gpu_hours", hours), ("energy_kwh", energy)]);
            let alone = [of(&[("gpu_hours", hours)]), of(&[("energy_kwh", energy)])];
            let (least, most) = alone.iter().fold((f64::MAX, 0.0f64), |(l, m), x| (l.min(*x), m.max(*x)));
            assert!(0.9 * least < both && both < 1.1 * most, "{hours} h, {energy} kWh {more:?}: {both} {alone:?}");
        }
    }
}

/// A small run is one, however far it lies below what is imputed of a row that states nothing: 1 Wh and 0.06 g gave a mean
/// of 145 t, and 1.6 Wh in 72 s on a T4 one of 1,470 t.
#[test]
fn small_runs_are_not_taken_for_errors() {
    let grams = |cells: &[(&str, &str)]| {
        let (_, m) = one(cells);
        let term = m.terms[Output::Emissions as usize];
        let factors = m.factors.iter().zip(term.powers).filter(|(_, power)| *power != 0);
        let means = factors.map(|(f, power)| raw_moment(&f.as_ref().unwrap().alone(), power.into()).unwrap());
        1e6 * term.constant * means.product::<f64>()
    };
    // 1 Wh at 400 g/kWh is 0.4 g.
    let alone = grams(&[("energy_kwh", "0.001")]);
    assert!((0.3..0.6).contains(&alone), "{alone} g");
    let both = grams(&[("energy_kwh", "0.001"), ("emissions_kg", "0.00006")]);
    assert!((0.03..0.6).contains(&both), "{both} g");
    let with_hours = grams(&[("energy_kwh", "0.0016"), ("gpu_hours", "0.02"), ("hardware", "Tesla T4")]);
    assert!((0.1..10.0).contains(&with_hours), "{with_hours} g");
}

/// "None of them is right" is a few per cent of nearly anything: it put the mean of 0.03 t and 1 t at 32 t.
#[test]
fn what_a_row_would_be_without_figures_is_not_mixed_in() {
    let (_, m) = one(&[("gpu_hours", "100"), ("emissions_kg", "1000")]);
    let Distribution::Mixture(parts) = factor(&m, Slot::Reporting) else { panic!() };
    assert_eq!(parts.len(), 2, "{parts:?}");
    let mean = raw_moment(factor(&m, Slot::Reporting), 1).unwrap();
    assert!((20.0..1100.0).contains(&mean), "{mean} kg");
}

/// A calculator misses the same in every run of a project: its rows share that error, and one file's rows likewise.
#[test]
fn a_calculators_bias_is_shared_by_the_rows_of_a_project() {
    let dir = tempfile::tempdir().unwrap();
    let assessed = |rows: &str| {
        let path = dir.path().join("models.csv");
        std::fs::write(&path, format!("id,project,region,source,energy_kwh,emissions_kg\n{rows}")).unwrap();
        crate::combine::read(&path)
    };
    let effects = |a: &Assessment, id: &str| -> Vec<usize> {
        let m = a.models.iter().find(|m| m.id == id).unwrap();
        let f = m.factors[Slot::Reporting as usize].as_ref().unwrap();
        f.shared.iter().map(|(e, _)| *e).collect()
    };
    let a = assessed(
        "a,x,USA,calculator,300,\nb,x,USA,calculator,20,7\nc,y,USA,calculator,,8\nd,,USA,calculator,5,\ne,,USA,calculator,6,\nf,x,USA,,5,\n",
    );
    let [fa, fb, fc, fd, fe, ff] = ["a", "b", "c", "d", "e", "f"].map(|id| effects(&a, id));
    assert!(fa.len() == 1 && fa == fb && fc.len() == 1 && fa != fc && fd == fe && fd.len() == 1 && fd != fa, "{a:?}");
    assert!(ff.is_empty(), "self-reported: no calculator");
    // The whole spread is that of `calculator` in the priors, 1.15, own and shared together.
    let m = &a.models[0];
    let (_, own) = ln(factor(m, Slot::Reporting));
    let f = m.factors[Slot::Reporting as usize].as_ref().unwrap();
    let shared: f64 = f.shared.iter().map(|(e, w)| (w * a.shared[*e].ln_gsd).powi(2)).sum();
    assert!(((own * own + shared).sqrt() - 1.15f64.ln()).abs() < 1e-9);
    assert!((output(m, Output::ItEnergy).0.exp() / (300.0 * 1.32) - 1.0).abs() < 1e-9);
}
