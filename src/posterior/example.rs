//! Summaries made up for tests: the shape of a run without an engine.

use std::collections::BTreeMap;

use crate::assess::{
    Acts, AssessedFactor, AssessedModel, Assessment, Kind, OUTPUTS, Output, Provenance, SLOTS, Slot, Term, Tier,
};
use crate::compile::{self, Group};
use crate::engine::plan::{
    GroupPlan, Header, LOG2_BITS, Marginal, ModelPlan, OutputPlan, Plan, Product, Range, SLOTS as PLAN_SLOTS,
};
use crate::engine::{GroupSummary, ModelSummary, Moments, Summary};
use crate::portfolio::{Basis, Boundary, Distribution, Labels, Run, Scope};

use super::{Options, Oracle, VarianceShare};

pub const OPTIONS: Options = Options { interval: 0.95, seed: 42, discretisation_bound: 2e-6 };

/// Outputs of the chain and the independent emissions.
const TOTALS: usize = OUTPUTS + 1;

/// Emissions in t, compute in EFLOP and so on of each model in one draw, by output, and the independent emissions.
type Values = [f64; TOTALS];

/// Three models whose outputs are in fixed proportions; their compute differs from draw to draw.
pub fn proportional(draws: u64) -> (Assessment, Plan, Summary, Oracle) {
    let mut random = Random(7);
    run(
        3,
        draws,
        || [0.0; 2],
        |m, _| {
            let compute = (m + 1) as f64 * 1e5 * libm::exp(0.3 * random.normal());
            let g = compute * 0.25 / 1000.0;
            [compute, compute * 0.4, compute * 0.5, g, g]
        },
    )
}

/// Models of very different size with own and shared lognormal spread.
pub fn lognormal(models: usize, draws: u64) -> (Assessment, Plan, Summary, Oracle) {
    let mut random = Random(3);
    let sizes: Vec<f64> = (0..models).map(|_| libm::exp(13.0 + 2.6 * random.normal())).collect();
    let mut shared = Random(4);
    run(
        models,
        draws,
        move || [shared.normal(), shared.normal()],
        |m, [e, g]| {
            let (own, compute) = (0.4 * random.normal(), sizes[m] * libm::exp(0.5 * random.normal()));
            let it = compute * 0.75 * libm::exp(own + 0.2 * e);
            let energy = it * (1.0 + 0.2 * libm::exp(0.3 * random.normal()));
            let grid = 0.0004 * libm::exp(0.3 * random.normal());
            let independent = energy * grid * libm::exp(0.2 * (random.normal() - e) + 0.15 * random.normal());
            [compute, it, energy, energy * grid * libm::exp(0.15 * g), independent]
        },
    )
}

/// The same run with the groups' emissions summed and binned instead of kept.
pub fn binned(plan: &Plan, summary: &Summary) -> Summary {
    let mut summary = summary.clone();
    for (group, plan) in summary.groups.iter_mut().zip(&plan.groups) {
        if let GroupSummary::Kept { headline: emissions, .. } = group {
            let mut moments = Moments::empty(true);
            for &count in emissions.iter() {
                add(&mut moments, plan.headline, count);
            }
            *group = GroupSummary::Binned { headline: moments };
        }
    }
    summary
}

pub fn oracle() -> Oracle {
    let share = |name: &str, first_order: f64, total: f64| VarianceShare {
        name: name.into(),
        first_order,
        total,
        shapley: 0.5 * (first_order + total),
    };
    Oracle {
        mean_t: 100.0,
        sd_t: Some(20.0),
        kurtosis: Some(5.0),
        independent_mean_t: 100.0,
        independent_sd_t: Some(15.0),
        groups: vec![
            share("compute", 0.41, 0.49),
            share("efficiency", 0.22, 0.30),
            share("pue", 0.003, 0.004),
            share("grid", 0.19, 0.26),
            share("reporting", 0.0, 0.0),
        ],
        reason: None,
    }
}

