//! Known answers on the device before any result: first every building block on its own, then a small plan as a whole,
//! then a sort and divisions.
//!
//! The blocks are asked the three fixed vectors of Philox4x32-10 (Random123's `kat_vectors`) and a spread of counters;
//! what they must answer is what their twins on the CPU say, which the tests hold to outside values. The small plan has
//! every kind of marginal, shared effects, zeros and groups, and must give the summary of the scalar definition.

use std::sync::Arc;

use super::budget::Cut;
use super::corner_layout::CornerLayout;
use super::corners;
use super::error::GpuError;
use super::fault::Fault;
use super::gather::{Gathered, GatheredCorners};
use super::layout::{self, ANSWERS, SelfTestParams};
use super::reduce;
use super::run::{self, Halt};
use super::session::{Session, Traits};
use super::shader::{Kernel, LANES};
use crate::engine::draw::accumulate::capped_count;
use crate::engine::draw::bounded::Bound;
use crate::engine::draw::corners::define;
use crate::engine::draw::{exp2, inverse_normal, log2, marginal, one_plus, philox};
use crate::engine::plan::design::Design;
use crate::engine::plan::table::{Quantiles, Table, TableError};
use crate::engine::plan::{
    Cell, GroupPlan, Header, Marginal, ModelPlan, OutputPlan, Plan, Product, Range, SHIFTED, SLOTS, Shape, WORDS,
};
use crate::engine::stats::normal::Level;
use crate::engine::{Backend, Check, Prepared, Scalar, Summary};

/// The blocks, in the order of `self_test.wgsl`, and the rows of answers of each.
const BLOCKS: [(&str, usize); 9] = [
    ("Philox4x32-10", 4),
    ("inverse normal", 1),
    ("affine marginal", 1),
    ("log2(1 + 2^y)", 1),
    ("tabulated marginal", 1),
    ("exp2 to a count", 2),
    ("exp2 held at a ceiling", 1),
    ("log2 of a count", 1),
    ("bounded marginal", 1),
];
/// Counters asked by seed.
const DRAWS: usize = 256;
/// 3 octaves per standard deviation.
const SCALE: i32 = 3 << 26;
const UNIT: i32 = -40;
/// A bound 1.5 octaves above the median.
const LIMIT: i32 = 3 << 21;

/// Asks everything.
pub fn checks(session: &Session) -> Result<Vec<Check>, GpuError> {
    let table = mixture().map_err(|e| GpuError::SelfTest(e.to_string()))?;
    let mut checks = blocks(session, &table)?;
    if session.device.faults().strikes(Fault::WrongAnswer) {
        checks[0].wrong += 1;
    }
    checks.push(whole_plan(session, table)?);
    checks.extend(reduce::checks(session)?);
    Ok(checks)
}

/// Fails at the first wrong answer.
pub fn run(session: &Session) -> Result<(), GpuError> {
    match checks(session)?.into_iter().find(|check| check.wrong > 0) {
        None => Ok(()),
        Some(Check { name, answers, wrong }) => {
            Err(GpuError::SelfTest(format!("{name}: {wrong} of {answers} answers")))
        }
    }
}

/// Zero with probability 0.2, near 0.01 with 0.3, uniform on 1 to 2 else: a jump, an atom, pieces.
struct Mixture;

impl Quantiles for Mixture {
    fn ln_at_z(&self, z: f64) -> f64 {
        let p = Level::at_z(z).below;
        match p {
            _ if p <= 0.2 => f64::NEG_INFINITY,
            _ if p <= 0.5 => libm::log(0.01) + 0.1 * (p - 0.35),
            _ => libm::log(1.0 + (p - 0.5) / 0.5),
        }
    }

    fn breaks(&self, _: f64) -> Vec<f64> {
        vec![self.zero_z(), 0.0]
    }

    fn zero_z(&self) -> f64 {
        Level::below(0.2).z()
    }
}

fn mixture() -> Result<Table, TableError> {
    Table::compile(&Mixture)
}

/// Keys, and a counter for every draw of the first quads: fixed vectors first.
fn questions() -> [([u32; 2], [u32; 4]); 3] {
    [
        ([0; 2], [0; 4]),
        ([u32::MAX; 2], [u32::MAX; 4]),
        ([0xa409_3822, 0x299f_31d0], [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]),
    ]
}

