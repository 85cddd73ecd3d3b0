//! The exact decomposition against the formula summed pair by pair, and against closed forms.

use carbonhaze::low_level::assess::{AssessedModel, Assessment, SLOTS, Slot, Term};
use carbonhaze::low_level::exact::oracle::oracle;
use carbonhaze::low_level::exact::shares::{self, Part, Shares};
use carbonhaze::low_level::exact::terms::Known;
use carbonhaze::low_level::portfolio::Distribution;

use crate::common::{self, Families, effect, random_assessment};

fn shares(assessment: &Assessment, by: &[String]) -> Result<Shares, String> {
    shares::shares(assessment, by, &mut Known::default())
}

/// One independent input: a model's own part of a slot, or a shared effect.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Input {
    Own(usize, Slot),
    Shared(usize),
}

/// `E[X^k]` of the families below, by their closed forms.
fn moment(d: &Distribution, k: i32) -> f64 {
    let k = f64::from(k);
    match d {
        Distribution::LogNormal { median, gsd } => median.powf(k) * (0.5 * (k * gsd.ln()).powi(2)).exp(),
        Distribution::Fixed(x) => x.powf(k),
        Distribution::Mixture(parts) => parts.iter().map(|(w, d)| w * moment(d, k as i32)).sum(),
        // (1 + X)^k by the binomial theorem.
        Distribution::Shifted { shift, inner } if k == 1.0 => shift + moment(inner, 1),
        Distribution::Shifted { shift, inner } if k == 2.0 => {
            shift * shift + 2.0 * shift * moment(inner, 1) + moment(inner, 2)
        }
        other => panic!("{other:?}"),
    }
}

/// A model's emissions: mean, and the exponent of every input.
fn term(assessment: &Assessment, index: usize) -> (f64, Vec<(Input, f64)>) {
    let model = &assessment.models[index];
    let term = &model.terms[3];
    let (mut mean, mut inputs) = (term.constant, Vec::new());
    let mut loads = vec![0.0; assessment.shared.len()];
    for slot in Slot::ALL {
        let Some(factor) = &model.factors[slot as usize] else { continue };
        let power = term.powers[slot as usize];
        mean *= moment(&factor.alone(), power.into());
        inputs.push((Input::Own(index, slot), power.into()));
        for (e, weight) in &factor.shared {
            loads[*e] += weight * f64::from(power) * assessment.shared[*e].ln_gsd;
        }
    }
    for (e, load) in loads.into_iter().enumerate() {
        mean *= (0.5 * load * load).exp();
        inputs.push((Input::Shared(e), load));
    }
    (mean, inputs)
}

/// V_u: all pairs of models, all inputs of both.
fn closed(assessment: &Assessment, of: &dyn Fn(Input) -> bool) -> f64 {
    let terms: Vec<_> = (0..assessment.models.len()).map(|m| term(assessment, m)).collect();
    let mut sum = 0.0;
    for (mean_a, a) in &terms {
        for (mean_b, b) in &terms {
            let mut rho = 1.0;
            for (input, x) in a.iter().filter(|(i, _)| of(*i)) {
                let Some((_, y)) = b.iter().find(|(other, _)| other == input) else { continue };
                rho *= match *input {
                    Input::Shared(_) => (x * y).exp(),
                    Input::Own(m, slot) => {
                        let d = &assessment.models[m].factors[slot as usize].as_ref().unwrap().alone();
                        moment(d, (x + y) as i32) / (moment(d, *x as i32) * moment(d, *y as i32))
                    }
                };
            }
            sum += mean_a * mean_b * (rho - 1.0);
        }
    }
    sum
}

fn brute(assessment: &Assessment, of: &dyn Fn(Input) -> bool) -> Part {
    let all = closed(assessment, &|_| true);
    Part { first_order: closed(assessment, of) / all, total: 1.0 - closed(assessment, &|i| !of(i)) / all }
}

/// Spreads are at most ln 0.9·2.5: the second moment that the engine's ends at |z| = 6.34 lose is below 1e-5.
const TOLERANCE: f64 = 2e-5;

fn apart(got: Part, want: Part) -> f64 {
    (got.first_order - want.first_order).abs().max((got.total - want.total).abs())
}

fn part(first_order: f64, total: f64) -> Part {
    Part { first_order, total }
}

