//! What rows say of the shared effects, against brute force: prior draws of all unknowns weighted with the likelihood of
//! the figures (importance sampling). The own parts and loadings that the draws are made of are those of rows assessed
//! without learning; what is tested is what becomes of them.

use carbonhaze::low_level::assess::{Acts, AssessedModel, Assessment, Output, Slot, assess};
use carbonhaze::low_level::portfolio::{Distribution, Portfolio};
use rand::SeedableRng;
use rand_distr::{Distribution as _, StandardNormal};

use crate::combine::{factor, ln, output};

const HEAD: &str =
    "id,organization,date,region,hardware,parameters,tokens,gpu_hours,energy_kwh,emissions_kg,compute_flop\n";

fn assessed(study: &str, rows: &[&str]) -> Assessment {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("models.csv"), HEAD.to_string() + &rows.join("\n") + "\n").unwrap();
    std::fs::write(dir.path().join("study.toml"), format!("models = [\"models.csv\"]\nfacts = false\n{study}"))
        .unwrap();
    assess(&Portfolio::read(dir.path().join("study.toml")).unwrap()).unwrap_or_else(|p| panic!("{p:?}"))
}

const OFF: &str = "learn = false\n";

fn of<'a>(a: &'a Assessment, id: &str) -> &'a AssessedModel {
    a.models.iter().find(|m| m.id == id).unwrap()
}

/// Net loadings (ln) of an output on every shared effect, by name and value.
fn loadings(a: &Assessment, m: &AssessedModel, output: Output) -> Vec<(String, f64)> {
    let powers = m.terms[output as usize].powers;
    let mut found: std::collections::BTreeMap<String, f64> = Default::default();
    for (factor, power) in m.factors.iter().zip(powers) {
        for (effect, weight) in factor.iter().flat_map(|f| &f.shared) {
            let effect = &a.shared[*effect];
            *found.entry(format!("{} {:?}", effect.name, effect.value)).or_default() +=
                f64::from(power) * weight * effect.ln_gsd;
        }
    }
    found.into_iter().collect()
}

/// Mean and sd of the logarithm of an output, own and shared parts together, bounds aside.
fn whole(a: &Assessment, id: &str, of_output: Output) -> (f64, f64) {
    let m = of(a, id);
    let (mean, own) = output(m, of_output);
    let shared: f64 = loadings(a, m, of_output).iter().map(|(_, l)| l * l).sum();
    (mean, (own * own + shared).sqrt())
}

fn shared_of(a: &Assessment, id: &str, slot: Slot) -> f64 {
    let shared = &of(a, id).factors[slot as usize].as_ref().unwrap().shared;
    shared.iter().map(|(e, w)| (a.shared[*e].ln_gsd * w).powi(2)).sum::<f64>().sqrt()
}

/// Weighted mean and sd.
#[derive(Default)]
struct Weighted([f64; 3]);

impl Weighted {
    fn add(&mut self, weight: f64, x: f64) {
        self.0[0] += weight;
        self.0[1] += weight * x;
        self.0[2] += weight * x * x;
    }

    fn moments(&self) -> (f64, f64) {
        let mean = self.0[1] / self.0[0];
        (mean, (self.0[2] / self.0[0] - mean * mean).sqrt())
    }
}

fn near(got: (f64, f64), want: (f64, f64), tolerance: f64) -> bool {
    (got.0 - want.0).abs() < tolerance && (got.1 - want.1).abs() < tolerance
}

/// Two generations that Lab states and a size that it does not; Other states nothing. 6.5 and 6.11 are the spreads of 2023
/// and 2024, split between (1.87) and within (5.46) organisations: `haze priors`.
const LENGTHS: [&str; 4] = [
    "alpha-7b,Lab,2023-05,USA,A100,7e9,3e12,,,,",
    "beta-70b,Lab,2024-02,USA,H100,70e9,15e12,,,,",
    "gamma-13b,Lab,2024-09,USA,H100,13e9,,,,,",
    "delta-13b,Other,2024-09,USA,H100,13e9,,,,,",
];

