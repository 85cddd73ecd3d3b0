//! A model's compute along its lineage against the thresholds of the EU's rules, in the same draws.

use super::lineage::cells::Cells;
use super::lineage::known;
use super::{Progress, RunError, Session, Settings};
use crate::assess::{Assessment, Output};
use crate::lineage::Graph;
use crate::portfolio::{Portfolio, Relation, Value};
use crate::posterior::thresholds::{Computed, Thresholds};

impl Session {
    /// What the draws say of a model's thresholds. A model whose outputs were learnt from (a distillation teacher) is no
    /// ancestor here.
    ///
    /// # Errors
    /// [`RunError::Usage`] for an id that is in no row; [`RunError::Plan`], and those of drawing.
    pub fn thresholds(
        &self,
        portfolio: &Portfolio,
        assessment: &Assessment,
        id: &str,
        settings: Settings,
        progress: &dyn Progress,
    ) -> Result<Thresholds, RunError> {
        let graph = Graph::new(&portfolio.models);
        let node = known(&graph, id)?;
        if !graph.is_row(node) {
            return Err(RunError::Usage(format!("{id:?} is in no row: its compute is not known")));
        }
        let initialises = |relation: Relation| relation != Relation::Distill;
        let lineage = graph.ancestors(node, |edge| initialises(edge.relation));
        let ancestors = lineage.iter().map(|(other, _)| *other).filter(|&other| other != node);
        let (rows, absent): (Vec<u32>, Vec<u32>) = ancestors.partition(|&other| graph.is_row(other));
        let name = |node: u32| graph.id(node).to_string();
        let edges = graph.bases(node).iter();
        let bases: Vec<String> = edges.filter(|edge| initialises(edge.relation)).map(|edge| name(edge.base)).collect();
        let sampler = self.sampler(settings, settings.draws.saturating_mul(rows.len() as u64 + 1), progress);
        self.memory().holds(settings.draws, 8, 4)?;
        let mut cells = Cells::new(assessment);
        let own = cells.draw(&sampler, &[node], Output::Compute)?;
        let of_bases = if rows.is_empty() { None } else { Some(cells.draw(&sampler, &rows, Output::Compute)?) };
        let draws = usize::try_from(settings.draws).unwrap_or(usize::MAX);
        let row = portfolio.models.iter().find(|model| model.id == id);
        let stated = row.and_then(|model| match &model.compute_flop {
            Some(Value::Number(flop)) => Some(*flop),
            _ => None,
        });
        let computed = Computed { own, of_bases, draws };
        let mut found = Thresholds::new(id, &computed, stated, settings.level, sampler.reduce());
        if !absent.is_empty() {
            found.above_third_of_base = None;
        }
        let teachers = lineage.iter().flat_map(|(other, _)| graph.bases(*other));
        let mut teachers: Vec<String> =
            teachers.filter(|edge| !initialises(edge.relation)).map(|edge| name(edge.base)).collect();
        teachers.sort();
        teachers.dedup();
        Ok(Thresholds { bases, teachers, absent: absent.into_iter().map(name).collect(), ..found })
    }
}