/// Every share told, beside the same by brute force.
fn compared(assessment: &Assessment, got: &Shares) -> Vec<(String, Part, Part)> {
    let factor = |i: Input| match i {
        Input::Own(_, slot) => slot.factor(),
        Input::Shared(e) => assessment.shared[e].factor,
    };
    let is_shared = |i: Input| matches!(i, Input::Shared(_));
    let of_model = |i: Input, keep: &dyn Fn(&AssessedModel) -> bool| match i {
        Input::Own(m, _) => keep(&assessment.models[m]),
        Input::Shared(_) => false,
    };
    let mut pairs = Vec::new();
    for f in &got.factors {
        let is = |i: Input| factor(i).name() == f.name;
        pairs.push((f.name.to_string(), part(f.first_order, f.total), brute(assessment, &is)));
        pairs.push((format!("{}, shared", f.name), f.shared, brute(assessment, &|i| is(i) && is_shared(i))));
        pairs.push((format!("{}, own", f.name), f.own, brute(assessment, &|i| is(i) && !is_shared(i))));
    }
    pairs.push(("shared".into(), got.shared_own.shared, brute(assessment, &is_shared)));
    pairs.push(("own".into(), got.shared_own.own, brute(assessment, &|i| !is_shared(i))));
    for e in &got.effects {
        let index = assessment.shared.iter().position(|s| s.factor.name() == e.factor && *s.value == *e.value).unwrap();
        let want = brute(assessment, &|i| i == Input::Shared(index));
        pairs.push((format!("{} {:?}", e.factor, e.value), part(e.first_order, e.total), want));
    }
    for r in &got.labels["region"] {
        let here = |m: &AssessedModel| m.labels.get("region") == r.value.as_deref();
        let want = brute(assessment, &|i| of_model(i, &here));
        pairs.push((format!("region {:?}", r.value), part(r.first_order, r.total), want));
    }
    for m in &got.models {
        let want = brute(assessment, &|i| of_model(i, &|other| other.id == m.id));
        pairs.push((m.id.clone(), part(m.first_order, m.total), want));
    }
    pairs
}

#[test]
fn shares_are_those_of_all_pairs() {
    let mut with_effects = 0;
    for seed in 0..12 {
        let mut assessment = random_assessment(seed, 7, Families::LogNormal, false);
        assessment.models[3].labels.remove("region");
        let got = shares(&assessment, &["region".into()]).unwrap();
        let all = closed(&assessment, &|_| true);
        assert!((got.variance_t2 / all - 1.0).abs() < TOLERANCE, "{seed}");
        assert!((got.sd_t - got.variance_t2.sqrt()).abs() < 1e-12 * got.sd_t);
        let pairs = compared(&assessment, &got);
        assert_eq!(pairs.len(), 18 + 2 + got.effects.len() + got.labels["region"].len() + 7);
        for (name, got, want) in &pairs {
            assert!(apart(*got, *want) < TOLERANCE, "{seed}, {name}: {got:?} {want:?}");
        }
        with_effects += usize::from(got.effects.len() == 4);
        // Negative control: another spread in one model is seen.
        let mut other = assessment.clone();
        let largest = other.models.iter().position(|m| m.id == got.models[0].id).unwrap();
        let compute = other.models[largest].factors[0].as_mut().unwrap();
        if let Distribution::LogNormal { gsd, .. } = &mut compute.distribution {
            *gsd *= 1.05;
        }
        let wrong = compared(&other, &got);
        assert!(wrong.iter().any(|(_, got, want)| apart(*got, *want) > 10.0 * TOLERANCE), "{seed}");
    }
    assert!(with_effects >= 6);
}

