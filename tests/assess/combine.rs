//! Several disclosures of one model: the conditioning against brute force, and the published cases each rule came from.

use std::path::Path;

use carbonhaze::low_level::assess::{AssessedModel, Assessment, Output, Slot, Tier, assess};
use carbonhaze::low_level::portfolio::moments::raw_moment;
use carbonhaze::low_level::portfolio::quantile::quantile;
use carbonhaze::low_level::portfolio::{Distribution, Portfolio};
use rand::SeedableRng;
use rand_distr::{Distribution as _, StandardNormal};

const HEAD: &str = "id,organization,date,region,hardware,source,parameters,tokens,compute_flop,compute_confidence,mfu,\
                    gpu_hours,power_w,energy_kwh,energy_includes_pue,pue,grid_g_per_kwh,emissions_kg,base_model,relation\n";

/// One row by column.
fn row(cells: &[(&str, &str)]) -> String {
    let cell = |name: &str| cells.iter().find(|(n, _)| *n == name).map_or("", |(_, v)| v);
    let names = HEAD.trim().split(',');
    assert!(cells.iter().all(|(n, _)| HEAD.trim().split(',').any(|name| name == *n)), "{cells:?}");
    names.map(cell).collect::<Vec<_>>().join(",") + "\n"
}

fn assessed(rows: &[&[(&str, &str)]]) -> Assessment {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("models.csv");
    std::fs::write(&path, HEAD.to_string() + &rows.iter().map(|r| row(r)).collect::<String>()).unwrap();
    read(&path)
}

pub fn read(path: &Path) -> Assessment {
    assess(&Portfolio::read(path).unwrap()).unwrap_or_else(|p| panic!("{p:?}"))
}

const A100: [(&str, &str); 5] = [
    ("id", "m"),
    ("organization", "Meta AI"),
    ("date", "2023"),
    ("region", "USA"),
    ("hardware", "NVIDIA A100 SXM4 80 GB"),
];

fn with<'a>(cells: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    A100.into_iter().chain(cells.iter().copied()).collect()
}

pub fn one(cells: &[(&str, &str)]) -> (Assessment, AssessedModel) {
    one_of("", cells)
}

/// With these lines in the study.
pub fn one_of(study: &str, cells: &[(&str, &str)]) -> (Assessment, AssessedModel) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("models.csv"), HEAD.to_string() + &row(&with(cells))).unwrap();
    std::fs::write(dir.path().join("study.toml"), format!("models = [\"models.csv\"]\n{study}")).unwrap();
    let a = read(&dir.path().join("study.toml"));
    let m = a.models[0].clone();
    (a, m)
}

/// Mean and sd of ln of the own part.
pub fn ln(d: &Distribution) -> (f64, f64) {
    let n = 2000;
    let x: Vec<f64> = (0..n).map(|k| quantile(d, (f64::from(k) + 0.5) / f64::from(n)).ln()).collect();
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    (mean, (x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64).sqrt())
}

/// Mean and sd of ln of an output, own parts alone.
pub fn output(m: &AssessedModel, output: Output) -> (f64, f64) {
    let term = &m.terms[output as usize];
    let (mut mean, mut variance) = (term.constant.ln(), 0.0);
    for (factor, power) in m.factors.iter().zip(term.powers).filter(|(_, p)| *p != 0) {
        let (own, sd) = ln(&factor.as_ref().unwrap().alone());
        mean += f64::from(power) * own;
        variance += (f64::from(power) * sd).powi(2);
    }
    (mean, variance.sqrt())
}

/// Net loading (ln) of an output on the shared effect whose name begins so.
fn loading(a: &Assessment, m: &AssessedModel, output: Output, name: &str) -> f64 {
    let powers = m.terms[output as usize].powers;
    let factors = m.factors.iter().zip(powers).filter_map(|(f, p)| Some((f.as_ref()?, f64::from(p))));
    let parts = factors.flat_map(|(f, p)| f.shared.iter().map(move |(e, w)| (*e, w * p)));
    parts.filter(|(e, _)| a.shared[*e].name.starts_with(name)).map(|(e, w)| a.shared[e].ln_gsd * w).sum()
}

pub fn factor(m: &AssessedModel, slot: Slot) -> &Distribution {
    &m.factors[slot as usize].as_ref().unwrap().distribution
}

/// Compute (GSD 1.95), hours (1.10) and IT energy (1.20), none of which agrees with the others.
const THREE: [(&str, &str); 4] =
    [("compute_flop", "6e22"), ("compute_confidence", "Confident"), ("gpu_hours", "2e5"), ("energy_kwh", "1.1e5")];

