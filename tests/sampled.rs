//! The sampled analysis of real portfolios against the exact oracle: two ways to the same indices.

mod common;

use carbonhaze::assess::{Assessment, assess};
use carbonhaze::engine::{Backend, Cpu, Prepared, Simd};
use carbonhaze::plan::compile::compile;
use carbonhaze::plan::{OUTPUT_EMISSIONS, Plan};
use carbonhaze::portfolio;
use carbonhaze::posterior::grouping::by_factor;
use carbonhaze::posterior::oracle::oracle;
use carbonhaze::posterior::sampled::{AnalysedOutput, Analysis, Plain, Sampled};
use carbonhaze::posterior::sensitivity::CubeIndices;

const DRAWS: u64 = 1 << 15;

fn fixture(name: &str) -> Assessment {
    let path = format!("{}/fixtures/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    assess(&portfolio::read(path.as_ref()).expect("it reads").0).expect("it assesses")
}

/// In slabs of `slab` draws, the later ones first.
fn analyse(assessment: &Assessment, plan: &Plan, slab: u64, threshold_t: Option<f64>) -> Sampled {
    let cpu = Cpu::new(2, 0, Simd::detect()).unwrap();
    let plain = cpu.run(plan, 42, 0..DRAWS, &|_| true).unwrap();
    let (design, groups) = by_factor(assessment, plan);
    let prepared = Prepared::new(plan, &design).unwrap();
    let mut analysis = Analysis::new(&design, groups, &Plain::new(plan, &plain, DRAWS), threshold_t).unwrap();
    for k in (0..DRAWS.div_ceil(slab)).rev() {
        let draws = k * slab..DRAWS.min((k + 1) * slab);
        analysis.add(&cpu.corners(&prepared, 42, draws, &|_| true).unwrap()).unwrap();
    }
    analysis.finish(DRAWS, 0.95)
}

fn indices(sampled: &Sampled, is: impl Fn(AnalysedOutput) -> bool) -> &CubeIndices {
    sampled.outputs.iter().find(|o| is(o.output)).unwrap().indices.as_ref().unwrap().cube().unwrap()
}

#[test]
fn the_cube_agrees_with_the_exact_oracle() {
    for name in ["hub_models", "open_weights"] {
        let assessment = fixture(name);
        let plan = compile(&assessment).unwrap();
        let sampled = analyse(&assessment, &plan, 4096, None);
        let oracle = oracle(&assessment);
        let found = indices(&sampled, |o| o == AnalysedOutput::Emissions);
        let mut worst = 0f64;
        for (g, name) in sampled.groups.iter().enumerate() {
            let exact =
                oracle.groups.iter().find(|share| Some(&share.name) == name.name.as_ref()).expect("the same factors");
            for (index, exact) in
                [(found.shares.first_order[g], exact.first_order), (found.shares.total[g], exact.total)]
            {
                let z = (index.value - exact) / index.se;
                worst = worst.max(z.abs());
                assert!(z.abs() < 4.0, "{name:?}: {index:?} is not {exact}, z = {z}");
            }
        }
        assert!(worst > 0.05, "no figure is copied");
        let unit = libm::ldexp(1.0, plan.total_units[OUTPUT_EMISSIONS]);
        let z = (found.mean.value - oracle.mean_t / unit) / found.mean.se;
        assert!(z.abs() < 4.0, "the mean is not {} t, z = {z}", oracle.mean_t);
        // Negative control: another factor's index is far away.
        let swapped =
            (found.shares.first_order[1].value - oracle.groups[0].first_order) / found.shares.first_order[1].se;
        assert!(swapped.abs() > 10.0);
    }
}

#[test]
fn families_sum_to_one_and_inert_factors_are_zero() {
    let assessment = fixture("open_weights");
    let plan = compile(&assessment).unwrap();
    let sampled = analyse(&assessment, &plan, 5000, Some(3e5));
    for output in &sampled.outputs {
        let shares = &output.indices.as_ref().unwrap().cube().unwrap().shares;
        for family in [&shares.shapley, &shares.interactions] {
            let sum: f64 = family.iter().map(|i| i.value).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{:?}: {sum}", output.output);
        }
    }
    // The grid's intensity does not enter energy.
    let energy = &indices(&sampled, |o| o == AnalysedOutput::Energy).shares;
    let grid = sampled.groups.iter().position(|g| g.name.as_deref() == Some("grid")).unwrap();
    assert_eq!((energy.first_order[grid].value, energy.total[grid].value, energy.total[grid].se), (0.0, 0.0, 0.0));
    assert!(energy.total[0].value > 0.1, "negative control: compute does");
    let asked =
        indices(&sampled, |o| matches!(o, AnalysedOutput::ExceedsThreshold { threshold_t } if threshold_t == 3e5));
    assert!(asked.mean.value > 0.1 && asked.mean.value < 0.9);
    let tail = indices(&sampled, |o| matches!(o, AnalysedOutput::ExceedsTail { .. }));
    // 5 % of all corners' draws, of which a 32nd are the plain ones the percentile is from.
    assert!((tail.mean.value - 0.05).abs() < 4.0 * tail.mean.se + 0.002, "{:?}", tail.mean);
}

#[test]
fn slabs_change_no_byte() {
    let assessment = fixture("open_weights");
    let plan = compile(&assessment).unwrap();
    let whole = analyse(&assessment, &plan, DRAWS, None);
    assert!(analyse(&assessment, &plan, 3000, None) == whole);
    let mut other = plan.clone();
    other.models[0].key ^= 1;
    assert!(analyse(&assessment, &other, DRAWS, None) != whole, "negative control: another stream of one model");
}
