//! The page and the JSON document of `haze sensitivity`: where the variance of the emissions comes from, what a
//! disclosure is worth, and how far each input alone moves the total.
//!
//! Nothing here is sampled, so no number has a standard error. The document is described by
//! `docs/sensitivity.schema.json`; it holds everything, the page the largest of each list.

use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::numbers::{self, Quantity};
use super::page::{Cell, Page, Style, bar, heads, left, right, shorten};
use super::scope::{self, ScopeText};
use crate::assess::Assessment;
use crate::exact::disclosure::Disclosure;
use crate::exact::shares::{EffectShare, FactorShare, Interaction, LabelShare, ModelShare, Part, Shares};
use crate::exact::tornado::{Swing, Tornado};
use crate::run::Settings;

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;
const LONGEST_BAR: usize = 24;
/// Entries of a list on the page.
const TOP: usize = 10;
const TOP_DISCLOSURES: usize = 20;

/// Everything that is reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity<'a> {
    /// What was analysed.
    pub assessment: &'a Assessment,
    /// Or why there is no decomposition.
    pub exact: Result<(Shares, Vec<Disclosure>), String>,
    /// How the intervals of the disclosures were drawn, if they were.
    pub reruns: Option<Settings>,
    /// One input at a time.
    pub tornado: Tornado,
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    method: &'static str,
    scope: ScopeText,
    output: &'static str,
    models_read: usize,
    /// Why there is no decomposition.
    reason: Option<&'a str>,
    mean_t: Option<f64>,
    sd_t: Option<f64>,
    variance_t2: Option<f64>,
    shared: Option<Part>,
    own: Option<Part>,
    interactions: Option<Interactions>,
    factors: &'a [FactorShare],
    factor_interactions: &'a [Interaction],
    effects: &'a [EffectShare],
    labels: Vec<Label<'a>>,
    disclosures: &'a [Disclosure],
    reruns: Option<Settings>,
    at_medians_t: f64,
    tornado: Vec<&'a Swing>,
    models: &'a [ModelShare],
}

/// 1 − the first-order indices.
#[derive(Serialize)]
struct Interactions {
    factors: f64,
    shared_own: f64,
}

#[derive(Serialize)]
struct Label<'a> {
    by: &'a str,
    #[serde(flatten)]
    share: &'a LabelShare,
}

/// Writes the document as UTF-8 JSON with a line end at the end. The same input gives the same bytes on every machine.
pub fn write(out: &mut dyn Write, result: &Sensitivity<'_>) -> io::Result<()> {
    let shares = result.exact.as_ref().ok().map(|(shares, _)| shares);
    let labels = shares.into_iter().flat_map(|s| {
        let tiers = s.tiers.iter().map(|share| Label { by: "tier", share });
        let columns = s.labels.iter().filter(|(by, _)| *by != "tier");
        tiers.chain(columns.flat_map(|(by, labels)| labels.iter().map(move |share| Label { by, share })))
    });
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        method: "exact",
        scope: ScopeText::new(result.assessment.scope),
        output: "emissions_t",
        models_read: result.assessment.models.len(),
        reason: result.exact.as_ref().err().map(String::as_str),
        mean_t: shares.map(|s| s.mean_t),
        sd_t: shares.map(|s| s.sd_t),
        variance_t2: shares.map(|s| s.variance_t2),
        shared: shares.map(|s| s.shared_own.shared),
        own: shares.map(|s| s.shared_own.own),
        interactions: shares
            .map(|s| Interactions { factors: s.factor_interactions, shared_own: s.shared_own.interactions }),
        factors: shares.map_or(&[], |s| &s.factors),
        factor_interactions: shares.map_or(&[], |s| &s.interactions),
        effects: shares.map_or(&[], |s| &s.effects),
        labels: labels.collect(),
        disclosures: result.exact.as_ref().map_or(&[], |(_, disclosures)| disclosures),
        reruns: result.reruns,
        at_medians_t: result.tornado.at_medians_t,
        tornado: result.tornado.factors.iter().chain(&result.tornado.effects).collect(),
        models: shares.map_or(&[], |s| &s.models),
    };
    document::write(out, &document)
}