#[test]
fn conditioning_is_what_weighted_draws_give() {
    // Given the shared effects, which stay as they are: tests/assess/learn.rs has both in one system.
    let (a, m) = one_of("learn = false\n", &THREE);
    assert_eq!(m.tier, Tier::T2);
    // The links, as a row with hours alone has them: reciprocal node power, throughput.
    let (hours, alone) = one(&[("gpu_hours", "2e5")]);
    let (link_a, link_b) = (ln(factor(&alone, Slot::Efficiency)), ln(factor(&alone, Slot::Compute)));
    // What one more standard deviation of the MFU family's effect does to throughput.
    let family = loading(&hours, &alone, Output::Compute, "MFU of one");
    let weighted = |shift: f64| -> [(f64, f64); 2] {
        let mut random = rand::rngs::StdRng::seed_from_u64(3);
        let mut sums = [[0.0; 3]; 2];
        for _ in 0..3_000_000 {
            let mut z = || -> f64 { StandardNormal.sample(&mut random) };
            let h = 2e5f64.ln() + 1.10f64.ln() * z();
            let it = h - (link_a.0 + link_a.1 * z()) - 1e3f64.ln();
            let c = h + 3600f64.ln() + link_b.0 + shift + link_b.1 * z();
            let miss = [(c - 6e22f64.ln()) / 1.95f64.ln(), (it - 1.1e5f64.ln()) / 1.20f64.ln()];
            let weight = (-0.5 * miss.iter().map(|x| x * x).sum::<f64>()).exp();
            for (sum, x) in sums.iter_mut().zip([c - 1e18f64.ln(), it]) {
                sum[0] += weight;
                sum[1] += weight * x;
                sum[2] += weight * x * x;
            }
        }
        sums.map(|[w, x, xx]| (x / w, (xx / w - (x / w).powi(2)).sqrt()))
    };
    let (before, shifted) = (weighted(0.0), weighted(family));
    for (k, o) in [Output::Compute, Output::ItEnergy].into_iter().enumerate() {
        let (mean, sd) = output(&m, o);
        println!("{o:?}: {mean} {sd}, weighted draws {:?}", before[k]);
        assert!((mean - before[k].0).abs() < 0.01 && (sd / before[k].1 - 1.0).abs() < 0.02);
        let carried = shifted[k].0 - before[k].0;
        assert!((loading(&a, &m, o, "MFU of one") - carried).abs() < 0.005, "{o:?} {carried}");
    }
    // Negative controls: one disclosure alone leads elsewhere.
    assert!((output(&alone, Output::ItEnergy).0 - before[1].0).abs() > 0.015);
    assert!((output(&alone, Output::ItEnergy).1 / before[1].1 - 1.0).abs() > 0.05);
    assert!((output(&alone, Output::Compute).1 / before[0].1 - 1.0).abs() > 0.05);
    assert!((loading(&hours, &alone, Output::Compute, "MFU of one") - (shifted[0].0 - before[0].0)).abs() > 0.01);
}

#[test]
fn a_precise_figure_stands_and_emissions_enter_like_the_others() {
    // Metered emissions (GSD 1.10) beside self-reported energy (1.20), grid of a country (GSD 1.5).
    let (_, both) = one(&[("energy_kwh", "1e6"), ("emissions_kg", "3.5e5"), ("source", "metered")]);
    assert_eq!(both.tier, Tier::T1);
    let (mean, sd) = output(&both, Output::Emissions);
    assert!((mean.exp() / 350.0 - 1.0).abs() < 0.03 && sd < 1.10f64.ln(), "{} {sd}", mean.exp());
    let (energy, sd) = output(&both, Output::ItEnergy);
    assert!((energy.exp() / 1e6 - 1.0).abs() < 0.03 && sd < 1.03f64.ln(), "{} {sd}", energy.exp());
    // Compute and hours without anything downstream: the energy is that of the hours.
    let (_, hours) = one(&[("gpu_hours", "1e5")]);
    let (_, with_compute) = one(&[("gpu_hours", "1e5"), ("compute_flop", "4e22")]);
    let [a, b] = [&hours, &with_compute].map(|m| output(m, Output::ItEnergy));
    assert!((a.0 - b.0).abs() < 0.01 && b.1 <= a.1, "{a:?} {b:?}");
    assert!(output(&with_compute, Output::Compute).1 < 0.06);
}

