//! Functions whose indices are known in closed form: what an estimator, and a machine, is tried on.
//!
//! | case | source |
//! |---|---|
//! | Ishigami | T. Ishigami and T. Homma, ISUMA 1990, doi:10.1109/ISUMA.1990.151285; a = 7, b = 0.1 |
//! | Sobol' g | A. Saltelli and I. M. Sobol', Reliab. Eng. Syst. Saf. 50 (1995) 225–239, doi:10.1016/0951-8320(95)00099-2 |
//! | products of lognormals | moments of the lognormal |
//! | scaling law | the same: a mean of M lognormals times one that all share |
//!
//! A case takes its inputs from standard uniforms or normals, one [`Source`] column each, turns each into a value of
//! its own (`transform`) and joins these (`combine`), so that the corners of a cube share the expensive part.
//! Everything goes through `libm`: outputs are the same bytes on every host.

use std::f64::consts::PI;

use super::Components;
use super::source::{Sample, Source};

/// A function of independent standard inputs, with its inputs divided into groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// As reports name it.
    pub name: String,
    function: Function,
    /// The group of each input.
    group_of: Vec<usize>,
    groups: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Function {
    /// sin x₁ + a·sin² x₂ + b·x₃⁴·sin x₁ on U(−π, π)³.
    Ishigami { a: f64, b: f64 },
    /// Π (|4u − 2| + a)/(1 + a).
    SobolG { a: Vec<f64> },
    /// Π exp(σ·z).
    Lognormals { sigma: Vec<f64> },
    /// exp(σ_shared·z₀) · mean of exp(σ_own·z_m), m = 1 … M; the groups are shared and own.
    Scaling { models: usize, own: f64, shared: f64 },
}

