//! Sorting and dividing on a device: the same words as on the processor, and as the plainest arithmetic.
//!
//! Runs on the first adapter there is; without one see `common::gpu`.

use std::mem::offset_of;
use std::sync::OnceLock;

use carbonhaze::engine::draw::accumulate::CEILING;
use carbonhaze::engine::draw::quotient::quotient;
use carbonhaze::engine::draw::reduce::MAX_SHIFT;
use carbonhaze::engine::gpu::layout::{QuotientParams, SortParams};
use carbonhaze::engine::gpu::shader::Kernel;
use carbonhaze::engine::gpu::{self, Fault, Gpu, GpuError, OnDevice, Options, Variant};
use carbonhaze::engine::{Host, Reduce, Summary};
use carbonhaze::exact::oracle::oracle;
use carbonhaze::posterior;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::common::{self, Families, pipeline};

/// The highest packed draw: a count of 2^53 and one of 32 batches.
const HIGHEST: u64 = (CEILING << 5) + 31;

/// A device with these options.
fn device(options: Options) -> Option<Gpu> {
    common::gpu::first().map(|found| Gpu::with(found, options, None))
}

/// Devices with and without 64-bit integers, with the checks on indices and loops and without.
fn devices() -> &'static [Gpu] {
    static DEVICES: OnceLock<Vec<Gpu>> = OnceLock::new();
    DEVICES.get_or_init(|| {
        let basic = Options { variant: Some(Variant { int64: false, subgroups: false }), ..Options::default() };
        let checked = Options { checked: true, ..basic.clone() };
        [Options::default(), basic, checked].into_iter().filter_map(device).collect()
    })
}

/// The host did nothing in the device's place. (Notices are told once, to whichever test asks first; this stays.)
fn by_itself(gpu: &Gpu) {
    assert!(!gpu.finished_on_cpu(), "{:?}", gpu.notices());
}

/// Sorts on every device; all must agree with the standard library, and have done it themselves.
fn sorts_like_the_library(what: &str, words: &[u64]) {
    let mut expected = words.to_vec();
    expected.sort();
    let mut on_host = words.to_vec();
    Host.sort(&mut on_host);
    assert!(on_host == expected, "{what}, on the host");
    for gpu in devices() {
        let mut given = words.to_vec();
        OnDevice(gpu).sort(&mut given);
        let differ = given.iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(differ, None, "{what}, {} words", words.len());
        by_itself(gpu);
    }
}

#[test]
fn sorted_words_of_every_length() {
    let mut rng = StdRng::seed_from_u64(1);
    for n in [0, 1, 2, 63, 64, 65, 1000, 1023, 1024, 1025, 65_537, 100_003] {
        let words: Vec<u64> = (0..n).map(|_| rng.random_range(0..=HIGHEST)).collect();
        sorts_like_the_library("random words", &words);
    }
}

#[test]
fn sorted_words_of_every_kind() {
    const N: u64 = 5000;
    let mut rng = StdRng::seed_from_u64(2);
    let mut drawn = |of: &mut dyn FnMut(&mut StdRng) -> u64| (0..N).map(|_| of(&mut rng)).collect::<Vec<u64>>();
    let random = drawn(&mut |r| r.random_range(0..=HIGHEST));
    let mut ascending = random.clone();
    ascending.sort();
    let descending: Vec<u64> = ascending.iter().rev().copied().collect();
    for (what, words) in [
        ("all equal", vec![HIGHEST; N as usize]),
        ("all zero", vec![0; N as usize]),
        ("ascending", ascending),
        ("descending", descending),
        // One digit in the lower word, one in the upper one, one in each.
        ("lowest digit", drawn(&mut |r| 0x123_4567_89ab_cde0 | r.random_range(0..16))),
        ("ninth digit", drawn(&mut |r| r.random_range(0..16u64) << 32 | 7)),
        ("two digits", drawn(&mut |r| r.random_range(0..2u64) << 57 | r.random_range(0..2) << 31)),
        ("few values", drawn(&mut |r| r.random_range(0..3u64) * 0x00ab_cdef_0123_4567)),
        ("top bits", drawn(&mut |r| HIGHEST - r.random_range(0..1000))),
        ("all 64 bits", drawn(&mut |r| r.random())),
        ("one word out of place", (0..N).map(|i| if i == 4321 { 3 } else { i }).collect()),
        ("packed draws", (0..N).map(|i| 32 * (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 12) + i % 32).collect()),
    ] {
        sorts_like_the_library(what, &words);
    }
}

