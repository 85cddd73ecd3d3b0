//! The page and the JSON document of `haze sensitivity --sample`: indices by groups of inputs, with the intervals of
//! their numerical error, for the whole portfolio or for parts of it.
//!
//! The document is described by `docs/sampled.schema.json`. As in a run's result, only the top-level keys `backend` and
//! `timings` may depend on the machine; all else is the same, byte for byte, on every backend.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::numbers::{self, Quantity, exact_percent};
use super::page::{Page, Style, left, right, shorten};
use super::precision;
use super::scope::{self, ScopeText};
use crate::assess::{Assessment, SharedEffect};
use crate::engine::stats::sensitivity::Index;
use crate::engine::stats::tail;
use crate::exact::shares::EffectShare;
use crate::posterior::Precision;
use crate::posterior::check::SdCheck;
use crate::posterior::grouping::{Exact, Group, Kind};
use crate::posterior::ranked::{self, EffectIndices};
use crate::posterior::sampled::{Analysed, AnalysedOutput};
use crate::run::sampled::{SampleOptions, SampledPart, Samples};
use crate::run::{Device, Timings};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
/// Entries of a list on the page.
const TOP: usize = 10;

impl SampledPart {
    /// Distance of an estimate from the exact index in standard errors. Given only where the standard error is
    /// meaningful, which depends on the exact kurtosis, as for the sd of a run.
    fn z(&self, index: Index, exact: f64) -> Option<f64> {
        let estimable = self.kurtosis.is_some_and(|k| SdCheck::estimable(k, self.sampled.draws));
        (estimable && index.se > 0.0).then(|| (index.value - exact) / index.se)
    }

    /// Effects with a place in the lists, largest exact index first, or largest estimate where there is none.
    fn effects(&self) -> Vec<(&SharedEffect, &EffectIndices, Option<&EffectShare>)> {
        type Key<'k> = (&'k str, &'k [String], &'k [String], u32);
        let mut exact: BTreeMap<Key, &EffectShare> = BTreeMap::new();
        for share in self.exact.as_ref().map_or(&[][..], |shares| &shares.effects) {
            exact.insert((share.factor, &share.by, &share.value, share.ordinal), share);
        }
        let with = |(e, ranked)| {
            let e: &SharedEffect = e;
            let key: Key = (e.factor.name(), &e.by, &e.value, e.ordinal);
            (e, ranked, exact.get(&key).copied())
        };
        let mut effects: Vec<(&SharedEffect, &EffectIndices, Option<&EffectShare>)> =
            self.assessment.shared.iter().zip(&self.ranked).map(with).collect();
        let size = |(_, ranked, exact): &(&SharedEffect, &EffectIndices, Option<&EffectShare>)| match exact {
            Some(share) => share.first_order,
            None => ranked[0].map_or(f64::NEG_INFINITY, |index| index.value),
        };
        effects.sort_by(|a, b| size(b).total_cmp(&size(a)));
        effects
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    method: &'static str,
    scope: ScopeText,
    seed: u64,
    draws: u64,
    precision: Precision,
    interval: f64,
    plan_hash: &'a str,
    backend: &'a Device,
    timings: &'a Timings,
    models_read: usize,
    grouped_by: &'a str,
    parts: Vec<PartText<'a>>,
}

#[derive(Serialize)]
struct PartText<'a> {
    of: Option<Of<'a>>,
    models: usize,
    estimator: &'static str,
    /// Why there are no exact shares.
    reason: Option<&'a str>,
    mean_t: Option<f64>,
    sd_t: Option<f64>,
    groups: &'a [Group],
    outputs: Vec<OutputText<'a>>,
    effects: Vec<EffectText<'a>>,
}

#[derive(Serialize)]
struct Of<'a> {
    by: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct OutputText<'a> {
    #[serde(flatten)]
    output: AnalysedOutput,
    exceeding: Option<f64>,
    pareto_k: Option<f64>,
    reason: Option<String>,
    groups: Vec<GroupText<'a>>,
    interactions: Vec<InteractionText>,
}

