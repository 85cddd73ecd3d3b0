//! The same plan and seed give the same bytes: scalar definition, every instruction set, every adapter, threads,
//! chunks, splits, tiles, row order, subsets. Each agreement has a negative control that must fail.

mod backends;
mod controls;
mod corners;
mod fixtures;
mod parts;
mod random;
mod shards;

use carbonhaze::engine::plan::Plan;
use carbonhaze::low_level::assess::Assessment;
use carbonhaze::low_level::compile::compile;

fn plan(assessment: &Assessment) -> Plan {
    compile(assessment).expect("random portfolios compile")
}