/// By stable passes over the digits of 4 bits, the lowest first, one of them perhaps left out.
fn by_digits(words: &[u64], left_out: Option<u32>) -> Vec<u64> {
    let mut words = words.to_vec();
    for digit in (0..16).filter(|d| Some(*d) != left_out) {
        words.sort_by_key(|w| (w >> (4 * digit)) & 15);
    }
    words
}

/// Words on which a pass that is left out shows, whichever it is.
#[test]
fn every_digit_counts() {
    let mut rng = StdRng::seed_from_u64(3);
    let words: Vec<u64> = (0..5000).map(|_| rng.random_range(0..16u64) << (4 * rng.random_range(0..16))).collect();
    sorts_like_the_library("one digit each", &words);
    let mut expected = words.clone();
    expected.sort();
    assert_eq!(by_digits(&words, None), expected);
    for digit in 0..16 {
        assert_ne!(by_digits(&words, Some(digit)), expected, "digit {digit}");
    }
}

/// The comparisons above see a word that is not what it was.
#[test]
fn a_wrong_word_is_seen() {
    let words: Vec<u64> = (0..10_000).map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 6).collect();
    let mut expected = words.clone();
    expected.sort();
    for gpu in devices() {
        let mut changed = words.clone();
        changed[1234] ^= 1;
        OnDevice(gpu).sort(&mut changed);
        assert_ne!(changed, expected);
        by_itself(gpu);
    }
}

/// ⌊a·2^shift/b⌋ by long division as on paper, one bit of a·2^shift after the other.
fn schoolbook(a: u64, b: u64, shift: u32) -> Option<u64> {
    if b == 0 {
        return None;
    }
    let (mut quotient, mut remainder) = (0u128, 0u128);
    for bit in (0..64 + shift).rev() {
        let next = if bit >= shift { (a >> (bit - shift)) & 1 } else { 0 };
        remainder = 2 * remainder + u128::from(next);
        quotient = (2 * quotient).min(1 << 100) + u128::from(remainder >= u128::from(b));
        if remainder >= u128::from(b) {
            remainder -= u128::from(b);
        }
    }
    Some(quotient.min(u128::from(CEILING)) as u64)
}

/// Pairs from the corners of the range and from all sizes of counts.
fn pairs() -> (Vec<u64>, Vec<u64>) {
    let mut rng = StdRng::seed_from_u64(4);
    let corners: Vec<u64> = (0..54)
        .flat_map(|k| [(1u64 << k) - 1, 1 << k, (1 << k) + 1])
        .map(|x| x.min(CEILING))
        .chain([0, 0xffff_ffff, 0x1_0000_0000, CEILING - 1])
        .collect();
    let mut pairs: Vec<(u64, u64)> = corners.iter().flat_map(|&a| corners.iter().map(move |&b| (a, b))).collect();
    let mut sized = || rng.random_range(0..=CEILING) >> rng.random_range(0..54);
    pairs.extend((0..20_000).map(|_| (sized(), sized())));
    pairs.into_iter().unzip()
}