#[test]
fn parts_add_up_where_they_must() {
    let mut told = 0;
    for seed in 0..16 {
        let families = if seed < 2 { Families::LogNormal } else { Families::All };
        let mut assessment = random_assessment(seed, 25, families, seed % 2 == 0);
        for model in &mut assessment.models {
            model.factors[Slot::Reporting as usize] = None;
            model.factors[Slot::Grid as usize].as_mut().unwrap().distribution = Distribution::Fixed(0.3);
        }
        // Some of the portfolios divide by a normal that comes near zero.
        let Ok(got) = shares(&assessment, &["region".into(), "which".into()]) else { continue };
        told += 1;
        let sum = |x: &mut dyn Iterator<Item = f64>| x.sum::<f64>();
        let shapley = sum(&mut got.factors.iter().map(|f| f.shapley));
        assert!((shapley - 1.0).abs() < 1e-12, "{shapley}");
        let own: f64 = got.models.iter().map(|m| m.total).sum();
        assert!((own + got.shared_own.shared.first_order - 1.0).abs() < 1e-12, "{own}");
        for shares in got.labels.values().chain([&got.tiers]) {
            assert!((sum(&mut shares.iter().map(|s| s.total)) - own).abs() < 1e-12);
            assert_eq!(shares.iter().map(|s| s.models).sum::<usize>(), 25);
        }
        // What has no spread has nothing at all, to the last bit: no reporting, and of grid the shared effects alone.
        let of = |name: &str| got.factors.iter().find(|f| f.name == name).unwrap();
        let reporting = of("reporting");
        assert_eq!((reporting.first_order, reporting.total, reporting.shapley), (0.0, 0.0, 0.0), "{seed}");
        assert_eq!(of("grid").own, Part::default());
        assert!(of("compute").first_order > 0.0);
        for f in &got.factors {
            assert!(f.first_order <= f.shapley + 1e-12 && f.shapley <= f.total + 1e-12, "{f:?}");
        }
        // The groups that every run tells are the same.
        for group in oracle(&assessment).groups {
            let f = of(&group.name);
            assert!((f.first_order - group.first_order).abs() < 1e-12 && (f.total - group.total).abs() < 1e-12);
            assert!((f.shapley - group.shapley).abs() < 1e-12);
        }
    }
    assert!(told >= 5, "{told}");
}

/// Models whose emissions are the product of their factors, each LN(0, own) with an effect of LN(0, shared) on it.
fn products(models: usize, factors: &[(Slot, f64, f64)]) -> Assessment {
    let mut slots = [const { None }; SLOTS];
    let mut powers = [0; SLOTS];
    let mut shared = vec![];
    for (slot, own, by_all) in factors {
        let own =
            if *own > 0.0 { Distribution::LogNormal { median: 1.0, gsd: own.exp() } } else { Distribution::Fixed(1.0) };
        let mut factor = common::factor(own).unwrap();
        if *by_all > 0.0 {
            factor.shared.push((shared.len(), 1.0));
            shared.push(effect(slot.factor(), &[], &[], 0, by_all.exp()));
        }
        slots[*slot as usize] = Some(factor);
        powers[*slot as usize] = 1;
    }
    let models = (0..models).map(|k| {
        let mut model = common::model(&format!("m{k:06}"), slots.clone());
        model.terms = [Term { constant: 1.0, powers }; 4];
        model
    });
    Assessment {
        models: models.collect(),
        shared,
        scope: common::scope(),
        warnings: vec![],
        groups_by: vec![],
        further: vec![],
    }
}

#[test]
fn four_lognormals() {
    // S1 = (exp σᵢ² − 1)/(exp Σσ² − 1), ST = 1 − (exp(Σσ² − σᵢ²) − 1)/(exp Σσ² − 1); σ = 0.5, 0.3, 0.05, 0.4.
    let expected = [
        ("compute", 0.43505581152, 0.56002102362),
        ("efficiency", 0.14425141911, 0.21790468518),
        ("reporting", 0.00383416465, 0.00632146881),
        ("grid", 0.26577520303, 0.37433489956),
    ];
    let factors =
        [(Slot::Compute, 0.5, 0.0), (Slot::Efficiency, 0.3, 0.0), (Slot::Grid, 0.4, 0.0), (Slot::Reporting, 0.05, 0.0)];
    let got = shares(&products(1, &factors), &[]).unwrap();
    for (name, first_order, total) in expected {
        let f = got.factors.iter().find(|f| f.name == name).unwrap();
        // 1e-6: what second moments lose beyond |z| = 6.34 at σ = 0.5.
        let miss = |by: f64| apart(part(f.first_order, f.total), part(by * first_order, by * total));
        assert!(miss(1.0) < 1e-6 && miss(1.001) > 1e-6, "{name}");
    }
    let interactions = 1.0 - expected.iter().map(|e| e.1).sum::<f64>();
    assert!((got.factor_interactions - interactions).abs() < 1e-6 && interactions > 0.1);
    // Of a product with relative variances c², V_s = Π_{f ∈ s} c_f².
    let c2 = |sigma: f64| (sigma * sigma).exp_m1();
    let pair = c2(0.5) * c2(0.4) / 0.5025f64.exp_m1();
    assert_eq!(got.interactions[0].factors, ["compute", "grid"]);
    assert!((got.interactions[0].share - pair).abs() < 1e-6 && (got.interactions[1].share - pair).abs() > 1e-6);
    assert_eq!(got.interactions.len(), 11);
    assert!((got.interactions.iter().map(|i| i.share).sum::<f64>() - got.factor_interactions).abs() < 1e-12);
}