#[test]
fn how_long_an_organisation_trains_is_what_weighted_draws_give() {
    let (on, off) = (assessed("", &LENGTHS), assessed(OFF, &LENGTHS));
    let between = |gsd: f64| gsd.ln() * 1.92f64.ln() / 1.92f64.ln().hypot(2.98f64.ln());
    let within = |gsd: f64| gsd.ln() * 2.98f64.ln() / 1.92f64.ln().hypot(2.98f64.ln());
    // Geometric means of 2023 (0.702e12, exponent 0.415) and 2024 (3.74e12, 0.344) at 7 B and 70 B, to an eighth of an
    // octave. How uncertain these are themselves, at 0 and 2 e-folds from 10 B (loadings of level and slope), is a spread.
    let eighth = |n: f64| (8.0 * n.log2()).round().mul_add(0.125, 0.0).exp2();
    let stated = [
        (3e12f64.ln() - (0.702e12 * (eighth(7e9) / 10e9).powf(0.415)).ln(), 6.19, 0.2530),
        (
            15e12f64.ln() - (3.74e12 * (eighth(70e9) / 10e9).powf(0.344)).ln(),
            3.57,
            (0.1891f64 + 2.0 * 0.0185).hypot(0.2388),
        ),
    ];
    let (before, own) = ln(factor(of(&off, "gamma-13b"), Slot::Compute));
    let mut random = rand::rngs::StdRng::seed_from_u64(5);
    let mut drawn = Weighted::default();
    for _ in 0..2_000_000 {
        let mut z = || -> f64 { StandardNormal.sample(&mut random) };
        let u = z();
        let miss = stated.map(|(y, gsd, prior)| (y - between(gsd) * u) / within(gsd).hypot(1.05f64.ln()).hypot(prior));
        let weight = (-0.5 * miss.iter().map(|x| x * x).sum::<f64>()).exp();
        drawn.add(weight, before + between(3.57) * u + own.hypot(0.1891) * z());
    }
    let total = |a: &Assessment| {
        let (mean, own) = ln(factor(of(a, "gamma-13b"), Slot::Compute));
        (mean, own.hypot(shared_of(a, "gamma-13b", Slot::Compute)))
    };
    println!("{:?}, weighted draws {:?}, without learning {:?}", total(&on), drawn.moments(), total(&off));
    assert!(near(total(&on), drawn.moments(), 0.01));
    // Negative control: without learning it is far off.
    assert!(!near(total(&off), drawn.moments(), 0.1));
    // An organisation of which nothing is stated is as it was, and so is the bound.
    assert_eq!(of(&on, "delta-13b").factors, renumbered(&off, &on, "delta-13b"));
    let hi = |a: &Assessment| match of(a, "gamma-13b").factors[0].as_ref().unwrap().acts {
        Acts::Below { hi } => hi,
        acts => panic!("{acts:?}"),
    };
    assert_eq!(hi(&on), hi(&off));
}

/// A model's factors as of one assessment, with the numbers that the effects have in another.
fn renumbered(
    from: &Assessment,
    to: &Assessment,
    id: &str,
) -> [Option<carbonhaze::low_level::assess::AssessedFactor>; 11] {
    let mut factors = of(from, id).factors.clone();
    for factor in factors.iter_mut().flatten() {
        for (effect, _) in &mut factor.shared {
            let key = from.shared[*effect].key();
            *effect = to.shared.iter().position(|e| e.key() == key).unwrap();
        }
    }
    factors
}

/// Two runs of one organisation and year with hours and compute, one with compute alone, and one of another organisation.
const RUNS: [&str; 4] = [
    "one,Lab,2023-05,USA,NVIDIA A100 SXM4 80 GB,,,2e5,,,6e22",
    "two,Lab,2023-08,USA,NVIDIA A100 SXM4 80 GB,,,1e6,,,2.5e23",
    "three,Lab,2023-10,USA,NVIDIA A100 SXM4 80 GB,,,,,,1e23",
    "four,Other,2023-10,USA,NVIDIA A100 SXM4 80 GB,,,,,,1e23",
];