#[derive(Serialize)]
struct GroupText<'a> {
    kind: Kind,
    name: Option<&'a str>,
    first_order: Index,
    total: Index,
    shapley: Option<Index>,
    exact: Option<Exact>,
    z: Option<Scores>,
}

#[derive(Serialize)]
struct Scores {
    first_order: Option<f64>,
    total: Option<f64>,
    shapley: Option<f64>,
}

#[derive(Serialize)]
struct InteractionText {
    groups: Vec<String>,
    share: Index,
}

#[derive(Serialize)]
struct EffectText<'a> {
    factor: &'static str,
    name: &'a str,
    by: &'a [String],
    value: &'a [String],
    ordinal: u32,
    emissions: Option<Index>,
    log_emissions: Option<Index>,
    atci: Option<Index>,
    exact_first_order: Option<f64>,
    z: Option<f64>,
}

impl<'a> PartText<'a> {
    fn new(part: &'a SampledPart) -> PartText<'a> {
        let exact = part.exact.as_ref().ok();
        let is_cube = part.sampled.outputs.iter().any(|o| o.indices.as_ref().is_ok_and(|i| i.cube().is_some()));
        PartText {
            of: part.of.as_ref().map(|(by, value)| Of { by, value }),
            models: part.assessment.models.len(),
            estimator: if is_cube { "cube" } else { "pick-freeze" },
            reason: part.exact.as_ref().err().map(String::as_str),
            mean_t: exact.map(|s| s.mean_t),
            sd_t: exact.map(|s| s.sd_t),
            groups: &part.sampled.groups,
            outputs: part.sampled.outputs.iter().map(|o| OutputText::new(part, o)).collect(),
            effects: part.effects().into_iter().map(|(e, ranked, exact)| effect(part, e, ranked, exact)).collect(),
        }
    }
}

impl<'a> OutputText<'a> {
    fn new(part: &'a SampledPart, of: &'a Analysed) -> OutputText<'a> {
        let groups = &part.sampled.groups;
        let exact = part.exact_groups.as_ref().filter(|_| of.output == AnalysedOutput::Emissions);
        let group = |g: usize| {
            let indices = of.indices.as_ref().ok()?;
            let (first_order, total, shapley) = (indices.first_order(g), indices.total(g), indices.shapley(g));
            let exact = exact.and_then(|exact| exact.get(g)).copied();
            let scores = |exact: Exact| Scores {
                first_order: part.z(first_order, exact.first_order),
                total: part.z(total, exact.total),
                shapley: shapley.and_then(|index| part.z(index, exact.shapley)),
            };
            Some(GroupText {
                kind: groups[g].kind,
                name: groups[g].name.as_deref(),
                first_order,
                total,
                shapley,
                exact,
                z: exact.map(scores),
            })
        };
        let interactions = of.indices.as_ref().ok().and_then(|i| i.cube()).map_or(vec![], |cube| {
            let sets = cube.shares.interactions.iter().enumerate().filter(|(set, _)| set.count_ones() > 1);
            let members = |set: usize| (0..groups.len()).filter(move |g| set >> g & 1 == 1).map(|g| groups[g].title());
            sets.map(|(set, &share)| InteractionText { groups: members(set).collect(), share }).collect()
        });
        OutputText {
            output: of.output,
            exceeding: of.exceeding,
            pareto_k: of.pareto_k,
            reason: of.indices.as_ref().err().map(ToString::to_string),
            groups: (0..groups.len()).filter_map(group).collect(),
            interactions,
        }
    }
}