#[test]
fn eight_lognormals_in_groups_of_two() {
    // Closed forms as above with the groups' σ²; Shapley values from the 2⁴ closed indices. A group is a factor's own
    // part and the shared effect on it.
    let expected = [
        ("compute", 0.39289, 0.53189, 0.4608),
        ("efficiency", 0.13916, 0.22108, 0.1786),
        ("grid", 0.00384, 0.00673, 0.0052),
        ("reporting", 0.29296, 0.42112, 0.3554),
    ];
    let factors = [
        (Slot::Compute, 0.5, 0.1),
        (Slot::Efficiency, 0.3, 0.1),
        (Slot::Grid, 0.05, 0.02),
        (Slot::Reporting, 0.4, 0.2),
    ];
    let got = shares(&products(1, &factors), &[]).unwrap();
    for (name, first_order, total, shapley) in expected {
        let f = got.factors.iter().find(|f| f.name == name).unwrap();
        // The printed digits.
        assert!(apart(part(f.first_order, f.total), part(first_order, total)) < 6e-6, "{f:?}");
        assert!((f.shapley - shapley).abs() < 6e-5, "{f:?}");
        assert!((f.shapley - shapley * 1.02).abs() > 6e-5, "{f:?}");
    }
}

#[test]
fn own_averages_out_and_shared_does_not() {
    // S1 of the shared factor = (e^0.04 − 1) / (e^0.04 (1 + (e^0.25 − 1)/M) − 1).
    for (count, expected) in [(1, 0.1213), (10, 0.5799), (1_000, 0.9928), (100_000, 0.99993)] {
        let got = shares(&products(count, &[(Slot::Compute, 0.5, 0.0), (Slot::Grid, 0.0, 0.2)]), &[]).unwrap();
        let shared = got.shared_own.shared.first_order;
        assert!((shared - expected).abs() < 6e-5, "{count}: {shared}");
        let exact = 0.04f64.exp_m1() / (0.04f64.exp() * (1.0 + 0.25f64.exp_m1() / count as f64) - 1.0);
        assert!((shared / exact - 1.0).abs() < 1e-6 && (shared / exact - 1.001).abs() > 1e-6, "{count}");
        // The one effect is all that is shared, and each model has the same share of the rest.
        assert_eq!(got.effects.len(), 1);
        assert!((got.effects[0].first_order - shared).abs() < 1e-12 && got.effects[0].models == count);
        assert!((got.models[0].total * count as f64 - (1.0 - shared)).abs() < 1e-9);
    }
}

