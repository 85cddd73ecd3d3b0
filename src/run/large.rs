//! The main job for portfolios whose models are not held: what is kept grows with the draws, and by some tens of bytes with
//! each model.
//!
//! The models are assessed and compiled block by block, and their plans put aside; then each block is drawn, its totals
//! are added to those by draw, and its estimates are put aside. The totals are sums of integers, so that every number is
//! that of [`Session::run`], whatever the size of a block. Only groups that are kept draw by draw can be put together from
//! blocks: where there are more, these are the values of the columns with the fewest, and of the others the mean is known.

use std::io;
use std::ops::Range;
use std::sync::mpsc;

use super::headline::{Outcome, RunOptions};
use super::info::{Clock, RunInfo};
use super::request::headline_of;
use super::spool::{Scratch, Spool};
use super::{Progress, RunError, Sampler, Session, Settings};
use crate::assess::{Assessment, Blocks, OUTPUTS, Output};
use crate::compile::tables::Tables;
use crate::compile::{Compiler, Group};
use crate::engine::Summary;
use crate::engine::plan::hash::Digests;
use crate::engine::plan::{GroupPlan, Header, KEPT_GROUPS, MAX_BINNED_MODELS, ModelPlan, Plan, error};
use crate::exact::oracle::{Moments, Oracle};
use crate::portfolio::{Portfolio, Problems, Study};
use crate::posterior::concentration::{TOP, shares};
use crate::posterior::counts::TotalDraws;
use crate::posterior::{self, Estimate, Frame, Known, ModelPosterior, Options, Posterior, Single};

/// Above so many models they are not held, where nothing speaks against it.
const HELD: usize = 20_000;

/// The models of a portfolio that is drawn block by block; `None` for one that is held: it is short, has further outputs,
/// which are worked out for all models at once, or more groups than blocks can have draws of, unless it is so long that not
/// even its single models would have quantiles.
///
/// # Errors
/// As [`Blocks::new`].
pub fn blocks_of(portfolio: &Portfolio) -> Result<Option<Blocks<'_>>, Problems> {
    if portfolio.models.len() <= HELD || portfolio.study.outputs.iter().next().is_some() {
        return Ok(None);
    }
    let blocks = Blocks::new(portfolio)?.warned(&portfolio.warnings);
    let groups = blocks.groups().count();
    Ok(Some(blocks).filter(|blocks| blocks.len() > MAX_BINNED_MODELS || groups <= KEPT_GROUPS))
}

/// What a large run is made of.
pub struct Large<'p> {
    /// The models.
    pub blocks: &'p Blocks<'p>,
    /// Models in a block; [`SIZE`] if nothing speaks for another number.
    pub size: usize,
    /// Models with the largest means that the outcome holds: at least the ten that are shown.
    pub keep: usize,
    /// For the plans, and for the estimates of single models.
    pub scratch: [Box<dyn Scratch>; 2],
}

/// The result of a large run.
pub struct LargeOutcome<'p> {
    /// With the largest models only.
    pub outcome: Outcome,
    /// All of them.
    pub models: AllModels<'p>,
}

/// The estimates of all models.
pub struct AllModels<'p> {
    blocks: &'p Blocks<'p>,
    singles: Spool<Single>,
    means: Vec<f64>,
    size: usize,
}

impl posterior::EachModel for AllModels<'_> {
    fn each(&self, take: &mut dyn FnMut(&ModelPosterior) -> io::Result<()>) -> io::Result<()> {
        let shares = shares(&self.means);
        for block in 0..self.singles.blocks() {
            for (place, single) in (block * self.size..).zip(self.singles.block(block)?) {
                take(&self.model(place, single, &shares))?;
            }
        }
        Ok(())
    }
}

impl AllModels<'_> {
    fn model(&self, place: usize, single: Single, shares: &[f64]) -> ModelPosterior {
        let tier = self.blocks.tiers()[place];
        ModelPosterior::new(self.blocks.id(place), tier, single, shares.get(place).copied())
    }

    /// Those at these places, which are sorted.
    fn some(&self, places: &[usize]) -> io::Result<Vec<ModelPosterior>> {
        let shares = shares(&self.means);
        let mut some = Vec::with_capacity(places.len());
        for of_block in places.chunk_by(|a, b| a / self.size == b / self.size) {
            let block = of_block.first().map_or(0, |place| place / self.size);
            let singles = self.singles.block(block)?;
            let single = |place: usize| singles.get(place - block * self.size).copied();
            some.extend(of_block.iter().filter_map(|&place| Some(self.model(place, single(place)?, &shares))));
        }
        Ok(some)
    }

    /// The places of so many of the largest, sorted.
    fn largest(&self, most: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.means.len()).collect();
        if most < places.len() {
            let larger = |a: &usize, b: &usize| self.means[*b].total_cmp(&self.means[*a]).then(a.cmp(b));
            places.sort_by(larger);
            places.truncate(most);
            places.sort_unstable();
        }
        places
    }
}