#[test]
fn utilisation_is_what_weighted_draws_give() {
    let (on, off) = (assessed("", &RUNS), assessed(OFF, &RUNS));
    // Throughput of one such run as hours alone lead to it: own part, and loadings on era, family and convention.
    let alone = assessed(OFF, &["x,Lab,2023-05,USA,NVIDIA A100 SXM4 80 GB,,,2e5,,,"]);
    let (throughput, own) = ln(factor(of(&alone, "x"), Slot::Compute));
    let all = loadings(&alone, of(&alone, "x"), Output::Compute);
    let load = |name: &str| all.iter().filter(|(n, _)| n.starts_with(name)).map(|(_, l)| l * l).sum::<f64>().sqrt();
    // All of these runs are on one chip, so that what they have of the priors' uncertainty is one normal.
    let (era, family) = (load("uncertainty of the MFU priors"), load("MFU of one"));
    let [three, four] = ["three", "four"].map(|id| whole(&off, id, Output::ItEnergy));
    let rest = (three.1.powi(2) - era.powi(2) - family.powi(2)).sqrt();
    let mut random = rand::rngs::StdRng::seed_from_u64(6);
    let mut drawn = [Weighted::default(), Weighted::default()];
    for _ in 0..3_000_000 {
        let mut z = || -> f64 { StandardNormal.sample(&mut random) };
        let (e, f) = (era * z(), family * z());
        // What counts as an operation is in compute and throughput alike and cancels.
        let mut miss = 0.0;
        for (hours, flop) in [(2e5f64, 6e22f64), (1e6, 2.5e23)] {
            let c = flop.ln() + 1.05f64.ln() * z();
            let h = c - 3600f64.ln() - (throughput + e + f + own * z());
            miss += ((hours.ln() - h) / 1.10f64.ln()).powi(2);
        }
        let weight = (-0.5 * miss).exp();
        drawn[0].add(weight, three.0 - e - f + rest * z());
        drawn[1].add(weight, four.0 - e + (four.1.powi(2) - era.powi(2)).sqrt() * z());
    }
    for (k, (id, before)) in [("three", three), ("four", four)].into_iter().enumerate() {
        let (got, want) = (whole(&on, id, Output::ItEnergy), drawn[k].moments());
        println!("{id}: {got:?}, weighted draws {want:?}, without learning {before:?}");
        assert!(near(got, want, 0.01));
        assert!(!near(before, want, 0.01), "{id}");
    }
}

/// A row's own figures and the effects that it is exposed to are one system: hours, compute and energy that pull apart.
#[test]
fn a_row_with_several_figures_is_full_bayes() {
    let row = "one,Lab,2023-05,USA,NVIDIA A100 SXM4 80 GB,,,2e5,1.1e5,,6e22";
    let (on, off) = (assessed("", &[row]), assessed(OFF, &[row]));
    let alone = assessed(OFF, &["x,Lab,2023-05,USA,NVIDIA A100 SXM4 80 GB,,,2e5,,,"]);
    let x = of(&alone, "x");
    let (throughput, work) = ln(factor(x, Slot::Compute));
    let (inverse, power) = ln(factor(x, Slot::Efficiency));
    let size = |output: Output, name: &str| {
        loadings(&alone, x, output).iter().filter(|(n, _)| n.starts_with(name)).map(|(_, l)| l * l).sum::<f64>().sqrt()
    };
    // Of efficiency's effects only node power acts on energy behind hours.
    let mfu = size(Output::Compute, "MFU").hypot(size(Output::Compute, "uncertainty of the MFU priors"));
    let node = size(Output::ItEnergy, "node power");
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let mut drawn = Weighted::default();
    for _ in 0..4_000_000 {
        let mut z = || -> f64 { StandardNormal.sample(&mut random) };
        let h = 2e5f64.ln() + 1.10f64.ln() * z();
        let it = h - 1e3f64.ln() - inverse + power * z() + node * z();
        let c = h + 3600f64.ln() + throughput + work * z() + mfu * z();
        let miss = [(c - 6e22f64.ln()) / 1.05f64.ln(), (it - 1.1e5f64.ln()) / 1.20f64.ln()];
        drawn.add((-0.5 * miss.iter().map(|x| x * x).sum::<f64>()).exp(), it);
    }
    let [got, before] = [&on, &off].map(|a| whole(a, "one", Output::ItEnergy));
    println!("{got:?}, weighted draws {:?}, without learning {before:?}", drawn.moments());
    assert!(near(got, drawn.moments(), 0.01));
    assert!(!near(before, drawn.moments(), 0.01));
}

#[test]
fn a_run_that_set_a_prior_does_not_inform_it_again() {
    let named = RUNS.map(|row| row.replace("one,", "LLaMA-7B,").replace("two,", "LLaMA-65B,"));
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    let (on, off) = (assessed("", &named), assessed(OFF, &named));
    assert_eq!(of(&on, "three").factors, renumbered(&off, &on, "three"));
    // Negative control: under other names it is informed.
    let (on, off) = (assessed("", &RUNS), assessed(OFF, &RUNS));
    assert_ne!(of(&on, "three").factors[1].as_ref().unwrap().distribution, factor_of(&off, "three", 1));
}

fn factor_of(a: &Assessment, id: &str, slot: usize) -> Distribution {
    of(a, id).factors[slot].as_ref().unwrap().distribution.clone()
}

