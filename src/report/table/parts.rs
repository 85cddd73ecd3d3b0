//! What the total is made of: the largest contributors, the groups.

use crate::portfolio::YEAR;
use crate::posterior::Posterior;
use crate::report::estimate::{self, equal_tailed, interval, mean};
use crate::report::numbers::{self, Quantity};
use crate::report::page::{Page, left, right, shorten};

/// Groups shown before the rest is counted.
const GROUPS_SHOWN: usize = 12;

impl Page {
    pub(super) fn contributors(&mut self, p: &Posterior) {
        let c = &p.concentration;
        let effective = c.effective_models.map_or("–".into(), |n| numbers::value(n, None));
        let note = format!("effective number of models {effective} of {}", numbers::count(p.models.len() as u64));
        self.section("Largest contributors to the mean", &note);
        if c.top.is_empty() {
            self.line("  none: no model has emissions");
            return;
        }
        let name_width = self.style.width.saturating_sub(66).max(20);
        let mut rows = vec![vec![
            left(""),
            right("share"),
            left("tier"),
            right("mean"),
            left(equal_tailed(p.level)),
            left("unit"),
        ]];
        for model in c.top.iter().filter_map(|&i| p.models.get(i)) {
            let e = &model.emissions_t;
            let unit = estimate::unit(Quantity::Emissions, e);
            rows.push(vec![
                left(shorten(&model.id, name_width)),
                right(numbers::share(model.share)),
                left(model.tier.name()),
                right(mean(e, unit.factor)),
                left(interval(e, unit.factor)),
                left(unit.name),
            ]);
        }
        self.rows(&rows, true);
        let tiers: Vec<String> = c
            .tiers
            .iter()
            .map(|t| {
                let share = numbers::share(t.share);
                format!("tier {} {share} ({})", t.tier.name(), numbers::count(t.models as u64))
            })
            .collect();
        self.line("");
        self.wrapped("  Share of the mean by tier (models): ", &tiers);
    }

    pub(super) fn groups(&mut self, p: &Posterior) {
        let mut rest = p.groups.as_slice();
        while let Some(first) = rest.first() {
            let (these, others) = rest.split_at(rest.iter().take_while(|g| g.by == first.by).count());
            rest = others;
            self.section(&format!("By {}", first.by), "");
            let mut rows = vec![vec![
                left(""),
                right("models"),
                right("share"),
                right("mean"),
                left(equal_tailed(p.level)),
                left("unit"),
                right("ATCI"),
                left("unit"),
            ]];
            // Largest first, as a reader wants it; the files keep the order of the values.
            let mut sorted: Vec<_> = these.iter().collect();
            sorted.sort_by(|a, b| b.emissions_t.mean.unwrap_or(0.0).total_cmp(&a.emissions_t.mean.unwrap_or(0.0)));
            let all = sorted.len();
            sorted.truncate(GROUPS_SHOWN);
            // Years read best in their order.
            if first.by == YEAR {
                sorted.sort_by(|a, b| a.value.cmp(&b.value));
            }
            let name_width = self.style.width.saturating_sub(72).max(16);
            for g in sorted {
                let e = &g.emissions_t;
                let unit = estimate::unit(Quantity::Emissions, e);
                let atci = g.atci_kg_per_eflop.unwrap_or_default();
                let atci_unit = estimate::unit(Quantity::CarbonPerCompute, &atci);
                rows.push(vec![
                    left(shorten(&g.value, name_width)),
                    right(numbers::count(g.models as u64)),
                    right(numbers::share(g.share)),
                    right(mean(e, unit.factor)),
                    left(interval(e, unit.factor)),
                    left(unit.name),
                    right(mean(&atci, atci_unit.factor)),
                    left(if atci.mean.is_some() { atci_unit.name } else { String::new() }),
                ]);
            }
            self.rows(&rows, true);
            self.more(all, GROUPS_SHOWN, "--json and --out");
        }
    }
}