/// Outputs for [`super::PickFreeze`].
#[derive(Debug, Clone, PartialEq)]
pub struct PickFreezeOutputs {
    /// On sample A.
    pub a: Vec<f64>,
    /// On sample B.
    pub b: Vec<f64>,
    /// By group, (AB, BA).
    pub hybrids: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Case {
    fn new(name: &str, function: Function, group_of: &[usize]) -> Case {
        let groups = group_of.iter().max().map_or(0, |g| g + 1);
        Case { name: name.to_string(), function, group_of: group_of.to_vec(), groups }
    }

    /// Ishigami and Homma 1990, with a = 7 and b = 0.1.
    pub fn ishigami() -> Case {
        Case::new("Ishigami", Function::Ishigami { a: 7.0, b: 0.1 }, &[0, 1, 2])
    }

    /// Eight inputs, each its own group: for pick-freeze.
    pub fn sobol_g() -> Case {
        Case::new("Sobol' g", Case::g(), &[0, 1, 2, 3, 4, 5, 6, 7])
    }

    /// The last four together: five groups, for the cube.
    pub fn sobol_g_grouped() -> Case {
        Case::new("Sobol' g, five groups", Case::g(), &[0, 1, 2, 3, 4, 4, 4, 4])
    }

    fn g() -> Function {
        Function::SobolG { a: vec![0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0] }
    }

    /// A product of four lognormals.
    pub fn four_lognormals() -> Case {
        Case::new("four lognormals", Function::Lognormals { sigma: vec![0.5, 0.3, 0.05, 0.4] }, &[0, 1, 2, 3])
    }

    /// A product of eight lognormals, two in each group.
    pub fn eight_lognormals() -> Case {
        let sigma = vec![0.5, 0.1, 0.3, 0.1, 0.05, 0.02, 0.4, 0.2];
        Case::new("eight lognormals in pairs", Function::Lognormals { sigma }, &[0, 0, 1, 1, 2, 2, 3, 3])
    }

    /// Group 0 is what all models share (σ 0.2), group 1 their own (σ 0.5 each). At least one model.
    pub fn scaling(models: usize) -> Case {
        let models = models.max(1);
        let group_of: Vec<usize> = (0..=models).map(|input| usize::from(input > 0)).collect();
        Case::new(&format!("scaling law, M = {models}"), Function::Scaling { models, own: 0.5, shared: 0.2 }, &group_of)
    }

    /// How many groups of inputs.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// How many inputs.
    pub fn inputs(&self) -> usize {
        self.group_of.len()
    }

    /// The exact variance by sets of groups.
    pub fn components(&self) -> Components {
        let lognormal = |sigma: f64| libm::expm1(sigma * sigma);
        match &self.function {
            Function::Ishigami { a, b } => {
                let (p4, p8) = (libm::pow(PI, 4.0), libm::pow(PI, 8.0));
                let own = 0.5 * (1.0 + b * p4 / 5.0) * (1.0 + b * p4 / 5.0);
                Components::new(3, |set| match set {
                    0b001 => own,
                    0b010 => a * a / 8.0,
                    0b101 => 8.0 * b * b * p8 / 225.0,
                    _ => 0.0,
                })
            }
            Function::SobolG { a } => self.product(1.0, |i| 1.0 / (3.0 * (1.0 + a[i]) * (1.0 + a[i]))),
            Function::Lognormals { sigma } => {
                let squares: f64 = sigma.iter().map(|s| s * s).sum();
                self.product(libm::exp(squares), |i| lognormal(sigma[i]))
            }
            Function::Scaling { models, own, shared } => {
                let relative = [lognormal(*shared), lognormal(*own) / *models as f64];
                let mean_squared = libm::exp(own * own + shared * shared);
                Components::new(2, |set| {
                    mean_squared * (0..2).filter(|g| set >> g & 1 == 1).map(|g| relative[g]).product::<f64>()
                })
            }
        }
    }

    /// A product of independent factors with variances relative to the squared mean: V_s/μ² = Π V_g/μ_g².
    fn product(&self, mean_squared: f64, relative_variance: impl Fn(usize) -> f64) -> Components {
        let inputs = |group: usize| (0..self.inputs()).filter(move |&i| self.group_of[i] == group);
        let of_group = |group: usize| inputs(group).fold(1.0, |p, i| p * (1.0 + relative_variance(i))) - 1.0;
        let by_group: Vec<f64> = (0..self.groups).map(of_group).collect();
        Components::new(self.groups, |set| {
            let members = by_group.iter().enumerate().filter(|(g, _)| set >> g & 1 == 1);
            mean_squared * members.map(|(_, v)| v).product::<f64>()
        })
    }

    /// The output of one set of standard inputs (uniforms or normals, as the function has them).
    pub fn evaluate(&self, inputs: &[f64]) -> f64 {
        let values: Vec<f64> = inputs.iter().enumerate().map(|(i, &x)| self.transform(i, x)).collect();
        self.combine(|i| values.get(i).copied().unwrap_or(f64::NAN))
    }

    /// Outputs at all 2^groups corners, by mask of the groups from sample A.
    pub fn corners(&self, source: Source, first_draw: u64, draws: usize) -> Vec<Vec<f64>> {
        let (a, b) = self.samples(source, first_draw, draws);
        (0..1usize << self.groups).map(|mask| self.outputs(&a, &b, draws, |group| mask >> group & 1 == 1)).collect()
    }

    /// Outputs of both samples and of the hybrids of each group.
    pub fn pick_freeze(&self, source: Source, first_draw: u64, draws: usize) -> PickFreezeOutputs {
        let (a, b) = self.samples(source, first_draw, draws);
        let outputs = |from_a: &dyn Fn(usize) -> bool| self.outputs(&a, &b, draws, from_a);
        let hybrids = |one: usize| (outputs(&|group| group != one), outputs(&|group| group == one));
        PickFreezeOutputs {
            a: outputs(&|_| true),
            b: outputs(&|_| false),
            hybrids: (0..self.groups).map(hybrids).collect(),
        }
    }

    /// One input's standard values in a sample, for [`super::rank`].
    pub fn input(&self, source: Source, sample: Sample, input: usize, first_draw: u64, draws: usize) -> Vec<f64> {
        let mut column = vec![0.0; draws];
        match self.function {
            Function::Ishigami { .. } | Function::SobolG { .. } => {
                source.uniforms(sample, input as u32, first_draw, &mut column)
            }
            Function::Lognormals { .. } | Function::Scaling { .. } => {
                source.normals(sample, input as u32, first_draw, &mut column)
            }
        }
        column
    }

    fn samples(&self, source: Source, first_draw: u64, draws: usize) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
        let column = |sample: Sample, i: usize| {
            let mut column = self.input(source, sample, i, first_draw, draws);
            column.iter_mut().for_each(|x| *x = self.transform(i, *x));
            column
        };
        let of = |sample: Sample| (0..self.inputs()).map(|i| column(sample, i)).collect();
        (of(Sample::A), of(Sample::B))
    }

    fn outputs(&self, a: &[Vec<f64>], b: &[Vec<f64>], draws: usize, from_a: impl Fn(usize) -> bool) -> Vec<f64> {
        let columns: Vec<&[f64]> =
            self.group_of.iter().zip(a.iter().zip(b)).map(|(&g, (a, b))| if from_a(g) { &a[..] } else { b }).collect();
        (0..draws).map(|draw| self.combine(|i| columns[i][draw])).collect()
    }

    fn transform(&self, input: usize, x: f64) -> f64 {
        match &self.function {
            Function::Ishigami { a, b } => {
                let angle = (2.0 * x - 1.0) * PI;
                let sine = libm::sin(angle);
                match input {
                    0 => sine,
                    1 => a * sine * sine,
                    _ => b * (angle * angle) * (angle * angle),
                }
            }
            Function::SobolG { a } => a.get(input).map_or(f64::NAN, |a| ((4.0 * x - 2.0).abs() + a) / (1.0 + a)),
            Function::Lognormals { sigma } => sigma.get(input).map_or(f64::NAN, |sigma| libm::exp(sigma * x)),
            Function::Scaling { own, shared, .. } => libm::exp(if input == 0 { shared } else { own } * x),
        }
    }

    fn combine(&self, value: impl Fn(usize) -> f64) -> f64 {
        let all = 0..self.inputs();
        match &self.function {
            Function::Ishigami { .. } => value(0) + value(1) + value(2) * value(0),
            Function::SobolG { .. } | Function::Lognormals { .. } => all.map(value).product(),
            Function::Scaling { models, .. } => value(0) * (1..=*models).map(&value).sum::<f64>() / *models as f64,
        }
    }
}
