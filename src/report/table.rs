//! The page on the terminal: the headline first, then what it is made of and how far it can be trusted.
//!
//! Every number is printed to the digits that twice its Monte Carlo standard error supports, with that error beside
//! it as `± …`. Only the sampled numbers have one: variance shares and the oracle are exact.

use std::fmt::Write;

use crate::assess::Assessment;
use crate::portfolio::{Basis, Boundary, Run, Scope};
use crate::posterior::sampled::{Analysed, AnalysedOutput, Sampled};
use crate::posterior::{Estimate, Posterior, SdCheck, tail};

use super::digits::{self, Quantity};

/// How the page may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours and bold.
    pub colour: bool,
    /// Columns of the terminal; names are cut and bars shortened to fit, numbers never.
    pub width: usize,
}

/// Groups shown before the rest is counted.
const GROUPS_SHOWN: usize = 12;
pub(super) const NARROWEST: usize = 60;
/// From this width on there is room for the sd and for the error of every number.
const WIDE: usize = 112;
const LONGEST_BAR: usize = 40;

/// The whole page, ending in a line end.
pub fn terminal(posterior: &Posterior, assessment: &Assessment, style: Style) -> String {
    let mut page = Page { text: String::new(), style: Style { width: style.width.max(NARROWEST), ..style } };
    page.headline(posterior, assessment);
    page.totals(posterior);
    page.beside(posterior);
    page.variance(posterior);
    if let Some(sampled) = &posterior.sampled {
        page.sampled(sampled);
    }
    page.contributors(posterior);
    page.groups(posterior);
    page.trust(posterior);
    page.text
}

pub(super) struct Page {
    pub(super) text: String,
    pub(super) style: Style,
}

/// A cell of a table: text, and how it stands in its column.
#[derive(Clone)]
pub(super) enum Cell {
    Left(String),
    Right(String),
    /// Aligned with its column but not counted in its width: ends the line.
    Last(String),
}