/// The page, ending in a line end: at most `top` entries of every list; by default ten, and twenty disclosures.
pub fn terminal(result: &Sensitivity<'_>, top: Option<usize>, style: Style) -> String {
    let mut page = Page::new(style);
    let most = top.unwrap_or(TOP);
    page.note(&numbers::counted(result.assessment.models.len() as u64, "model"));
    page.note(&scope::phrase(result.assessment.scope));
    match &result.exact {
        Ok((shares, disclosures)) => {
            page.decomposition(shares, most);
            page.disclosures(disclosures, result.reruns.as_ref(), shares, top.unwrap_or(TOP_DISCLOSURES));
        }
        Err(reason) => {
            page.section("Where the variance of the emissions comes from", "exact");
            page.line(&format!("  no shares: {reason}"));
        }
    }
    page.tornado(&result.tornado, most);
    page.text
}

fn percent(share: f64) -> Cell {
    right(numbers::exact_percent(share))
}

fn both(part: Part) -> [Cell; 2] {
    [percent(part.first_order), percent(part.total)]
}

fn whose(by: &[String], value: &[String]) -> String {
    match (by, value) {
        ([], _) => "all models".to_string(),
        (_, value) => value.join(", "),
    }
}

impl Page {
    fn decomposition(&mut self, shares: &Shares, top: usize) {
        let unit = Quantity::Emissions.unit(shares.mean_t);
        self.section(&format!("Training emissions, {}", unit.name), "exact");
        self.line(&format!("  mean {}, standard deviation {}", unit.exact(shares.mean_t), unit.exact(shares.sd_t)));

        self.section("Share of the variance by factor", "a shared effect belongs to the factor it acts on");
        let mut rows = vec![heads(1, &["", "alone", "with interactions", "Shapley", "shared alone", "own alone"])];
        let longest = self.style.width.saturating_sub(76).min(LONGEST_BAR);
        for f in &shares.factors {
            let mut row = vec![left(f.name)];
            row.extend(both(Part { first_order: f.first_order, total: f.total }));
            row.extend([percent(f.shapley), percent(f.shared.first_order), percent(f.own.first_order)]);
            row.push(Cell::Last(bar(f.first_order, f.total, longest)));
            rows.push(row);
        }
        rows.push(vec![left("interactions"), percent(shares.factor_interactions)]);
        self.rows(&rows, true);
        let of = |i: &Interaction| format!("{} {}", i.factors.join(" × "), numbers::percent(i.share));
        let largest: Vec<String> = shares.interactions.iter().take(3).map(of).collect();
        if !largest.is_empty() {
            self.line(&format!("  Of these, the largest: {}", largest.join(", ")));
        }

        self.section("Shared and own parts", "own parts average out as models are added, shared effects do not");
        let so = &shares.shared_own;
        let mut rows = vec![heads(1, &["", "alone", "with interactions"])];
        for (name, part) in [("all shared effects", so.shared), ("all own parts", so.own)] {
            let mut row = vec![left(name)];
            row.extend(both(part));
            rows.push(row);
        }
        rows.push(vec![left("interactions"), percent(so.interactions)]);
        self.rows(&rows, true);

        if !shares.effects.is_empty() {
            self.section("Shared effects", "");
            let mut rows = vec![heads(1, &["", "alone", "with interactions", "models"])];
            rows[0].extend([left("factor"), left("of")]);
            let width = self.style.width.saturating_sub(62).clamp(16, 40);
            for e in shares.effects.iter().take(top) {
                let mut row = vec![left(shorten(&e.name, width))];
                row.extend(both(Part { first_order: e.first_order, total: e.total }));
                row.push(right(numbers::count(e.models as u64)));
                row.extend([left(e.factor), left(shorten(&whose(&e.by, &e.value), 24))]);
                rows.push(row);
            }
            self.rows(&rows, true);
            self.more(shares.effects.len(), top, "--json");
        }

        let note = "own parts of the models; these totals and the shared effects alone sum to 100 %";
        self.labels("By tier", note, &shares.tiers, top);
        for (by, labels) in shares.labels.iter().filter(|(by, _)| *by != "tier") {
            self.labels(&format!("By {}", shorten(by, 30)), note, labels, top);
        }
        self.section("Models", "own part");
        let mut rows = vec![heads(1, &["", "alone", "with interactions"])];
        rows[0].push(left("tier"));
        let width = self.style.width.saturating_sub(40).max(20);
        let models: Vec<_> = shares.models.iter().filter(|m| m.total > 0.0).collect();
        for m in models.iter().take(top) {
            let mut row = vec![left(shorten(&m.id, width))];
            row.extend(both(Part { first_order: m.first_order, total: m.total }));
            row.push(left(m.tier));
            rows.push(row);
        }
        self.rows(&rows, true);
        self.more(models.len(), top, "--json");
    }

