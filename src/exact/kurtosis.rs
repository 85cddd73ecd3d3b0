//! The exact kurtosis of total emissions: the condition under which a sampled standard deviation can be tested.
//!
//! Given the global effects, the total is Σ_p g_p W_p over the few patterns p of global loadings, and the vector W is a
//! sum over clusters of models that share no local effect, hence independent. Joint cumulants up to order four add over
//! clusters; within a cluster models with the same loadings form a cell, whose own moments come from the cumulants of
//! its models, and raw moments of up to four cells are products of those with the moments of their summed loadings.
//! Everything is relative to the mean, so that no unit matters.

use std::collections::BTreeMap;

use super::terms::Product;
use crate::assess::Assessment;
use crate::portfolio::moments::lognormal_engine_moment;

/// Clusters with more cells than this are not expanded (the work grows with the fourth power).
const MAX_CELLS: usize = 24;
/// Nor more patterns of global loadings.
const MAX_PATTERNS: usize = 12;

type Loads = Vec<(usize, f64)>;
/// A multiset of at most four indices, ascending.
type Index = Vec<usize>;

/// Fourth central moment over squared variance; `None` where it is infinite or the structure is too entangled.
/// `variance` is the exact one: products with bounded factors or ones by rank have it only nearly (`multiplied`).
pub fn kurtosis(assessment: &Assessment, products: &[Product], variance: f64) -> Option<f64> {
    if products.windows(2).any(|w| w[0].model == w[1].model) {
        return None;
    }
    if products.iter().any(|p| !p.joint.is_empty()) {
        let products = multiplied(products)?;
        let (of_products, fourth) = central(assessment, &products)?;
        let cumulant = fourth - 3.0 * of_products * of_products;
        let mean: f64 = products.iter().map(|p| p.mean_t).sum();
        let relative = variance / (mean * mean);
        return Some(3.0 + cumulant / (relative * relative)).filter(|k| k.is_finite() && *k >= 1.0);
    }
    let (variance, fourth) = central(assessment, products)?;
    (variance > 0.0).then_some(fourth / (variance * variance)).filter(|k| k.is_finite() && *k >= 1.0)
}

/// The products with loads and own moments in the place of bounded factors and of those by rank. A bounded factor loads
/// a fraction of what it would without its bound, the same for all, so that the mean square of their means given the
/// shared effects is right; own moments leave each factor's first four moments as they are. A factor by rank keeps its moments as its own: what its shared effects add to the fourth cumulant
/// is left out.
fn multiplied(products: &[Product]) -> Option<Vec<Product>> {
    let square = |loads: &Loads| loads.iter().map(|(_, x)| x * x).sum::<f64>();
    let (mut wanted, mut there) = (0.0, 0.0);
    for (mean, joint) in products.iter().flat_map(|p| p.joint.iter().map(|j| (p.mean_t, j))) {
        if let Some(loads) = joint.unbounded() {
            wanted += mean * mean * libm::log(joint.series.squares());
            there += mean * mean * square(&loads);
        }
    }
    let fraction = if there > 0.0 { (wanted / there).sqrt() } else { 0.0 };
    let multiplied = |p: &Product| {
        let mut of = Product { joint: vec![], ..p.clone() };
        let mut loads: BTreeMap<usize, f64> = p.loads.iter().copied().collect();
        for joint in &p.joint {
            let mut shared = joint.unbounded().unwrap_or_default();
            for (effect, x) in &mut shared {
                *x *= fraction;
                *loads.entry(*effect).or_insert(0.0) += *x;
            }
            let squares = square(&shared);
            for k in [2, 3, 4] {
                let pairs = f64::from(k * (k - 1) / 2);
                of.own[joint.slot as usize][k as usize - 2] = Some(joint.moment(k)? / libm::exp(pairs * squares));
            }
        }
        // What a division and a product left of equal loads is equal again.
        let rounded = |x: f64| libm::ldexp(libm::round(libm::ldexp(x, 40)), -40);
        of.loads = loads.into_iter().map(|(e, x)| (e, rounded(x))).filter(|(_, x)| *x != 0.0).collect();
        Some(of)
    };
    products.iter().map(multiplied).collect()
}