#[test]
fn sizes_of_one_generation_are_one_observation() {
    let spread = |rows: &[&str]| shared_of(&assessed("", rows), "gamma-13b", Slot::Compute);
    let gamma = LENGTHS[2];
    let one = "beta-70b,Lab,2024-02,USA,H100,70e9,15e12,,,,";
    let alone = spread(&[one, gamma]);
    // Another size with the same tokens, and one of the same name with others.
    let same_tokens = spread(&[one, "eta-72b,Lab,2024-05,USA,H100,72e9,15e12,,,,", gamma]);
    let same_name = spread(&[one, "beta-72b,Lab,2024-05,USA,H100,72e9,9e12,,,,", gamma]);
    let other = spread(&[one, "eta-72b,Lab,2024-05,USA,H100,72e9,9e12,,,,", gamma]);
    let next_year = spread(&[one, "beta-72b,Lab,2023-05,USA,H100,72e9,15e12,,,,", gamma]);
    assert!(
        (same_tokens - alone).abs() < 0.003 && (same_name - alone).abs() < 0.003,
        "{alone} {same_tokens} {same_name}"
    );
    assert!(other < 0.99 * alone && next_year < 0.99 * alone, "{alone} {other} {next_year}");
}

#[test]
fn what_is_doubtful_says_nothing_of_others() {
    let gamma = LENGTHS[2];
    let informed = |row: &str| {
        let [on, off] = ["", OFF].map(|study| assessed(study, &[row, gamma]));
        of(&on, "gamma-13b").factors != renumbered(&off, &on, "gamma-13b")
    };
    assert!(informed(LENGTHS[1]));
    // Tokens in another unit; a distribution; an unknown date and architecture.
    assert!(!informed("beta-70b,Lab,2024-02,USA,H100,70e9,15e15,,,,"));
    assert!(!informed("beta-70b,Lab,2024-02,USA,H100,70e9,\"lognormal(15e12, 1.2)\",,,,"));
    assert!(!informed("beta-70b,Lab,,USA,H100,70e9,15e12,,,,"));
    // Figures of which it is open which is right.
    let contradicting = "one,Lab,2024-05,USA,H100,,,2e5,3e3,,";
    let a = assessed("", &[contradicting, gamma]);
    assert!(of(&a, "one").provenance["shared effects"].how.contains("not informed by this row"));
    assert!(of(&a, "gamma-13b").factors == of(&assessed(OFF, &[contradicting, gamma]), "gamma-13b").factors);
}

#[test]
fn rows_inform_whatever_their_order_and_only_those_they_have_an_effect_in_common_with() {
    let rows = [LENGTHS, RUNS].concat();
    let first = assessed("", &rows);
    let mut reversed = rows.clone();
    reversed.reverse();
    let again = assessed("", &reversed);
    assert_eq!((&again.models, &again.shared), (&first.models, &first.shared));
    // Without one run: what it has no effect in common with stays, the others do not.
    let less: Vec<&str> = rows.iter().copied().filter(|row| !row.starts_with("beta")).collect();
    let less = assessed("", &less);
    assert_eq!(of(&less, "delta-13b").factors[0], renumbered(&first, &less, "delta-13b")[0]);
    assert_ne!(factor_of(&less, "gamma-13b", 0), factor_of(&first, "gamma-13b", 0));
    let said = &of(&first, "gamma-13b").provenance["how long one organisation trains [Lab]"].how;
    // The posterior of one normal effect from two observations, with the numbers of
    // `how_long_an_organisation_trains_is_what_weighted_draws_give`, in Python: 1.4501, 1.6560.
    assert!(said.starts_with("compute × 1.450, GSD 1.921 → 1.656") && said.ends_with("from 2 rows"), "{said}");
}

/// A study's own effect is informed like the others: by rows with energy and emissions, of a grid factor by region.
#[test]
fn effects_of_the_study_are_informed_too() {
    let study = "[[shared]]\nfactor = \"grid\"\ngsd = 1.5\nby = \"region\"\n";
    let rows = [
        "one,A,2023,USA,NVIDIA A100 SXM4 80 GB,,,,1e6,6e5,",
        "two,B,2023,USA,NVIDIA A100 SXM4 80 GB,,,,1e6,,",
        "three,C,2023,France,NVIDIA A100 SXM4 80 GB,,,,1e6,,",
    ];
    let [on, off] = ["", OFF].map(|learn| assessed(&format!("{learn}{study}"), &rows));
    let moved = |id: &str| whole(&on, id, Output::Emissions).0 - whole(&off, id, Output::Emissions).0;
    // 600 g/kWh stated where about 390 were expected: the region, and a little all countries.
    assert!(moved("two") > 0.1 && moved("three").abs() < 0.05, "{} {}", moved("two"), moved("three"));
    assert!(whole(&on, "two", Output::Emissions).1 < 0.97 * whole(&off, "two", Output::Emissions).1);
}
