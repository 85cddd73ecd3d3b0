//! Outputs that are reported separately against their exact means, for rows of every tier, on every backend that is there.

use carbonhaze::engine::gpu::Options;
use carbonhaze::engine::stats::estimate::{Estimate, Scale, of_draws};
use carbonhaze::engine::stats::order::Draws;
use carbonhaze::engine::{Backend, Cpu, Gpu, Host, Simd};
use carbonhaze::low_level::assess::{Assessment, Output, assess, with_outputs};
use carbonhaze::low_level::compile::compile;
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::portfolio::{Further, Outputs, Portfolio};

use crate::common::gpu;

/// Every place a chain can start from, several disclosures at once, a guessed lineage.
const ROWS: &str = "\
id,organization,date,region,hardware,emissions_t,energy_kwh,gpu_hours,parameters,tokens,base_probability,wue_l_per_kwh
emissions,X,2024,FRA,A100,1,,,,,,
metered,X,2024,USA,A100,3,,,7e9,1e12,0.5,
energy,Y,2023,USA,,,2e5,,,,,
hours,Y,2023,DEU,A100,,,30000,,,,1.8
both,Y,2023,DEU,A100,,20000,30000,7e9,1e11,,
compute,Z,2024,CHN,H100,,,,4e9,1e12,,uniform(0.5; 1.5)
size,,2024,,,,,,4e9,,0.4,
nothing,Z,,,,,,,,,,
small,,2024,USA,A100,,,10,,,,0
";

/// Those that are one product.
const SINGLE: [Output; 3] = [Output::WaterSite, Output::WaterGrid, Output::Embodied];

fn of_rows() -> Assessment {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("models.csv");
    // A comma inside a cell needs quotes.
    std::fs::write(&path, ROWS.replace("uniform(0.5; 1.5)", "\"uniform(0.5, 1.5)\"")).unwrap();
    let mut portfolio = Portfolio::read_models(&[&path]).unwrap();
    portfolio.study.outputs = Outputs::from_iter(Further::ALL);
    with_outputs(&portfolio, &assess(&portfolio).unwrap()).unwrap()
}

/// Counts by draw, and their unit.
#[derive(Debug, PartialEq)]
struct Drawn {
    counts: Vec<u64>,
    unit: i32,
}

impl Drawn {
    fn estimate(&self, level: f64) -> Estimate {
        of_draws(&Draws::new(&Host, (0..).zip(self.counts.iter().copied())), level, Scale::power_of_two(self.unit))
    }
}

fn drawn(backend: &dyn Backend, assessment: &Assessment, output: Output, seed: u64) -> Drawn {
    let plan = compile(assessment).unwrap();
    let mut summary = backend.run(&plan, seed, 0..200_000, &|_| true).unwrap();
    let index = assessment.index_of(output).unwrap();
    Drawn { counts: summary.totals.swap_remove(index), unit: plan.unit(index) }
}

/// z-scores of model after model and of the total against the mean of products of independent factors.
#[test]
fn means_are_the_exact_ones() {
    let cpu = Cpu::new(0, 0, Simd::detect()).unwrap();
    let whole = of_rows();
    let each = whole.models.iter().map(|m| whole.only(|other| other.id == m.id)).collect::<Vec<_>>();
    for name in SINGLE {
        for assessment in each.iter().chain([&whole]) {
            let exact = oracle(&assessment.as_emissions(name).unwrap()).mean_t;
            let found = drawn(&cpu, assessment, name, 42).estimate(0.95);
            let id = &assessment.models[0].id;
            if exact == 0.0 {
                assert_eq!((name, id.as_str(), found.mean), (Output::WaterSite, "small", Some(0.0)));
                continue;
            }
            let (mean, error) = (found.mean.unwrap(), found.mcse.mean.unwrap());
            let (sd, n) = (found.sd.unwrap(), 200_000_f64);
            // Of heavy tails the standard error is itself not known well: those are left to the bounds of the others.
            let error = error.max(sd / n.sqrt());
            assert!((mean - exact).abs() < 4.5 * error, "{name:?} {id}: {mean} ± {error}, exactly {exact}");
            if error < 0.005 * exact {
                assert!((1.05 * mean - exact).abs() > 4.5 * error, "{name:?} {id}");
            }
        }
    }
}