impl Page {
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn bold(&self, text: &str) -> String {
        if self.style.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.into() }
    }

    pub(super) fn dim(&self, text: &str) -> String {
        if self.style.colour { format!("\x1b[2m{text}\x1b[0m") } else { text.into() }
    }

    pub(super) fn section(&mut self, title: &str, note: &str) {
        self.line("");
        let title = self.bold(title);
        let note = if note.is_empty() { String::new() } else { self.dim(&format!("  {note}")) };
        self.line(&format!("{title}{note}"));
    }

    /// Rows in aligned columns, two blanks apart, after two blanks.
    pub(super) fn rows(&mut self, rows: &[Vec<Cell>], header: bool) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                if let Cell::Left(text) | Cell::Right(text) = cell {
                    *width = (*width).max(text.chars().count());
                }
            }
        }
        for (i, row) in rows.iter().enumerate() {
            let mut line = String::new();
            for (&width, cell) in widths.iter().zip(row) {
                // Writing to a string cannot fail.
                let _ = match cell {
                    Cell::Left(text) => write!(line, "  {text:<width$}"),
                    Cell::Right(text) => write!(line, "  {text:>width$}"),
                    Cell::Last(text) => write!(line, "  {text}"),
                };
            }
            let line = if header && i == 0 { self.dim(line.trim_end()) } else { line };
            self.line(&line);
        }
    }

    fn headline(&mut self, p: &Posterior, assessment: &Assessment) {
        let what = format!(
            "{} model{}, {} draw{}, seed {}",
            digits::count(p.total.models as u64),
            if p.total.models == 1 { "" } else { "s" },
            digits::count(p.draws),
            if p.draws == 1 { "" } else { "s" },
            p.seed,
        );
        for line in [what, scope(assessment.scope)] {
            let line = self.dim(&line);
            self.line(&line);
        }
        let total = &p.total.emissions_t;
        let unit = Quantity::Emissions.unit(total.mean.unwrap_or(0.0));
        self.section(&format!("Training emissions, {}", unit.name), "± is the Monte Carlo standard error");
        let interval = format!("{} credible interval (equal-tailed)", digits::level(p.level));
        let mut rows = vec![self.header("", &interval)];
        for (name, e) in [("As modelled", total), ("Correlation ignored", &p.total.independent_t)] {
            rows.push(self.estimate(name, e, unit.factor));
        }
        // The point estimates stand above; only the interval differs.
        let mut shortest = vec![Cell::Left("Shortest interval".into())];
        shortest.resize(rows[0].len() - 1, Cell::Right(String::new()));
        shortest.push(Cell::Left(self.interval(total.shortest, total.mcse.shortest, unit.factor)));
        rows.insert(2, shortest);
        self.rows(&rows, true);
    }

    fn totals(&mut self, p: &Posterior) {
        let t = &p.total;
        self.section("Energy, compute and carbon intensity", "");
        let interval = format!("{} equal-tailed", digits::level(p.level));
        let mut rows = vec![self.header("", &interval)];
        rows[0].push(Cell::Left("unit".into()));
        let outputs: [(&str, &Estimate, Quantity); 7] = [
            ("Energy", &t.energy_kwh, Quantity::Energy),
            ("IT energy", &t.it_energy_kwh, Quantity::Energy),
            ("Compute", &t.compute_eflop, Quantity::Compute),
            ("ATCI", &t.atci_kg_per_eflop, Quantity::CarbonPerCompute),
            ("= IT energy/compute", &t.it_energy_kwh_per_eflop, Quantity::EnergyPerCompute),
            ("× energy/IT energy", &t.energy_per_it_energy, Quantity::Overhead),
            ("× emissions/energy", &t.emissions_kg_per_kwh, Quantity::CarbonPerEnergy),
        ];
        for (name, e, quantity) in outputs {
            let unit = quantity.unit(e.mean.unwrap_or(0.0));
            let mut row = self.estimate(name, e, unit.factor);
            row.push(Cell::Left(unit.name));
            rows.push(row);
        }
        self.rows(&rows, true);
    }

    /// Outputs that were asked for beside the headline.
    fn beside(&mut self, p: &Posterior) {
        if p.beside.is_empty() {
            return;
        }
        self.section("Not in the headline", "the same draws, told beside it");
        let interval = format!("{} equal-tailed", digits::level(p.level));
        let mut rows = vec![self.header("", &interval)];
        rows[0].push(Cell::Left("unit".into()));
        let b = &p.beside;
        let outputs = [
            ("Water", b.water_m3, Quantity::Water),
            ("= at the site", b.water_site_m3, Quantity::Water),
            ("+ at power stations", b.water_grid_m3, Quantity::Water),
            ("Embodied emissions", b.embodied_t, Quantity::Emissions),
            ("With development", b.development_t, Quantity::Emissions),
        ];
        for (name, e, quantity) in outputs {
            let Some(e) = e else { continue };
            let unit = quantity.unit(e.mean.unwrap_or(0.0));
            let mut row = self.estimate(name, &e, unit.factor);
            row.push(Cell::Left(unit.name));
            rows.push(row);
        }
        self.rows(&rows, true);
    }

    /// Is there room for the sd, and for the error of every number? If not, the mean's has to do.
    fn wide(&self) -> bool {
        self.style.width >= WIDE
    }

    fn header(&self, name: &str, interval: &str) -> Vec<Cell> {
        let mut row = vec![Cell::Left(name.into()), Cell::Right("mean".into())];
        if self.wide() {
            row.push(Cell::Right("sd".into()));
        }
        row.extend([Cell::Right("median".into()), Cell::Left(interval.into())]);
        row
    }

    fn estimate(&self, name: &str, e: &Estimate, factor: f64) -> Vec<Cell> {
        let mut row = vec![Cell::Left(name.into()), Cell::Right(number(e.mean, e.mcse.mean, factor))];
        if self.wide() {
            row.push(Cell::Right(number(e.sd, e.mcse.sd, factor)));
            row.push(Cell::Right(number(e.median, e.mcse.median, factor)));
        } else {
            row.push(Cell::Right(plain(e.median, e.mcse.median, factor)));
        }
        row.push(Cell::Left(self.interval(e.interval, e.mcse.interval, factor)));
        row
    }

    fn interval(&self, interval: Option<[f64; 2]>, mcse: Option<[f64; 2]>, factor: f64) -> String {
        if self.wide() { range(interval, mcse, factor) } else { plain_range(interval, mcse, factor) }
    }

    fn variance(&mut self, p: &Posterior) {
        self.section("Where the variance of the emissions comes from", "exact");
        if p.oracle.groups.is_empty() {
            let reason = p.oracle.reason.as_deref().unwrap_or("no variance");
            self.line(&format!("  no shares: {reason}"));
            return;
        }
        let mut rows = vec![vec![
            Cell::Left(String::new()),
            Cell::Right("alone".into()),
            Cell::Right("with interactions".into()),
            Cell::Last(String::new()),
        ]];
        let longest = self.style.width.saturating_sub(44).min(LONGEST_BAR);
        for share in p.oracle.groups.iter().filter(|s| s.total != 0.0) {
            rows.push(vec![
                Cell::Left(share.name.clone()),
                Cell::Right(digits::percent(share.first_order)),
                Cell::Right(digits::percent(share.total)),
                Cell::Last(bar(share.first_order, share.total, longest)),
            ]);
        }
        self.rows(&rows, true);
    }

    /// The sampled analysis: total indices, and first-order ones of the emissions.
    fn sampled(&mut self, sampled: &Sampled) {
        let draws = digits::count(sampled.draws);
        self.section("The same, sampled, for other outputs", &format!("{draws} draws, ± standard error"));
        let mut rows = vec![vec![Cell::Left(String::new())]];
        rows.extend(sampled.groups.iter().map(|group| vec![Cell::Left(group.title())]));
        let mut column = |title: &str, of: &Analysed, first_order: bool| {
            rows[0].push(Cell::Right(title.into()));
            for (g, row) in rows[1..].iter_mut().enumerate() {
                let index = of
                    .indices
                    .as_ref()
                    .map(|indices| if first_order { indices.first_order(g) } else { indices.total(g) });
                row.push(Cell::Right(index.map_or("–".into(), |i| digits::percent_with_error(i.value, i.se))));
            }
        };
        for of in &sampled.outputs {
            match of.output {
                AnalysedOutput::Emissions => {
                    column("emissions, alone", of, true);
                    column("emissions", of, false);
                }
                AnalysedOutput::LogEmissions => {}
                AnalysedOutput::Atci => column("ATCI", of, false),
                AnalysedOutput::Energy => column("energy", of, false),
                AnalysedOutput::ExceedsTail { .. } => column("upper 5 %", of, false),
                AnalysedOutput::ExceedsThreshold { .. } => column("threshold", of, false),
            }
        }
        self.rows(&rows, true);
        self.line("  With interactions but for the first column; upper 5 %: what decides whether a draw is among the highest.");
    }

    fn contributors(&mut self, p: &Posterior) {
        let c = &p.concentration;
        let effective = c.effective_models.map_or("–".into(), |n| digits::value(n, None));
        let note = format!("effective number of models {effective} of {}", digits::count(p.models.len() as u64));
        self.section("Largest contributors to the mean", &note);
        if c.top.is_empty() {
            self.line("  none: no model has emissions");
            return;
        }
        let name_width = self.style.width.saturating_sub(66).max(20);
        let mut rows = vec![vec![
            Cell::Left(String::new()),
            Cell::Right("share".into()),
            Cell::Left("tier".into()),
            Cell::Right("mean".into()),
            Cell::Left(format!("{} equal-tailed", digits::level(p.level))),
            Cell::Left("unit".into()),
        ]];
        for model in c.top.iter().filter_map(|&i| p.models.get(i)) {
            let e = &model.emissions_t;
            let unit = Quantity::Emissions.unit(e.mean.unwrap_or(0.0));
            rows.push(vec![
                Cell::Left(shorten(&model.id, name_width)),
                Cell::Right(model.share.map_or("–".into(), digits::percent)),
                Cell::Left(model.tier.name().into()),
                Cell::Right(plain(e.mean, e.mcse.mean, unit.factor)),
                Cell::Left(plain_range(e.interval, e.mcse.interval, unit.factor)),
                Cell::Left(unit.name),
            ]);
        }
        self.rows(&rows, true);
        let tiers: Vec<String> = c
            .tiers
            .iter()
            .map(|t| {
                let share = t.share.map_or("–".into(), digits::percent);
                format!("tier {} {share} ({})", t.tier.name(), digits::count(t.models as u64))
            })
            .collect();
        self.line("");
        self.wrapped("  Share of the mean by tier (models): ", &tiers);
    }

    fn groups(&mut self, p: &Posterior) {
        let mut rest = p.groups.as_slice();
        while let Some(first) = rest.first() {
            let (these, others) = rest.split_at(rest.iter().take_while(|g| g.by == first.by).count());
            rest = others;
            self.section(&format!("By {}", first.by), "");
            let mut rows = vec![vec![
                Cell::Left(String::new()),
                Cell::Right("models".into()),
                Cell::Right("share".into()),
                Cell::Right("mean".into()),
                Cell::Left(format!("{} equal-tailed", digits::level(p.level))),
                Cell::Left("unit".into()),
                Cell::Right("ATCI".into()),
                Cell::Left("unit".into()),
            ]];
            // Largest first, as a reader wants it; the files keep the order of the values.
            let mut sorted: Vec<_> = these.iter().collect();
            sorted.sort_by(|a, b| b.emissions_t.mean.unwrap_or(0.0).total_cmp(&a.emissions_t.mean.unwrap_or(0.0)));
            let name_width = self.style.width.saturating_sub(72).max(16);
            for g in sorted.iter().take(GROUPS_SHOWN) {
                let e = &g.emissions_t;
                let unit = Quantity::Emissions.unit(e.mean.unwrap_or(0.0));
                let atci = g.atci_kg_per_eflop.unwrap_or_default();
                let atci_unit = Quantity::CarbonPerCompute.unit(atci.mean.unwrap_or(0.0));
                rows.push(vec![
                    Cell::Left(shorten(&g.value, name_width)),
                    Cell::Right(digits::count(g.models as u64)),
                    Cell::Right(g.share.map_or("–".into(), digits::percent)),
                    Cell::Right(plain(e.mean, e.mcse.mean, unit.factor)),
                    Cell::Left(plain_range(e.interval, e.mcse.interval, unit.factor)),
                    Cell::Left(unit.name),
                    Cell::Right(plain(atci.mean, atci.mcse.mean, atci_unit.factor)),
                    Cell::Left(if atci.mean.is_some() { atci_unit.name } else { String::new() }),
                ]);
            }
            self.rows(&rows, true);
            if let Some(more) = sorted.len().checked_sub(GROUPS_SHOWN).filter(|n| *n > 0) {
                let note = self.dim(&format!("  and {} more, in --json and --out", digits::count(more as u64)));
                self.line(&note);
            }
        }
    }

    fn trust(&mut self, p: &Posterior) {
        self.section("Checks", "");
        let unit = Quantity::Emissions.unit(p.total.emissions_t.mean.unwrap_or(0.0));
        let exact = |x: Option<f64>| x.filter(|x| x.is_finite()).map(|x| plain(Some(x), Some(0.0), unit.factor));
        let z = |z: f64| format!("z = {}", signed(z));
        if let Some(mean) = exact(Some(p.oracle.mean_t)) {
            let mut line = format!("  Exact mean {mean} {}", unit.name);
            if let Some(score) = p.check.z_mean {
                let _ = write!(line, " ({})", z(score));
            }
            match exact(p.oracle.sd_t) {
                Some(sd) => {
                    let _ = write!(line, ", sd {sd} {}", unit.name);
                }
                None => line.push_str(", sd infinite or unknown"),
            }
            match p.check.z_sd {
                SdCheck::Z(score) => {
                    let _ = write!(line, " ({})", z(score));
                }
                SdCheck::NotEstimable => {
                    let _ = write!(line, " ({})", SdCheck::NOT_ESTIMABLE);
                }
                SdCheck::Undefined => {}
            }
            self.line(&line);
        }
        if let Some(score) = p.check.z_independent_mean {
            self.line(&format!("  Mean with correlation ignored against its exact value: {}", z(score)));
        }
        let relative = |x: f64| if x == 0.0 { "0".to_string() } else { format!("{x:.0e}") };
        let d = &p.discretisation;
        if let (Some(bound), Some(mcse)) = (d.bound, d.relative_mcse) {
            let (bound, mcse) = (relative(bound), relative(mcse));
            let line = format!("  Relative error of the mean: sampling {mcse}, integer arithmetic below {bound}");
            self.line(&line);
        }
        if let Some(k) = p.pareto_k.filter(|k| *k > tail::LARGEST_K) {
            let line = format!(
                "  Pareto k of the upper tail {k:.2}, above {}: the sampled mean and sd settle too slowly to be trusted",
                tail::LARGEST_K
            );
            let line = self.bold(&line);
            self.line(&line);
        }
        if p.draws_without_compute > 0 {
            self.line(&format!("  {} draws without compute have no ATCI", digits::count(p.draws_without_compute)));
        }
        if p.saturated.any() {
            let s = &p.saturated;
            let totals = s.compute + s.it_energy + s.energy + s.emissions + s.independent;
            let line = format!(
                "  SATURATED: draws held at a ceiling: totals {}, ATCI {}, single models {}, groups {}",
                digits::count(totals),
                digits::count(s.atci),
                digits::count(s.models),
                digits::count(s.groups)
            );
            let line = self.bold(&line);
            self.line(&line);
        }
        let warnings = match p.warnings {
            0 => "  No warnings about the input".into(),
            1 => "  1 warning about the input: `haze check` shows it".into(),
            n => format!("  {} warnings about the input: `haze check` shows them", digits::count(n as u64)),
        };
        self.line(&warnings);
    }

    /// Items after a heading, separated by ` · ` and wrapped under it.
    fn wrapped(&mut self, heading: &str, items: &[String]) {
        let mut line = heading.to_string();
        let mut empty = true;
        for item in items {
            if !empty && line.chars().count() + 3 + item.chars().count() > self.style.width {
                self.line(&line);
                line = "    ".into();
                empty = true;
            }
            if !empty {
                line.push_str(" · ");
            }
            line.push_str(item);
            empty = false;
        }
        self.line(&line);
    }
}