/// Second and fourth central moments over those powers of the mean.
fn central(assessment: &Assessment, products: &[Product]) -> Option<(f64, f64)> {
    let mean: f64 = products.iter().map(|p| p.mean_t).sum();
    let is_global = |e: usize| assessment.shared[e].by.is_empty();
    let (patterns, cells) = cells(products, mean, &is_global)?;
    if patterns.len() > MAX_PATTERNS {
        return None;
    }
    let mut joint: BTreeMap<Index, f64> = BTreeMap::new();
    for cluster in clusters(&cells) {
        if cluster.len() > MAX_CELLS {
            return None;
        }
        let raw = cluster_moments(&cells, &cluster);
        for index in multisets(patterns.len()) {
            let cumulant = to_cumulant(&index, &|i| raw.get(i).copied().unwrap_or(0.0));
            *joint.entry(index).or_insert(0.0) += cumulant;
        }
    }
    let cumulant = |i: &[usize]| joint.get(i).copied().unwrap_or(0.0);
    let mut raw = [1.0, 0.0, 0.0, 0.0, 0.0];
    for index in multisets(patterns.len()) {
        let loads: Vec<&Loads> = index.iter().map(|&p| &patterns[p]).collect();
        raw[index.len()] += orderings(&index) * to_raw(&index, &cumulant) * joint_factor(&loads);
    }
    let [_, m1, m2, m3, m4] = raw;
    let variance = m2 - m1 * m1;
    Some((variance, m4 - 4.0 * m1 * m3 + 6.0 * m1 * m1 * m2 - 3.0 * m1 * m1 * m1 * m1))
}

/// Models with the same loadings.
struct Cell {
    pattern: usize,
    local: Loads,
    /// Cumulants of the sum of own parts while it is collected, raw moments afterwards; orders 1 to 4.
    moments: [f64; 4],
}

fn cells(products: &[Product], mean: f64, is_global: &dyn Fn(usize) -> bool) -> Option<(Vec<Loads>, Vec<Cell>)> {
    let bits = |loads: &Loads| -> Vec<(usize, u64)> { loads.iter().map(|&(e, a)| (e, a.to_bits())).collect() };
    let mut patterns: Vec<Loads> = Vec::new();
    let mut pattern_of = BTreeMap::new();
    let mut cells: Vec<Cell> = Vec::new();
    let mut cell_of = BTreeMap::new();
    for p in products {
        let (global, local): (Loads, Loads) = p.loads.iter().copied().partition(|&(e, _)| is_global(e));
        let pattern = *pattern_of.entry(bits(&global)).or_insert_with(|| {
            patterns.push(global);
            patterns.len() - 1
        });
        let cell = *cell_of.entry((pattern, bits(&local))).or_insert_with(|| {
            cells.push(Cell { pattern, local, moments: [0.0; 4] });
            cells.len() - 1
        });
        let mut raw = [1.0; 4];
        let share = p.mean_t / mean;
        for (k, raw) in raw.iter_mut().enumerate() {
            for slot in p.own {
                if k > 0 {
                    *raw *= slot[k - 1]?;
                }
            }
            *raw *= libm::pow(share, k as f64 + 1.0);
        }
        let [m1, m2, m3, m4] = raw;
        let cumulants = [
            m1,
            m2 - m1 * m1,
            m3 - 3.0 * m2 * m1 + 2.0 * m1 * m1 * m1,
            m4 - 4.0 * m3 * m1 - 3.0 * m2 * m2 + 12.0 * m2 * m1 * m1 - 6.0 * m1 * m1 * m1 * m1,
        ];
        cells[cell].moments.iter_mut().zip(cumulants).for_each(|(sum, k)| *sum += k);
    }
    for cell in &mut cells {
        let [k1, k2, k3, k4] = cell.moments;
        cell.moments = [
            k1,
            k2 + k1 * k1,
            k3 + 3.0 * k2 * k1 + k1 * k1 * k1,
            k4 + 4.0 * k3 * k1 + 3.0 * k2 * k2 + 6.0 * k2 * k1 * k1 + k1 * k1 * k1 * k1,
        ];
    }
    Some((patterns, cells))
}

/// Cells connected by local effects.
fn clusters(cells: &[Cell]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..cells.len()).collect();
    fn root(parent: &mut [usize], mut i: usize) -> usize {
        while parent[i] != i {
            parent[i] = parent[parent[i]];
            i = parent[i];
        }
        i
    }
    let mut first_with: BTreeMap<usize, usize> = BTreeMap::new();
    for (c, cell) in cells.iter().enumerate() {
        for &(effect, _) in &cell.local {
            let other = *first_with.entry(effect).or_insert(c);
            let (a, b) = (root(&mut parent, c), root(&mut parent, other));
            parent[a] = b;
        }
    }
    let mut clusters: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for c in 0..cells.len() {
        let r = root(&mut parent, c);
        clusters.entry(r).or_default().push(c);
    }
    clusters.into_values().collect()
}

