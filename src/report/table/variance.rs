//! Where the variance comes from: exact shares, and sampled indices.

use crate::posterior::Posterior;
use crate::posterior::sampled::{Analysed, AnalysedOutput, Sampled};
use crate::report::numbers;
use crate::report::page::{Cell, Page, bar, left, right};

const LONGEST_BAR: usize = 40;

impl Page {
    pub(super) fn variance(&mut self, p: &Posterior) {
        self.section("Where the variance of the emissions comes from", "exact");
        if p.oracle.groups.is_empty() {
            let reason = p.oracle.reason.as_deref().unwrap_or("no variance");
            self.line(&format!("  no shares: {reason}"));
            return;
        }
        let mut rows = vec![vec![left(""), right("alone"), right("with interactions"), Cell::Last(String::new())]];
        let longest = self.style.width.saturating_sub(44).min(LONGEST_BAR);
        for share in p.oracle.groups.iter().filter(|s| s.total != 0.0) {
            rows.push(vec![
                left(share.name.clone()),
                right(numbers::percent(share.first_order)),
                right(numbers::percent(share.total)),
                Cell::Last(bar(share.first_order, share.total, longest)),
            ]);
        }
        self.rows(&rows, true);
    }

    /// The sampled analysis: total indices, and first-order ones of the emissions.
    pub(super) fn sampled(&mut self, sampled: &Sampled) {
        let draws = numbers::count(sampled.draws);
        self.section("The same, sampled, for other outputs", &format!("{draws} draws, ± standard error"));
        let mut rows = vec![vec![left("")]];
        rows.extend(sampled.groups.iter().map(|group| vec![left(group.title())]));
        let mut column = |title: &str, of: &Analysed, first_order: bool| {
            rows[0].push(right(title));
            for (g, row) in rows[1..].iter_mut().enumerate() {
                let index = of
                    .indices
                    .as_ref()
                    .map(|indices| if first_order { indices.first_order(g) } else { indices.total(g) });
                row.push(right(index.map_or("–".into(), |i| numbers::percent_with_error(i.value, i.se))));
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
        self.line("  With interactions, except in the first column; upper 5 %: what decides whether a draw is among the highest.");
    }
}
