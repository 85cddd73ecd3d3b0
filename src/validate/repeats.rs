//! Rows of a file that say the same thing twice.
//!
//! The same name with the same published figures is one statement: it is scored once. The same name with other figures
//! may be another run or another source; both are kept, with a warning.

use std::collections::BTreeMap;

use super::Quantity;
use super::runs_file::Run;
use crate::portfolio::Warning;

/// For every row the line of the row that it repeats, and warnings for names with several figures.
pub fn of(runs: &[Run]) -> (Vec<Option<u64>>, Vec<Warning>) {
    let mut by_name: BTreeMap<String, Vec<&Run>> = BTreeMap::new();
    let (mut repeats, mut warnings) = (Vec::new(), Vec::new());
    for run in runs {
        // Rows that are not scored repeat nothing and are repeated by nothing.
        let earlier = by_name.entry(run.name.trim().to_lowercase()).or_default();
        if !run.independent || !run.final_run {
            repeats.push(None);
            continue;
        }
        let figures = |r: &Run| Quantity::ALL.map(|q| r.published(q));
        let same = earlier.iter().find(|e| figures(e) == figures(run));
        repeats.push(same.map(|e| e.place.line));
        if let (None, Some(first)) = (same, earlier.first()) {
            warnings.push(Warning {
                rule: "same-name",
                place: crate::portfolio::Place { column: "model".to_string(), ..run.place.clone() },
                value: run.name.clone(),
                message: format!(
                    "line {} has the same name and other figures; both are scored, as two runs",
                    first.place.line
                ),
            });
        }
        earlier.push(run);
    }
    (repeats, warnings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::runs_file::read;
    use std::path::Path;

    #[test]
    fn a_statement_counts_once() {
        let text = "model,independent,gpu_hours,emissions_tco2e,tokens\n\
                    a,1,10,2,\nA ,1,10,2,5\na,1,11,2,\nb,0,10,2,\nb,1,10,2,\nb,1,10,2,\nc,1,10,2,\n";
        let file = read(Path::new("runs.csv"), text.as_bytes()).unwrap();
        let (repeats, warnings) = of(&file.runs);
        assert_eq!(repeats, [None, Some(2), None, None, None, Some(6), None]);
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert!(warning.place.line == 4 && warning.message.contains("line 2"), "{warning}");
    }
}
