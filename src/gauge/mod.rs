//! Known answers replayed on a backend: what a user runs on a new machine before trusting it.
//!
//! [`gauge`] draws portfolios whose answers are known from elsewhere ([`expected`], from closed forms in 30 digits) on
//! the backend it is given, and sets what comes out beside what should: the random stream and its normals
//! ([`stream`]), the backend's integers against the scalar definition ([`integers`]), moments, quantiles, shortest
//! intervals and indices ([`answers`]), and the estimators on functions of uniforms ([`functions`]). A [`Figure`] says
//! when the two agree. The same seed and draws give the same figures on every backend.
//!
//! It goes the whole way of a run: assessment, plan, engine, estimates.

pub mod answers;
pub mod expected;
pub mod figure;
pub mod functions;
pub mod integers;
pub mod portfolios;
pub mod stream;

use std::ops::Range;

pub use figure::{Criterion, FALSE_ALARMS, Figure, Law, Limits, Value};

use crate::compile::PlanError;
use crate::engine::draw::corner_block::TooManyGroups;
use crate::engine::plan::Plan;
use crate::engine::plan::design::Design;
use crate::engine::{Backend, Prepared, Reduce, Stopped, Summary};

/// Draws where the user does not say; the largest portfolios take fewer.
pub const DRAWS: u64 = 1 << 18;
/// Below this the standard errors are too rough for the limits that are used.
pub const MIN_DRAWS: u64 = 1 << 16;
/// Draws at all corners that are held at a time.
const SLAB: u64 = 1 << 13;

/// What draws, and how much.
pub struct Machine<'a> {
    pub backend: &'a dyn Backend,
    pub reduce: &'a dyn Reduce,
    pub seed: u64,
    pub draws: u64,
    pub watch: &'a dyn Watch,
}

/// Follows the work.
pub trait Watch: Sync {
    /// A section begins.
    fn section(&self, title: &str);
    /// Whether to go on.
    fn go_on(&self) -> bool;
}

/// Figures on one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    pub title: &'static str,
    /// Where the expected figures are from.
    pub source: &'static str,
    /// What was drawn, and through what.
    pub how: String,
    pub figures: Vec<Figure>,
}

/// All sections.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub seed: u64,
    pub draws: u64,
    pub limits: Limits,
    pub sections: Vec<Section>,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GaugeError {
    #[error(transparent)]
    Stopped(#[from] Stopped),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Groups(#[from] TooManyGroups),
}

type Replay = fn(&Machine) -> Result<Section, GaugeError>;

/// Sections of a report.
pub const SECTIONS: usize = 10;

const REPLAYS: [(&str, Replay); SECTIONS] = [
    ("random stream", stream::section),
    ("integers", integers::section),
    ("product of lognormals", answers::product),
    ("lognormals in pairs", answers::pairs),
    ("sums of lognormals", answers::sums),
    ("shortest intervals", answers::shortest),
    ("scaling law", answers::scaling),
    ("portfolio", answers::portfolio),
    ("Ishigami", functions::ishigami),
    ("g-function", functions::g),
];

/// Replays every known answer.
pub fn gauge(machine: &Machine) -> Result<Report, GaugeError> {
    let mut sections = vec![];
    for (title, replay) in REPLAYS {
        machine.watch.section(title);
        sections.push(replay(machine)?);
    }
    Ok(Report::new(machine.seed, machine.draws, sections))
}

impl Report {
    pub fn new(seed: u64, draws: u64, sections: Vec<Section>) -> Report {
        let limits = Limits::of(sections.iter().flat_map(|s| &s.figures));
        Report { seed, draws, limits, sections }
    }

    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.sections.iter().flat_map(|s| &s.figures)
    }

    /// Figures that do not agree.
    pub fn differing(&self) -> usize {
        self.figures().filter(|f| !f.agrees(&self.limits)).count()
    }
}

impl Machine<'_> {
    fn run(&self, plan: &Plan, seed: u64, draws: Range<u64>) -> Result<Summary, Stopped> {
        self.backend.run(plan, seed, draws, &|_| self.watch.go_on())
    }

    /// The emissions at all corners of a design, as numbers by corner, slab by slab.
    fn corners(
        &self,
        plan: &Plan,
        design: &Design,
        draws: u64,
        mut take: impl FnMut(u64, &[Vec<f64>]),
    ) -> Result<(), GaugeError> {
        let prepared = Prepared::new(plan, design)?;
        for first in (0..draws).step_by(SLAB as usize) {
            let slab = first..draws.min(first + SLAB);
            let drawn = self.backend.corners(&prepared, self.seed, slab, &|_| self.watch.go_on())?;
            let of = |corner| {
                let counts = drawn.of(plan.headline, corner);
                counts.iter().map(|&count| count as f64).collect()
            };
            take(first, &(0..design.corners.len()).map(of).collect::<Vec<_>>());
        }
        Ok(())
    }
}