/// Raw joint moments of the patterns' sums within one cluster.
fn cluster_moments(cells: &[Cell], cluster: &[usize]) -> BTreeMap<Index, f64> {
    let mut moments: BTreeMap<Index, f64> = BTreeMap::new();
    for chosen in multisets(cluster.len()) {
        let members: Vec<&Cell> = chosen.iter().map(|&i| &cells[cluster[i]]).collect();
        let mut value = joint_factor(&members.iter().map(|c| &c.local).collect::<Vec<_>>());
        let mut i = 0;
        while i < chosen.len() {
            let times = chosen[i..].iter().take_while(|&&c| c == chosen[i]).count();
            value *= members[i].moments[times - 1];
            i += times;
        }
        let mut pattern: Index = members.iter().map(|c| c.pattern).collect();
        pattern.sort_unstable();
        // The multiset of cells stands for as many ordered choices as it has orderings; an entry of the moment
        // tensor wants those with its own order of patterns.
        *moments.entry(pattern.clone()).or_insert(0.0) += value * orderings(&chosen) / orderings(&pattern);
    }
    moments
}

/// `E Π exp(load_i · z) / Π E exp(load_i · z)` over all effects of the lists.
fn joint_factor(lists: &[&Loads]) -> f64 {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for &(effect, load) in lists.iter().flat_map(|l| l.iter()) {
        let entry = sums.entry(effect).or_insert((0.0, 1.0));
        entry.0 += load;
        entry.1 *= lognormal_engine_moment(load);
    }
    sums.values().map(|&(sum, apart)| lognormal_engine_moment(sum) / apart).product()
}

/// All ascending index lists of length 1 to 4 over `n` things.
fn multisets(n: usize) -> Vec<Index> {
    let mut all: Vec<Index> = (0..n).map(|i| vec![i]).collect();
    let mut begin = 0;
    for _ in 1..4 {
        let end = all.len();
        for k in begin..end {
            for next in all[k][all[k].len() - 1]..n {
                let mut longer = all[k].clone();
                longer.push(next);
                all.push(longer);
            }
        }
        begin = end;
    }
    all
}

/// In how many orders the multiset can be written.
fn orderings(index: &[usize]) -> f64 {
    let factorial = |n: usize| (1..=n).product::<usize>() as f64;
    let mut value = factorial(index.len());
    let mut i = 0;
    while i < index.len() {
        let times = index[i..].iter().take_while(|&&c| c == index[i]).count();
        value /= factorial(times);
        i += times;
    }
    value
}

/// The set partitions of up to four places.
fn partitions(n: usize) -> Vec<Vec<Vec<usize>>> {
    (0..n).fold(vec![vec![]], |all, place| {
        let mut longer = Vec::new();
        for partition in all {
            for block in 0..partition.len() {
                let mut next = partition.clone();
                let block: &mut Vec<usize> = &mut next[block];
                block.push(place);
                longer.push(next);
            }
            let mut next = partition;
            next.push(vec![place]);
            longer.push(next);
        }
        longer
    })
}

fn over_partitions(index: &[usize], weight: impl Fn(usize) -> f64, of: &dyn Fn(&[usize]) -> f64) -> f64 {
    partitions(index.len())
        .iter()
        .map(|partition| {
            let blocks = partition.iter().map(|block| of(&block.iter().map(|&i| index[i]).collect::<Vec<_>>()));
            weight(partition.len()) * blocks.product::<f64>()
        })
        .sum()
}

/// Joint moment from joint cumulants: the sum over set partitions.
fn to_raw(index: &[usize], cumulant: &dyn Fn(&[usize]) -> f64) -> f64 {
    over_partitions(index, |_| 1.0, cumulant)
}

/// Joint cumulant from joint moments: the same with weights (−1)^(b−1) (b−1)!.
fn to_cumulant(index: &[usize], raw: &dyn Fn(&[usize]) -> f64) -> f64 {
    over_partitions(index, |b| [1.0, -1.0, 2.0, -6.0][(b - 1).min(3)], raw)
}
