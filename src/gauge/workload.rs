//! Named workloads for measurements: portfolios of a kind and size.

use crate::assess::assess;
use crate::compile::compile;
use crate::engine::plan::Plan;
use crate::portfolio::{Distribution, Factor, Model, Place, Portfolio, SharedSpec, Study, Value};
use crate::run::RunError;

/// What the models of a workload are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Four own lognormal factors, nothing shared.
    Lognormals,
    /// The same with six shared effects, two of them by one of twenty organisations.
    Shared,
    /// Four tabulated factors: triangular, mixture, uniform, gamma.
    Tables,
}

impl Workload {
    /// Each of them.
    pub const ALL: [Workload; 3] = [Workload::Lognormals, Workload::Shared, Workload::Tables];

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Lognormals => "lognormals",
            Workload::Shared => "shared",
            Workload::Tables => "tables",
        }
    }

    fn model(self, k: usize) -> Model {
        use Distribution::{Gamma, LogNormal, Mixture, Shifted, Triangular, Uniform};
        let spread = 1.2 + 0.1 * (k % 7) as f64;
        let lognormal = |median: f64, gsd: f64| LogNormal { median, gsd };
        let [compute, efficiency, pue, grid] = match self {
            Workload::Lognormals | Workload::Shared => [
                lognormal((1 + k % 13) as f64 * 1e22, spread + 1.0),
                lognormal(2e11, spread),
                Shifted { shift: 1.0, inner: Box::new(lognormal(0.2, 1.35)) },
                lognormal(300.0 + (k % 5000) as f64 / 50.0, 1.3),
            ],
            Workload::Tables => [
                Triangular { lo: 1e22, mode: 2e22, hi: 9e22 },
                Mixture(vec![(0.5, lognormal(1e11, 1.3)), (0.5, lognormal(3e11, 1.3))]),
                Uniform { lo: 1.05, hi: 1.5 },
                Gamma { shape: (4 + k % 3) as f64, scale: 100.0 },
            ],
        };
        let stated = |distribution| Some(Value::from(distribution));
        Model {
            id: format!("model-{k:07}"),
            labels: [("organization".to_string(), format!("org-{:02}", k % 20))].into(),
            compute_flop: stated(compute),
            efficiency_flop_per_j: stated(efficiency),
            pue: stated(pue),
            grid_g_per_kwh: stated(grid),
            ..Model::default()
        }
    }

    fn study(self) -> Study {
        let effects: &[(Factor, f64, bool)] = match self {
            Workload::Shared => &[
                (Factor::Compute, 1.05, false),
                (Factor::Efficiency, 1.05, false),
                (Factor::Efficiency, 1.10, false),
                (Factor::Grid, 1.08, false),
                (Factor::Efficiency, 1.4, true),
                (Factor::Grid, 1.3, true),
            ],
            Workload::Lognormals | Workload::Tables => &[],
        };
        let spec = |&(factor, gsd, by): &(Factor, f64, bool)| SharedSpec {
            factor,
            gsd,
            by: if by { vec!["organization".into()] } else { vec![] },
            place: Place::default(),
        };
        Study { default_shared: false, shared: effects.iter().map(spec).collect(), ..Study::default() }
    }

    /// The portfolio of `n` models.
    pub fn portfolio(self, n: usize) -> Portfolio {
        Portfolio::new((0..n).map(|k| self.model(k)).collect(), self.study())
    }

    /// The compiled workload of `n` models.
    ///
    /// # Errors
    /// None that a workload of this program should have.
    pub fn plan(self, n: usize) -> Result<Plan, RunError> {
        Ok(compile(&assess(&self.portfolio(n))?)?)
    }
}
