//! What a figure teaches about other rows, as part of its value, against brute force: the row is given the figure at every
//! value that it may take, the file is assessed anew with learning, and the exact variances are averaged.

use std::collections::BTreeMap;
use std::path::Path;

use carbonhaze::low_level::assess::{Alternative, AssessedModel, Assessment, Disclosable, Slot, assess, if_disclosed};
use carbonhaze::low_level::exact::disclosure::{Disclosure, disclosures};
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::exact::terms::Known;
use carbonhaze::low_level::portfolio::{Distribution, Portfolio};

use crate::combine::ln;

/// No bound cuts, no figure is doubted, and stated compute has next to no error: a row's figure is lognormal about what is
/// to be expected of it.
const STUDY: &str = "\
models = [\"models.csv\"]
facts = false
[priors.tokens]
in_2024 = \"lognormal(1.9e12, 2.6)\"
in_2024_bound = 1e40
organization_gsd = 2.2
within_gsd = 1.8
[priors.compute]
bound_flop = 1e60
disclosed_gsd = 1.01
[priors.efficiency]
mfu_family_sd = 0.5
mfu_run_sd = 0.08
flop_convention_gsd = 1.0001
[priors.k_node]
shared_gsd = 1.4
[priors.figures]
wrong = 1e-12
";

const HEAD: &str = "id,organization,date,region,hardware,parameters,source,tokens,compute_flop,gpu_hours,energy_kwh\n";
/// Two organisations; one states the compute of a run, the other has said something of its MFU, and the hours of a run.
const ROWS: [(&str, [&str; 4]); 7] = [
    ("alpha,X,2024,FRA,A100,7e9,", ["", "", "", ""]),
    ("beta,X,2024,FRA,A100,3e9,", ["11e12", "", "", ""]),
    ("gamma,X,2024,FRA,A100,5e9,", ["", "", "", ""]),
    ("delta,Y,2024,USA,A100,6e9,", ["", "", "", ""]),
    ("epsilon,Y,2024,USA,A100,6e9,", ["", "5e22", "1.2e5", ""]),
    ("zeta,Y,2024,USA,A100,4e9,metered", ["", "", "3e5", ""]),
    ("eta,Y,2024,USA,A100,9e9,", ["", "", "", ""]),
];

/// The rows, one of them with these figures.
fn read(dir: &Path, study: &str, row: usize, figures: Option<[String; 4]>) -> Portfolio {
    let line = |(i, (head, cells)): (usize, &(&str, [&str; 4]))| {
        let cells = figures.clone().filter(|_| i == row).unwrap_or_else(|| cells.map(str::to_string));
        format!("{head},{}\n", cells.join(","))
    };
    let rows: String = ROWS.iter().enumerate().map(line).collect();
    std::fs::write(dir.join("models.csv"), format!("{HEAD}{rows}")).unwrap();
    std::fs::write(dir.join("study.toml"), study).unwrap();
    Portfolio::read(dir.join("study.toml")).unwrap()
}

fn variance(a: &Assessment) -> f64 {
    oracle(a).sd_t.unwrap().powi(2)
}

fn of<'a>(a: &'a Assessment, id: &str) -> &'a AssessedModel {
    a.models.iter().find(|m| m.id == id).unwrap()
}

/// Mean and variance of the logarithm of a factor, own and shared parts together.
fn factor(a: &Assessment, id: &str, slot: Slot) -> (f64, f64) {
    let factor = of(a, id).factors[slot as usize].as_ref().unwrap();
    let (mean, own) = match &factor.distribution {
        Distribution::LogNormal { median, gsd } => (median.ln(), gsd.ln()),
        other => ln(other),
    };
    let shared: f64 = factor.shared.iter().map(|(e, w)| (a.shared[*e].ln_gsd * w).powi(2)).sum();
    (mean, own * own + shared)
}