fn blocks(session: &Session, table: &Table) -> Result<Vec<Check>, GpuError> {
    let mut checks: Vec<Check> = BLOCKS.iter().map(|&(name, _)| Check { name, answers: 0, wrong: 0 }).collect();
    for (seed, first) in questions() {
        // Draw d asks the vector with its first word moved by d.
        let counter = |d: usize| [first[0].wrapping_add(d as u32), first[1], first[2], first[3]];
        let given = ask(session, seed, table, &counter)?;
        for (d, given) in given.iter().enumerate() {
            let expected = answers(counter(d), seed, table);
            let mut row = 0;
            for (check, &(_, rows)) in checks.iter_mut().zip(&BLOCKS) {
                check.answers += rows;
                check.wrong += (row..row + rows).filter(|&r| given[r] != expected[r]).count();
                row += rows;
            }
        }
    }
    Ok(checks)
}

/// The answers of the twins on the CPU.
fn answers(counter: [u32; 4], seed: [u32; 2], table: &Table) -> [u32; ANSWERS] {
    let words = philox::philox4x32_10(counter, seed);
    let z = inverse_normal::inverse_normal(words[0]);
    let y = marginal::affine(SCALE, z);
    let h = exp2::fraction(y);
    let count = exp2::count(h, y, UNIT);
    let capped = capped_count(h, y, UNIT, 48);
    let counted = u64::from(words[1] >> (words[2] & 31)) << 32 | u64::from(words[0] | 1);
    [
        words[0],
        words[1],
        words[2],
        words[3],
        z as u32,
        y as u32,
        one_plus::one_plus(y) as u32,
        table.value(z) as u32,
        count as u32,
        (count >> 32) as u32,
        capped as u32 ^ (capped >> 32) as u32,
        log2::log2_count(counted) as u32,
        Bound::new(SCALE, LIMIT).log(z, y >> 1) as u32,
    ]
}

fn ask(
    session: &Session,
    seed: [u32; 2],
    table: &Table,
    counter: &dyn Fn(usize) -> [u32; 4],
) -> Result<Vec<[u32; ANSWERS]>, GpuError> {
    let device = &session.device;
    let lanes = LANES as usize;
    let (entries, starts) = layout::tables(std::iter::once(table));
    let params = SelfTestParams {
        seed,
        table: starts[0],
        table_bits: table.bits,
        scale: SCALE,
        unit: UNIT,
        count: (DRAWS / lanes) as u32,
        bound: layout::BOUNDED | Bound::new(SCALE, LIMIT).inverse() << 8,
        limit: LIMIT,
        ..SelfTestParams::default()
    };
    // By invocation, word, draw of the invocation.
    let mut counters = vec![0; 4 * DRAWS];
    for d in 0..DRAWS {
        for (word, value) in counter(d).into_iter().enumerate() {
            counters[(d / lanes * 4 + word) * lanes + d % lanes] = value;
        }
    }
    let bytes = (4 * ANSWERS * DRAWS) as u64;
    let buffers = [
        device.uniform("self-test parameters", size_of::<SelfTestParams>() as u64)?,
        device.input("self-test tables", 8 * entries.len() as u64)?,
        device.input("self-test counters", 16 * DRAWS as u64)?,
        device.storage("self-test answers", bytes)?,
    ];
    device.write(&buffers[0], &[params]);
    device.write(&buffers[1], &entries);
    device.write(&buffers[2], &counters);
    let pipeline = session.pipeline(Kernel::SelfTest, &Traits::default())?;
    let bound: Vec<(u32, &wgpu::Buffer)> = (0..).zip(&buffers).collect();
    let group = device.bind("self-test", &pipeline, &bound)?;
    let mut encoder = device.encoder("self-test");
    {
        let label = Some("self-test");
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label, timestamp_writes: None });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups((DRAWS / lanes).div_ceil(64) as u32, 1, 1);
    }
    let staging = device.staging("self-test answers, coming back", bytes)?;
    encoder.copy_buffer_to_buffer(&buffers[3], 0, &staging, 0, bytes);
    let (submission, readback) = device.submit_readback(encoder, staging);
    device.wait(&submission)?;
    let one = |words: &[u32], d: usize| {
        std::array::from_fn(|answer| words[(d / lanes * ANSWERS + answer) * lanes + d % lanes])
    };
    Ok(device.read(readback, |words| (0..DRAWS).map(|d| one(words, d)).collect())?.0)
}

