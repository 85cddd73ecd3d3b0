//! The sampled analysis of real portfolios against the exact oracle: two ways to the same indices.

use carbonhaze::engine::plan::Plan;
use carbonhaze::engine::plan::design::Design;
use carbonhaze::engine::stats::sensitivity::CubeIndices;
use carbonhaze::engine::stats::sensitivity::Undefined;
use carbonhaze::engine::{Backend, Cpu, Prepared, Simd};
use carbonhaze::low_level::assess::{Assessment, assess};
use carbonhaze::low_level::compile::compile;
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::exact::shares::shares;
use carbonhaze::low_level::exact::terms::Known;
use carbonhaze::low_level::portfolio::Portfolio;
use carbonhaze::low_level::posterior::grouping::{Grouping, Kind, by_factor};
use carbonhaze::low_level::posterior::ranked;
use carbonhaze::low_level::posterior::sampled::{AnalysedOutput, Analysis, Plain, Sampled};

const DRAWS: u64 = 1 << 15;

fn fixture(name: &str) -> Assessment {
    let path = format!("{}/fixtures/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    assess(&Portfolio::read(path).expect("it reads")).expect("it assesses")
}

/// In slabs of `slab` draws, the later ones first.
fn analyse(assessment: &Assessment, plan: &Plan, slab: u64, threshold_t: Option<f64>) -> Sampled {
    let (design, groups) = by_factor(assessment, plan);
    let cpu = Cpu::new(2, 0, Simd::detect()).unwrap();
    let plain = cpu.run(plan, 42, 0..DRAWS, &|_| true).unwrap();
    let prepared = Prepared::new(plan, &design).unwrap();
    let mut analysis = Analysis::new(&design, groups, &Plain::of_run(plan, &plain, DRAWS), threshold_t).unwrap();
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
        let unit = libm::ldexp(1.0, plan.unit(plan.headline));
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
    let sampled = analyse(&assessment, &plan, 5000, Some(2e5));
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
        indices(&sampled, |o| matches!(o, AnalysedOutput::ExceedsThreshold { threshold_t } if threshold_t == 2e5));
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

/// All first-order and total indices of the emissions with their exact counterparts, for one grouping of a fixture.
fn against_exact(name: &str, column: &str, draws: u64) -> (Sampled, Vec<[f64; 2]>) {
    let assessment = fixture(name);
    let plan = compile(&assessment).unwrap();
    let grouping = Grouping::new(column);
    let exact = shares(&assessment, &[column.to_string()], &mut Known::default()).unwrap();
    let (design, groups) = grouping.design(&assessment, &plan, Some(&exact));
    let cpu = Cpu::new(2, 0, Simd::detect()).unwrap();
    let of =
        |design: &Design, draws| cpu.corners(&Prepared::new(&plan, design).unwrap(), 42, draws, &|_| true).unwrap();
    let plain = Plain::of_corners(&plan, &of(&Plain::design(&design), 0..draws));
    let kurtosis = oracle(&assessment).kurtosis.or_else(|| plain.kurtosis()).unwrap();
    assert!(kurtosis < draws as f64 / 100.0, "{name}: the variance cannot be estimated from so few draws: {kurtosis}");
    let mut analysis = Analysis::new(&design, groups, &plain, None).unwrap();
    for first in (0..draws).step_by(4096) {
        analysis.add(&of(&design, first..first + 4096)).unwrap();
    }
    let sampled = analysis.finish(draws, 0.95);
    let exact = grouping.exact(&sampled.groups, &exact).iter().map(|e| [e.first_order, e.total]).collect();
    (sampled, exact)
}

#[test]
fn tiers_and_labels_agree_with_the_exact_shares() {
    let draws = 1 << 16;
    for (name, column, is_cube) in [
        ("hub_models", "tier", true),
        ("open_weights", "tier", true),
        ("hub_models", "country", false),
        ("open_weights", "hardware_stated", false),
    ] {
        let (sampled, exact) = against_exact(name, column, draws);
        assert_eq!(sampled.groups.len() <= 6, is_cube, "{name}, {column}: {}", sampled.groups.len());
        let shared = sampled.groups.iter().position(|g| g.kind == Kind::Shared).unwrap();
        let emissions = sampled.outputs.iter().find(|o| o.output == AnalysedOutput::Emissions).unwrap();
        let indices = emissions.indices.as_ref().unwrap();
        let mut worst = 0f64;
        for (g, exact) in exact.iter().enumerate() {
            for (index, exact) in [indices.first_order(g), indices.total(g)].into_iter().zip(exact) {
                if index.se == 0.0 {
                    assert_eq!((index.value, *exact), (0.0, 0.0), "{name}, {:?}", sampled.groups[g]);
                    continue;
                }
                let z = (index.value - exact) / index.se;
                worst = worst.max(z.abs());
                // A group of one model without weight has a kurtosis of its own, far above the total's.
                let most = if *exact > 1e-6 { 4.0 } else { 6.0 };
                assert!(z.abs() < most, "{name}, {:?}: {index:?} is not {exact}, z = {z}", sampled.groups[g]);
            }
            assert_eq!(indices.shapley(g).is_some(), is_cube);
        }
        assert!(worst > 0.05, "no figure is copied");
        // All own parts with interactions and the shared effects alone: the whole.
        let totals: f64 = exact.iter().enumerate().filter(|(g, _)| *g != shared).map(|(_, e)| e[1]).sum();
        assert!((totals + exact[shared][0] - 1.0).abs() < 1e-9, "{name}, {column}: {totals}");
        // Negative control: of the shared effects the total is not the first-order index.
        let index = indices.first_order(shared);
        assert!(((index.value - exact[shared][1]) / index.se).abs() > 5.0);
        if let Some(cube) = indices.cube() {
            // Own parts of different models do not interact: a Shapley effect is the mean of both indices.
            for (g, [first_order, total]) in exact.iter().enumerate() {
                let index = cube.shares.shapley[g];
                assert!((index.value - 0.5 * (first_order + total)).abs() < 4.0 * index.se + 1e-15, "{g} {index:?}");
            }
        }
    }
}

#[test]
fn what_has_no_group_of_its_own_goes_with_the_others() {
    let assessment = fixture("hub_models");
    let plan = compile(&assessment).unwrap();
    let exact = shares(&assessment, &["organization".into()], &mut Known::default()).unwrap();
    let grouping = Grouping::new("organization");
    let mut firsts = Vec::new();
    for shares in [Some(&exact), None] {
        let (design, groups) = grouping.design(&assessment, &plan, shares);
        assert_eq!((groups.len(), design.groups), (64, 64));
        let other = groups.iter().find(|g| g.kind == Kind::Other).unwrap();
        let values: usize = groups.iter().map(|g| g.values).sum();
        assert_eq!(values, exact.labels["organization"].len());
        assert!(other.values > 100 && groups.iter().map(|g| g.models).sum::<usize>() == assessment.models.len());
        let of_model = |g: u8| design.own.iter().filter(|own| own.iter().all(|&of| of == g)).count();
        for (g, group) in groups.iter().enumerate() {
            assert_eq!(of_model(g as u8), group.models, "{group:?}");
        }
        firsts.push(groups.iter().take(5).filter_map(|g| g.name.clone()).collect::<Vec<_>>());
    }
    // The largest, or the most frequent.
    let mut labels = exact.labels["organization"].clone();
    labels.sort_by(|a, b| b.total.total_cmp(&a.total));
    let largest: Vec<_> = labels.iter().take(5).filter_map(|l| l.value.clone()).collect();
    assert_eq!(firsts[0], largest);
    assert_ne!(firsts[1], largest);
}

#[test]
fn shared_effects_by_rank_agree_with_the_exact_ones() {
    for name in ["hub_models", "open_weights"] {
        let assessment = fixture(name);
        let plan = compile(&assessment).unwrap();
        let plain = Cpu::new(2, 0, Simd::detect()).unwrap().run(&plan, 42, 0..DRAWS, &|_| true).unwrap();
        let plain = Plain::of_run(&plan, &plain, DRAWS);
        let found = ranked::by_effect(&plan, 42, &plain, 0.95);
        let exact = shares(&assessment, &[], &mut Known::default()).unwrap();
        assert_eq!(found.len(), assessment.shared.len());
        let (mut large, mut worst) = (0, 0f64);
        for share in &exact.effects {
            let is = |e: &&carbonhaze::low_level::assess::SharedEffect| {
                (e.factor.name(), &*e.by, &*e.value, e.ordinal)
                    == (share.factor, &*share.by, &*share.value, share.ordinal)
            };
            let at = assessment.shared.iter().position(|e| is(&e)).unwrap();
            let index = found[at][0].unwrap();
            let z = (index.value - share.first_order) / index.se;
            if share.first_order > 1e-3 {
                large += 1;
                worst = worst.max(z.abs());
                assert!(z.abs() < 4.0, "{share:?}: {index:?}, z = {z}");
            } else {
                // Hundreds of them: 4 is passed by one in 2,800 Student t of 31 degrees of freedom, 6 by one in 800,000.
                assert!(z.abs() < 6.0, "{share:?}: {index:?}, z = {z}");
            }
        }
        assert!(large >= 5 && worst > 0.5, "{name}: {large} {worst}");
        // Negative control: the normals of another seed say nothing.
        let other = ranked::by_effect(&plan, 43, &plain, 0.95);
        let first = &exact.effects[0];
        let at = assessment
            .shared
            .iter()
            .position(|e| (e.factor.name(), &*e.value) == (first.factor, &*first.value) && *e.name == *first.name)
            .unwrap();
        let index = other[at][0].unwrap();
        assert!((index.value - first.first_order) / index.se < -4.0, "{index:?} {first:?}");
    }
}

#[test]
fn thresholds_at_their_limits() {
    let assessment = fixture("open_weights");
    let plan = compile(&assessment).unwrap();
    let at = |threshold_t: f64| {
        let sampled = analyse(&assessment, &plan, 8192, Some(threshold_t));
        let is = |o: &AnalysedOutput| matches!(o, AnalysedOutput::ExceedsThreshold { .. });
        let of = sampled.outputs.into_iter().find(|o| is(&o.output)).unwrap();
        (of.exceeding, of.indices.map(|_| ()), of.pareto_k)
    };
    assert_eq!(at(0.0), (Some(1.0), Err(Undefined::NoVariance), None));
    assert_eq!(at(1e12), (Some(0.0), Err(Undefined::NoVariance), None));
    let (exceeding, indices, _) = at(2e5);
    assert!(exceeding.is_some_and(|share| share > 0.1 && share < 0.9) && indices.is_ok());
}

#[test]
fn a_part_has_the_draws_it_has_in_the_whole() {
    let assessment = fixture("open_weights");
    let keep = |m: &carbonhaze::low_level::assess::AssessedModel| m.labels.get("country").is_some_and(|c| c == "China");
    let part = assessment.only(keep);
    assert!(part.models.len() > 20 && part.models.len() < assessment.models.len());
    assert!(part.shared.len() < assessment.shared.len());
    let cpu = Cpu::new(2, 0, Simd::detect()).unwrap();
    let of = |assessment: &Assessment| {
        let plan = compile(assessment).unwrap();
        (cpu.run(&plan, 42, 0..256, &|_| true).unwrap(), plan)
    };
    let ((whole, plan), (alone, of_part)) = (of(&assessment), of(&part));
    let mut found = 0;
    for (model, summary) in of_part.models.iter().zip(&alone.models) {
        let at = plan.models.iter().position(|m| m.key == model.key).unwrap();
        assert!(*summary == whole.models[at]);
        found += 1;
    }
    assert_eq!(found, part.models.len());
    // Negative control: in another order the effects would be others.
    let mut wrong = part.clone();
    wrong.shared.reverse();
    let (wrong, _) = of(&wrong);
    assert!(wrong.models != alone.models);
}