#[test]
fn distributions_and_zeros_stand_as_they_are() {
    let (_, m) = one(&[("gpu_hours", "fixed(1e5)"), ("compute_flop", "1e24")]);
    let (hours, _) = ln(factor(&m, Slot::Reporting));
    assert!((hours.exp() / 1e5 - 1.0).abs() < 1e-9);
    let (_, zero) = one(&[("gpu_hours", "1e5"), ("emissions_kg", "0")]);
    assert_eq!(zero.terms[Output::Emissions as usize].constant, 0.0);
}

/// LLaMA-7B, arXiv 2302.13971, Table 15: 82,432 h × 400 W × PUE 1.1 = 36 MWh, × 0.385 = 14 t. One observation.
#[test]
fn energy_and_emissions_made_from_hours_are_no_second_observation() {
    let table = [
        ("gpu_hours", "82432"),
        ("power_w", "400"),
        ("pue", "1.1"),
        ("grid_g_per_kwh", "385"),
        ("energy_kwh", "36000"),
        ("energy_includes_pue", "yes"),
        ("emissions_kg", "14000"),
    ];
    let (_, all) = one(&table);
    let (_, hours) = one(&table[..4]);
    assert_eq!(all.tier, Tier::T3);
    assert_eq!(all.factors, hours.factors);
    assert!(all.provenance.keys().filter(|k| k.contains("not counted")).count() == 2, "{:?}", all.provenance.keys());
    // Lifted to the node: k of the A100 is 1.52.
    assert!((output(&all, Output::Energy).0.exp() / (36_000.0 * 1.52) - 1.0).abs() < 0.03);
    // Negative control: 10 % off is another observation.
    let mut other = table;
    other[4].1 = "40000";
    let (_, other) = one(&other);
    assert_eq!(other.tier, Tier::T2);
}

/// Epoch AI: compute of models whose parameters or data are not known is hours × chips × peak × an assumed MFU.
#[test]
fn compute_made_from_hours_gives_way_to_them() {
    // 312e12 · 3600 · 0.4 · 1e5 h = 4.49e22 FLOP.
    let made = [("gpu_hours", "1e5"), ("compute_flop", "4.4928e22"), ("compute_confidence", "Confident")];
    let (_, m) = one(&made);
    let (_, hours) = one(&made[..1]);
    assert_eq!(m.factors, hours.factors);
    // With the parameters and tokens that it follows from it is a figure of its own.
    let (_, own) = one(&[made[0], made[1], made[2], ("parameters", "7.488e9"), ("tokens", "1e12")]);
    assert!(output(&own, Output::Compute).1 < 0.06);
    let (_, other) = one(&[made[0], ("compute_flop", "6e22"), made[2]]);
    assert_ne!(other.factors, hours.factors);
}

/// Each reading is what the row would be with its figure alone: an interval between the two holds nothing.
#[test]
fn contradicting_figures_are_a_mixture_of_readings() {
    // 1e5 h of A100s are some 60 MWh, not 2 GWh.
    let (a, m) = one(&[("gpu_hours", "1e5"), ("energy_kwh", "2e6")]);
    let found: Vec<_> = a.warnings.iter().filter(|w| w.rule == "disclosures-disagree").collect();
    assert_eq!(found.len(), 1, "{:?}", a.warnings);
    assert!(found[0].message.contains("contradict") && found[0].message.contains("mixture"), "{}", found[0].message);
    let Distribution::Mixture(parts) = &m.factors[Slot::Reporting as usize].as_ref().unwrap().distribution else {
        panic!("{:?}", m.factors)
    };
    let alone = [[("energy_kwh", "2e6")], [("gpu_hours", "1e5")]].map(|cells| {
        let (mean, _) = output(&one(&cells).1, Output::ItEnergy);
        mean.exp()
    });
    let medians: Vec<f64> = parts.iter().map(|(_, part)| quantile(part, 0.5)).collect();
    for want in alone {
        assert!(medians.iter().any(|median| (median / want - 1.0).abs() < 1e-3), "{medians:?} {alone:?}");
    }
    // Between the readings, and never beyond both.
    let mean = raw_moment(&m.factors[Slot::Reporting as usize].as_ref().unwrap().distribution, 1).unwrap();
    assert!(alone[1] < mean && mean < 1.1 * alone[0], "{mean} {alone:?}");
    let weights: f64 = parts.iter().map(|(w, _)| w).sum();
    assert!((weights - 1.0).abs() < 1e-12);
    // With agreement nothing of this.
    let (a, m) = one(&[("gpu_hours", "1e5"), ("energy_kwh", "7e4")]);
    assert!(a.warnings.iter().all(|w| w.rule != "disclosures-disagree"), "{:?}", a.warnings);
    assert!(!matches!(m.factors[Slot::Reporting as usize].as_ref().unwrap().distribution, Distribution::Mixture(_)));
}

