//! Families of models, everything that went into a model, and their union, in the same draws.
//!
//! All sets of nodes that a question is about are cut into cells (`lineage::Partition`), each cell is drawn once with the
//! draws that its models have in the whole, and every result is a sum of cells. Models whose emissions are certain are
//! added without drawing. Cells that have no set in common with the others are drawn, read and forgotten one group after
//! the other, so that many families need the memory of the largest group.

mod asked;
pub(in crate::run) mod cells;
mod read;

use std::collections::BTreeMap;

pub(in crate::run) use self::asked::known;
use self::asked::{Asked, DRAWN};
use self::cells::Cells;
use self::read::{Drawn, Tally};
use super::info::{Clock, RunInfo};
use super::{Progress, Request, RunError, Sampler, Session, Settings};
use crate::assess::Assessment;
use crate::engine::stats::precision::Precision;
use crate::lineage::{Allocation, Graph, Partition};
use crate::portfolio::moments::raw_moment;
use crate::portfolio::{Portfolio, Value};
use crate::posterior::families::{Ancestry, Family, Pair, Shape, Sum};
use crate::posterior::joint::Column;

/// Families that are compared in pairs, at most.
pub const MOST_COMPARED: usize = 8;
/// Base models in no row, circles, and models of a circle, that are named.
const NAMED: usize = 20;
const KG_PER_T: f64 = 1000.0;

/// What is asked of a lineage.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    /// Roots of the families that are looked at in detail.
    pub roots: Vec<String>,
    /// All families, those above in detail.
    pub all: bool,
    /// Models of which everything that went into them is asked.
    pub ancestors_of: Vec<String>,
    /// How shared models are divided between the families; they are not if this is `None`.
    pub allocation: Option<Allocation>,
    /// Models in a tree, at most.
    pub branches: usize,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Lineage {
    /// What was drawn.
    pub settings: Settings,
    /// How precisely the emissions of all models in question are known.
    pub precision: Precision,
    /// How shared models were divided.
    pub allocation: Option<Allocation>,
    /// What of the graph deserves a look.
    pub shape: Shape,
    /// In the order of the roots that were asked for, then those of all others, largest mean first.
    pub families: Vec<Family>,
    /// All families together, each model once; with the models that are in none, where all were asked for.
    pub union: Option<Sum>,
    /// Models that were made from nothing and that nothing was made from, where all families were asked for.
    pub alone: Option<Sum>,
    /// Every two of the families that were asked for.
    pub pairs: Vec<Pair>,
    /// In the order in which they were asked for.
    pub ancestries: Vec<Ancestry>,
    /// How it was drawn.
    pub info: RunInfo,
}

/// What is found group by group.
#[derive(Default)]
struct Found {
    families: BTreeMap<usize, Family>,
    /// Draws of the families that are compared.
    compared: BTreeMap<usize, Column>,
    overlaps: BTreeMap<(usize, usize), Tally>,
    union: Tally,
    /// Every model once.
    all: Column,
    alone: Option<Sum>,
    ancestries: BTreeMap<usize, Ancestry>,
}

impl Session {
    /// Answers a question about the lineage of a portfolio.
    ///
    /// # Errors
    /// [`RunError::Usage`] for an id that is in no row and no base; [`RunError::Plan`], and those of drawing.
    pub fn lineage(
        &self,
        portfolio: &Portfolio,
        assessment: &Assessment,
        question: &Question,
        request: impl Into<Request>,
        progress: &dyn Progress,
    ) -> Result<Lineage, RunError> {
        let mut clock = Clock::start();
        let request = request.into();
        let graph = Graph::new(&portfolio.models);
        let asked = Asked::new(&graph, assessment, question)?;
        let stated = stated(portfolio, &graph);
        let partition = Partition::new(&asked.reported, &asked.sets);
        let compared = question.roots.len().min(MOST_COMPARED);
        clock.lap("graph_s");
        let mut cells = Cells::new(assessment);
        let groups = partition.apart(asked.sets.len());
        let mut columns = |sampler: &Sampler<'_>, group: &[usize]| -> Result<Vec<Column>, RunError> {
            self.memory().holds(sampler.draws, group.len() as u64 + 4, 4)?;
            group.iter().map(|&c| cells.draw(sampler, &partition.cells[c].nodes, DRAWN)).collect()
        };
        let settings = self.settled_by(&request, asked.rows(), progress, |pilot| {
            let mut all = Column::default();
            for group in &groups {
                all = Column::sum([&all].into_iter().chain(&Column::aligned(columns(pilot, group)?)));
            }
            Ok(all.estimate(request.level, pilot.reduce()))
        })?;
        clock.lap("pilot_s");
        let sampler = self.sampler(settings, settings.draws.saturating_mul(asked.rows() as u64), progress);
        let mut found = Found::default();
        for group in &groups {
            let drawn = columns(&sampler, group)?;
            let cells = group.iter().map(|&c| &partition.cells[c]).zip(Column::aligned(drawn)).collect();
            let (level, reduce) = (settings.level, sampler.reduce());
            found.read(&Drawn { graph: &graph, asked: &asked, stated: &stated, cells, level, reduce }, compared);
        }
        clock.lap("draw_s");
        let info = RunInfo { plan_hash: cells.hash(), backend: sampler.device(), timings: clock.laps };
        found.empty(&graph, &asked, &sampler.settings());
        let pairs = found.pairs(&settings, &sampler);
        let all = found.all.estimate(settings.level, sampler.reduce());
        let precision = Precision::reached(&all, settings.draws).asked(request.precision());
        let union = (!asked.families.is_empty()).then(|| found.union.sum(settings.level, sampler.reduce()));
        let mut families: Vec<Family> = found.families.into_values().collect();
        let size = |family: &Family| family.sum.emissions_t.mean.unwrap_or(0.0);
        families[question.roots.len()..].sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.root.cmp(&b.root)));
        Ok(Lineage {
            settings,
            precision,
            allocation: question.allocation,
            shape: shape(&graph),
            families,
            union,
            alone: found.alone,
            pairs,
            ancestries: found.ancestries.into_values().collect(),
            info,
        })
    }
}