const PLAN_DRAWS: u64 = 300;
/// On both sides of the change of the upper word, and more than one stretch; the definition is slow.
const CORNER_DRAWS: u64 = 260;

fn whole_plan(session: &Session, table: Table) -> Result<Check, GpuError> {
    let plan = small_plan(table);
    // Draws on both sides of a change of the counter's upper word; two stretches, two tiles, two splits.
    let draws = (1 << 32) - 200..(1 << 32) - 200 + PLAN_DRAWS;
    let mut gathered = Gathered::new(plan.whole(), draws.clone());
    let cut = Cut { stretch: 256, tile: 4, splits: 2 };
    match run::run(session, plan.whole(), 42, cut, &mut gathered, &|_| true) {
        Ok(()) => {}
        Err(Halt::Failed(e)) => return Err(e),
        Err(Halt::Interrupted) => return Err(GpuError::SelfTest("interrupted".into())),
    }
    let given = gathered.finish(plan.whole());
    let expected = Scalar.run(&plan, 42, draws, &|_| true).map_err(|e| GpuError::SelfTest(e.to_string()))?;
    Ok(compare(&given, &expected))
}

/// Fails if the kernels for corners give a wrong answer: the small plan, in a design in which effects stand in other
/// groups than the factors they act on, against the definition.
pub fn run_corners(session: &Session) -> Result<(), GpuError> {
    let broken = |e: &dyn std::fmt::Display| GpuError::SelfTest(e.to_string());
    let plan = small_plan(mixture().map_err(|e| broken(&e))?);
    let own: [u8; WORDS] = std::array::from_fn(|w| (w % 3) as u8);
    // Of one output, which depends on everything: few blocks are soon compiled.
    let outputs = (0..plan.outputs.len()).map(|o| o == HEADLINE).collect();
    let design = Design::cube(3, vec![own; plan.models.len()], vec![1, 0, 1], outputs);
    let prepared = Prepared::new(&plan, &design).map_err(|e| broken(&e))?;
    let layout = CornerLayout::new(&prepared)?;
    let draws = (1 << 32) - 200..(1 << 32) - 200 + CORNER_DRAWS;
    let mut gathered = GatheredCorners::new(prepared.empty(draws.clone()));
    let cut = Cut { stretch: 256, tile: 1, splits: 2 };
    match corners::run(session, &prepared, &layout, 42, cut, &mut gathered, &|_| true) {
        Ok(()) => {}
        Err(Halt::Failed(e)) => return Err(e),
        Err(Halt::Interrupted) => return Err(GpuError::SelfTest("interrupted".into())),
    }
    let given = gathered.finish();
    let expected = define(plan.whole(), &design, 42, draws);
    let rows = given.totals.iter().flatten().zip(expected.totals.iter().flatten());
    let wrong: usize = rows.map(|(a, b)| a.iter().zip(b).filter(|(a, b)| a != b).count()).sum();
    match wrong {
        0 => Ok(()),
        _ => Err(GpuError::SelfTest(format!("corners of a small plan: {wrong} answers"))),
    }
}

/// Totals draw by draw, models and groups as wholes.
fn compare(given: &Summary, expected: &Summary) -> Check {
    let differ = |a: &[u64], b: &[u64]| a.iter().zip(b).filter(|(a, b)| a != b).count();
    let totals: usize = given.totals.iter().zip(&expected.totals).map(|(a, b)| differ(a, b)).sum();
    let models = given.models.iter().zip(&expected.models).filter(|(a, b)| a != b).count();
    let groups = given.groups.iter().zip(&expected.groups).filter(|(a, b)| a != b).count();
    let rest = usize::from(given.saturated != expected.saturated);
    let answers = given.totals.iter().map(Vec::len).sum::<usize>() + given.models.len() + given.groups.len() + 1;
    Check { name: "a small plan as a whole", answers, wrong: totals + models + groups + rest }
}

/// The outputs of the small plan that have a role.
const HEADLINE: usize = 3;
const DENOMINATOR: usize = 0;

