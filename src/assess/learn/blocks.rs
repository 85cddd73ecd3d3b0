//! The posterior of many standard normals of which each observation knows a few.
//!
//! An observation is `value = c·z + ε`, ε normal. Together they add C' S⁻¹ C to the precision of z, which is the identity
//! beforehand, and C' S⁻¹ y to its vector. Effects that all models share (`global`) are few; of the others those that meet
//! in an observation are a block, and blocks meet only through the global ones: an arrow. Each block l is eliminated,
//! which leaves its Schur complement on the global ones g:
//!
//! ```text
//! P_g = P_gg − Σ_l P_gl P_ll⁻¹ P_lg       m_g = P_g⁻¹ (h_g − Σ_l P_gl P_ll⁻¹ h_l)       z_g = m_g + L_g z̃_g
//! m_l = P_ll⁻¹ (h_l − P_lg m_g)           z_l = m_l − P_ll⁻¹ P_lg L_g z̃_g + L_l z̃_l       L L' = P⁻¹
//! ```
//!
//! The z̃ are independent standard normals again, one for each z, so that draws keep their keys. The work grows linearly
//! with the number of blocks. Sums go in the order of the observations and of the effects, which are those of rows and keys.

use std::collections::BTreeMap;

use super::root::Root;
use super::sets::Sets;

/// The largest block. Its work grows with the cube, and a factor's loads with its size.
pub const LARGEST: usize = 500;

/// An observation: which effects it knows, and how, in standard deviations of the effects.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    pub value: f64,
    pub variance: f64,
    pub loads: Vec<(usize, f64)>,
}

/// An effect as the observations leave it: z = mean + Σ load · z̃.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub mean: f64,
    pub loads: Vec<(usize, f64)>,
}

impl Known {
    /// Its standard deviation; 1 beforehand.
    pub fn sd(&self) -> f64 {
        self.loads.iter().map(|(_, l)| l * l).sum::<f64>().sqrt()
    }
}

/// What the observations leave of each effect, global or not; `None` for one in too large a block, whose observations are
/// left out. Every effect is in at least one observation.
pub fn posterior(global: &[bool], observations: &[Observation]) -> Vec<Option<Known>> {
    let numbers: Vec<usize> = (0..global.len()).filter(|&e| global[e]).collect();
    let of_global: BTreeMap<usize, usize> = numbers.iter().copied().zip(0..).collect();
    let g = numbers.len();
    let mut arrow = Arrow { precision: identity(g), vector: vec![0.0; g] };
    let (blocks, alone) = blocks(global, observations);
    for &k in &alone {
        arrow.add(&observations[k], &of_global);
    }
    let eliminated: Vec<Block> = blocks
        .into_iter()
        .filter(|(effects, _)| effects.len() <= LARGEST)
        .map(|(effects, members)| {
            let block = Block::of(effects, members.iter().map(|&k| &observations[k]), &of_global);
            arrow.add_block(&block, members.iter().map(|&k| &observations[k]), &of_global);
            block
        })
        .collect();
    let root = Root::of(g, &arrow.precision);
    let means = root.solve(&arrow.vector);
    let mut found: Vec<Option<Known>> = vec![None; global.len()];
    for (i, &effect) in numbers.iter().enumerate() {
        let loads = numbers.iter().copied().zip(root.row(i).iter().copied()).collect();
        found[effect] = Some(Known { mean: means[i], loads });
    }
    for block in &eliminated {
        block.known(&numbers, &root, &means, &mut found);
    }
    found
}

fn identity(n: usize) -> Vec<f64> {
    (0..n * n).map(|at| f64::from(u8::from(at / n == at % n))).collect()
}

/// Effects of a block, those in most observations first, and the places of its observations.
type Members = (Vec<usize>, Vec<usize>);