/// `final runs, facility energy, location-based grid`
pub(super) fn scope(scope: Scope) -> String {
    let run = match scope.run {
        Run::Final => "final runs",
        Run::Development => "runs with their development",
    };
    let boundary = match scope.boundary {
        Boundary::Facility => "facility energy",
        Boundary::It => "IT energy only",
    };
    let basis = match scope.basis {
        Basis::Location => "location-based grid",
        Basis::Market => "market-based grid",
    };
    let embodied = if scope.embodied { ", with embodied emissions" } else { "" };
    format!("{run}, {boundary}, {basis}{embodied}")
}

/// `61.32 ± 0.03`
fn number(x: Option<f64>, mcse: Option<f64>, factor: f64) -> String {
    let Some(x) = x else { return "–".into() };
    match digits::with_error(x * factor, mcse.map(|e| e * factor)) {
        (value, Some(error)) => format!("{value} ± {error}"),
        (value, None) => value,
    }
}

/// `61.32`, to the same digits.
pub(super) fn plain(x: Option<f64>, mcse: Option<f64>, factor: f64) -> String {
    x.map_or("–".into(), |x| digits::value(x * factor, mcse.map(|e| e * factor)))
}

/// `25.21 ± 0.04 to 130.9 ± 0.2`
fn range(x: Option<[f64; 2]>, mcse: Option<[f64; 2]>, factor: f64) -> String {
    let Some([lo, hi]) = x else { return "–".into() };
    let end = |x: f64, i: usize| number(Some(x), mcse.map(|m| m[i]), factor);
    format!("{} to {}", end(lo, 0), end(hi, 1))
}