/// Seven models with all kinds of marginals, shared effects, zeros, gates, sums of products, kept and other groups.
fn small_plan(table: Table) -> Plan {
    let range = Range { unit: -30, saturable: true, bins_lo: -20 << 22, bin_scale: 100_000 };
    let group = || GroupPlan { headline: range, denominator: range, ratio_shift: 40 };
    let header = Header {
        binned: true,
        tables: vec![Arc::new(table)],
        effects: vec![11, 12, 13],
        cells: vec![
            Cell { parts: vec![(0, 1 << 25)] },
            Cell { parts: vec![(0, 1 << 23), (1, -1 << 24)] },
            Cell { parts: vec![(2, 1 << 24)] },
            Cell { parts: vec![(1, 514_779_252)] },
        ],
        outputs: (0..5).map(|o| OutputPlan { unit: -30 - o, kept: true }).collect(),
        headline: HEADLINE,
        denominator: Some(DENOMINATOR),
        has_independent: true,
        saturable: true,
        groups: (0..34).map(|_| group()).collect(),
        ratio_shift: 40,
    };
    Plan::new(header, (0..7).map(|k| small_model(k, range)).collect())
}

/// Model 6 has two readings, between which gates in its last slots choose, and an output of two products.
fn small_model(k: usize, range: Range) -> ModelPlan {
    let affine = |eighths: i32| Marginal::Affine { scale: eighths << 23 };
    let table = Marginal::Table { table: 0 };
    let shifted = [
        Marginal::OnePlusAffine { loc: -2 << 22, scale: 1 << 25 },
        Marginal::OnePlusTable { loc: -1 << 22, table: 0 },
        Marginal::OnePlusConstant { loc: -3 << 22 },
    ];
    let gate = |above: bool| if k == 6 { Marginal::Gate { threshold: 1 << 26, above } } else { Marginal::None };
    let mut marginals = [Marginal::None; SLOTS];
    marginals[0] = match k {
        6 => Marginal::Bounded { scale: 5 << 23, limit: 1 << 21 },
        _ if k.is_multiple_of(2) => affine(5),
        _ => table,
    };
    marginals[1] = affine(3);
    marginals[SHIFTED] = shifted[k % 3];
    marginals[3] = if k == 4 { table } else { affine(-7) };
    marginals[4] = match k {
        5 => Marginal::None,
        // cos 0.5 and sin 0.5 in Q1.30.
        3 => Marginal::Ranked { own: 942_297_101, shape: Shape::Table { table: 0 } },
        1 => Marginal::Ranked { own: 942_297_101, shape: Shape::Affine { scale: 1 << 24 } },
        _ => affine(1),
    };
    marginals[5] = if k == 3 { table } else { Marginal::None };
    marginals[7] = if k == 6 { affine(2) } else { Marginal::None };
    (marginals[10], marginals[11]) = (gate(false), gate(true));
    let mut cells = [None; SLOTS];
    cells[4] = (k == 3 || k == 1).then_some(3);
    (cells[0], cells[SHIFTED], cells[3]) = (Some(0), (k % 2 == 1).then_some(2), Some(1));
    let product = |output: usize, n: usize, gates: [i8; 2]| {
        let mut signs: [i8; SLOTS] = std::array::from_fn(|s| if s == 1 { -1 } else { i8::from(s <= n) });
        (signs[7], signs[10], signs[11]) = (i8::from(n == 2), gates[0], gates[1]);
        Product { output: output as u8, loc: (k as i32 - n as i32) << 20, signs }
    };
    let plain = |output: usize, n: usize| vec![product(output, n, [0, 0])];
    let two = |output: usize| vec![product(output, 2, [1, 0]), product(output, 1, [0, 1])];
    let mut products = if k == 2 { vec![] } else { plain(0, 0) };
    products.extend(plain(1, 1));
    products.extend(plain(2, 2));
    products.extend(if k == 6 { two(HEADLINE) } else { plain(HEADLINE, if k == 1 { 3 } else { 5 }) });
    products.extend([product(4, 3, [0, 0]), product(4, 1, [0, 0])]);
    ModelPlan {
        key: 0x9e37_79b9_7f4a_7c15u64.wrapping_mul(k as u64 + 1),
        marginals,
        cells,
        products,
        independent_scale: 1 << 24,
        independent_shifted_scale: if k % 2 == 1 { 1 << 24 } else { 0 },
        independent_bounded_scale: if k == 6 { 1 << 25 } else { 0 },
        independent_with_bounded: if k == 6 { 1 << 22 } else { 0 },
        headline: range,
        ratio: Range { unit: -46, ..range },
        groups: vec![k as u32, 33],
        zeros: match k {
            0 => 0,
            6 => 0b1100_0000_0000,
            _ => 0b11_1001,
        },
    }
}