impl Found {
    fn read(&mut self, drawn: &Drawn<'_>, compared: usize) {
        let asked = drawn.asked;
        let allocated = (!asked.divided.is_empty()).then(|| drawn.allocated());
        let sets = drawn.sets();
        for (place, sets) in sets.iter().filter_map(|set| asked.family_of(*set)) {
            let whole = drawn.tally(|cell| cell.is_in(sets.all));
            let allocated = allocated.as_ref().and_then(|columns| columns.get(place));
            self.families.insert(place, drawn.family(sets, &whole, allocated));
            if place < compared {
                self.compared.insert(place, whole.column);
            }
        }
        for a in 0..compared {
            for b in a + 1..compared {
                let (of_a, of_b) = (asked.families[a].all, asked.families[b].all);
                let tally = drawn.tally(|cell| cell.is_in(of_a) && cell.is_in(of_b));
                let before = self.overlaps.remove(&(a, b)).unwrap_or_default();
                self.overlaps.insert((a, b), before.and(tally));
            }
        }
        let counts = |set: &u32| asked.family_of(*set).is_some() || asked.alone == Some(*set);
        let tally = drawn.tally(|cell| cell.sets.iter().any(counts));
        self.union = std::mem::take(&mut self.union).and(tally);
        self.all = Column::sum([&self.all, &drawn.tally(|_| true).column].into_iter());
        if let Some(alone) = asked.alone.filter(|alone| sets.contains(alone)) {
            self.alone = Some(drawn.tally(|cell| cell.is_in(alone)).sum(drawn.level, drawn.reduce));
        }
        for (place, sets) in asked.ancestries.iter().enumerate().filter(|(_, of)| sets.contains(&of.all)) {
            self.ancestries.insert(place, drawn.ancestry(sets));
        }
    }

    /// Families and ancestries without any row.
    fn empty(&mut self, graph: &Graph, asked: &Asked<'_>, settings: &Settings) {
        let reduce = &crate::engine::Host;
        let nothing = Drawn { graph, asked, stated: &[], cells: Vec::new(), level: settings.level, reduce };
        for (place, sets) in asked.families.iter().enumerate() {
            self.families.entry(place).or_insert_with(|| nothing.family(sets, &Tally::default(), None));
        }
        for (place, sets) in asked.ancestries.iter().enumerate() {
            self.ancestries.entry(place).or_insert_with(|| nothing.ancestry(sets));
        }
    }

    fn pairs(&self, settings: &Settings, sampler: &super::Sampler<'_>) -> Vec<Pair> {
        let (level, reduce) = (settings.level, sampler.reduce());
        let pair = |(&(a, b), overlap): (&(usize, usize), &Tally)| {
            let nothing = Column::default();
            let column = |place: usize| self.compared.get(&place).unwrap_or(&nothing);
            let (difference_t, a_above_b) = column(a).above(column(b), level, reduce);
            let root = |place: usize| self.families.get(&place).map_or(String::new(), |family| family.root.clone());
            Pair { a: root(a), b: root(b), difference_t, a_above_b, overlap: overlap.sum(level, reduce) }
        };
        self.overlaps.iter().map(pair).collect()
    }
}

/// By row of the graph: its emissions as they are stated, of a distribution the mean, in t.
fn stated(portfolio: &Portfolio, graph: &Graph) -> Vec<Option<f64>> {
    let mut stated = vec![None; graph.rows()];
    for model in &portfolio.models {
        let kg = match &model.emissions_kg {
            Some(Value::Number(kg)) => Some(*kg),
            Some(Value::Distribution(kg)) => raw_moment(kg, 1),
            None => None,
        };
        if let Some(node) = graph.node(&model.id) {
            stated[node as usize] = kg.map(|kg| kg / KG_PER_T);
        }
    }
    stated
}

fn shape(graph: &Graph) -> Shape {
    let rows = 0..graph.rows() as u32;
    let name = |node: &u32| graph.id(*node).to_string();
    let absent: Vec<u32> = (graph.rows() as u32..graph.nodes() as u32).collect();
    Shape {
        models: graph.rows(),
        derivatives: rows.clone().filter(|&node| !graph.bases(node).is_empty()).count(),
        of_several: rows.filter(|&node| graph.bases(node).len() > 1).count(),
        absent: absent.iter().take(NAMED).map(name).collect(),
        absent_count: absent.len(),
        circles: graph.circles().iter().take(NAMED).map(|c| c.iter().take(NAMED).map(name).collect()).collect(),
        circles_count: graph.circles().len(),
    }
}
