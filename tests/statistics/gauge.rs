//! The known answers on every backend, and what a backend that is wrong makes of them.

use std::ops::Range;
use std::sync::OnceLock;

use carbonhaze::engine::gpu::{self, Gpu};
use carbonhaze::engine::plan::{Block, Plan};
use carbonhaze::engine::{Backend, Corners, Cpu, Prepared, Scalar, Simd, Stopped, Summary};
use carbonhaze::low_level::gauge::{self, Figure, MIN_DRAWS, Report, Section, Value, answers, integers};
use carbonhaze::low_level::run::{NoProgress, RunError, Sampler, Session, Settings};

use crate::common;

const SETTINGS: Settings = Settings { draws: MIN_DRAWS, seed: 42, level: 0.95 };

fn sampler(session: &Session) -> Sampler<'_> {
    session.sampler(SETTINGS, 0, &NoProgress)
}

fn cpu(threads: usize, simd: Simd) -> Cpu {
    Cpu::new(threads, 0, simd).unwrap()
}

/// What the processor gives.
fn right() -> &'static Report {
    static RIGHT: OnceLock<Report> = OnceLock::new();
    RIGHT.get_or_init(|| gauge::gauge(&sampler(&cpu(0, Simd::detect()).into())).unwrap())
}

/// Titles of the sections in which something differs.
fn differing(report: &Report) -> Vec<&'static str> {
    let differs = |section: &&Section| section.figures.iter().any(|f| !f.agrees(&report.limits));
    report.sections.iter().filter(differs).map(|section| section.title).collect()
}