/// Rows keep their draws whatever else is in the file, and what is not used draws nothing.
#[test]
fn a_model_has_its_own_streams() {
    let cpu = Cpu::new(0, 0, Simd::detect()).unwrap();
    let whole = of_rows();
    let alone = |of: Output, id: &str| drawn(&cpu, &whole.only(|m| m.id == id), of, 42).counts;
    let (site, grid) = (Output::WaterSite, Output::WaterGrid);
    // A rate of one's own: two rows alike but for the id differ, and site and station of one row are no copies.
    let rank = |x: &[u64], y: &[u64]| {
        let (mx, my) = (x.iter().sum::<u64>() / x.len() as u64, y.iter().sum::<u64>() / y.len() as u64);
        let same = x.iter().zip(y).filter(|(a, b)| (**a > mx) == (**b > my)).count();
        same as f64 / x.len() as f64
    };
    // All that is common to both is the energy: 1.03 of its spread against 2.8 of the rate's.
    let common = rank(&alone(site, "energy"), &alone(grid, "energy"));
    assert!((0.45..0.75).contains(&common), "{common}");
    assert!(rank(&alone(site, "energy"), &alone(site, "energy")) > 0.99);
}

/// In every draw all water is that of the sites and that of the stations, to the error of the logarithm of a sum
/// (2^-19.9) and of two roundings to counts.
#[test]
fn water_is_the_sum_of_both() {
    let (whole, cpu) = (of_rows(), Cpu::new(0, 0, Simd::detect()).unwrap());
    let [all, site, grid] =
        [Output::Water, Output::WaterSite, Output::WaterGrid].map(|output| drawn(&cpu, &whole, output, 42));
    let m3 = |of: &Drawn, i: usize| libm::ldexp(of.counts[i] as f64, of.unit);
    let off = |i: usize, factor: f64| (factor * m3(&all, i) / (m3(&site, i) + m3(&grid, i)) - 1.0).abs();
    assert!((0..all.counts.len()).all(|i| off(i, 1.0) < 3e-6));
    // Negative control.
    assert!((0..all.counts.len()).all(|i| off(i, 1.00001) > 3e-6));
}

/// All runs of the development are some times the final one: in every draw the row is a training run of its own in both, or
/// a derivative, of a thousandth of the compute, in both.
#[test]
fn development_is_drawn_with_the_final_run() {
    let (whole, cpu) = (of_rows(), Cpu::new(0, 0, Simd::detect()).unwrap());
    let size = whole.only(|m| m.id == "size");
    let (all, one) = (drawn(&cpu, &size, Output::Development, 3), drawn(&cpu, &size, Output::Emissions, 3));
    let t = |of: &Drawn, i: usize| libm::ldexp(of.counts[i] as f64, of.unit);
    let far = |one: &Drawn, other: &Drawn| {
        let draws = (0..one.counts.len()).filter(|&i| one.counts[i] > 1000 && other.counts[i] > 1000);
        draws.map(|i| t(one, i) / t(other, i)).filter(|ratio| !(0.1..100.0).contains(ratio)).count()
    };
    assert_eq!(far(&all, &one), 0);
    // Negative control: drawn apart, a derivative stands against a training run in many draws.
    assert!(far(&all, &drawn(&cpu, &size, Output::Emissions, 4)) > 10_000);
}

#[test]
fn the_same_bytes_for_any_threads_and_instructions() {
    let (one, many) = (Cpu::new(1, 777, Simd::Baseline).unwrap(), Cpu::new(0, 0, Simd::detect()).unwrap());
    let plan = compile(&of_rows()).unwrap();
    let of = |backend: &Cpu, seed: u64| backend.run(&plan, seed, 0..3000, &|_| true).unwrap();
    assert_eq!(of(&one, 7), of(&many, 7));
    assert_ne!(of(&one, 7), of(&many, 8));
}

/// The first adapter of this machine, software ones included.
#[test]
fn the_same_bytes_on_a_gpu() {
    let Some(found) = gpu::first() else { return };
    let (device, cpu) = (Gpu::with(found, Options::default(), None), Cpu::new(0, 0, Simd::detect()).unwrap());
    let plan = compile(&of_rows()).unwrap();
    let of = |backend: &dyn Backend| backend.run(&plan, 7, 0..3000, &|_| true).unwrap();
    assert_eq!(of(&device), of(&cpu));
}