#[test]
fn quotients_like_128_bit_integers() {
    let (over, under) = pairs();
    for shift in [0, 1, 20, 31, 32, 33, 53, 54, 63, 64, 73, MAX_SHIFT] {
        let expected: Vec<Option<u64>> = over
            .iter()
            .zip(&under)
            .map(|(&a, &b)| (u128::from(a) << shift).checked_div(u128::from(b)))
            .map(|q| q.map(|q| q.min(1 << 53) as u64))
            .collect();
        for gpu in devices() {
            let given = OnDevice(gpu).quotients(&over, &under, shift);
            assert_eq!(given.len(), expected.len());
            let differ = given.iter().zip(&expected).position(|(q, e)| q.get() != *e);
            assert_eq!(differ.map(|i| (over[i], under[i], given[i], expected[i])), None, "shift {shift}");
            by_itself(gpu);
            assert_eq!(given, Host.quotients(&over, &under, shift));
        }
        // The 128-bit division of the library, against steps on paper.
        for i in (0..over.len()).step_by(7) {
            assert_eq!(schoolbook(over[i], under[i], shift), expected[i]);
        }
    }
    // Some of each kind were asked.
    let all: Vec<Option<u64>> = over.iter().zip(&under).map(|(&a, &b)| quotient(a, b, 20).get()).collect();
    let count = |of: &dyn Fn(&Option<u64>) -> bool| all.iter().filter(|q| of(q)).count();
    assert!(count(&|q| q.is_none()) > 100 && count(&|q| *q == Some(0)) > 100 && count(&|q| *q == Some(CEILING)) > 100);
}

#[test]
fn a_wrong_count_or_shift_is_seen() {
    let (over, under) = pairs();
    for gpu in devices() {
        let right = Host.quotients(&over, &under, 40);
        assert_ne!(OnDevice(gpu).quotients(&over, &under, 41), right);
        let at = (0..over.len()).find(|&i| right[i].get().is_some_and(|q| q > 1000 && q < 1 << 50)).unwrap();
        let mut other = under.clone();
        other[at] += other[at] / 100 + 1;
        assert_ne!(OnDevice(gpu).quotients(&over, &other, 40), right);
        by_itself(gpu);
    }
}

#[test]
fn columns_of_different_lengths() {
    for gpu in devices() {
        for (over, under) in [(0, 5), (5, 0), (64, 65), (130, 64)] {
            let (over, under) = (vec![12; over], vec![4; under]);
            let given = OnDevice(gpu).quotients(&over, &under, 1);
            assert_eq!(given, Host.quotients(&over, &under, 1));
            assert_eq!(given.len(), over.len().min(under.len()));
            assert!(given.iter().all(|q| q.get() == Some(6)));
        }
    }
}

/// Divisions are cut into parts that fit; a column that does not fit is sorted on the host, and says so once.
#[test]
fn what_does_not_fit() {
    let small = Options { binding_bytes: 1 << 20, ..Options::default() };
    let Some(gpu) = device(small) else { return };
    let n = (1 << 17) + 77;
    let over: Vec<u64> = (1..=n).map(|i: u64| i * 1_000_003).collect();
    let under: Vec<u64> = (1..=n).map(|i| i * 7919 % 1009).collect();
    assert_eq!(OnDevice(&gpu).quotients(&over, &under, 30), Host.quotients(&over, &under, 30));
    assert_eq!(gpu.notices(), Vec::<String>::new());
    let mut words: Vec<u64> = over.iter().rev().copied().collect();
    OnDevice(&gpu).sort(&mut words);
    assert_eq!(words, over);
    assert_eq!(gpu.notices().len(), 1);
    words.reverse();
    OnDevice(&gpu).sort(&mut words);
    assert_eq!((words, gpu.notices().len()), (over, 0));
}

/// A device that fails, in whichever way: the right words, and one notice.
#[test]
fn faults() {
    let faults =
        [Fault::AllocationRefused, Fault::Silent, Fault::WrongAnswer, Fault::BrokenKernel, Fault::DestroyedAfter(1)];
    for fault in faults {
        let Some(gpu) = device(Options { faults: vec![fault], ..Options::default() }) else { return };
        let descending: Vec<u64> = (0..3000).rev().map(|i| i << 20).collect();
        let ascending: Vec<u64> = descending.iter().rev().copied().collect();
        let mut words = descending.clone();
        OnDevice(&gpu).sort(&mut words);
        assert_eq!(words, ascending, "{fault:?}");
        assert_eq!(gpu.notices().len(), 1, "{fault:?}");
        let quotients = OnDevice(&gpu).quotients(&ascending[1..], &descending, 10);
        assert_eq!(quotients, Host.quotients(&ascending[1..], &descending, 10), "{fault:?}");
        assert_eq!(gpu.notices().len(), 0, "{fault:?}");
    }
}

