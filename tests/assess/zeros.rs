//! Zeros in every pair and triple of columns: no factor is ever anything but a number, and a stated figure comes back.

use carbonhaze::low_level::assess::{AssessedModel, Assessment, Output, assess};
use carbonhaze::low_level::compile::compile;
use carbonhaze::low_level::portfolio::quantile::quantile;
use carbonhaze::low_level::portfolio::{Portfolio, Problems};

/// One run, consistent in itself: 1e5 hours of A100s at 600 W for the node are 60 MWh, at 400 g/kWh and a PUE of 1.1 some
/// 26 t; 4e22 FLOP are an MFU of 0.36.
const COLUMNS: [(&str, f64); 8] = [
    ("gpu_hours", 1e5),
    ("energy_kwh", 6e4),
    ("compute_flop", 4e22),
    ("power_w", 600.0),
    ("emissions_kg", 26_400.0),
    ("grid_g_per_kwh", 400.0),
    ("market_g_per_kwh", 300.0),
    ("tokens", 1e12),
];

fn assessed(cells: &[(&str, f64)], hardware: bool, basis: &str) -> Result<Assessment, Problems> {
    let dir = tempfile::tempdir().unwrap();
    let names: Vec<&str> = cells.iter().map(|(name, _)| *name).collect();
    let values: Vec<String> = cells.iter().map(|(_, x)| x.to_string()).collect();
    let (head, chip) = if hardware { (",hardware", ",NVIDIA A100 SXM4 80 GB") } else { ("", "") };
    let text = format!("id,date,parameters,{}{head}\na,2023,7e9,{}{chip}\n", names.join(","), values.join(","));
    std::fs::write(dir.path().join("models.csv"), text).unwrap();
    let study = dir.path().join("study.toml");
    std::fs::write(&study, format!("models = \"models.csv\"\n[scope]\nbasis = \"{basis}\"\n")).unwrap();
    assess(&Portfolio::read(&study)?)
}

/// Median of an output with the medians of its factors.
fn median(m: &AssessedModel, output: Output) -> f64 {
    let term = &m.terms[output as usize];
    let factors = m.factors.iter().zip(term.powers).filter(|(_, power)| *power != 0);
    factors.fold(term.constant, |x, (factor, power)| {
        x * quantile(&factor.as_ref().unwrap().alone(), 0.5).powi(i32::from(power))
    })
}

/// Combinations of one to three columns, each at its value or at 0.
fn combinations() -> Vec<Vec<(&'static str, f64)>> {
    let mut all = vec![];
    for bits in 1u32..1 << COLUMNS.len() {
        if bits.count_ones() > 3 {
            continue;
        }
        let chosen: Vec<(&str, f64)> = (0..COLUMNS.len()).filter(|k| bits >> k & 1 == 1).map(|k| COLUMNS[k]).collect();
        for zeros in 0u32..1 << chosen.len() {
            let with = chosen.iter().enumerate();
            all.push(with.map(|(k, (name, x))| (*name, if zeros >> k & 1 == 1 { 0.0 } else { *x })).collect());
        }
    }
    all
}

#[test]
fn stated_figures_come_back_whatever_else_is_zero() {
    let mut taken = 0;
    for cells in combinations() {
        for (hardware, basis) in [(true, "location"), (false, "location"), (true, "market")] {
            let Ok(a) = assessed(&cells, hardware, basis) else { continue };
            taken += 1;
            let m = &a.models[0];
            for factor in m.factors.iter().flatten() {
                let quantiles = [0.25, 0.5, 0.75].map(|p| quantile(&factor.alone(), p));
                assert!(quantiles.iter().all(|x| x.is_finite()), "{cells:?}: {factor:?}");
            }
            compile(&a).unwrap_or_else(|e| panic!("{cells:?}: {e}"));
            let of = |column: &str| cells.iter().find(|(name, x)| *name == column && *x > 0.0).map(|(_, x)| *x);
            let near = |got: f64, want: f64, factor: f64| (1.0 / factor..factor).contains(&(got / want));
            if let Some(kwh) = of("energy_kwh") {
                let got = median(m, Output::ItEnergy);
                assert!(near(got, kwh, 2.0), "{cells:?} {hardware} {basis}: {got} kWh");
            }
            if let Some(flop) = of("compute_flop").filter(|_| of("tokens").is_none()) {
                let got = median(m, Output::Compute) * 1e18;
                assert!(near(got, flop, 4.0), "{cells:?} {hardware} {basis}: {got} FLOP");
            }
            if let Some(kg) = of("emissions_kg").filter(|_| basis == "location") {
                let got = 1e3 * median(m, Output::Emissions);
                assert!(near(got, kg, 2.0), "{cells:?} {hardware}: {got} kg");
            }
        }
    }
    // Zeros by which something would be divided are refused; most rows are taken.
    assert!(taken > 1000, "{taken}");
}

/// The rows that were read wrongly: 1.2 kWh, 1e-18 EFLOP and 1 kg, from logarithms of 0.
#[test]
fn the_three_that_were_drawn_as_one() {
    let kwh = |cells: &[(&str, f64)]| median(&assessed(cells, false, "location").unwrap().models[0], Output::Energy);
    assert!(kwh(&[("gpu_hours", 1e5), ("energy_kwh", 6e4), ("grid_g_per_kwh", 0.0)]) > 5e4);
    let a = assessed(&[("gpu_hours", 1e5), ("compute_flop", 4e22), ("grid_g_per_kwh", 0.0)], true, "location").unwrap();
    let eflop = median(&a.models[0], Output::Compute);
    assert!((2e4..8e4).contains(&eflop), "{eflop}");
    let a = assessed(&[("gpu_hours", 1e5), ("power_w", 0.0), ("emissions_kg", 5e4)], false, "location").unwrap();
    let t = median(&a.models[0], Output::Emissions);
    assert!((25.0..100.0).contains(&t), "{t}");
}