#[test]
fn an_effect_on_pue() {
    // Y = Σ w_m C_m (1 + P_m S^a_m) G, w = 2, 1, a = 1, 0.7: tests/reference/pue_effect.py, by brute force on a tensor grid.
    // The grid's normals have no end, the engine's end at 6.34: 1e-7 of the variance.
    let expected = [("S", 0.1254988494, 0.1726883087), ("G", 0.3434833558, 0.3999889652)];
    let own = [("one", 0.2776530038, 0.3315200814), ("two", 0.1645328003, 0.1876789491)];
    let sd = 2.7157198684626427;
    // The same where S multiplies the whole PUE.
    let on_all_of_it = ("S", 0.5249718033, 0.6463929505);

    let lognormal = |median: f64, sigma: f64| Distribution::LogNormal { median, gsd: sigma.exp() };
    let model = |id: &str, weight: f64, [compute, median, pue, power]: [f64; 4]| {
        let mut factors = [const { None }; SLOTS];
        factors[Slot::Compute as usize] = common::factor(lognormal(1.0, compute));
        let inner = Box::new(lognormal(median, pue));
        let mut pue = common::factor(Distribution::Shifted { shift: 1.0, inner }).unwrap();
        pue.shared.push((0, power));
        factors[Slot::Pue as usize] = Some(pue);
        let mut grid = common::factor(Distribution::Fixed(1.0)).unwrap();
        grid.shared.push((1, 1.0));
        factors[Slot::Grid as usize] = Some(grid);
        let mut powers = [0; SLOTS];
        for slot in [Slot::Compute, Slot::Pue, Slot::Grid] {
            powers[slot as usize] = 1;
        }
        let mut model = common::model(id, factors);
        model.terms = [Term { constant: weight, powers }; 4];
        model
    };
    let assessment = Assessment {
        models: vec![model("one", 2.0, [0.4, 0.3, 0.5, 1.0]), model("two", 1.0, [0.5, 0.6, 0.3, 0.7])],
        shared: vec![
            effect(Slot::Pue.factor(), &[], &[], 0, 0.6f64.exp()),
            effect(Slot::Grid.factor(), &[], &[], 0, 0.3f64.exp()),
        ],
        scope: common::scope(),
        warnings: vec![],
        groups_by: vec![],
        further: vec![],
    };
    let got = shares(&assessment, &[]).unwrap();
    let close = |first_order: f64, total: f64, want: (&str, f64, f64)| {
        (first_order - want.1).abs() < 2e-6 && (total - want.2).abs() < 2e-6
    };
    let of = |name: &str| {
        let factor = if name == "S" { "pue" } else { "grid" };
        got.effects.iter().find(|e| e.factor == factor).unwrap()
    };
    for want in expected {
        assert!(close(of(want.0).first_order, of(want.0).total, want), "{want:?} {:?}", of(want.0));
    }
    for want in own {
        let m = got.models.iter().find(|m| m.id == want.0).unwrap();
        assert!(close(m.first_order, m.total, want), "{want:?} {m:?}");
    }
    let pue = got.factors.iter().find(|f| f.name == "pue").unwrap();
    assert!(close(pue.first_order, pue.total, ("S+P1+P2", 0.1825150755, 0.2266003020)), "{pue:?}");
    let shared = got.shared_own.shared;
    assert!(close(shared.first_order, shared.total, ("S+G", 0.4808009695, 0.5578141959)), "{shared:?}");
    assert!((got.sd_t / sd - 1.0).abs() < 2e-6, "{}", got.sd_t);
    // Negative controls: an effect on the whole PUE; the weights of the models taken for each other.
    assert!(!close(of("S").first_order, of("S").total, on_all_of_it));
    let mut swapped = assessment.clone();
    for (model, power) in swapped.models.iter_mut().zip([0.7, 1.0]) {
        model.factors[Slot::Pue as usize].as_mut().unwrap().shared[0].1 = power;
    }
    let swapped = shares(&swapped, &[]).unwrap();
    let s = swapped.effects.iter().find(|e| e.factor == "pue").unwrap();
    assert!(!close(s.first_order, s.total, expected[0]), "{s:?}");
}

#[test]
fn no_finite_variance_no_shares() {
    let mut assessment = products(2, &[(Slot::Compute, 0.5, 0.0), (Slot::Efficiency, 0.3, 0.0)]);
    assert!(shares(&assessment, &[]).is_ok());
    for model in &mut assessment.models {
        model.terms[3].powers[Slot::Efficiency as usize] = -1;
    }
    let with = |d: Distribution| {
        let mut assessment = assessment.clone();
        assessment.models[1].factors[Slot::Efficiency as usize] = common::factor(d);
        shares(&assessment, &[]).map(|_| ())
    };
    // 1/X of a uniform from 0 has no mean; of a gamma of shape 1.5 a mean and no variance.
    assert!(with(Distribution::Uniform { lo: 0.0, hi: 1.0 }).unwrap_err().contains("no finite mean"));
    assert!(with(Distribution::Gamma { shape: 1.5, scale: 1.0 }).unwrap_err().contains("no finite second moment"));
    assert_eq!(with(Distribution::Gamma { shape: 2.5, scale: 1.0 }), Ok(()));
    let fixed = products(2, &[(Slot::Compute, 0.0, 0.0)]);
    assert_eq!(shares(&fixed, &[]), Err("no variance".into()));
}
