//! Outputs beside the headline against their exact means, for rows of every tier, on every backend that is there.

use carbonhaze::assess::{Assessment, assess, beside};
use carbonhaze::compile::compile;
use carbonhaze::engine::gpu::Options;
use carbonhaze::engine::{Backend, Cpu, Gpu, Host, Simd};
use carbonhaze::exact::oracle::oracle;
use carbonhaze::portfolio::read_models;
use carbonhaze::posterior::beside::Drawn;

use crate::common::gpu;

/// Every place a chain can start from, several disclosures at once, a guessed lineage, and a row that uses every slot (so
/// that its rates have none of their own).
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

fn of_rows() -> [(&'static str, Assessment); 3] {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("models.csv");
    // A comma inside a cell needs quotes.
    std::fs::write(&path, ROWS.replace("uniform(0.5; 1.5)", "\"uniform(0.5, 1.5)\"")).unwrap();
    let (portfolio, _) = read_models(&[&path]).unwrap();
    let assessment = assess(&portfolio).unwrap();
    let [site, grid] = beside::water(&portfolio, &assessment).unwrap();
    [("site", site), ("grid", grid), ("embodied", beside::embodied(&portfolio, &assessment).unwrap())]
}

fn drawn(backend: &dyn Backend, assessment: &Assessment, seed: u64) -> Drawn {
    let plan = compile(assessment).unwrap();
    let summary = backend.run(&plan, seed, 0..200_000, &|_| true).unwrap();
    Drawn::new(&plan, summary)
}

/// z-scores of model after model and of the total against the mean of products of independent factors.
#[test]
fn means_are_the_exact_ones() {
    let cpu = Cpu::new(0, 0, Simd::detect()).unwrap();
    for (name, whole) in of_rows() {
        let each = whole.models.iter().map(|m| whole.only(|other| other.id == m.id)).collect::<Vec<_>>();
        for assessment in each.iter().chain([&whole]) {
            let exact = oracle(assessment).mean_t;
            let found = drawn(&cpu, assessment, 42).estimate(0.95, &Host);
            let id = &assessment.models[0].id;
            if exact == 0.0 {
                assert_eq!((name, id.as_str(), found.mean), ("site", "small", Some(0.0)));
                continue;
            }
            let (mean, error) = (found.mean.unwrap(), found.mcse.mean.unwrap());
            let (sd, n) = (found.sd.unwrap(), 200_000_f64);
            // Of heavy tails the standard error is itself not known well: those are left to the bounds of the others.
            let error = error.max(sd / n.sqrt());
            assert!((mean - exact).abs() < 4.5 * error, "{name} {id}: {mean} ± {error}, exactly {exact}");
            if error < 0.005 * exact {
                assert!((1.05 * mean - exact).abs() > 4.5 * error, "{name} {id}");
            }
        }
    }
}

/// Rows keep their draws whatever else is in the file, and what is not used draws nothing.
#[test]
fn a_model_has_its_own_streams() {
    let cpu = Cpu::new(0, 0, Simd::detect()).unwrap();
    let [(_, site), (_, grid), _] = of_rows();
    let alone = |of: &Assessment, id: &str| drawn(&cpu, &of.only(|m| m.id == id), 42).counts;
    // A rate of one's own: two rows alike but for the id differ, and site and station of one row are no copies.
    let rank = |x: &[u64], y: &[u64]| {
        let (mx, my) = (x.iter().sum::<u64>() / x.len() as u64, y.iter().sum::<u64>() / y.len() as u64);
        let same = x.iter().zip(y).filter(|(a, b)| (**a > mx) == (**b > my)).count();
        same as f64 / x.len() as f64
    };
    // All that is common to both is the energy: 1.03 of its spread against 2.8 of the rate's.
    let common = rank(&alone(&site, "energy"), &alone(&grid, "energy"));
    assert!((0.45..0.75).contains(&common), "{common}");
    assert!(rank(&alone(&site, "energy"), &alone(&site, "energy")) > 0.99);
}

#[test]
fn the_same_bytes_for_any_threads_and_instructions() {
    let (one, many) = (Cpu::new(1, 777, Simd::Baseline).unwrap(), Cpu::new(0, 0, Simd::detect()).unwrap());
    for (name, assessment) in of_rows() {
        assert_eq!(drawn(&one, &assessment, 7), drawn(&many, &assessment, 7), "{name}");
        assert_ne!(drawn(&one, &assessment, 7), drawn(&many, &assessment, 8), "{name}");
    }
}

/// The first adapter of this machine, software ones included.
#[test]
fn the_same_bytes_on_a_gpu() {
    let Some(found) = gpu::first() else { return };
    let (device, cpu) = (Gpu::with(found, Options::default(), None), Cpu::new(0, 0, Simd::detect()).unwrap());
    for (name, assessment) in of_rows() {
        assert_eq!(drawn(&device, &assessment, 7), drawn(&cpu, &assessment, 7), "{name}");
    }
}