/// What compiling leaves.
struct Compiled {
    header: Header,
    groups: Vec<Group>,
    /// By group: its place among those that are drawn.
    drawn: Vec<Option<u32>>,
    plans: Spool<ModelPlan>,
    oracle: Oracle,
}

/// What drawing leaves.
struct Drawn {
    summary: Summary,
    singles: Spool<Single>,
    means: Vec<f64>,
    saturated: u64,
    /// Models whose emissions are not a true zero.
    emitting: usize,
    digests: Digests,
    /// Of the tables and logarithms of any model.
    bound: f64,
    /// By group: its models, and the sum of their means.
    groups: Vec<(usize, f64)>,
}

impl Session {
    /// Draws a portfolio without holding its models, and without further outputs.
    ///
    /// # Errors
    /// As [`Session::run`]; [`RunError::Failed`] where the scratch files fail.
    pub fn run_large<'p>(
        &self,
        large: Large<'p>,
        study: &Study,
        options: &RunOptions,
        progress: &dyn Progress,
    ) -> Result<LargeOutcome<'p>, RunError> {
        let mut clock = Clock::start();
        let Large { blocks, size, keep, scratch: [plans, singles] } = large;
        let size = size.max(1);
        let request = options.request(study);
        let compiled = compiled(blocks, size, Spool::new(plans), progress)?;
        clock.lap("plan_s");
        let settings = self.settled_by(&request, blocks.len(), progress, |pilot| pilot_of(&compiled, pilot))?;
        clock.lap("pilot_s");
        self.memory().fits(&compiled.header, settings.draws)?;
        let work = settings.draws.saturating_mul(blocks.len() as u64);
        let sampler = self.sampler(settings, work, progress);
        let drawn = drawn(&compiled, &sampler, Spool::new(singles))?;
        clock.lap("draw_s");
        let posterior = drawn.posterior(&compiled, blocks, &sampler);
        let Drawn { summary, singles, means, digests, .. } = drawn;
        let models = AllModels { blocks, singles, means, size };
        let precision = posterior.precision.asked(request.precision());
        let (assessment, posterior) = with_largest(&models, Posterior { precision, ..posterior }, keep.max(TOP))?;
        clock.lap("posterior_s");
        let plan_hash = digests.finish().to_string();
        let info = RunInfo { plan_hash, backend: sampler.device(), timings: clock.laps };
        let draws = TotalDraws::of(assessment.outputs(), &compiled.header, summary);
        Ok(LargeOutcome { outcome: Outcome { assessment, posterior, draws, settings, info }, models })
    }
}

/// The blocks of so many models.
fn ranges(models: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..models.div_ceil(size)).map(move |b| b * size..models.min((b + 1) * size))
}

fn failed(error: io::Error) -> RunError {
    RunError::failed("the temporary file", &error)
}

/// Assesses and compiles all models.
fn compiled(
    blocks: &Blocks<'_>,
    size: usize,
    mut plans: Spool<ModelPlan>,
    progress: &dyn Progress,
) -> Result<Compiled, RunError> {
    let groups: Vec<Group> =
        blocks.groups().map(|(by, value)| Group { by: by.clone(), value: value.clone() }).collect();
    let mut tables = Tables::default();
    let mut compiler = Compiler::new(blocks.frame(), groups.clone(), &mut tables);
    let mut moments = Moments::new(blocks.frame());
    progress.begin(&format!("planning {} models, block by block", blocks.len()), blocks.len() as u64);
    for range in ranges(blocks.len(), size) {
        if !progress.advance(range.len() as u64) {
            return Err(RunError::Interrupted);
        }
        let models = blocks.models(range)?;
        let (planned, ()) = rayon::join(|| compiler.models(&models), || moments.add(&models));
        plans.push(&planned?).map_err(failed)?;
    }
    let id = |model: usize| blocks.id(model).to_string();
    let drawn = drawn_groups(&groups);
    Ok(Compiled { header: compiler.header(&id)?, groups, drawn, plans, oracle: moments.finish(&id) })
}

