//! Named workloads for measurements: portfolios of a kind and size, written as the files a user would write.

use std::fmt::Write as _;
use std::fs;

use anyhow::Context;
use clap::ValueEnum;

use crate::assess;
use crate::compile::compile;
use crate::engine::plan::Plan;
use crate::portfolio::{self, Problem};

/// What the models of a workload are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// Four own lognormal factors, nothing shared
    Lognormals,
    /// The same with six shared effects, two of them by one of twenty organisations
    Shared,
    /// Four tabulated factors: triangular, mixture, uniform, gamma
    Tables,
}

impl Workload {
    pub const ALL: [Workload; 3] = [Workload::Lognormals, Workload::Shared, Workload::Tables];

    pub fn name(self) -> &'static str {
        match self {
            Workload::Lognormals => "lognormals",
            Workload::Shared => "shared",
            Workload::Tables => "tables",
        }
    }

    /// The models file.
    fn models(self, n: usize) -> String {
        let mut text = String::from("id,organization,compute_flop,efficiency_flop_per_j,pue,grid_g_per_kwh\n");
        for k in 0..n {
            let spread = 1.2 + 0.1 * (k % 7) as f64;
            let factors = match self {
                Workload::Lognormals | Workload::Shared => [
                    format!("lognormal({}e22, {})", 1 + k % 13, spread + 1.0),
                    format!("lognormal(2e11, {spread})"),
                    "shifted(1, lognormal(0.2, 1.35))".into(),
                    format!("lognormal({}, 1.3)", 300.0 + (k % 5000) as f64 / 50.0),
                ],
                Workload::Tables => [
                    "triangular(1e22, 2e22, 9e22)".into(),
                    "mixture(0.5: lognormal(1e11, 1.3), 0.5: lognormal(3e11, 1.3))".into(),
                    "uniform(1.05, 1.5)".into(),
                    format!("gamma({}, 100)", 4 + k % 3),
                ],
            };
            let [compute, efficiency, pue, grid] = factors;
            let _ =
                writeln!(text, "model-{k:07},org-{:02},\"{compute}\",\"{efficiency}\",\"{pue}\",\"{grid}\"", k % 20);
        }
        text
    }

    /// The study file.
    fn study(self) -> String {
        let mut text = String::from("models = [\"models.csv\"]\ndefault_shared = false\n");
        let effects: &[(&str, f64, bool)] = match self {
            Workload::Shared => &[
                ("compute", 1.05, false),
                ("efficiency", 1.05, false),
                ("efficiency", 1.10, false),
                ("grid", 1.08, false),
                ("efficiency", 1.4, true),
                ("grid", 1.3, true),
            ],
            Workload::Lognormals | Workload::Tables => &[],
        };
        for (factor, gsd, by) in effects {
            let _ = writeln!(text, "[[shared]]\nfactor = \"{factor}\"\ngsd = {gsd}");
            if *by {
                text.push_str("by = \"organization\"\n");
            }
        }
        text
    }

    /// The compiled workload of `n` models.
    pub fn plan(self, n: usize) -> anyhow::Result<Plan> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        fs::write(folder.path().join("models.csv"), self.models(n)).context("cannot write a temporary file")?;
        let study = folder.path().join("study.toml");
        fs::write(&study, self.study()).context("cannot write a temporary file")?;
        let failed =
            |problems: Vec<Problem>| anyhow::Error::msg(problems.iter().map(|p| format!("{p}\n")).collect::<String>());
        let (portfolio, _) = portfolio::read(&study).map_err(failed)?;
        Ok(compile(&assess::assess(&portfolio).map_err(failed)?)?)
    }
}
