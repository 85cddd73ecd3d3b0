//! Intervals after a disclosure, by making it: the row is given the figure and everything is drawn again.

use std::path::Path;

use carbonhaze::low_level::assess::{Alternative, Assessment, Disclosable, Output, Slot, assess, if_disclosed};
use carbonhaze::low_level::exact::disclosure::{Disclosure, disclosures};
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::exact::terms::Known;
use carbonhaze::low_level::portfolio::quantile::quantile;
use carbonhaze::low_level::portfolio::{Distribution, Model, Portfolio, Value};
use carbonhaze::low_level::posterior::rerun::{Disclosed, Rerun, VALUES, figures};
use rand::{RngExt, SeedableRng};

use crate::common::pipeline;

const DRAWS: u64 = 1 << 17;
/// For a variance, which heavy tails make noisy.
const MANY_DRAWS: u64 = 1 << 19;
const BATCHES: usize = 32;

fn emissions(assessment: &Assessment, draws: u64) -> Vec<f64> {
    let run = pipeline::run(assessment.clone(), 42, draws);
    let unit = 2f64.powi(run.plan.unit(run.plan.headline));
    run.summary.totals[run.plan.headline].iter().map(|&count| count as f64 * unit).collect()
}

struct Case {
    portfolio: Portfolio,
    draws: u64,
    total: Vec<f64>,
    announced: Vec<Disclosure>,
    alternatives: Vec<Alternative>,
    assessment: Assessment,
}

impl Case {
    fn new(file: &Path, draws: u64) -> Case {
        let mut portfolio = Portfolio::read(file).unwrap();
        // What a figure would say of other rows is not in its interval.
        portfolio.study.learn = false;
        let assessment = assess(&portfolio).unwrap();
        let alternatives = if_disclosed(&portfolio).unwrap();
        let announced = disclosures(&assessment, &alternatives, &mut Known::default()).unwrap();
        Case { draws, total: emissions(&assessment, draws), portfolio, announced, alternatives, assessment }
    }

    fn rerun(&self, disclosure: &Disclosure) -> (Rerun, Vec<Vec<f64>>) {
        let rerun = Rerun::new(&self.assessment, &self.alternatives, disclosure, &mut Known::default()).unwrap();
        let drawn = rerun.assessments().into_iter().map(|a| emissions(a, self.draws)).collect();
        (rerun, drawn)
    }

    fn interval(&self, disclosure: &Disclosure) -> Disclosed {
        let (rerun, drawn) = self.rerun(disclosure);
        rerun.interval(&self.total, &drawn, 0.95).unwrap()
    }
}

fn variance(draws: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = draws.clone().count() as f64;
    let mean = draws.clone().sum::<f64>() / n;
    draws.map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)
}