/// The places of the groups that are drawn: whole columns, those with the fewest values first.
fn drawn_groups(groups: &[Group]) -> Vec<Option<u32>> {
    let mut columns: Vec<&[Group]> = groups.chunk_by(|a, b| a.by == b.by).collect();
    columns.sort_by_key(|column| column.len());
    let mut left = KEPT_GROUPS;
    let mut chosen = Vec::new();
    for column in columns.into_iter().take_while(|column| {
        let fits = column.len() <= left;
        left = left.saturating_sub(column.len());
        fits
    }) {
        chosen.extend(column.first().map(|group| &group.by));
    }
    let mut next = 0;
    let place = |group: &Group| {
        chosen.contains(&&group.by).then(|| {
            next += 1;
            next - 1
        })
    };
    groups.iter().map(place).collect()
}

impl Compiled {
    /// A block, as it is drawn, and the groups of each of its models.
    fn block(&self, number: usize) -> Result<(Plan, Vec<Vec<u32>>), RunError> {
        let mut plans = self.plans.block(number).map_err(failed)?;
        let groups: Vec<Vec<u32>> = plans.iter_mut().map(|plan| std::mem::take(&mut plan.groups)).collect();
        for (plan, groups) in plans.iter_mut().zip(&groups) {
            plan.groups = groups.iter().filter_map(|&group| *self.drawn.get(group as usize)?).collect();
        }
        let mut part = self.header.part(plans);
        part.header.groups = self.group_plans();
        // Blocks have bins, however many models there are.
        part.header.binned = true;
        Ok((part, groups))
    }
}

impl Compiled {
    /// Of the groups that are drawn.
    fn group_plans(&self) -> Vec<GroupPlan> {
        let drawn = self.header.groups.iter().zip(&self.drawn);
        drawn.filter(|(_, place)| place.is_some()).map(|(group, _)| group.clone()).collect()
    }
}

/// The total emissions in the pilot's draws.
fn pilot_of(compiled: &Compiled, pilot: &Sampler<'_>) -> Result<Estimate, RunError> {
    let mut whole = None;
    for number in 0..compiled.plans.blocks() {
        let (part, _) = compiled.block(number)?;
        let mut summary = pilot.draw(&part.dependent_only())?;
        summary.models.clear();
        add(&mut whole, summary)?;
    }
    let summary = whole.unwrap_or_else(|| nothing(&compiled.header, pilot.settings()));
    Ok(headline_of(&compiled.header, &summary, pilot))
}

/// Adds a block to those before it.
fn add(whole: &mut Option<Summary>, block: Summary) -> Result<(), RunError> {
    match whole {
        Some(whole) => whole.add_block(block).map_err(|e| RunError::Failed(e.to_string())),
        None => {
            *whole = Some(block);
            Ok(())
        }
    }
}

fn nothing(header: &Header, settings: Settings) -> Summary {
    Summary::empty(Plan::new(header.clone(), vec![]).whole(), 0..settings.draws)
}

/// Draws every block to its end.
fn drawn(compiled: &Compiled, sampler: &Sampler<'_>, singles: Spool<Single>) -> Result<Drawn, RunError> {
    let mut drawn = Drawn {
        summary: nothing(&compiled.header, Settings { draws: 0, ..sampler.settings() }),
        singles,
        means: Vec::new(),
        saturated: 0,
        emitting: 0,
        digests: Digests::default(),
        bound: error::relative_bound(&Plan::new(compiled.header.clone(), vec![]), OUTPUTS),
        groups: vec![(0, 0.0); compiled.groups.len()],
    };
    let mut whole = None;
    // The next block is made ready while one is drawn.
    std::thread::scope(|scope| {
        let (send, blocks) = mpsc::sync_channel(1);
        scope.spawn(move || (0..compiled.plans.blocks()).all(|number| send.send(compiled.block(number)).is_ok()));
        for block in blocks {
            let (part, groups) = block?;
            let mut summary = sampler.draw(&part)?;
            let models = std::mem::take(&mut summary.models);
            add(&mut whole, summary)?;
            drawn.saturated += posterior::saturated(&models);
            let singles = posterior::singles(&part.models, &models, sampler.draws, sampler.level);
            drawn.add(part, groups, singles)?;
        }
        Ok::<(), RunError>(())
    })?;
    drawn.summary = whole.unwrap_or_else(|| nothing(&compiled.header, sampler.settings()));
    Ok(drawn)
}