/// The blocks in the order of their first effects, and the observations of global effects alone.
fn blocks(global: &[bool], observations: &[Observation]) -> (Vec<Members>, Vec<usize>) {
    let mut sets = Sets::of(global.len());
    let mut seen = vec![0usize; global.len()];
    let local =
        |o: &'_ Observation| -> Vec<usize> { o.loads.iter().map(|(e, _)| *e).filter(|&e| !global[e]).collect() };
    for observation in observations {
        let effects = local(observation);
        for &effect in &effects {
            seen[effect] += 1;
            sets.join(effects[0], effect);
        }
    }
    let mut members: BTreeMap<usize, Members> = BTreeMap::new();
    for effect in (0..global.len()).filter(|&e| !global[e]) {
        members.entry(sets.first(effect)).or_default().0.push(effect);
    }
    let mut alone = Vec::new();
    for (k, observation) in observations.iter().enumerate() {
        match local(observation).first() {
            Some(&first) => members.entry(sets.first(first)).or_default().1.push(k),
            None => alone.push(k),
        }
    }
    let mut blocks: Vec<Members> = members.into_values().collect();
    for (effects, _) in &mut blocks {
        // What many observations share comes first: given it, the others hang on few of each other.
        effects.sort_by_key(|&e| (std::cmp::Reverse(seen[e]), e));
    }
    (blocks, alone)
}

/// Precision and vector of the global effects.
struct Arrow {
    precision: Vec<f64>,
    vector: Vec<f64>,
}

impl Arrow {
    fn add(&mut self, observation: &Observation, of_global: &BTreeMap<usize, usize>) {
        let n = self.vector.len();
        let known: Vec<(usize, f64)> =
            observation.loads.iter().filter_map(|(e, c)| Some((*of_global.get(e)?, *c))).collect();
        for &(i, a) in &known {
            self.vector[i] += a * observation.value / observation.variance;
            for &(j, b) in &known {
                self.precision[i * n + j] += a * b / observation.variance;
            }
        }
    }

    fn add_block<'o>(
        &mut self,
        block: &Block,
        observations: impl Iterator<Item = &'o Observation>,
        of_global: &BTreeMap<usize, usize>,
    ) {
        observations.for_each(|o| self.add(o, of_global));
        let n = self.vector.len();
        for i in 0..n {
            self.vector[i] -= dot(&block.cross[i], &block.alone);
            for j in 0..n {
                self.precision[i * n + j] -= dot(&block.cross[i], &block.through[j]);
            }
        }
    }
}

/// A block that is eliminated.
struct Block {
    effects: Vec<usize>,
    root: Root,
    /// By global effect: P_lg.
    cross: Vec<Vec<f64>>,
    /// By global effect: P_ll⁻¹ P_lg.
    through: Vec<Vec<f64>>,
    /// P_ll⁻¹ h_l.
    alone: Vec<f64>,
}

