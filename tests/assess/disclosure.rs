//! The value of a disclosure, by making it: the row is given the figure, at every value it may take, and assessed again.

use std::collections::BTreeMap;
use std::path::Path;

use carbonhaze::low_level::assess::{AssessedModel, Assessment, Output, Slot, assess, if_disclosed};
use carbonhaze::low_level::exact::disclosure::{Disclosure, disclosures};
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::exact::terms::Known;
use carbonhaze::low_level::portfolio::quantile::quantile;
use carbonhaze::low_level::portfolio::{Distribution, Portfolio};

/// Without learning: of a figure that is not published yet, what it would say of other rows is not in its value.
///
/// Spreads small enough that no bound cuts and that nothing beyond |z| = 6.34 counts, so that every factor but PUE is
/// lognormal.
const STUDY: &str = "\
models = [\"models.csv\"]
learn = false
[[shared]]
factor = \"grid\"
gsd = 1.2
by = \"region\"
[priors.tokens]
in_2024 = \"lognormal(1.9e12, 2.2)\"
in_2024_bound = 1e40
organization_gsd = 1.6
within_gsd = 1.8
[priors.compute]
bound_flop = 1e60
[priors.efficiency]
mfu_family_sd = 0.12
mfu_run_sd = 0.08
";

const HEAD: &str = "id,organization,date,region,hardware,parameters,gpu_hours,energy_kwh,grid_g_per_kwh,compute_flop\n";
/// Two models of one organisation in one country, one that shares the country, one that shares nothing by name.
const ROWS: [&str; 4] =
    ["a,X,2024,FRA,A100,7e9", "b,X,2024,FRA,A100,3e9", "c,Y,2024,FRA,A100,5e9", "d,Z,2024,USA,A100,6e9"];

fn read(dir: &Path, disclosed: &dyn Fn(usize) -> [String; 4]) -> Portfolio {
    let rows: Vec<String> =
        ROWS.iter().enumerate().map(|(i, row)| format!("{row},{}\n", disclosed(i).join(","))).collect();
    std::fs::write(dir.join("models.csv"), format!("{HEAD}{}", rows.concat())).unwrap();
    std::fs::write(dir.join("study.toml"), STUDY).unwrap();
    Portfolio::read(dir.join("study.toml")).unwrap()
}

fn variance(assessment: &Assessment) -> f64 {
    oracle(assessment).sd_t.unwrap().powi(2)
}

/// Variance of ln emissions without PUE: own parts, and shared effects by their net loading.
fn ln_variance(assessment: &Assessment, model: &AssessedModel) -> f64 {
    let powers = model.terms[Output::Emissions as usize].powers;
    let (mut own, mut loads) = (0.0, BTreeMap::new());
    for slot in Slot::ALL {
        let Some(factor) = model.factors[slot as usize].as_ref().filter(|_| powers[slot as usize] != 0) else {
            continue;
        };
        let ln_sd = match &factor.distribution {
            Distribution::LogNormal { gsd, .. } => gsd.ln(),
            Distribution::Truncated { inner, .. } => match &**inner {
                Distribution::LogNormal { gsd, .. } => gsd.ln(),
                other => panic!("{other:?}"),
            },
            _ => {
                assert_eq!(slot, Slot::Pue);
                continue;
            }
        };
        own += ln_sd * ln_sd;
        for (e, weight) in &factor.shared {
            *loads.entry(*e).or_insert(0.0) += weight * assessment.shared[*e].ln_gsd * f64::from(powers[slot as usize]);
        }
    }
    own + loads.values().map(|l: &f64| l * l).sum::<f64>()
}

fn ln_median(model: &AssessedModel) -> f64 {
    let term = &model.terms[Output::Emissions as usize];
    let ln = |slot: Slot| match &model.factors[slot as usize] {
        Some(f) if term.powers[slot as usize] != 0 => {
            f64::from(term.powers[slot as usize]) * quantile(&f.alone(), 0.5).ln()
        }
        _ => 0.0,
    };
    term.constant.ln() + Slot::ALL.into_iter().map(ln).sum::<f64>()
}

fn all(portfolio: &Portfolio) -> Vec<Disclosure> {
    let alternatives = if_disclosed(portfolio).unwrap();
    disclosures(&assess(portfolio).unwrap(), &alternatives, &mut Known::default()).unwrap()
}

