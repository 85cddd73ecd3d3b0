//! Known answers replayed on a backend: what a user runs on a new machine before trusting it.
//!
//! [`gauge`] draws portfolios whose answers are known from elsewhere ([`expected`], from closed forms in 30 digits) on
//! the backend it is given, and compares what comes out with what should: the random stream and its normals
//! ([`stream`]), the backend's integers against the scalar definition ([`integers`]), moments, quantiles, shortest
//! intervals and indices ([`answers`]), and the estimators on functions of uniforms ([`functions`]). A [`Figure`] says
//! when the two agree. The same seed and draws give the same figures on every backend.
//!
//! It goes the whole way of a run: assessment, plan, engine, estimates.

pub mod answers;
mod drawn;
pub mod expected;
pub mod figure;
pub mod functions;
pub mod integers;
pub mod portfolios;
pub mod stream;
pub mod workload;

pub use drawn::Drawn;
pub use figure::{Criterion, FALSE_ALARMS, Figure, Law, Limits, Value};

use crate::run::{Progress, RunError, Sampler, Session, Settings};

/// Draws where the user does not say; the largest portfolios take fewer.
pub const DRAWS: u64 = 1 << 18;
/// Below this the standard errors are too rough for the limits that are used.
pub const MIN_DRAWS: u64 = 1 << 16;

/// Figures on one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The subject.
    pub title: &'static str,
    /// Where the expected figures are from.
    pub source: &'static str,
    /// What was drawn, and through what.
    pub how: String,
    /// What was compared.
    pub figures: Vec<Figure>,
}

/// All sections.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Seed of the random stream.
    pub seed: u64,
    /// Draws asked for; the largest portfolios take fewer.
    pub draws: u64,
    /// How large a score may be, for all estimates together.
    pub limits: Limits,
    /// In the order of replay; empty where the device failed its self-test.
    pub sections: Vec<Section>,
}

type Replay = fn(&Sampler<'_>) -> Result<Section, RunError>;

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
///
/// # Errors
/// An interruption, or a device that fails.
pub fn gauge(sampler: &Sampler<'_>) -> Result<Report, RunError> {
    let mut sections = vec![];
    for (title, replay) in REPLAYS {
        sampler.part(title);
        sections.push(replay(sampler)?);
    }
    Ok(Report::new(sampler.seed, sampler.draws, sections))
}

impl Session {
    /// Replays every known answer on what a long run would be drawn on: a GPU, where there is one.
    ///
    /// A device that fails its self-test does not draw; its report has no section.
    ///
    /// # Errors
    /// An interruption, or a device that fails.
    pub fn gauge(&self, settings: Settings, progress: &dyn Progress) -> Result<(Report, Drawn), RunError> {
        let sampler = self.sampler(settings, u64::MAX, progress);
        let self_test = sampler.self_test()?;
        let wrong = self_test.iter().flatten().any(|check| check.wrong > 0);
        let report = if wrong { Report::new(settings.seed, settings.draws, vec![]) } else { gauge(&sampler)? };
        Ok((report, Drawn { backend: sampler.device(), self_test }))
    }
}

impl Report {
    /// The report of these sections, with the limits for all their estimates.
    pub fn new(seed: u64, draws: u64, sections: Vec<Section>) -> Report {
        let limits = Limits::of(sections.iter().flat_map(|s| &s.figures));
        Report { seed, draws, limits, sections }
    }

    /// The figures of all sections.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.sections.iter().flat_map(|s| &s.figures)
    }

    /// Figures that do not agree.
    pub fn differing(&self) -> usize {
        self.figures().filter(|f| !f.agrees(&self.limits)).count()
    }
}