impl Block {
    fn of<'o>(
        effects: Vec<usize>,
        observations: impl Iterator<Item = &'o Observation>,
        of_global: &BTreeMap<usize, usize>,
    ) -> Block {
        let place: BTreeMap<usize, usize> = effects.iter().copied().zip(0..).collect();
        let n = effects.len();
        let mut precision = identity(n);
        let mut cross = vec![vec![0.0; n]; of_global.len()];
        let mut vector = vec![0.0; n];
        for o in observations {
            for (effect, a) in &o.loads {
                let Some(&i) = place.get(effect) else { continue };
                let weight = a / o.variance;
                vector[i] += weight * o.value;
                for (other, b) in &o.loads {
                    match (place.get(other), of_global.get(other)) {
                        (Some(&j), _) => precision[i * n + j] += weight * b,
                        (None, Some(&g)) => cross[g][i] += weight * b,
                        (None, None) => {}
                    }
                }
            }
        }
        let root = Root::of(n, &precision);
        let through = cross.iter().map(|column| root.solve(column)).collect();
        let alone = root.solve(&vector);
        Block { effects, root, cross, through, alone }
    }

    /// The block's effects, given the global ones.
    fn known(&self, numbers: &[usize], global: &Root, means: &[f64], found: &mut [Option<Known>]) {
        for (i, &effect) in self.effects.iter().enumerate() {
            let mean = self.through.iter().zip(means).fold(self.alone[i], |mean, (column, m)| mean - column[i] * m);
            let of_global = |j: usize| -> f64 {
                // Σ over g of (P_ll⁻¹ P_lg)_ig (L_g)_gj.
                (j..numbers.len()).map(|g| self.through[g][i] * global.row(g)[j]).sum::<f64>()
            };
            let mut loads: Vec<(usize, f64)> =
                numbers.iter().enumerate().map(|(j, &number)| (number, -of_global(j))).collect();
            loads.extend(self.effects.iter().copied().zip(self.root.row(i).iter().copied()));
            loads.retain(|(_, load)| *load != 0.0);
            found[effect] = Some(Known { mean, loads });
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(value: f64, variance: f64, loads: &[(usize, f64)]) -> Observation {
        Observation { value, variance, loads: loads.to_vec() }
    }

    /// Two global effects (0, 3), blocks {1, 2} and {4}.
    fn example() -> (Vec<bool>, Vec<Observation>) {
        let global = vec![true, false, false, true, false];
        let observations = vec![
            observation(0.5, 0.04, &[(0, 0.3), (1, 0.5)]),
            observation(-0.2, 0.09, &[(1, 0.4), (2, 0.7), (3, 0.2)]),
            observation(0.9, 0.01, &[(0, 0.2), (4, 0.6)]),
            observation(0.1, 0.25, &[(0, 1.0), (3, -1.0)]),
        ];
        (global, observations)
    }

    fn moments(found: &[Option<Known>]) -> (Vec<f64>, Vec<Vec<f64>>) {
        let n = found.len();
        let loads: Vec<Vec<f64>> = found
            .iter()
            .map(|k| {
                let mut row = vec![0.0; n];
                k.as_ref().unwrap().loads.iter().for_each(|(e, l)| row[*e] += l);
                row
            })
            .collect();
        let covariance = loads.iter().map(|a| loads.iter().map(|b| dot(a, b)).collect()).collect();
        (found.iter().map(|k| k.as_ref().unwrap().mean).collect(), covariance)
    }

    #[test]
    fn the_same_as_all_effects_in_one_matrix() {
        // NumPy, all at once: P = I + C' diag(1/s) C, np.linalg.solve(P, C' (y/s)), np.linalg.inv(P).
        let (global, observations) = example();
        let (mean, covariance) = moments(&posterior(&global, &observations));
        for (got, want) in mean.iter().zip(MEAN) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
        for (got, want) in covariance.iter().flatten().zip(COVARIANCE.iter().flatten()) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
        // Negative control: without the last observation.
        let (other, _) = moments(&posterior(&global, &observations[..3]));
        assert!((other[0] - MEAN[0]).abs() > 0.01);
    }

    #[test]
    fn the_order_of_observations_is_that_of_rows_and_changes_nothing_but_rounding() {
        let (global, mut observations) = example();
        let (mean, _) = moments(&posterior(&global, &observations));
        observations.reverse();
        let (reversed, _) = moments(&posterior(&global, &observations));
        assert!(mean.iter().zip(&reversed).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn a_block_without_end_is_left_out_with_all_that_it_says() {
        let n = LARGEST + 2;
        let mut global = vec![false; n + 2];
        global[n] = true;
        let mut observations: Vec<Observation> =
            (1..n).map(|k| observation(1.0, 0.1, &[(0, 1.0), (k, 1.0), (n, 1.0)])).collect();
        observations.push(observation(1.0, 1.0, &[(n, 1.0)]));
        observations.push(observation(1.0, 1.0, &[(n + 1, 1.0)]));
        let found = posterior(&global, &observations);
        assert!(found[..n].iter().all(Option::is_none));
        // By hand: prior and one observation of the same variance.
        for known in &found[n..] {
            let known = known.as_ref().unwrap();
            assert!((known.mean - 0.5).abs() < 1e-12 && (known.sd() - 0.5f64.sqrt()).abs() < 1e-12);
        }
    }

    const MEAN: [f64; 5] =
        [0.5060081068743448, 0.5546614527474815, -0.5795546169034382, 0.29168907881928025, 1.295348722094807];
    const COVARIANCE: [[f64; 5]; 5] = [
        [0.4500332744842453, -0.23086717155884073, 0.024216124650067908, 0.3614103981388287, -0.145956737670566],
        [-0.23086717155884076, 0.2513763536665181, -0.07572832621094375, -0.18902107017341224, 0.07487583942448887],
        [0.02421612465006794, -0.07572832621094375, 0.19811517921472224, -0.026449090039104388, -0.0078538782648869],
        [0.36141039813882864, -0.18902107017341221, -0.02644909003910442, 0.48761694193739985, -0.11721418318016061],
        [-0.14595673767056605, 0.07487583942448889, -0.007853878264886888, -0.11721418318016066, 0.074364347352616],
    ];
}