/// Llama 3.3's model card: 12.9 t for 7.0M GPU-hours on H100s of 700 W.
#[test]
fn the_llama_3_3_card_contradicts_itself() {
    let mut card = with(&[("gpu_hours", "7e6"), ("power_w", "700"), ("emissions_kg", "12900")]);
    card[4].1 = "NVIDIA H100 SXM5 80GB";
    card[2].1 = "2024";
    let a = assessed(&[&card]);
    let told: Vec<_> = a.warnings.iter().filter(|w| w.rule == "disclosures-disagree").collect();
    assert_eq!(told.len(), 1, "{:?}", a.warnings);
    // The card of Llama 3.1 70B, with as many hours: 2,040 t.
    card[7].1 = "2040000";
    assert_eq!(card[7].0, "emissions_kg");
    let a = assessed(&[&card]);
    assert!(a.warnings.is_empty(), "{:?}", a.warnings);
}

/// The same card with the tokens it states: 6 · 70.6e9 · 15e12 FLOP bear the hours out, not the emissions.
#[test]
fn a_third_figure_tells_which_of_two_is_off() {
    let hours = [("gpu_hours", "7e6"), ("power_w", "700")];
    let tokens = [("parameters", "70.6e9"), ("tokens", "15e12")];
    let of = |cells: &[&[(&'static str, &'static str)]]| {
        let mut card = with(&cells.concat());
        card[4].1 = "NVIDIA H100 SXM5 80GB";
        card[2].1 = "2024";
        let a = assessed(&[&card]);
        let energy = output(&a.models[0], Output::ItEnergy).0.exp();
        (energy, a.warnings.iter().filter(|w| w.rule == "disclosures-disagree").cloned().collect::<Vec<_>>())
    };
    let (without, none) = of(&[&hours, &tokens]);
    assert!(none.is_empty(), "{none:?}");
    let (energy, told) = of(&[&hours, &tokens, &[("emissions_kg", "12900")]]);
    assert!(told.len() == 1 && told[0].message.contains("only compute and hours count"), "{told:?}");
    assert!((energy / without - 1.0).abs() < 1e-12, "{energy} {without}");
    // Negative control: with nothing to bear it out either may be off.
    let (_, told) = of(&[&hours, &[("emissions_kg", "12900")]]);
    assert!(told[0].message.contains("mixture"), "{told:?}");
}

/// A quantised copy repeats its parent's emissions.
#[test]
fn a_copy_of_the_parents_figure_is_not_counted() {
    let base = with(&[("emissions_kg", "50000")]);
    let copy = |kg| {
        [
            ("id", "copy"),
            ("date", "2023"),
            ("region", "USA"),
            ("base_model", "m"),
            ("relation", "quantized"),
            ("emissions_kg", kg),
        ]
    };
    let of = |kg| {
        let a = assessed(&[&base, &copy(kg)]);
        let m = a.models.iter().find(|m| m.id == "copy").unwrap().clone();
        (output(&m, Output::Emissions).0.exp(), a)
    };
    let (t, a) = of("50000");
    assert!(t < 0.01, "{t}");
    assert!(a.warnings.iter().any(|w| w.rule == "copy-not-counted"));
    let (t, a) = of("3");
    assert!((t / 0.003 - 1.0).abs() < 0.1, "{t}");
    assert!(a.warnings.iter().all(|w| w.rule != "copy-not-counted"));
}

/// Whatever the figure, and through a row that states nothing.
#[test]
fn copies_of_compute_and_of_the_base_of_a_base_are_not_counted() {
    let base = with(&[("parameters", "7e9"), ("tokens", "2e12")]);
    let rows = |cells: &[(&'static str, &'static str)]| {
        let middle = [("id", "quiet"), ("base_model", "m"), ("relation", "finetune")];
        let child: Vec<_> =
            [("id", "child"), ("relation", "finetune")].into_iter().chain(cells.iter().copied()).collect();
        let a = assessed(&[&base, &middle, &child]);
        let of = |id: &str| output(a.models.iter().find(|m| m.id == id).unwrap(), Output::Compute).0.exp();
        (of("child") / of("m"), a.warnings.iter().any(|w| w.rule == "copy-not-counted"))
    };
    for cells in [
        &[("base_model", "m"), ("parameters", "7e9"), ("tokens", "2e12")][..],
        &[("base_model", "m"), ("compute_flop", "8.4e22")],
        &[("base_model", "quiet"), ("compute_flop", "8.4e22")],
    ] {
        let (share, told) = rows(cells);
        assert!(share < 0.01 && told, "{cells:?} {share}");
    }
    // Its own tokens are its own.
    let (share, told) = rows(&[("base_model", "m"), ("parameters", "7e9"), ("tokens", "2e11")]);
    assert!((share - 0.1).abs() < 1e-3 && !told, "{share}");
}

