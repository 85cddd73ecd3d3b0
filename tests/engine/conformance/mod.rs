//! The same plan and seed give the same bytes: scalar definition, every instruction set, every adapter, threads,
//! chunks, splits, tiles, row order, subsets. Each agreement has a negative control that must fail.

mod backends;
mod controls;
mod corners;
mod fixtures;
mod parts;
mod random;
mod shards;

use carbonhaze::assess::Assessment;
use carbonhaze::compile::compile;
use carbonhaze::engine::plan::Plan;

fn plan(assessment: &Assessment) -> Plan {
    compile(assessment).expect("random portfolios compile")
}
