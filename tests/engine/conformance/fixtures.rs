//! Real portfolios: every adapter against the CPU, in stretches and splits of all kinds.

use std::path::Path;

use carbonhaze::engine::Simd;
use carbonhaze::engine::plan::Plan;
use carbonhaze::low_level::assess::{Assessment, assess};
use carbonhaze::low_level::compile::compile;
use carbonhaze::low_level::portfolio::Portfolio;

use super::backends::{cpu, gpus, run, variants};

/// Not a whole number of workgroups, stretches or blocks.
const DRAWS: u64 = 20_001;

/// The assessment of `fixtures/NAME.csv`, as `haze run` reads it.
pub fn assessed(name: &str) -> Assessment {
    assessed_by(name, &[])
}

fn assessed_by(name: &str, groups: &[&str]) -> Assessment {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format!("{name}.csv"));
    let mut portfolio = Portfolio::read(&path).expect("a models file");
    portfolio.study.groups_by = groups.iter().map(|g| g.to_string()).collect();
    assess(&portfolio).expect("an assessment")
}

/// Its plan, with totals by these labels.
fn fixture(name: &str, groups: &[&str]) -> Plan {
    compile(&assessed_by(name, groups)).expect("a plan")
}

pub fn hub() -> Plan {
    fixture("hub_models", &[])
}

/// With more groups than are kept draw by draw.
pub fn open_weights() -> Plan {
    let plan = fixture("open_weights", &["organization", "tier"]);
    assert!(plan.groups.len() > carbonhaze::engine::plan::KEPT_GROUPS + 10, "{}", plan.groups.len());
    plan
}

#[test]
fn every_adapter_agrees_on_real_portfolios() {
    for (plan, seed) in [(hub(), 42), (open_weights(), 43)] {
        let cpu = cpu(0, 0, Simd::detect());
        let (whole, part) = (run(&cpu, &plan, seed, 0..DRAWS), run(&cpu, &plan, seed, 0..DRAWS / 10));
        for gpu in gpus() {
            // The unusual cuts are slow: less is asked of them.
            let expected = if gpu.usual { &whole } else { &part };
            assert!(run(&*gpu.backend, &plan, seed, expected.draws.clone()) == *expected, "{}", gpu.name);
            assert_eq!(gpu.backend.notices(), Vec::<String>::new(), "{}", gpu.name);
        }
        // Negative control: one draw further on.
        for gpu in gpus().iter().take(1) {
            let mut moved = run(&*gpu.backend, &plan, seed, 1..DRAWS / 10 + 1);
            moved.draws = part.draws.clone();
            assert!(moved != part);
        }
    }
}

#[test]
fn every_variant_agrees_on_a_real_portfolio() {
    let plan = open_weights();
    let expected = run(&cpu(0, 0, Simd::detect()), &plan, 1, 5000..6001);
    for gpu in variants() {
        assert!(run(&*gpu.backend, &plan, 1, 5000..6001) == expected, "{}", gpu.name);
        assert!(run(&*gpu.backend, &plan, 2, 5000..6001) != expected, "negative control: another seed");
    }
}