#[test]
fn disclosing_does_what_was_announced() {
    let dir = tempfile::tempdir().unwrap();
    let nothing = |_| [const { String::new() }; 4];
    let portfolio = read(dir.path(), &nothing);
    let before = assess(&portfolio).unwrap();
    let announced = all(&portfolio);
    let mut checked = 0;
    for (row, quantity, column) in [
        (0, "compute", 3),
        (0, "hours", 0),
        (0, "energy", 1),
        (0, "place", 2),
        (1, "compute", 3),
        (2, "hours", 0),
        (3, "place", 2),
    ] {
        let id = &before.models[row].id;
        let told = announced.iter().find(|d| d.id == *id && d.quantity == quantity).unwrap();
        let stated = |figure: f64| {
            let only = move |i: usize| {
                std::array::from_fn(|c| if i == row && c == column { format!("{figure:e}") } else { String::new() })
            };
            assess(&read(dir.path(), &only)).unwrap()
        };
        // The figure is lognormal: what it replaces, less its own error.
        let unit = stated(1e3);
        let s2 = ln_variance(&before, &before.models[row]) - ln_variance(&unit, &unit.models[row]);
        let median = 1e3 * (ln_median(&before.models[row]) - ln_median(&unit.models[row])).exp();
        // Mean of the remaining variance over the figure: the trapezoidal rule in z.
        let after = |s: f64| -> f64 {
            let nodes = (-36..=36).map(|k| f64::from(k) * 0.25);
            let weight = |z: f64| 0.25 * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
            nodes.map(|z| weight(z) * variance(&stated(median * (s * z).exp()))).sum()
        };
        let fall = variance(&before) - after(s2.sqrt());
        println!("{id} {quantity}: announced {}, found {fall}", told.value_t2);
        // 1e-4 of the fall, and what the cut of MFU at six sd's and the ends of the engine's normals leave.
        let miss = (told.value_t2 - fall).abs();
        assert!(miss < 2e-4 * fall + 1e-6 * variance(&before), "{id} {quantity}: {} {fall}", told.value_t2);
        let sd = (variance(&before) - told.value_t2).sqrt();
        assert!(
            (told.sd_after_t - sd).abs() < 1e-9 * sd
                && (told.share * variance(&before) / told.value_t2 - 1.0).abs() < 1e-9
        );
        // Negative control: a figure without error of its own would be worth more.
        let wrong = variance(&before) - after((s2 + 0.01).sqrt());
        assert!((told.value_t2 - wrong).abs() > 2e-4 * fall + 1e-6 * variance(&before), "{id} {quantity}");
        checked += 1;
    }
    assert_eq!(checked, 7);
    assert!(announced.is_sorted_by(|a, b| a.value_t2 >= b.value_t2));
    assert!(announced.iter().all(|d| d.quantity != "chip"), "the chip is stated");
    // The further down the chain, the more is known.
    let of = |q: &str| announced.iter().find(|d| d.id == "a" && d.quantity == q).unwrap().value_t2;
    assert!(of("hours") > of("compute"));
}

#[test]
fn a_chip_is_told_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("models.csv");
    std::fs::write(&path, "id,date,region,compute_flop\na,2024,FRA,1e24\nb,2023,USA,5e23\n").unwrap();
    let portfolio = Portfolio::read(&path).unwrap();
    let before = assess(&portfolio).unwrap();
    for (row, told) in ["a", "b"]
        .iter()
        .map(|id| all(&portfolio).into_iter().find(|d| d.id == *id && d.quantity == "chip"))
        .enumerate()
    {
        let told = told.unwrap();
        let with = |part: &Distribution| {
            let mut after = before.clone();
            after.models[row].factors[Slot::Efficiency as usize].as_mut().unwrap().distribution = part.clone();
            variance(&after)
        };
        let Distribution::Mixture(parts) = &before.models[row].factors[1].as_ref().unwrap().distribution else {
            panic!()
        };
        let fall = variance(&before) - parts.iter().map(|(w, part)| w * with(part)).sum::<f64>();
        // 1e-6: the ends of the engine's normals belong to the mixture in one case and to its parts in the other.
        assert!((told.value_t2 / fall - 1.0).abs() < 1e-6, "{told:?} {fall}");
        // Negative control: equal shares.
        let equal = variance(&before) - parts.iter().map(|(_, part)| with(part) / parts.len() as f64).sum::<f64>();
        assert!((told.value_t2 / equal - 1.0).abs() > 1e-3);
    }
}

#[test]
fn what_is_stated_is_not_offered() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("models.csv");
    let rows = "id,emissions_t,energy_kwh,gpu_hours,compute_flop,compute_confidence,parameters,grid_g_per_kwh\n\
                emissions,10,,,,,,\nenergy,,1e5,,,,,\nhours,,,1e5,,,,\ncompute,,,,1e22,,,\n\
                likely,,,,1e22,Likely,,\nsize,,,,,,7e9,\ngrid,,,,,,7e9,400\nzero,,,0,,,,\n";
    std::fs::write(&path, rows).unwrap();
    let found = all(&Portfolio::read(&path).unwrap());
    let of = |id: &str| {
        let mut names: Vec<&str> = found.iter().filter(|d| d.id == id).map(|d| d.quantity).collect();
        names.sort_unstable();
        names.join(" ")
    };
    assert_eq!(of("emissions"), "");
    assert_eq!(of("energy"), "place");
    assert_eq!(of("hours"), "chip energy place");
    assert_eq!(of("compute"), "chip energy hours place");
    assert_eq!(of("likely"), "chip compute energy hours place");
    assert_eq!(of("size"), "chip compute energy hours place");
    assert_eq!(of("grid"), "chip compute energy hours");
    assert_eq!(of("zero"), "");
}