fn effect<'a>(
    part: &SampledPart,
    effect: &'a SharedEffect,
    ranked: &EffectIndices,
    exact: Option<&EffectShare>,
) -> EffectText<'a> {
    let [emissions, log_emissions, atci] = ranked.map(Result::ok);
    let exact_first_order = exact.map(|e| e.first_order);
    EffectText {
        factor: effect.factor.name(),
        name: &effect.name,
        by: &effect.by,
        value: &effect.value,
        ordinal: effect.ordinal,
        emissions,
        log_emissions,
        atci,
        exact_first_order,
        z: emissions.zip(exact_first_order).and_then(|(index, exact)| part.z(index, exact)),
    }
}

/// Writes the document as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, options: &SampleOptions, assessment: &Assessment, found: &Samples) -> io::Result<()> {
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        method: "sampled",
        scope: ScopeText::new(assessment.scope),
        seed: found.settings.seed,
        draws: found.settings.draws,
        precision: found.precision,
        interval: found.settings.level,
        plan_hash: &found.info.plan_hash,
        backend: &found.info.backend,
        timings: &found.info.timings,
        models_read: assessment.models.len(),
        grouped_by: options.grouping.name(),
        parts: found.parts.iter().map(PartText::new).collect(),
    };
    document::write(out, &document)
}

/// What an output is called.
pub fn title(output: AnalysedOutput) -> &'static str {
    match output {
        AnalysedOutput::Emissions => "total emissions",
        AnalysedOutput::LogEmissions => "logarithm of the total emissions",
        AnalysedOutput::Atci => "ATCI",
        AnalysedOutput::Energy => "energy",
        AnalysedOutput::ExceedsTail { .. } => "the upper 5 % of the emissions",
        AnalysedOutput::ExceedsThreshold { .. } => "exceeding the threshold",
    }
}

/// The page, ending in a line end: at most `top` entries of every list, by default ten.
pub fn terminal(
    options: &SampleOptions,
    assessment: &Assessment,
    found: &Samples,
    top: Option<usize>,
    style: Style,
) -> String {
    let mut page = Page::new(style);
    let top = top.unwrap_or(TOP);
    let level = numbers::level(found.settings.level);
    for line in [
        scope::phrase(assessment.scope),
        format!(
            "{}, by {}",
            precision::draws(found.settings.draws, &found.precision, found.settings.seed),
            options.grouping.name()
        ),
        format!("in brackets: {level} intervals for the numerical error; ≈ 0 (to …): not distinguishable from 0"),
    ] {
        page.note(&line);
    }
    for part in &found.parts {
        page.part(part, top);
    }
    page.text
}

impl Page {
    fn part(&mut self, part: &SampledPart, top: usize) {
        let models = numbers::counted(part.assessment.models.len() as u64, "model");
        let whose = part.of.as_ref().map_or(String::new(), |(column, value)| format!("{column} {value}: "));
        let mut line = format!("{whose}{models}");
        match &part.exact {
            Ok(shares) => {
                let unit = Quantity::Emissions.unit(shares.mean_t);
                let (mean, sd) = (unit.exact(shares.mean_t), unit.exact(shares.sd_t));
                line += &format!(", emissions {mean} ± {sd} {} (exact mean, sd)", unit.name);
            }
            Err(reason) => line += &format!("; no exact shares: {reason}"),
        }
        self.line("");
        self.line(&line);
        if let Some(other) = part.sampled.groups.iter().find(|g| g.kind == Kind::Other) {
            let line = format!(
                "More values than the analysis can take: the {} with the smallest exact shares form one group",
                numbers::count(other.values as u64)
            );
            self.line(&line);
        }
        for of in &part.sampled.outputs {
            self.output(part, of, top);
        }
        self.effects(part, top);
    }

