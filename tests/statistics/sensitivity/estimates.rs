//! Estimates of 2^16 draws within their own 99.9 % intervals of the closed forms. Each with something that is wrong
//! and is seen to be.

use carbonhaze::engine::stats::sensitivity::known::Case;
use carbonhaze::engine::stats::sensitivity::pick_freeze::Hybrids;
use carbonhaze::engine::stats::sensitivity::source::{Sample, Source};
use carbonhaze::engine::stats::sensitivity::target::Target;
use carbonhaze::engine::stats::sensitivity::{Cube, CubeIndices, Index, PickFreeze, Shares, rank};

use super::{all_cover, cube, pick_freeze, views};

const DRAWS: usize = 1 << 16;
const LEVEL: f64 = 0.999;
const SEED: u64 = 42;

/// Whether every index of every kind covers its closed form.
fn agrees(got: &CubeIndices, want: &Shares<f64>) -> bool {
    let s = &got.shares;
    all_cover(&s.first_order, &want.first_order)
        && all_cover(&s.total, &want.total)
        && all_cover(&s.shapley, &want.shapley)
        && all_cover(&s.interactions, &want.interactions)
        && all_cover(&s.closed, &want.closed)
}

fn check(case: &Case, draws: usize) {
    let got = cube(case, SEED, draws, LEVEL);
    let components = case.components();
    let want = components.shares().unwrap();
    assert!(agrees(&got, &want), "{}: {got:?}\n{want:?}", case.name);
    assert!(got.variance.covers(components.variance()), "{}: {:?}", case.name, got.variance);
    let sum = |x: &[Index]| x.iter().map(|i| i.value).sum::<f64>();
    assert!((sum(&got.shares.shapley) - 1.0).abs() < 1e-12 && (sum(&got.shares.interactions) - 1.0).abs() < 1e-12);
    // Two groups taken for each other, and indices of 5 % more, are seen.
    let mut wrong = want.clone();
    wrong.first_order.swap(0, 1);
    assert!(!agrees(&got, &wrong), "{}", case.name);
    let mut wrong = want.clone();
    wrong.total.iter_mut().for_each(|t| *t *= 1.05);
    assert!(!agrees(&got, &wrong), "{}", case.name);
}

#[test]
fn ishigami() {
    check(&Case::ishigami(), DRAWS);
}

#[test]
fn sobol_g_grouped() {
    check(&Case::sobol_g_grouped(), DRAWS);
}

#[test]
fn four_lognormals() {
    check(&Case::four_lognormals(), DRAWS);
}

#[test]
fn eight_lognormals_in_pairs() {
    check(&Case::eight_lognormals(), DRAWS);
}

#[test]
fn scaling_law() {
    check(&Case::scaling(1), DRAWS);
    check(&Case::scaling(10), DRAWS);
    check(&Case::scaling(100), DRAWS);
}

#[test]
fn sobol_g_by_pick_freeze() {
    for case in [Case::sobol_g(), Case::ishigami(), Case::four_lognormals()] {
        let got = pick_freeze(&case, SEED, DRAWS, LEVEL);
        let want = case.components().shares().unwrap();
        let first: Vec<Index> = got.iter().map(|i| i.first_order).collect();
        let total: Vec<Index> = got.iter().map(|i| i.total).collect();
        assert!(all_cover(&first, &want.first_order) && all_cover(&total, &want.total), "{}: {got:?}", case.name);
        assert!(!all_cover(&first, &want.total) && !all_cover(&total, &want.first_order));
    }
    // The smallest indices are known to better than a tenth: 7.2e-5.
    let smallest = pick_freeze(&Case::sobol_g(), SEED, DRAWS, LEVEL)[7].first_order;
    assert!(smallest.se < 7.2e-6, "{smallest:?}");
}

#[test]
fn samples_mixed_up_are_seen() {
    let case = Case::four_lognormals();
    let want = case.components().shares().unwrap();
    let y = case.pick_freeze(Source { seed: SEED }, 0, DRAWS);
    let of = |a: &[f64], b: &[f64], swap: bool| {
        let hybrid = |(ab, ba)| if swap { Hybrids { ab: ba, ba: ab } } else { Hybrids { ab, ba } };
        let hybrids: Vec<Hybrids> = y.hybrids.iter().map(|(ab, ba)| hybrid((&ab[..], &ba[..]))).collect();
        let mut analysis = PickFreeze::new(4);
        analysis.add(0, a, b, &hybrids).unwrap();
        analysis.finish(LEVEL).unwrap().iter().map(|i| i.first_order).collect::<Vec<_>>()
    };
    assert!(all_cover(&of(&y.a, &y.b, false), &want.first_order));
    // Samples or hybrids exchanged: the index of all other inputs together instead.
    let others: Vec<f64> = (0..4).map(|i| want.closed[0b1111 ^ 1 << i]).collect();
    for mixed_up in [of(&y.b, &y.a, false), of(&y.a, &y.b, true)] {
        assert!(!all_cover(&mixed_up, &want.first_order));
        assert!(all_cover(&mixed_up, &others), "{mixed_up:?} {others:?}");
    }
    // Both exchanged: the same estimate.
    assert_eq!(of(&y.b, &y.a, true), of(&y.a, &y.b, false));
}