impl Drawn {
    /// Takes in a block.
    fn add(&mut self, mut part: Plan, groups: Vec<Vec<u32>>, singles: Vec<Single>) -> Result<(), RunError> {
        self.bound = self.bound.max(error::relative_bound(&part, OUTPUTS));
        let emits = |plan: &&ModelPlan| !plan.products_of(Output::Emissions as usize).is_empty();
        self.emitting += part.models.iter().filter(emits).count();
        for (groups, (emissions, _)) in groups.iter().zip(&singles) {
            for &group in groups {
                let (models, mean) = &mut self.groups[group as usize];
                *models += 1;
                *mean += emissions.mean.unwrap_or(0.0);
            }
        }
        self.means.extend(singles.iter().map(|(emissions, _)| emissions.mean.unwrap_or(0.0)));
        self.singles.push(&singles).map_err(failed)?;
        part.models.iter_mut().zip(groups).for_each(|(plan, groups)| plan.groups = groups);
        self.digests.add(&part);
        Ok(())
    }

    fn posterior(&self, compiled: &Compiled, blocks: &Blocks<'_>, sampler: &Sampler<'_>) -> Posterior {
        let header = Header { groups: compiled.group_plans(), ..compiled.header.clone() };
        let known = |place: Option<u32>, mean| place.map_or(Known::Mean(mean), |place| Known::Draws(place as usize));
        let groups = compiled.groups.iter().zip(&compiled.drawn).zip(&self.groups);
        let frame = Frame {
            assessment: blocks.frame(),
            header: &header,
            summary: &self.summary,
            groups: groups
                .map(|((group, place), (models, mean))| (group.clone(), *models, known(*place, *mean)))
                .collect(),
            drawn: self.emitting,
            means: &self.means,
            tiers: blocks.tiers(),
            saturated: self.saturated,
        };
        let options = Options { interval: sampler.level, seed: sampler.seed, discretisation_bound: self.bound };
        posterior::of_frame(&frame, &compiled.oracle, &options, sampler.reduce())
    }
}

/// The posterior with its largest models, and these assessed once more.
fn with_largest(
    models: &AllModels<'_>,
    posterior: Posterior,
    keep: usize,
) -> Result<(Assessment, Posterior), RunError> {
    let places = models.largest(keep);
    let assessment = models.blocks.only(&places)?;
    let mut concentration = posterior.concentration;
    concentration.top = concentration.top.iter().filter_map(|place| places.binary_search(place).ok()).collect();
    let models = models.some(&places).map_err(failed)?;
    Ok((assessment, Posterior { models, concentration, ..posterior }))
}