fn run(
    models: usize,
    draws: u64,
    mut shared: impl FnMut() -> [f64; 2],
    mut value: impl FnMut(usize, [f64; 2]) -> Values,
) -> (Assessment, Plan, Summary, Oracle) {
    let assessment = assessment(models);
    let groups = compile::groups(&assessment);
    let is_of = |g: &Group, m: usize| assessment.models[m].labels[&g.by] == g.value;
    let n = draws as usize;
    let mut totals: [Vec<f64>; TOTALS] = std::array::from_fn(|_| vec![0.0; n]);
    let mut group_totals = vec![[vec![0.0; n], vec![0.0; n]]; groups.len()];
    let wide = Range { unit: -30, saturable: false, bins_lo: -32 << LOG2_BITS, bin_scale: 16 << 10 };
    let mut summaries = vec![ModelSummary::empty(true); models];
    for draw in 0..n {
        let shared = shared();
        for (m, summary) in summaries.iter_mut().enumerate() {
            let v = value(m, shared);
            for (total, v) in totals.iter_mut().zip(v) {
                total[draw] += v;
            }
            let (compute, emissions) = (v[Output::Compute as usize], v[Output::Emissions as usize]);
            add(&mut summary.headline, wide, libm::ldexp(emissions, -wide.unit) as u64);
            add(&mut summary.ratio, wide, libm::ldexp(emissions / compute, -wide.unit) as u64);
            for (group, name) in group_totals.iter_mut().zip(&groups) {
                if is_of(name, m) {
                    group[0][draw] += emissions;
                    group[1][draw] += compute;
                }
            }
        }
    }
    let total_units: [i32; TOTALS] = std::array::from_fn(|t| unit(&totals[t]));
    let group_range = |values: &[f64]| {
        // ±8 octaves around the first draw.
        let octave = libm::floor(libm::log2(values[0])) as i32;
        Range { unit: unit(values), saturable: false, bins_lo: (octave - 8) << LOG2_BITS, bin_scale: 64 << 10 }
    };
    let group_plans: Vec<GroupPlan> = group_totals
        .iter()
        .map(|[g, c]| GroupPlan { headline: group_range(g), denominator: group_range(c), ratio_shift: 30 })
        .collect();
    let of_model = |m: usize| (0..groups.len()).filter(|&g| is_of(&groups[g], m)).map(|g| g as u32).collect();
    let header = Header {
        binned: true,
        tables: Vec::new(),
        effects: Vec::new(),
        cells: Vec::new(),
        outputs: total_units[..OUTPUTS].iter().map(|&unit| OutputPlan { unit, kept: true }).collect(),
        headline: Output::Emissions as usize,
        denominator: Some(Output::Compute as usize),
        has_independent: true,
        saturable: false,
        groups: group_plans.clone(),
        ratio_shift: 40,
    };
    let plan = Plan::new(header, (0..models).map(|m| model_plan(m, wide, of_model(m))).collect());
    let counts = |values: &[f64], unit: i32| values.iter().map(|x| libm::ldexp(*x, -unit) as u64).collect::<Vec<u64>>();
    let summary = Summary {
        draws: 0..draws,
        totals: (0..TOTALS).map(|t| counts(&totals[t], total_units[t])).collect(),
        groups: group_totals
            .iter()
            .zip(&group_plans)
            .map(|([g, c], plan)| GroupSummary::Kept {
                headline: counts(g, plan.headline.unit),
                denominator: counts(c, plan.denominator.unit),
            })
            .collect(),
        models: summaries,
        saturated: vec![0; TOTALS],
    };
    let sampled = |t: usize| {
        let mean = totals[t].iter().sum::<f64>() / n as f64;
        (mean, (totals[t].iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n as f64).sqrt())
    };
    let ((mean_t, sd), (independent_mean_t, independent)) = (sampled(Output::Emissions as usize), sampled(OUTPUTS));
    let oracle = Oracle {
        mean_t: mean_t * 1.0003,
        sd_t: Some(sd * 1.001),
        independent_mean_t,
        independent_sd_t: Some(independent),
        ..oracle()
    };
    (assessment, plan, summary, oracle)
}

fn unit(values: &[f64]) -> i32 {
    let max = values.iter().cloned().fold(f64::MIN_POSITIVE, f64::max);
    libm::ceil(libm::log2(max)) as i32 - 50
}

fn add(moments: &mut Moments, range: Range, count: u64) {
    moments.sum += count as u128;
    moments.sum_sq += count as u128 * count as u128;
    if count == 0 {
        moments.zeros += 1;
        return;
    }
    let log2 = (libm::log2(count as f64) + range.unit as f64) * libm::ldexp(1.0, LOG2_BITS as i32);
    moments.bins[range.bin(libm::floor(log2) as i32) as usize] += 1;
}

fn model_plan(m: usize, range: Range, groups: Vec<u32>) -> ModelPlan {
    ModelPlan {
        key: m as u64,
        marginals: [Marginal::None; PLAN_SLOTS],
        cells: [None; PLAN_SLOTS],
        products: (0..OUTPUTS).map(|o| Product { output: o as u8, loc: 0, signs: [0; PLAN_SLOTS] }).collect(),
        independent_scale: 0,
        independent_shifted_scale: 0,
        independent_bounded_scale: 0,
        independent_with_bounded: 0,
        headline: range,
        ratio: range,
        groups,
        zeros: 0,
    }
}

fn assessment(models: usize) -> Assessment {
    let organizations = ["ai2", "bigscience", "mistral"];
    let tiers = [Tier::T4b, Tier::T5, Tier::T3, Tier::T5, Tier::T1b];
    let provenance =
        |how: &str| Provenance { kind: Kind::Imputed, how: how.into(), source: "Epoch AI".into(), chosen: false };
    let models = (0..models)
        .map(|m| {
            let organization = organizations[m % organizations.len()];
            let tier = tiers[m % tiers.len()];
            let mut factors: [Option<AssessedFactor>; SLOTS] = Default::default();
            factors[Slot::Compute as usize] = Some(AssessedFactor {
                distribution: Distribution::LogNormal { median: 1e5, gsd: 1.95 },
                provenance: provenance("6 · 7e9 active parameters · 2e12 tokens"),
                shared: Vec::new(),
                acts: Acts::Multiply,
            });
            AssessedModel {
                id: format!("{organization}/model-{m:04}"),
                tier,
                factors,
                terms: std::array::from_fn(|_| Term { constant: 1.0, powers: [0; SLOTS] }),
                further: vec![],
                labels: Labels::from([("organization", organization), ("tier", tier.name())]),
                provenance: BTreeMap::from([("hardware".into(), provenance("NVIDIA A100, from the card"))]),
            }
        })
        .collect();
    let mut assessment = Assessment {
        models,
        shared: Vec::new(),
        scope: Scope { run: Run::Final, boundary: Boundary::Facility, basis: Basis::Location, embodied: false },
        warnings: Vec::new(),
        groups_by: vec!["organization".into(), "tier".into()],
        further: vec![],
    };
    assessment.models.sort_by(|a, b| a.id.cmp(&b.id));
    assessment
}

/// SplitMix64 and the Box–Muller transform: enough to have something to look at.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        libm::ldexp(((z ^ (z >> 31)) >> 11) as f64 + 0.5, -53)
    }

    fn normal(&mut self) -> f64 {
        let (a, b) = (self.uniform(), self.uniform());
        (-2.0 * libm::log(a)).sqrt() * libm::cos(std::f64::consts::TAU * b)
    }
}