/// The most valuable figure of the hub file at 64 stratified values, one at random in each stratum.
#[test]
fn the_top_item_of_the_hub_does_what_was_announced() {
    let case = Case::new(Path::new("fixtures/hub_models.csv"), MANY_DRAWS);
    // Of a row that is certainly a run: the branches of a guessed one would lie apart by another ratio.
    let certain = |id: &str| case.portfolio.models.iter().any(|m| m.id == id && m.base_probability.is_none());
    let top = case.announced.iter().find(|d| d.quantity == "energy" && certain(&d.id)).unwrap();
    let (rerun, drawn) = case.rerun(top);
    let [now, replaced, after] = &drawn[..] else { panic!() };
    // What is known of the figure: E[c²] = ρ_c, from the exact moments.
    let relative = |a: &Assessment| {
        let exact = oracle(a);
        1.0 + (exact.sd_t.unwrap() / exact.mean_t).powi(2)
    };
    let [of_now, of_replaced, of_after] = [0, 1, 2].map(|i| relative(rerun.assessments()[i]));
    let power = ((of_now / of_after).ln() / of_replaced.ln()).sqrt();
    let known = figures(replaced, power);
    let [mean_now, mean_after] = [0, 2].map(|i| oracle(rerun.assessments()[i]).mean_t);
    let scale = mean_now / mean_after;

    // The row that states a figure is drawn as it is drawn at the figure that `if_disclosed` assesses it at, times c. Its
    // compute is known from elsewhere, so that c goes with a power of the figure.
    let row = case.portfolio.models.iter().find(|m| m.id == top.id).unwrap();
    let stated = |kwh: f64| {
        let energy_kwh = Some(Value::Number(kwh));
        let row = Model { energy_kwh, energy_includes_pue: false, ..row.clone() };
        emissions(&assess(&Portfolio { models: vec![row], ..case.portfolio.clone() }).unwrap(), MANY_DRAWS)
    };
    let reported = case.alternatives.iter().find(|a| a.quantity == Disclosable::Energy).unwrap();
    let reported = reported.assessment.models.iter().find(|m| m.id == top.id).unwrap();
    let placeholder = quantile(&reported.factors[Slot::Reporting as usize].as_ref().unwrap().distribution, 0.5);
    let ratio = |kwh: f64| {
        let ratios: Vec<f64> = stated(kwh).iter().zip(after).map(|(s, w)| s / w).collect();
        let miss = ratios.iter().map(|r| (r / ratios[0] - 1.0).abs()).fold(0.0, f64::max);
        assert!(miss < 1e-5, "{kwh}: {miss}");
        ratios[0]
    };
    let [low, middle, high] = [0.5, 1.0, 2.0].map(|k| ratio(k * placeholder));
    assert!((high / middle / (middle / low) - 1.0).abs() < 1e-4, "{low} {middle} {high}");
    let gain = (high / low).ln() / 4f64.ln();
    assert!(gain > 0.8 && gain <= 1.0 + 1e-9, "{gain}");

    // By batch of draws, each with figures of its own: the fall of the variance.
    let mut random = rand::rngs::StdRng::seed_from_u64(64);
    let fall = |b: usize, figure: &mut dyn FnMut(usize) -> f64| {
        let of = |x: &[f64]| x.iter().skip(b).step_by(BATCHES).copied().collect::<Vec<_>>();
        let (total, now, after) = (of(&case.total), of(now), of(after));
        let left = (0..64).map(|k| {
            let c = figure(k) * scale;
            variance(total.iter().zip(&now).zip(&after).map(move |((t, y), w)| t - y + c * w))
        });
        variance(total.iter().copied()) - left.sum::<f64>() / 64.0
    };
    let mut told = |values: &[f64]| -> [f64; 2] {
        let mut at = |k: usize| {
            let stratum = k * values.len() / 64..(k + 1) * values.len() / 64;
            values[random.random_range(stratum)]
        };
        let falls: Vec<f64> = (0..BATCHES).map(|b| fall(b, &mut at)).collect();
        let mean = falls.iter().sum::<f64>() / BATCHES as f64;
        [mean, (variance(falls.into_iter()) / BATCHES as f64).sqrt()]
    };
    let [mean, se] = told(&known);
    let median = known[known.len() / 2];
    let at_median: f64 = (0..BATCHES).map(|b| fall(b, &mut |_| median)).sum::<f64>() / BATCHES as f64;
    println!("announced {} t², found {mean} ± {se}, at the median {at_median}", top.value_t2);
    assert!((top.value_t2 - mean).abs() < 4.0 * se);
    // It is known well enough to tell.
    assert!(se < 0.1 * mean, "{mean} {se}");
    // Negative control: it is not what was announced for another one.
    let next = case.announced.iter().rfind(|d| d.id != top.id).unwrap();
    assert!((next.value_t2 - mean).abs() > 4.0 * se, "{next:?} {mean} {se}");
}