/// The values with what they teach, and without.
fn announced(portfolio: &Portfolio) -> [Vec<Disclosure>; 2] {
    let now = assess(portfolio).unwrap();
    let mut alternatives = if_disclosed(portfolio).unwrap();
    let with = disclosures(&now, &alternatives, &mut Known::default()).unwrap();
    alternatives.iter_mut().for_each(|a: &mut Alternative| a.taught = BTreeMap::new());
    [with, disclosures(&now, &alternatives, &mut Known::default()).unwrap()]
}

fn value(of: &[Disclosure], id: &str, quantity: &str) -> f64 {
    of.iter().find(|d| d.id == id && d.quantity == quantity).unwrap().value_t2
}

#[test]
fn what_a_figure_teaches_is_in_its_value() {
    let dir = tempfile::tempdir().unwrap();
    let with = |row: usize, figures: [&str; 4]| {
        assess(&read(dir.path(), STUDY, row, Some(figures.map(str::to_string)))).unwrap()
    };
    let portfolio = read(dir.path(), STUDY, 0, None);
    let before = assess(&portfolio).unwrap();
    let [taught, untaught] = announced(&portfolio);
    let (error_of_compute, error_of_hours) = (1.01f64.ln().powi(2), 1.10f64.ln().powi(2));

    // Mean and variance of the logarithm of each figure, before it is known.
    let of_compute = |id: &str| {
        let (mean, variance) = factor(&before, id, Slot::Compute);
        (mean, variance - error_of_compute)
    };
    // H = C / (3600 · throughput), both with their errors; the throughput is that of a row that states hours alone.
    let (throughput, spread) = factor(&with(1, ["", "", "1e5", ""]), "beta", Slot::Compute);
    let hours = ((6.0 * 3e9 * 11e12f64).ln() - 3600f64.ln() - throughput, spread + error_of_compute + error_of_hours);
    // E = H · W / 1000, over the bias of the meter.
    let (inverse, node) = factor(&before, "zeta", Slot::Efficiency);
    let (bias, meter) = factor(&with(5, ["", "", "", "1"]), "zeta", Slot::Reporting);
    let energy = (3e5f64.ln() - inverse - 1e3f64.ln() - bias, node + meter + error_of_hours);

    let mut miss: Vec<String> = Vec::new();
    for (row, id, quantity, column, (mean, spread)) in [
        (0, "alpha", "compute", 1, of_compute("alpha")),
        (3, "delta", "compute", 1, of_compute("delta")),
        (1, "beta", "hours", 2, hours),
        (5, "zeta", "energy", 3, energy),
    ] {
        // The trapezoidal rule in z, next to exact for sums of exponentials at this step.
        let after = |offset: f64| -> f64 {
            let at = |k: i32| {
                let z = f64::from(k) + offset;
                let mut figures = ROWS[row].1.map(str::to_string);
                figures[column] = format!("{:e}", (mean + spread.sqrt() * z).exp());
                let a = assess(&read(dir.path(), STUDY, row, Some(figures))).unwrap();
                (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt() * variance(&a)
            };
            (-7..=7).map(at).sum()
        };
        // The median of sixteen such sums: what is learned moves a row by whole 1/256 of the logarithm, and a point may be so
        // near to a stated run, to hours times TDP or to the MFU that Epoch assumes that the figure is none of its own.
        let mut sums: Vec<f64> = (0..16).map(|k| after(f64::from(k) / 16.0)).collect();
        sums.sort_by(f64::total_cmp);
        let fall = variance(&before) - 0.5 * (sums[7] + sums[8]);
        println!("{:?}", [0, 4, 7, 8, 11, 15].map(|k| variance(&before) - sums[k]));
        let [told, old] = [&taught, &untaught].map(|list| value(list, id, quantity));
        println!("{id} {quantity}: announced {told}, found {fall}, without teaching {old}");
        // Loadings are rounded to 1/256 once more after learning, which changes what is left by so much.
        let tolerance = 2.5e-3 * variance(&before);
        miss.extend(((told - fall).abs() > tolerance).then(|| format!("{id} {quantity}: {told}, found {fall}")));
        // Negative control: without what it teaches it is far off; alpha's organisation is known already.
        let small = (old - fall).abs() < 4.0 * tolerance;
        miss.extend((small && id != "alpha").then(|| format!("{id} {quantity}: {old} is {fall} too")));
    }
    assert!(miss.is_empty(), "{miss:?}");
}

#[test]
fn nothing_is_taught_where_nothing_is_learned() {
    let dir = tempfile::tempdir().unwrap();
    let taught = |study: &str| {
        let portfolio = read(dir.path(), study, 0, None);
        let alternatives = if_disclosed(&portfolio).unwrap();
        alternatives.iter().map(|a| a.taught.keys().cloned().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    assert!(taught(&format!("learn = false\n{STUDY}")).iter().all(String::is_empty));
    // Compute of rows without it; hours with compute; energy with either. A place says nothing of other rows.
    assert_eq!(taught(STUDY), ["alpha delta eta gamma", "beta", "beta epsilon zeta", ""].map(str::to_string));
    // Without learning the values are those without teaching.
    let [with, without] = announced(&read(dir.path(), &format!("learn = false\n{STUDY}"), 0, None));
    assert_eq!(with, without);
    // Negative control.
    let [with, without] = announced(&read(dir.path(), STUDY, 0, None));
    assert_ne!(with, without);
}

/// Who says nothing as a stated figure says nothing as an announced one.
#[test]
fn the_rules_are_those_of_stated_figures() {
    let head = "id,organization,date,region,hardware,parameters,compute_flop,compute_confidence,gpu_hours,base_model,base_probability\n";
    let taught = |rows: &str, q: Disclosable| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("models.csv"), format!("{head}{rows}")).unwrap();
        std::fs::write(dir.path().join("study.toml"), "models = [\"models.csv\"]\nfacts = false\n").unwrap();
        let portfolio = Portfolio::read(dir.path().join("study.toml")).unwrap();
        if_disclosed(&portfolio).unwrap().into_iter().find(|a| a.quantity == q).unwrap().taught
    };
    let (compute, hours) = (Disclosable::Compute, Disclosable::Hours);
    assert_eq!(taught("one-7b,Lab,2024,USA,A100,7e9,,,,,\n", compute).len(), 1);
    // Without a date or an organisation, a guess, a derivative, an estimate.
    assert!(taught("one-7b,Lab,,USA,A100,7e9,,,,,\n", compute).is_empty());
    assert!(taught("one-7b,,2024,USA,A100,7e9,,,,,\n", compute).is_empty());
    assert!(taught("one-7b,Lab,2024,USA,A100,7e9,,,,,0.5\n", compute).is_empty());
    assert!(taught("one-7b,Lab,2024,USA,A100,7e9,,,,other-7b,\n", compute).is_empty());
    assert!(taught("one-7b,Lab,2024,USA,A100,7e9,1e23,Likely,,,\n", compute).is_empty());
    // A further size of a generation that states its compute, and one of another.
    let generation = "one-70b,Lab,2024,USA,A100,70e9,5e24,,,,\n";
    assert!(taught(&format!("{generation}one-7b,Lab,2024,USA,A100,7e9,,,,,\n"), compute).is_empty());
    assert_eq!(taught(&format!("{generation}two-7b,Lab,2024,USA,A100,7e9,,,,,\n"), compute).len(), 1);
    // What the organisation stated leaves less to learn.
    let of = |rows: &str| taught(rows, compute)["two-7b"].correlations.values().map(|c| c * c).sum::<f64>();
    let two = "two-7b,Lab,2024,USA,A100,7e9,,,,,\n";
    assert!(of(&format!("{generation}{two}")) < 0.95 * of(two));
    // Hours by themselves, and of a run that set the prior of MFU: only what is left of it.
    assert!(taught("one-7b,Lab,2024,USA,A100,7e9,,,,,\n", hours).is_empty());
    let informed = |id: &str| taught(&format!("{id},Lab,2023,USA,A100,7e9,4e22,,,,\n"), hours)[id].correlations.len();
    assert!(
        taught("LLaMA-7B,Lab,2023,USA,A100,7e9,4e22,,,,\n", hours).is_empty() || informed("LLaMA-7B") < informed("one")
    );
}