/// CodeCarbon reads low and counts no overhead, in energy and in the emissions that it makes of it alike.
#[test]
fn a_calculators_emissions_have_the_bias_of_its_energy() {
    let at = |cells: &[(&str, &str)]| {
        let (_, m) = one(&[&[("source", "calculator"), ("grid_g_per_kwh", "400"), ("pue", "1.2")], cells].concat());
        output(&m, Output::Emissions).0.exp()
    };
    let (energy, emissions) = (at(&[("energy_kwh", "300")]), at(&[("emissions_kg", "120")]));
    assert!((energy / (0.3 * 1.32 * 1.2 * 0.4) - 1.0).abs() < 0.02, "{energy}");
    assert!((emissions / energy - 1.0).abs() < 0.02, "{emissions} {energy}");
}

/// Hugging Face cards state grams; the Aira models' cards hold kilograms (data of Castaño et al. 2023).
#[test]
fn kilograms_written_as_grams() {
    let dir = tempfile::tempdir().unwrap();
    let of = |rest: &str| {
        let path = dir.path().join("cards.csv");
        let head = "id,date,region,hardware,emissions_g,energy_kwh,gpu_hours,parameters,tokens\n";
        std::fs::write(&path, format!("{head}m,2023,USA,A100,{rest}\n")).unwrap();
        let a = read(&path);
        let rules: Vec<&str> = a.warnings.iter().map(|w| w.rule).filter(|r| r.starts_with("emissions-unit")).collect();
        (output(&a.models[0], Output::Emissions).0.exp() * 1e3, rules)
    };
    // 100 kWh at some 0.4 kg/kWh are 40 kg.
    let (kg, rules) = of("40,100,,,");
    assert!((kg / 40.0 - 1.0).abs() < 0.3 && rules == ["emissions-unit-corrected"], "{kg} {rules:?}");
    let (kg, rules) = of("40000,100,,,");
    assert!((kg / 40.0 - 1.0).abs() < 0.3 && rules.is_empty(), "{kg} {rules:?}");
    // 150 h at 0.6 kW are 90 kWh: the hardware tells as well.
    let (kg, rules) = of("40,,150,,");
    assert!((kg / 40.0 - 1.0).abs() < 0.5 && rules == ["emissions-unit-corrected"], "{kg} {rules:?}");
    // Between the two: it is not used.
    let (kg, rules) = of("1200,100,,,");
    assert!(kg > 20.0 && rules == ["emissions-unit-unclear"], "{kg} {rules:?}");
    // Sixteen times off even as kilograms, five standard deviations: no unit fits (5,400 kg were to be expected).
    let (kg, rules) = of("90000,13500,,,");
    assert!(kg > 2000.0 && rules == ["emissions-unit-unclear"], "{kg} {rules:?}");
    // Nothing to compare with: as it stands, and flagged.
    let (kg, rules) = of("40,,,,");
    assert!((kg / 0.04 - 1.0).abs() < 0.3 && rules == ["emissions-unit-unchecked"], "{kg} {rules:?}");
}

/// Study effects reach what several disclosures leave of a link.
#[test]
fn effects_of_the_study_have_the_gain_of_the_disclosures() {
    let dir = tempfile::tempdir().unwrap();
    let study = "models = [\"models.csv\"]\ndefault_shared = false\n[[shared]]\nfactor = \"grid\"\ngsd = 1.3\n";
    std::fs::write(dir.path().join("study.toml"), study).unwrap();
    let load = |cells: &[(&str, &str)]| {
        std::fs::write(dir.path().join("models.csv"), HEAD.to_string() + &row(&with(cells))).unwrap();
        let a = read(&dir.path().join("study.toml"));
        loading(&a, &a.models[0], Output::Emissions, "grid")
    };
    assert!((load(&[("energy_kwh", "1e6")]) - 1.3f64.ln()).abs() < 1e-9);
    // Emissions besides: what is left of the effect is in the proportion of the variances, 0.262² / (0.262² + 0.455²)
    // or less.
    let left = load(&[("energy_kwh", "1e6"), ("emissions_kg", "3.5e5")]) / 1.3f64.ln();
    assert!(left > 0.05 && left < 0.4, "{left}");
}