pub(super) fn plain_range(x: Option<[f64; 2]>, mcse: Option<[f64; 2]>, factor: f64) -> String {
    let Some([lo, hi]) = x else { return "–".into() };
    let end = |x: f64, i: usize| plain(Some(x), mcse.map(|m| m[i]), factor);
    format!("{} to {}", end(lo, 0), end(hi, 1))
}

fn signed(z: f64) -> String {
    let text = format!("{:.1}", z.abs());
    let sign = if text == "0.0" {
        ""
    } else if z < 0.0 {
        "−"
    } else {
        "+"
    };
    format!("{sign}{text}")
}

/// A bar as long as the first-order share, lengthened by interactions in a lighter shade.
pub(super) fn bar(first_order: f64, total: f64, longest: usize) -> String {
    let cells = |share: f64| (share.clamp(0.0, 1.0) * longest as f64).round() as usize;
    let (alone, all) = (cells(first_order), cells(total));
    format!("{}{}", "█".repeat(alone), "░".repeat(all.saturating_sub(alone)))
}

/// Cut in the middle, where ids differ least.
pub(super) fn shorten(text: &str, width: usize) -> String {
    let chars: Vec<char> = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if chars.len() <= width {
        return chars.into_iter().collect();
    }
    let head = width.saturating_sub(1) / 2;
    let tail = width.saturating_sub(1) - head;
    chars[..head].iter().chain(&['…']).chain(&chars[chars.len() - tail..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;
    use crate::posterior::{self, example};

    const PLAIN: Style = Style { colour: false, width: 120 };

    fn page(style: Style, change: impl FnOnce(&mut Posterior)) -> String {
        let (assessment, plan, summary, oracle) = example::lognormal(30, 20_000);
        let mut p = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        change(&mut p);
        terminal(&p, &assessment, style)
    }

    #[test]
    fn the_headline_comes_first() {
        let text = page(PLAIN, |_| ());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..2],
            ["30 models, 20,000 draws, seed 42", "final runs, facility energy, location-based grid"]
        );
        assert!(lines[3].starts_with("Training emissions, ktCO2e"), "{text}");
        assert!(lines[4].ends_with("95 % credible interval (equal-tailed)"), "{text}");
        for (line, name) in [(5, "  As modelled"), (6, "  Shortest interval"), (7, "  Correlation ignored")] {
            assert!(lines[line].starts_with(name) && lines[line].contains(" to "), "{text}");
        }
        for word in ["ATCI", "effective number of models", "efficiency", "By organization", "By tier", "No warnings"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert!(!text.contains('\x1b') && text.ends_with('\n'));
    }

    #[test]
    fn columns_are_aligned() {
        for width in [200, 120, 80] {
            let text = page(Style { width, ..PLAIN }, |_| ());
            let start = text.find("Energy, compute").unwrap();
            let table: Vec<&str> = text[start..].lines().skip(1).take_while(|l| !l.is_empty()).collect();
            let column = |line: &str, word: &str| line.find(word).map(|at| line[..at].chars().count());
            let unit = column(table[0], "unit").unwrap();
            assert_eq!(column(table[1], "GWh"), Some(unit), "{text}");
            assert_eq!(column(table[4], "g/EFLOP"), Some(unit), "{text}");
            assert!(text.lines().all(|l| l.chars().count() <= width), "{width}:\n{text}");
        }
    }

    #[test]
    fn digits_end_with_the_error() {
        let text = page(PLAIN, |p| {
            let e = &mut p.total.emissions_t;
            (e.mean, e.mcse.mean) = (Some(44_412.3), Some(87.0));
            (e.median, e.mcse.median) = (Some(0.9), None);
        });
        let line = text.lines().find(|l| l.starts_with("  As modelled")).unwrap();
        assert!(line.contains(" 44.4 ± 0.1 ") && line.contains(" 0.000900 "), "{line}");
    }

    #[test]
    fn what_is_undefined_and_what_went_wrong() {
        let text = page(PLAIN, |p| {
            p.total.atci_kg_per_eflop = Estimate::default();
            (p.oracle.sd_t, p.check.z_sd) = (None, SdCheck::Undefined);
            p.oracle.groups.clear();
            p.oracle.reason = Some("a factor's tail has no finite second moment".into());
            p.saturated.compute = 7;
            p.draws_without_compute = 1234;
            p.warnings = 3;
            p.models[0].id = "x".repeat(500) + "\x1b[31m";
            p.concentration.top[0] = 0;
        });
        for words in [
            "no shares: a factor's tail has no finite second moment",
            "sd infinite or unknown",
            "totals 7, ATCI 0",
            "1,234 draws without compute",
            "3 warnings",
        ] {
            assert!(text.contains(words), "{words}:\n{text}");
        }
        // Neither a long id nor one with an escape sequence reaches the terminal.
        assert!(text.lines().all(|l| l.chars().count() <= 120) && !text.contains('\x1b'), "{text}");
        assert!(
            page(PLAIN, |p| p.check.z_sd = SdCheck::NotEstimable).contains("sd not estimable by sampling at this N")
        );
    }

    #[test]
    fn colour_only_if_asked() {
        let coloured = page(Style { colour: true, ..PLAIN }, |_| ());
        assert!(coloured.contains("\x1b[1m"));
        let mut plain = coloured;
        for code in ["\x1b[0m", "\x1b[1m", "\x1b[2m"] {
            plain = plain.replace(code, "");
        }
        assert_eq!(plain, page(PLAIN, |_| ()));
    }

    #[test]
    fn bars() {
        assert_eq!(bar(0.5, 0.75, 8), "████░░");
        assert_eq!(bar(0.0, 0.0, 8), "");
        assert_eq!(bar(1.0, 1.0, 4), "████");
        assert_eq!((signed(-1.26), signed(0.04), signed(2.0)), ("−1.3".into(), "0.0".into(), "+2.0".into()));
        assert_eq!((shorten("organisation/model", 9), shorten("a/b", 9)), ("orga…odel".into(), "a/b".into()));
    }
}