#[test]
fn corners_mixed_up_are_seen() {
    let case = Case::four_lognormals();
    let want = case.components().shares().unwrap();
    let corners = case.corners(Source { seed: SEED }, 0, DRAWS);
    let of = |order: &dyn Fn(usize) -> usize| {
        let views: Vec<&[f64]> = (0..16).map(|u| &corners[order(u)][..]).collect();
        let mut cube = Cube::new(4).unwrap();
        cube.add(0, &views).unwrap();
        cube.finish(LEVEL).unwrap()
    };
    assert!(agrees(&of(&|u| u), &want));
    assert!(agrees(&of(&|u| u ^ 0b1111), &want), "A for B everywhere is the same cube");
    assert!(!agrees(&of(&|u| if u == 3 || u == 5 { u ^ 6 } else { u }), &want), "two corners exchanged");
    // Sample A in place of B: nothing varies.
    let mut same = Cube::new(4).unwrap();
    same.add(0, &[&corners[15][..]; 16]).unwrap();
    assert!(same.finish(LEVEL).is_err());
}

#[test]
fn an_inert_input_is_exactly_zero() {
    // Ishigami's function has four inputs here, of which the last is not used.
    let case = Case::ishigami();
    let three = case.corners(Source { seed: SEED }, 0, DRAWS);
    let four: Vec<&[f64]> = (0..16).map(|u| &three[u & 7][..]).collect();
    let mut cube = Cube::new(4).unwrap();
    cube.add(0, &four).unwrap();
    let shares = cube.finish(LEVEL).unwrap().shares;
    let zero = Index { value: 0.0, lo: 0.0, hi: 0.0, se: 0.0 };
    assert_eq!([shares.first_order[3], shares.total[3], shares.shapley[3]], [zero; 3]);
    // First order 0 by symmetry, not by inertia, is not exactly 0.
    assert!(shares.first_order[2] != zero && shares.first_order[2].covers(0.0));
}

#[test]
fn ranks() {
    for case in [Case::four_lognormals(), Case::ishigami(), Case::sobol_g()] {
        let want = case.components().shares().unwrap().first_order;
        let y = case.pick_freeze(Source { seed: SEED }, 0, DRAWS).a;
        let of = |input: usize| {
            let x = case.input(Source { seed: SEED }, Sample::A, input, 0, DRAWS);
            rank::first_order(0, &x, &y, LEVEL).unwrap()
        };
        let got: Vec<Index> = (0..case.inputs()).map(of).collect();
        assert!(all_cover(&got, &want), "{}: {got:?}", case.name);
        let mut wrong = want.clone();
        wrong.swap(0, 1);
        assert!(!all_cover(&got, &wrong));
        // The inputs of the other sample say nothing.
        let x = case.input(Source { seed: SEED }, Sample::B, 0, 0, DRAWS);
        assert!(rank::first_order(0, &x, &y, LEVEL).unwrap().covers(0.0));
    }
}

#[test]
fn targets() {
    // 1{Y > q} for the 95th percentile of the four lognormals: both of two outputs that share the inputs of s exceed q
    // with the bivariate normal probability of correlation Σσ²(s)/Σσ². SciPy 1.17, integrate.quad over the shared
    // part; q = exp(1.6448536·√0.5025) = 3.2091.
    let first = [0.202_406_632_1, 0.050_464_362_0, 0.001_121_621_0, 0.105_783_639_8];
    let total = [0.794_423_314_3, 0.504_603_703_3, 0.086_344_483_4, 0.657_236_629_3];
    let corners = Case::four_lognormals().corners(Source { seed: SEED }, 0, DRAWS);
    let of = |target: Target| {
        let mut cube = Cube::new(4).unwrap();
        cube.add(0, &views(&target.corners(&views(&corners)))).unwrap();
        cube.finish(LEVEL).unwrap()
    };
    let got = of(Target { threshold: 3.209_102_316_89 });
    assert!(got.mean.covers(0.05), "{:?}", got.mean);
    assert!(all_cover(&got.shares.first_order, &first) && all_cover(&got.shares.total, &total), "{got:?}");
    let plain = Case::four_lognormals().components().shares().unwrap();
    assert!(!all_cover(&got.shares.first_order, &plain.first_order) && !all_cover(&got.shares.total, &plain.total));
    // The threshold from the draws themselves: sample A's own 95th percentile.
    let estimated = Target::quantile(&corners[15], 0.95).unwrap();
    assert!((estimated.threshold / 3.209_102 - 1.0).abs() < 0.02);
    let got = of(estimated);
    assert!(all_cover(&got.shares.first_order, &first) && all_cover(&got.shares.total, &total), "{got:?}");
    assert!(!all_cover(&of(Target { threshold: 1.0 }).shares.first_order, &first));
}

#[test]
fn slabs_are_the_whole() {
    let case = Case::eight_lognormals();
    let whole = {
        let mut cube = Cube::new(4).unwrap();
        cube.add(0, &views(&case.corners(Source { seed: 3 }, 0, 10_000))).unwrap();
        cube.finish(0.95).unwrap()
    };
    assert_eq!(cube(&case, 3, 10_000, 0.95), whole);
    assert_ne!(cube(&case, 4, 10_000, 0.95), whole);
    assert_ne!(cube(&case, 3, 9_999, 0.95), whole);
}