#[test]
fn the_processor_passes() {
    let report = right();
    assert_eq!((report.differing(), report.sections.len()), (0, gauge::SECTIONS), "{:?}", differing(report));
    assert!(report.figures().count() > 130 && report.limits.estimates > 90);
    for section in &report.sections {
        assert!(section.figures.len() > 5 && !section.source.is_empty(), "{}", section.title);
    }
    // Estimates are estimates: none is copied from what is expected, none is known to no better than half of it.
    for figure in report.figures() {
        if let (gauge::Criterion::Estimate { standard_error, .. }, Value::Real(obtained), Value::Real(expected)) =
            (figure.criterion, figure.obtained, figure.expected)
        {
            assert!(obtained != expected && standard_error > 0.0, "{figure:?}");
            assert!(expected == 0.0 || standard_error < 0.15 * expected, "{figure:?}");
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_report() {
    for simd in Simd::available() {
        assert!(gauge::gauge(&sampler(&cpu(1, simd).into())).unwrap() == *right(), "{}", simd.name());
    }
    let session = Session::from(cpu(1, Simd::detect()));
    let other = session.sampler(Settings { seed: 43, ..SETTINGS }, 0, &NoProgress);
    assert!(answers::product(&other).unwrap() != right().sections[2], "negative control: another seed");
}

#[test]
fn the_scalar_definition_passes() {
    let session = Session::over(Scalar);
    let scalar = sampler(&session);
    let sections = vec![integers::section(&scalar).unwrap(), answers::product(&scalar).unwrap()];
    assert_eq!(sections, [right().sections[1].clone(), right().sections[2].clone()]);
}

#[test]
fn every_adapter_gives_the_same_report() {
    for found in common::gpu::adapters() {
        let gpu = Gpu::with(found, gpu::Options::default(), None);
        let name = gpu.facts().name.clone();
        let report = gauge::gauge(&sampler(&gpu.into())).unwrap();
        assert!(report == *right(), "{name}: {:?}", differing(&report));
    }
}

#[test]
fn a_wrong_expectation_differs() {
    // Every figure in turn expected 5 % or one count or bit away: all but the roughest estimates are seen to differ.
    let all = right().figures().count();
    let mut seen = 0;
    for (s, section) in right().sections.iter().enumerate() {
        for f in 0..section.figures.len() {
            let mut sections = right().sections.clone();
            let figure = &mut sections[s].figures[f];
            *figure = expecting_more(figure);
            let report = Report::new(42, MIN_DRAWS, sections);
            assert!(report.differing() <= 1);
            seen += report.differing();
        }
    }
    assert!(seen * 10 > all * 9, "{seen} of {all}");
}

/// Five per cent more, or one more.
fn expecting_more(figure: &Figure) -> Figure {
    let mut wrong = figure.clone();
    match (&mut wrong.criterion, figure.expected) {
        (gauge::Criterion::Estimate { standard_error, score, .. }, Value::Real(expected)) => {
            *score -= (0.05 * expected).max(0.02) / *standard_error;
        }
        (_, Value::Real(expected)) => wrong.expected = Value::Real(1.05 * expected + 1e-5),
        (_, Value::Count(n)) => wrong.expected = Value::Count(n + 1),
        (_, Value::Words([a, b, c, d])) => wrong.expected = Value::Words([a, b, c, d ^ 1]),
    }
    wrong
}

/// A backend that is wrong in one thing.
struct Broken {
    cpu: Cpu,
    fault: Fault,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// All numbers are from another seed: as good, but not those that were asked for.
    Seed,
    /// Shared effects are twice as wide as planned.
    Effects,
    /// Every total is one count higher in one draw of 4,096.
    OneCount,
    /// Two corners are taken for each other.
    Corners,
    /// Sample B is sample A.
    OneSample,
}

impl Broken {
    fn plan(&self, block: Block<'_>) -> Plan {
        let mut plan = Plan::new(block.header.clone(), block.models.to_vec());
        if let Fault::Effects = self.fault {
            plan.header.cells.iter_mut().flat_map(|cell| &mut cell.parts).for_each(|(_, scale)| *scale *= 2);
        }
        plan
    }

    fn seed(&self, seed: u64) -> u64 {
        if let Fault::Seed = self.fault { seed ^ 1 } else { seed }
    }
}

impl Backend for Broken {
    fn run_block(
        &self,
        plan: Block<'_>,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Summary, Stopped> {
        let mut summary = self.cpu.run_block(self.plan(plan).whole(), self.seed(seed), draws, progress)?;
        if let Fault::OneCount = self.fault {
            summary.totals[0].iter_mut().step_by(4096).for_each(|count| *count += 1);
        }
        Ok(summary)
    }

    fn corners(
        &self,
        prepared: &Prepared,
        seed: u64,
        draws: Range<u64>,
        progress: &(dyn Fn(u64) -> bool + Sync),
    ) -> Result<Corners, Stopped> {
        let plan = self.plan(prepared.plan);
        let prepared = Prepared::new(&plan, prepared.design).expect("as few groups as before");
        let mut corners = self.cpu.corners(&prepared, self.seed(seed), draws, progress)?;
        for totals in corners.totals.iter_mut().filter(|totals| totals.len() > 3) {
            match self.fault {
                Fault::Corners => totals.swap(1, 2),
                Fault::OneSample => {
                    let all = totals[totals.len() - 1].clone();
                    totals.fill(all);
                }
                Fault::Seed | Fault::Effects | Fault::OneCount => {}
            }
        }
        Ok(corners)
    }
}

type Replay = fn(&Sampler<'_>) -> Result<Section, RunError>;

#[test]
fn a_backend_that_is_wrong_is_seen() {
    let replayed: [Replay; 5] =
        [gauge::stream::section, integers::section, answers::product, answers::pairs, answers::portfolio];
    let titles = |fault: Fault| {
        let broken = Session::over(Broken { cpu: cpu(0, Simd::detect()), fault });
        let sections = replayed.iter().map(|section| section(&sampler(&broken)).unwrap()).collect();
        differing(&Report::new(42, MIN_DRAWS, sections))
    };
    let (stream, integers) = ("Random stream and normals", "Integers");
    let (four, eight) = ("Product of four lognormals", "Product of eight lognormals, in pairs");
    let portfolio = "Portfolio with an exact answer";
    assert_eq!(titles(Fault::Seed), [stream, integers]);
    assert_eq!(titles(Fault::OneCount), [integers]);
    assert_eq!(titles(Fault::Effects), [integers, eight, portfolio]);
    assert_eq!(titles(Fault::Corners), [integers, four, eight, portfolio]);
    assert_eq!(titles(Fault::OneSample), [integers, four, eight, portfolio]);
}

#[test]
fn an_interrupted_gauge_stops() {
    let session = Session::from(cpu(1, Simd::detect()));
    let impatient = |_: u64| false;
    let interrupted = gauge::gauge(&session.sampler(SETTINGS, 0, &impatient));
    assert!(matches!(interrupted, Err(RunError::Interrupted)));
}
