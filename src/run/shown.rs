//! Everything that a report page shows of one portfolio: the run, its parts by column, the exact decomposition, the
//! families, and the back-test of the priors.

use super::headline::Outcome;
use super::intensity::Intensities;
use super::lineage::{Lineage, Question};
use super::{Progress, RunError, RunOptions, Session, Settings};
use crate::assess::Assessment;
use crate::engine::stats::precision::PILOT;
use crate::exact::decomposition::{Decomposition, decomposition};
use crate::lineage::Graph;
use crate::portfolio::{Portfolio, YEAR};
use crate::posterior::intensity::value;
use crate::validate::{Validation, masked_sum, runs_file, shipped};

/// Columns that a portfolio is divided by, where its rows have them; those of `[groups] by` come first.
const COLUMNS: [&str; 5] = [YEAR, "hardware", "region", "organization", "tier"];
/// Families whose trees are shown.
const TREES: usize = 20;
/// Models in a tree.
const BRANCHES: usize = 100;
/// Draws of all families together: each of their sums is sorted. Where the run has more of them the families have its first
/// draws, but no fewer than a pilot.
const FAMILY_DRAWS: u64 = 100_000_000;
/// Above so many models the exact decomposition by model and the trees take longer than the run: they are left out.
const MOST: usize = 20_000;
/// Draws of each prediction of the back-test.
pub const BACK_TEST: u64 = 100_000;

/// What is shown.
pub struct Shown {
    /// The run.
    pub outcome: Outcome,
    /// Emissions and ATCI of its parts.
    pub parts: Intensities,
    /// Where the variance comes from, or why that is not known.
    pub decomposition: Result<Decomposition, String>,
    /// `None` where no model was made from another, or there are too many models.
    pub lineage: Option<Lineage>,
    /// There are too many models for families and disclosures.
    pub large: bool,
    /// `None` where it was not asked for.
    pub validation: Option<Validation>,
}

impl Session {
    /// Runs a portfolio and everything that is shown of it, with the draws that the run needs.
    ///
    /// # Errors
    /// Those of [`Session::run`].
    pub fn shown(
        &self,
        portfolio: &Portfolio,
        assessment: &Assessment,
        options: &RunOptions,
        back_test: bool,
        progress: &dyn Progress,
    ) -> Result<Shown, RunError> {
        let outcome = self.run_assessed(portfolio, assessment.clone(), options, progress)?;
        let settings = outcome.settings;
        let parts = self.atci(assessment, &columns(assessment), settings, progress)?;
        let large = assessment.models.len() > MOST;
        let too_many = || Err(format!("more than {MOST} models; `haze sensitivity` has it"));
        let decomposition = if large { too_many() } else { decomposition(portfolio, assessment, &[])? };
        let lineage = if large { None } else { self.families(portfolio, &outcome, settings, progress)? };
        let validation = if back_test { Some(self.back_test(settings.seed, progress)?) } else { None };
        Ok(Shown { outcome, parts, decomposition, lineage, large, validation })
    }

    /// All families, the largest with their trees; `None` where there is none.
    fn families(
        &self,
        portfolio: &Portfolio,
        outcome: &Outcome,
        settings: Settings,
        progress: &dyn Progress,
    ) -> Result<Option<Lineage>, RunError> {
        let graph = Graph::new(&portfolio.models);
        let mut roots = graph.roots();
        if roots.is_empty() {
            return Ok(None);
        }
        let mut means = vec![0.0; graph.nodes()];
        for model in &outcome.posterior.models {
            if let Some(node) = graph.node(&model.id) {
                means[node as usize] = model.emissions_t.mean.unwrap_or(0.0);
            }
        }
        let size = |root: &u32| graph.family(*root).iter().map(|(node, _)| means[*node as usize]).sum::<f64>();
        let mut sized: Vec<(f64, u32)> = roots.drain(..).map(|root| (size(&root), root)).collect();
        sized.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(x.cmp(y)));
        let roots = sized.iter().take(TREES).map(|(_, root)| graph.id(*root).to_string()).collect();
        let most = (FAMILY_DRAWS / graph.nodes().max(1) as u64).max(PILOT);
        let settings = Settings { draws: settings.draws.min(most), ..settings };
        let question = Question { roots, all: true, branches: BRANCHES, ..Question::default() };
        self.lineage(portfolio, &outcome.assessment, &question, settings, progress).map(Some)
    }

    /// The published runs that come with the program, predicted.
    ///
    /// # Errors
    /// Those of [`Session::validate`].
    pub fn back_test(&self, seed: u64, progress: &dyn Progress) -> Result<Validation, RunError> {
        let file = runs_file::RunsFile { runs: shipped::runs().to_vec(), annotated: true, warnings: vec![] };
        let settings = Settings { draws: BACK_TEST, seed, ..Settings::default() };
        self.validate(&file, &masked_sum::shipped_lists(), settings, progress)
    }
}

/// The columns that at least one model has a value in.
fn columns(assessment: &Assessment) -> Vec<String> {
    let asked = assessment.groups_by.iter().map(String::as_str);
    let mut columns: Vec<String> = Vec::new();
    for column in asked.chain(COLUMNS) {
        let known = columns.iter().any(|c| c == column);
        if !known && assessment.models.iter().any(|model| value(model, column).is_some()) {
            columns.push(column.to_string());
        }
    }
    columns
}