/// A whole posterior: the same numbers, to the last bit.
#[test]
fn posteriors() {
    let mut assessment = common::random_assessment(12, 30, Families::All, true);
    assessment.groups_by = vec!["region".into()];
    let run = pipeline::run(assessment, 9, 20_000);
    assert!(!run.plan.groups.is_empty());
    let oracle = oracle(&run.assessment);
    let options = posterior::Options { interval: 0.9, seed: 9, discretisation_bound: 1e-6 };
    let of = |summary: &Summary, reduce: &dyn Reduce| {
        let all = posterior::posterior(&run.assessment, &run.plan, summary, &oracle, &options, reduce);
        (all.total, all.groups)
    };
    let on_host = of(&run.summary, &Host);
    for gpu in devices() {
        assert!(of(&run.summary, &OnDevice(gpu)) == on_host);
        by_itself(gpu);
        let mut other = run.summary.clone();
        other.totals[3][4711] += 1;
        assert!(of(&other, &OnDevice(gpu)) != on_host);
    }
}

/// The records of the host lie as the kernels read them.
#[test]
fn parameters_lie_as_the_kernels_read_them() {
    macro_rules! offsets {
        ($record:ty: $($field:ident),*) => {
            vec![$((stringify!($field), offset_of!($record, $field) as u32)),*]
        };
    }
    let sort = offsets!(SortParams: words, tiles, span, digit);
    let quotient = offsets!(QuotientParams: draws, shift, padding_0, padding_1);
    for (kernel, name, size, expected) in [
        (Kernel::SortScatter, "SortParams", size_of::<SortParams>(), sort),
        (Kernel::Quotient, "QuotientParams", size_of::<QuotientParams>(), quotient),
    ] {
        let module = naga::front::wgsl::parse_str(&kernel.source(Variant::ALL[0])).unwrap();
        let found = module.types.iter().find(|(_, t)| t.name.as_deref() == Some(name));
        let Some((_, naga::Type { inner: naga::TypeInner::Struct { members, span }, .. })) = found else {
            panic!("no {name}");
        };
        let members: Vec<(&str, u32)> = members.iter().map(|m| (m.name.as_deref().unwrap(), m.offset)).collect();
        assert_eq!((members, *span as usize), (expected, size));
    }
}

/// The self-test asks for both.
#[test]
fn known_answers() {
    for gpu in devices() {
        let checks: Vec<carbonhaze::engine::Check> = gpu.self_test().unwrap_or_else(|e: GpuError| panic!("{e}"));
        let of = |name: &str| checks.iter().find(|c| c.name == name).map(|c| (c.answers > 1000, c.wrong));
        assert_eq!((of("sort"), of("quotients")), (Some((true, 0)), Some((true, 0))));
    }
}

/// Not a test of anything: how long a million words take, with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn how_long() {
    use std::time::Instant;
    let mut rng = StdRng::seed_from_u64(5);
    const N: usize = 1_000_000;
    let words: Vec<u64> = (0..N).map(|i| 32 * rng.random_range(CEILING / 8..CEILING) + i as u64 % 32).collect();
    let under: Vec<u64> = words.iter().map(|w| w >> 6).rev().collect();
    let over: Vec<u64> = words.iter().map(|w| w >> 5).collect();
    let Some(gpu) = device(Options::default()) else { return };
    let device = OnDevice(&gpu);
    device.sort(&mut [2, 1]);
    println!("{}", gpu.facts().name);
    let reducers: [(&str, &dyn Reduce); 2] = [("host", &Host), ("device", &device)];
    for (name, reduce) in reducers.into_iter().cycle().take(8) {
        let mut sorted = words.clone();
        let begin = Instant::now();
        reduce.sort(&mut sorted);
        let sort = begin.elapsed();
        let begin = Instant::now();
        let quotients = reduce.quotients(&over, &under, 52);
        println!("{name}: sort {sort:.1?}, quotients {:.1?}", begin.elapsed());
        assert!(sorted.is_sorted() && quotients.len() == N);
    }
    by_itself(&gpu);
}