/// Models in a block: what they imply, their bins and their summary are some 30 kB each.
pub const SIZE: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::assess;
    use crate::posterior::EachModel;
    use crate::run::{Builder, NoProgress};

    /// The published lists' first models, with groups: some bounded, some drawn by rank, some that are mixtures.
    fn portfolio(models: usize, groups: &[&str]) -> Portfolio {
        let mut portfolio = Portfolio::read("fixtures/open_weights.csv").unwrap();
        portfolio.models.truncate(models);
        portfolio.study.groups_by = groups.iter().map(|by| by.to_string()).collect();
        portfolio
    }

    fn in_memory() -> [Box<dyn Scratch>; 2] {
        [Box::new(io::Cursor::new(Vec::new())), Box::new(io::Cursor::new(Vec::new()))]
    }

    fn run(
        blocks: &Blocks<'_>,
        portfolio: &Portfolio,
        size: usize,
        options: &RunOptions,
    ) -> (Outcome, Vec<ModelPosterior>) {
        let large = Large { blocks, size, keep: usize::MAX, scratch: in_memory() };
        let session = Builder::default().threads(2).build().unwrap();
        let found = session.run_large(large, &portfolio.study, options, &NoProgress).unwrap();
        let mut models = Vec::new();
        let all = found.models.each(&mut |model| {
            models.push(model.clone());
            Ok(())
        });
        all.unwrap();
        (found.outcome, models)
    }

    fn whole(portfolio: &Portfolio, options: &RunOptions) -> Outcome {
        let session = Builder::default().threads(2).build().unwrap();
        let (assessment, options) = (assess(portfolio).unwrap(), RunOptions { sensitivity: false, ..*options });
        session.run_assessed(portfolio, assessment, &options, &NoProgress).unwrap()
    }

    #[test]
    fn blocks_of_any_size_give_the_result_of_all_models_at_once() {
        let portfolio = portfolio(150, &["region", "year"]);
        let blocks = Blocks::new(&portfolio).unwrap();
        let options = RunOptions { draws: Some(700), ..RunOptions::default() };
        let want = whole(&portfolio, &options);
        assert!(want.posterior.groups.len() > 5 && want.posterior.groups.len() <= KEPT_GROUPS);
        for size in [1, 7, 64, SIZE] {
            let (got, models) = run(&blocks, &portfolio, size, &options);
            assert_eq!(got.posterior, want.posterior, "blocks of {size}");
            assert_eq!(models, want.posterior.models);
            assert_eq!(got.draws, want.draws);
            assert_eq!(got.info.plan_hash, want.info.plan_hash);
            // Effects that no model is left exposed to have no number.
            assert_eq!(got.assessment.only(|_| true), want.assessment.only(|_| true));
        }
        let other = whole(&portfolio, &RunOptions { seed: Some(43), ..options });
        assert_ne!(other.posterior, want.posterior, "negative control");
    }

    #[test]
    fn a_precision_takes_as_many_draws() {
        let portfolio = portfolio(40, &[]);
        let blocks = Blocks::new(&portfolio).unwrap();
        let options = RunOptions { precision: Some(0.005), ..RunOptions::default() };
        let want = whole(&portfolio, &options);
        let (got, _) = run(&blocks, &portfolio, 9, &options);
        assert!(want.settings.draws > 16_384);
        assert_eq!((got.settings, got.posterior), (want.settings, want.posterior));
    }

    #[test]
    fn of_more_groups_than_are_kept_the_mean_is_known() {
        let portfolio = portfolio(150, &["organization", "region"]);
        let blocks = Blocks::new(&portfolio).unwrap();
        let options = RunOptions { draws: Some(300), ..RunOptions::default() };
        let (got, _) = run(&blocks, &portfolio, 11, &options);
        let want = whole(&portfolio, &options).posterior.groups;
        let got = got.posterior.groups;
        assert!(got.len() > KEPT_GROUPS && got.len() == want.len());
        let regions = |groups: &[posterior::GroupPosterior]| groups.iter().filter(|g| g.by == "region").count();
        assert!(regions(&got) > 3);
        for (got, want) in got.iter().zip(&want) {
            assert_eq!((&got.by, &got.value, got.models), (&want.by, &want.value, want.models));
            if got.by == "region" {
                // Drawn: of the whole they are the later groups, which have bins.
                assert!(got.emissions_t.interval.is_some() && got.atci_kg_per_eflop.is_some());
            } else {
                assert_eq!(got.emissions_t.interval, None);
            }
            let (got, want) = (got.emissions_t.mean.unwrap(), want.emissions_t.mean.unwrap());
            assert!((got / want - 1.0).abs() < 1e-4, "{got} {want}");
        }
        let different = |pair: &[posterior::GroupPosterior]| pair[0].emissions_t.mean != pair[1].emissions_t.mean;
        assert!(got.windows(2).all(different), "negative control: groups differ");
    }

    #[test]
    fn the_largest_are_held_and_the_top_ten_are_among_them() {
        let portfolio = portfolio(60, &[]);
        let blocks = Blocks::new(&portfolio).unwrap();
        let options = RunOptions { draws: Some(300), ..RunOptions::default() };
        let session = Builder::default().threads(2).build().unwrap();
        let large = Large { blocks: &blocks, size: 7, keep: 12, scratch: in_memory() };
        let got = session.run_large(large, &portfolio.study, &options, &NoProgress).unwrap().outcome;
        let want = whole(&portfolio, &options);
        let top = |outcome: &Outcome| -> Vec<String> {
            let models = &outcome.posterior.models;
            outcome.posterior.concentration.top.iter().map(|&place| models[place].id.clone()).collect()
        };
        assert_eq!((got.posterior.models.len(), got.assessment.models.len()), (12, 12));
        assert_eq!(got.posterior.total, want.posterior.total);
        assert_eq!(top(&got), top(&want));
        assert_eq!(top(&got).len(), TOP);
    }
}