/// One lognormal model: after the disclosure of its energy what is left is lognormal too.
#[test]
fn one_lognormal_model() {
    let dir = tempfile::tempdir().unwrap();
    let study = "models = [\"models.csv\"]\ndefault_shared = false\n";
    std::fs::write(dir.path().join("study.toml"), study).unwrap();
    let row = "id,region,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh\n\
               a,FRA,\"lognormal(1e24, 2)\",\"lognormal(1e12, 1.5)\",fixed(1),\"lognormal(50, 1.2)\"\n";
    std::fs::write(dir.path().join("models.csv"), row).unwrap();
    let case = Case::new(&dir.path().join("study.toml"), DRAWS);
    let disclosure = case.announced.iter().find(|d| d.quantity == "energy").unwrap();
    let disclosed = case.interval(disclosure);
    assert_eq!(disclosed.values.len(), VALUES);
    // ln-sd now, of what remains, of the figure. 1.959964: Φ⁻¹(0.975), tables.
    let [compute, efficiency, grid] = [2f64.ln(), 1.5f64.ln(), 1.2f64.ln()];
    let after = &case.alternatives.iter().find(|a| a.quantity == Disclosable::Energy).unwrap().assessment.models[0];
    let powers = after.terms[Output::Emissions as usize].powers;
    let ln_gsd = after.factors.iter().zip(powers).filter_map(|(f, power)| match &f.as_ref()?.distribution {
        Distribution::LogNormal { gsd, .. } if power != 0 => Some(gsd.ln()),
        _ => None,
    });
    let left = ln_gsd.map(|sd| sd * sd).sum::<f64>().sqrt();
    // The grid intensity and the meter.
    assert!(left > grid && left < grid + 0.2, "{left}");
    let now = (compute.powi(2) + efficiency.powi(2) + grid.powi(2)).sqrt();
    let figure = (now * now - left * left).sqrt();
    let median = 1e24 / 1e12 / 3.6e6 * 50.0 / 1e6;
    let ends = |sd: f64| [-1.959964f64, 1.959964].map(|z| median * (sd * z).exp());
    let close = |got: [f64; 2], want: [f64; 2], by: f64| (0..2).all(|i| (got[i] / want[i] - 1.0).abs() < by);
    assert!(close(disclosed.now_t, ends(now), 0.03), "{:?} {:?}", disclosed.now_t, ends(now));
    assert!(close(disclosed.at_median_t, ends(left), 0.02), "{:?} {:?}", disclosed.at_median_t, ends(left));
    assert!(!close(disclosed.at_median_t, ends(now), 0.05));
    // The figure's mean over its median is exp(figure²/2), which every end is multiplied by on average.
    let expected = ends(left).map(|end| end * (figure * figure / 2.0).exp());
    assert!(close(disclosed.expected_t, expected, 0.02), "{:?} {expected:?}", disclosed.expected_t);
    assert!(!close(disclosed.expected_t, ends(left), 0.05));
    let z = expected.iter().zip(disclosed.expected_t).zip(disclosed.mcse_t).map(|((want, got), se)| (got - want) / se);
    assert!(z.clone().all(|z| z.abs() < 4.0), "{:?}", z.collect::<Vec<_>>());
}

#[test]
fn a_chip_and_the_twenty_of_a_fixture() {
    let case = Case::new(Path::new("fixtures/open_weights.csv"), DRAWS);
    let chip = case.announced.iter().find(|d| d.quantity == "chip").unwrap();
    let told = case.interval(chip);
    let shares: f64 = told.values.iter().map(|v| v.share).sum();
    assert!((shares - 1.0).abs() < 1e-12 && told.values.len() > 1);
    assert!(told.values.is_sorted_by(|a, b| a.relative <= b.relative));
    // Chips average to what is known now.
    let mean: f64 = told.values.iter().map(|v| v.share * v.relative).sum();
    assert!((mean - 1.0).abs() < 0.02, "{mean}");
    for d in case.announced.iter().take(20) {
        let told = case.interval(d);
        let mean: f64 = told.values.iter().map(|v| v.share * v.relative).sum();
        assert!((mean - 1.0).abs() < 1e-9);
        let width = |i: [f64; 2]| i[1] - i[0];
        assert!(width(told.expected_t) < width(told.now_t));
    }
}

/// Effects have other numbers in the assessment after a disclosure: whether a run is one at all depends on the same ones.
#[test]
fn a_guessed_run_keeps_the_effects_of_its_lineage() {
    let case = Case::new(Path::new("fixtures/hub_models.csv"), 0);
    let on_lineage = |a: &Assessment| {
        let [model] = &a.models[..] else { panic!("one model") };
        let factor = model.factors[Slot::Lineage as usize].as_ref()?;
        Some(factor.shared.iter().map(|&(e, weight)| (a.shared[e].key(), weight)).collect::<Vec<_>>())
    };
    let mut seen = 0;
    for disclosure in case.announced.iter().filter(|d| d.quantity != "chip").take(2000) {
        let Some(rerun) = Rerun::new(&case.assessment, &case.alternatives, disclosure, &mut Known::default()) else {
            continue;
        };
        let [now, _, after] = rerun.assessments()[..] else { panic!("three") };
        assert_eq!(on_lineage(now), on_lineage(after), "{}", disclosure.id);
        // What a number means differs: that the keys agree is not for free.
        let of =
            |a: &Assessment| a.models.iter().find(|m| m.id == disclosure.id)?.factors[Slot::Lineage as usize].clone();
        let alternative = case.alternatives.iter().find(|a| a.quantity.name() == disclosure.quantity).unwrap();
        let alternative = &alternative.assessment;
        let (before, stated) = (of(&case.assessment), of(alternative));
        seen +=
            usize::from(before.is_some_and(|f| !f.shared.is_empty() && stated.is_none_or(|s| s.shared != f.shared)));
    }
    assert!(seen > 10, "{seen}");
}
