//! The page on the terminal: the headline first, then what it is made of and how far it can be trusted.
//!
//! Every number is printed to the digits that twice its Monte Carlo standard error supports, followed by that error
//! as `± …`. Only the sampled numbers have one: variance shares and the oracle are exact.

mod checks;
mod parts;
mod sketch;
mod variance;

use super::estimate::{self, equal_tailed, range, range_with_errors, value, value_with_error};
use super::numbers::{self, Quantity};
use super::page::{Cell, Page, Style, left, right};
use super::precision;
use super::scope;
use crate::assess::Assessment;
use crate::posterior::counts::Counts;
use crate::posterior::{Estimate, Posterior};

/// From this width on there is room for the sd and for the error of every number.
const WIDE: usize = 112;

/// The whole page, ending in a line end. `draws` are those of the total emissions.
pub fn terminal(posterior: &Posterior, assessment: &Assessment, draws: Option<&Counts>, style: Style) -> String {
    let mut page = Page::new(style);
    page.headline(posterior, assessment);
    if let Some(draws) = draws {
        page.sketch(posterior, draws);
    }
    page.totals(posterior);
    page.further(posterior);
    page.variance(posterior);
    if let Some(sampled) = &posterior.sampled {
        page.sampled(sampled);
    }
    page.contributors(posterior);
    page.groups(posterior);
    page.trust(posterior, assessment);
    page.text
}

impl Page {
    fn headline(&mut self, p: &Posterior, assessment: &Assessment) {
        let models = numbers::counted(p.total.models as u64, "model");
        self.note(&format!("{models}, {}", precision::draws(p.draws, &p.precision, p.seed)));
        self.note(&scope::phrase(assessment.scope));
        let total = &p.total.emissions_t;
        let unit = estimate::unit(Quantity::Emissions, total);
        self.section(&format!("Training emissions, {}", unit.name), "± is the Monte Carlo standard error");
        let interval = format!("{} credible interval (equal-tailed)", numbers::level(p.level));
        let mut rows = vec![self.header("", &interval)];
        for (name, e) in [("As modelled", total), ("Correlation ignored", &p.total.independent_t)] {
            rows.push(self.estimate(name, e, unit.factor));
        }
        // The point estimates stand above; only the interval differs.
        let mut shortest = vec![left("Shortest interval")];
        shortest.resize(rows[0].len() - 1, right(""));
        shortest.push(left(self.interval(total.shortest, total.mcse.shortest, unit.factor)));
        rows.insert(2, shortest);
        self.rows(&rows, true);
    }

    fn totals(&mut self, p: &Posterior) {
        let t = &p.total;
        self.section("Energy, compute and carbon intensity", "");
        let mut rows = vec![self.header("", &equal_tailed(p.level))];
        rows[0].push(left("unit"));
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
            let unit = estimate::unit(quantity, e);
            let mut row = self.estimate(name, e, unit.factor);
            row.push(left(unit.name));
            rows.push(row);
        }
        self.rows(&rows, true);
    }

    /// Outputs that are reported separately, on request.
    fn further(&mut self, p: &Posterior) {
        if p.further.is_empty() {
            return;
        }
        self.section("Reported separately", "from the same draws, never added to the total");
        let mut rows = vec![self.header("", &equal_tailed(p.level))];
        rows[0].push(left("unit"));
        for (output, e) in &p.further {
            let unit = estimate::unit(Quantity::Further(output.multiples()), e);
            let mut row = self.estimate(output.title(), e, unit.factor);
            row.push(left(unit.name));
            rows.push(row);
        }
        self.rows(&rows, true);
    }

    /// Is there room for the sd, and for the error of every number? If not, the mean's has to do.
    fn wide(&self) -> bool {
        self.style.width >= WIDE
    }

    fn header(&self, name: &str, interval: &str) -> Vec<Cell> {
        let mut row = vec![left(name), right("mean")];
        if self.wide() {
            row.push(right("sd"));
        }
        row.extend([right("median"), left(interval)]);
        row
    }

    fn estimate(&self, name: &str, e: &Estimate, factor: f64) -> Vec<Cell> {
        let mut row = vec![left(name), right(value_with_error(e.mean, e.mcse.mean, factor))];
        if self.wide() {
            row.push(right(value_with_error(e.sd, e.mcse.sd, factor)));
            row.push(right(value_with_error(e.median, e.mcse.median, factor)));
        } else {
            row.push(right(value(e.median, e.mcse.median, factor)));
        }
        row.push(left(self.interval(e.interval, e.mcse.interval, factor)));
        row
    }

    fn interval(&self, interval: Option<[f64; 2]>, mcse: Option<[f64; 2]>, factor: f64) -> String {
        if self.wide() { range_with_errors(interval, mcse, factor) } else { range(interval, mcse, factor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Host;
    use crate::posterior::{self, SdCheck, example};

    const PLAIN: Style = Style { colour: false, width: 120 };

    fn page(style: Style, change: impl FnOnce(&mut Posterior)) -> String {
        let (assessment, plan, summary, oracle) = example::lognormal(30, 20_000);
        let mut p = posterior::posterior(&assessment, &plan, &summary, &oracle, &example::OPTIONS, &Host);
        change(&mut p);
        terminal(&p, &assessment, None, style)
    }

    #[test]
    fn the_headline_comes_first() {
        let text = page(PLAIN, |_| ());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..2],
            [
                "30 models, 20,000 draws (median and interval within 0.84 %), seed 42",
                "final runs, facility energy, location-based grid"
            ]
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
            "1,234 draws in which compute is zero",
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
}
