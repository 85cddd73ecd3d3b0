//! The engine by itself, for something else: the takings of three shops on a day.
//!
//! Takings are customers times what each spends. All shops feel the same economy in what is spent. On one day in six a
//! street is closed, and a shop takes half. `cargo run --release --example engine_only`

use std::error::Error;

use carbonhaze::engine::plan::range::{Extent, Spread, Sums, Z_MAX, fixed_z};
use carbonhaze::engine::plan::{
    Cell, Header, LOG2_BITS, Marginal, ModelPlan, OutputPlan, Plan, Product, SCALE_BITS, SLOTS,
};
use carbonhaze::engine::stats::estimate::{Scale, of_draws};
use carbonhaze::engine::stats::order::Draws;
use carbonhaze::engine::{Backend, Cpu, Host, Simd};

/// Which slot of a model holds what. Slots 10 and 11 read the same random word, so that they can be complementary gates.
const CUSTOMERS: usize = 0;
const SPENT: usize = 1;
const OPEN: usize = 10;
const CLOSED: usize = 11;

/// Median customers and spending, and geometric standard deviations of both.
const SHOPS: [(f64, f64, f64, f64); 3] = [(120.0, 14.0, 1.3, 1.1), (60.0, 45.0, 1.5, 1.2), (300.0, 6.0, 1.2, 1.05)];
/// Geometric standard deviation of the shared economy.
const ECONOMY: f64 = 1.15;
/// A street is closed where its normal is above this: Φ(−0.9674) = 1/6.
const CLOSED_ABOVE: f64 = 0.9674;

fn fixed(x: f64, bits: u32) -> i32 {
    (x * f64::from(1u32 << bits)).round() as i32
}

/// Octaves per standard deviation.
fn octaves(gsd: f64) -> i32 {
    fixed(gsd.log2(), SCALE_BITS)
}

fn shop(key: u64, (customers, spent, gsd_customers, gsd_spent): (f64, f64, f64, f64)) -> (ModelPlan, Spread) {
    let mut marginals = [Marginal::None; SLOTS];
    marginals[CUSTOMERS] = Marginal::Affine { scale: octaves(gsd_customers) };
    marginals[SPENT] = Marginal::Affine { scale: octaves(gsd_spent) };
    marginals[OPEN] = Marginal::Gate { threshold: fixed_z(CLOSED_ABOVE), above: false };
    marginals[CLOSED] = Marginal::Gate { threshold: fixed_z(CLOSED_ABOVE), above: true };
    let mut cells = [None; SLOTS];
    cells[SPENT] = Some(0);
    let median = (customers * spent).log2();
    let product = |gate: usize, log2: f64| {
        let mut signs = [0; SLOTS];
        [CUSTOMERS, SPENT, gate].into_iter().for_each(|slot| signs[slot] = 1);
        Product { output: 0, loc: fixed(log2, LOG2_BITS), signs }
    };
    // How far the takings can be from their median, which sets the units.
    let all = [gsd_customers, gsd_spent, ECONOMY].map(f64::log2);
    let (sum, quadrature) = (all.iter().sum::<f64>(), all.iter().map(|s| s * s).sum::<f64>().sqrt());
    let extent = Extent {
        min: median - 1.0 - Z_MAX * sum,
        median,
        max: median + Z_MAX * sum,
        common: median,
        down: 1.0 + Z_MAX * quadrature,
        up: Z_MAX * quadrature,
    };
    let plan = ModelPlan {
        key,
        marginals,
        cells,
        products: vec![product(OPEN, median), product(CLOSED, median - 1.0)],
        independent_scale: 0,
        independent_shifted_scale: 0,
        independent_bounded_scale: 0,
        independent_with_bounded: 0,
        headline: extent.model_range(),
        ratio: Extent::none().model_range(),
        groups: vec![],
        zeros: 1 << OPEN | 1 << CLOSED,
    };
    (plan, Spread { outputs: vec![Some(extent)] })
}

fn main() -> Result<(), Box<dyn Error>> {
    let (models, spreads): (Vec<_>, Vec<_>) = (1..).zip(SHOPS).map(|(key, numbers)| shop(key, numbers)).unzip();
    let mut sums = Sums::none(1);
    spreads.iter().for_each(|spread| sums.add(spread));
    let units = sums.totals(0, None);
    let header = Header {
        tables: vec![],
        effects: vec![99],
        cells: vec![Cell { parts: vec![(0, octaves(ECONOMY))] }],
        outputs: units.units.iter().map(|&unit| OutputPlan { unit, kept: true }).collect(),
        headline: 0,
        denominator: None,
        has_independent: false,
        saturable: units.saturable,
        binned: true,
        groups: vec![],
        ratio_shift: units.ratio_shift,
    };
    let plan = Plan::new(header, models);
    let cpu = Cpu::new(0, 0, Simd::detect())?;
    let summary = cpu.run(&plan, 42, 0..200_000, &|_| true)?;

    let draws = Draws::new(&Host, (0..).zip(summary.totals[0].iter().copied()));
    let takings = of_draws(&draws, 0.95, Scale::power_of_two(plan.unit(0)));
    let (mean, error) = (takings.mean.unwrap_or(0.0), takings.mcse.mean.unwrap_or(0.0));
    println!("takings of a day: {mean:.0} ± {error:.0}, 95 % {:.0?}", takings.interval.unwrap_or_default());

    // The mean in closed form: E[lognormal] = median · exp(ln² GSD / 2), and 1 − 1/12 for closed streets.
    let growth = |gsd: f64| (0.5 * gsd.ln().powi(2)).exp();
    let of = |&(customers, spent, a, b): &(f64, f64, f64, f64)| customers * spent * growth(a) * growth(b);
    let expected = SHOPS.iter().map(of).sum::<f64>() * growth(ECONOMY) * (1.0 - 1.0 / 12.0);
    println!("in closed form:   {expected:.0}");
    assert!((mean - expected).abs() < 5.0 * error, "{mean} ± {error} is not {expected}");
    Ok(())
}