    fn output(&mut self, part: &SampledPart, of: &Analysed, top: usize) {
        let (name, note) = match of.output {
            AnalysedOutput::ExceedsTail { threshold_t } => (
                "What decides whether a draw is in the upper 5 %".into(),
                format!("emissions above {}", numbers::emissions(threshold_t)),
            ),
            AnalysedOutput::ExceedsThreshold { threshold_t } => (
                format!("What decides whether the emissions exceed {}", numbers::emissions(threshold_t)),
                of.exceeding.map_or(String::new(), |share| format!("{} of the draws do", numbers::percent(share))),
            ),
            AnalysedOutput::Emissions => ("Share of the variance of the total emissions".into(), String::new()),
            AnalysedOutput::LogEmissions => ("Of their logarithm".into(), "what decides the order of magnitude".into()),
            AnalysedOutput::Atci => ("Of ATCI".into(), "emissions per compute".into()),
            AnalysedOutput::Energy => ("Of the energy".into(), String::new()),
        };
        self.section(&name, &note);
        let indices = match &of.indices {
            Ok(indices) => indices,
            Err(reason) => {
                let why = match of.exceeding {
                    Some(1.0) => "undefined: every draw exceeds it, there is nothing to decide".to_string(),
                    Some(0.0) => "undefined: no draw exceeds it, there is nothing to decide".to_string(),
                    _ => format!("undefined: {reason}"),
                };
                self.line(&format!("  {why}"));
                return;
            }
        };
        let exact = part.exact_groups.as_ref().filter(|_| of.output == AnalysedOutput::Emissions);
        let has_shapley = indices.cube().is_some();
        let mut header = vec![left(""), left("alone"), left("with interactions")];
        if has_shapley {
            header.push(left("Shapley"));
        }
        if exact.is_some() {
            header.push(right("exact, both"));
        }
        let mut rows = vec![header];
        let width = self.style.width.saturating_sub(84).max(20);
        // The shared effects stay on the page, however short it is.
        let groups = &part.sampled.groups;
        let (shared, others): (Vec<usize>, Vec<usize>) =
            (0..groups.len()).partition(|&g| groups[g].kind == Kind::Shared);
        for &g in shared.iter().chain(others.iter().take(top)) {
            let mut row = vec![
                left(shorten(&groups[g].title(), width)),
                left(cell(indices.first_order(g))),
                left(cell(indices.total(g))),
            ];
            row.extend(indices.shapley(g).map(|index| left(cell(index))));
            if let Some(exact) = exact.and_then(|exact| exact.get(g)) {
                row.push(right(format!("{} / {}", exact_percent(exact.first_order), exact_percent(exact.total))));
            }
            rows.push(row);
        }
        self.rows(&rows, true);
        self.more(others.len(), top, "--json");
        if let Some(k) = of.pareto_k.filter(|k| *k > tail::LARGEST_K) {
            self.line(&format!(
                "  Pareto k of the upper tail {k:.2}: above {}, these errors are underestimated",
                tail::LARGEST_K
            ));
        }
    }

    fn effects(&mut self, part: &SampledPart, top: usize) {
        let effects = part.effects();
        if effects.is_empty() {
            return;
        }
        self.section("Shared effects, each alone", "by ranks of the plain draws");
        let mut header = vec![left("")];
        header.extend(ranked::OUTPUTS.map(|output| match output {
            AnalysedOutput::LogEmissions => left("logarithm"),
            AnalysedOutput::Atci => left("ATCI"),
            _ => left("emissions"),
        }));
        header.push(right("exact"));
        let mut rows = vec![header];
        let width = self.style.width.saturating_sub(70).max(24);
        for (effect, ranked, exact) in effects.iter().take(top) {
            let of = if effect.value.is_empty() { String::new() } else { format!("{}: ", effect.value.join(", ")) };
            let mut row = vec![left(shorten(&format!("{of}{}", effect.name), width))];
            row.extend(ranked.iter().map(|index| left(index.map_or("–".into(), cell))));
            row.push(right(exact.map_or("–".into(), |e| exact_percent(e.first_order))));
            rows.push(row);
        }
        self.rows(&rows, true);
        self.more(effects.len(), top, "--json");
    }
}

fn cell(index: Index) -> String {
    numbers::percent_with_interval(index.value, [index.lo, index.hi], index.se)
}