    fn labels(&mut self, title: &str, note: &str, labels: &[LabelShare], top: usize) {
        self.section(title, note);
        let mut rows = vec![heads(1, &["", "alone", "with interactions", "models"])];
        for label in labels.iter().take(top) {
            let name = label.value.as_deref().unwrap_or("(not stated)");
            let mut row = vec![left(shorten(name, self.style.width.saturating_sub(44).max(16)))];
            row.extend(both(Part { first_order: label.first_order, total: label.total }));
            row.push(right(numbers::count(label.models as u64)));
            rows.push(row);
        }
        self.rows(&rows, true);
        self.more(labels.len(), top, "--json");
    }

    fn disclosures(&mut self, disclosures: &[Disclosure], reruns: Option<&Settings>, shares: &Shares, top: usize) {
        self.section("Value of disclosure", "expected reduction of the variance if this one figure were published");
        if disclosures.is_empty() {
            self.line("  none: no further disclosure would reduce the uncertainty");
            return;
        }
        let unit = Quantity::Emissions.unit(shares.sd_t);
        let mut rows = vec![heads(1, &["", "of the variance", &format!("sd after, {}", unit.name)])];
        rows[0].splice(1..1, [left("quantity"), left("tier")]);
        if let Some(reruns) = reruns {
            rows[0].push(right(format!("{} expected", numbers::percent(reruns.level))));
            rows[0].push(right("at its median"));
        }
        let width = self.style.width.saturating_sub(if reruns.is_some() { 84 } else { 60 }).max(20);
        let interval = |ends: [f64; 2], mcse: Option<[f64; 2]>| {
            let end = |k: usize| numbers::value(ends[k] * unit.factor, mcse.map(|mcse| mcse[k] * unit.factor));
            format!("[{}, {}]", end(0), end(1))
        };
        for d in disclosures.iter().take(top) {
            let mut row = vec![
                left(shorten(&d.id, width)),
                left(d.quantity),
                left(d.tier),
                percent(d.share),
                right(unit.exact(d.sd_after_t)),
            ];
            if reruns.is_some() {
                let drawn = d.interval.as_ref().map(|x| (x.expected_t, x.at_median_t, x.mcse_t));
                let [expected, median] = drawn.map_or(["", ""].map(String::from), |(expected, median, mcse)| {
                    [interval(expected, Some(mcse)), interval(median, Some(mcse))]
                });
                row.extend([right(expected), right(median)]);
            }
            rows.push(row);
        }
        self.rows(&rows, true);
        self.more(disclosures.len(), top, "--json");
        let now = disclosures.iter().find_map(|d| d.interval.as_ref());
        if let (Some(now), Some(reruns)) = (now, reruns) {
            let level = numbers::percent(reruns.level);
            let [lo, hi] =
                [0, 1].map(|k| numbers::value(now.now_t[k] * unit.factor, Some(now.mcse_t[k] * unit.factor)));
            self.line(&format!(
                "  {level} interval now [{lo}, {hi}]; expected: each end averaged over 32 equally probable figures, {} draws",
                numbers::count(reruns.draws)
            ));
        }
    }

    fn tornado(&mut self, tornado: &Tornado, top: usize) {
        let unit = Quantity::Emissions.unit(tornado.at_medians_t);
        let note = "local: each at its 5th and 95th percentile, the others at their medians; no interactions";
        self.section(&format!("One at a time, {}", unit.name), note);
        self.line(&format!("  everything at its median: {}", unit.exact(tornado.at_medians_t)));
        let name = |s: &Swing| match &s.effect {
            None => format!("{}, all models together", s.factor),
            Some(effect) if s.value.is_empty() => effect.clone(),
            Some(effect) => format!("{effect}: {}", s.value.join(", ")),
        };
        let width = self.style.width.saturating_sub(34).max(24);
        let mut rows = vec![heads(1, &["", "at 5 %", "at 95 %"])];
        for s in tornado.factors.iter().chain(tornado.effects.iter().take(top)) {
            rows.push(vec![left(shorten(&name(s), width)), right(unit.exact(s.at_5_t)), right(unit.exact(s.at_95_t))]);
        }
        self.rows(&rows, true);
        self.more(tornado.effects.len(), top, "--json");
    }
}
