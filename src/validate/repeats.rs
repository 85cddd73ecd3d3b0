//! Rows of a file that say the same thing twice.
//!
//! The same name with the same published figures is one statement: it is scored once. The same name with other figures
//! may be another run or another source; both are kept, with a warning.

use std::collections::HashMap;

use super::Quantity;
use super::runs_file::Run;
use crate::portfolio::Warning;

/// A name in lower case with the bits of what is published under it.
type Statement = (String, [Option<u64>; 3]);

/// For every row the line of the row that it repeats, and warnings for names with several figures.
pub fn of(runs: &[Run]) -> (Vec<Option<u64>>, Vec<Warning>) {
    let mut first_of_name: HashMap<String, u64> = HashMap::new();
    let mut first_of: HashMap<Statement, u64> = HashMap::new();
    let (mut repeats, mut warnings) = (Vec::new(), Vec::new());
    for run in runs {
        // Rows that are not scored repeat nothing and are repeated by nothing.
        if !run.independent || !run.final_run {
            repeats.push(None);
            continue;
        }
        let (name, line) = (run.name.trim().to_lowercase(), run.place.line);
        let figures = Quantity::ALL.map(|q| run.published(q).map(f64::to_bits));
        let same = *first_of.entry((name.clone(), figures)).or_insert(line);
        let first = *first_of_name.entry(name).or_insert(line);
        repeats.push((same != line).then_some(same));
        if same == line && first != line {
            warnings.push(Warning {
                rule: "same-name",
                place: crate::portfolio::Place { column: "model".to_string(), ..run.place.clone() },
                value: run.name.clone(),
                message: format!("line {first} has the same name and other figures; both are scored, as two runs"),
            });
        }
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
