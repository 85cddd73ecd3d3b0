//! The records of a file, and which of them count.
//!
//! A line that is no record is reported with its number: somebody was killed while it was written, and its energy is
//! missing. A record that occurs twice (a fallback file put back into the log, say) counts once. A record without an energy is
//! that of a rank whose node another one read: it counts nothing, and where the reader's record is not there, the energy
//! of the node is missing and so is the sum of its name.

use std::collections::{BTreeMap, BTreeSet};

use super::measured::Energy;
use super::record::{Record, VERSION};

/// How the line of a record begins.
pub const MARK: &str = "{\"haze_track\":";

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records {
    /// Those that count, with their lines, from 1.
    pub counted: Vec<(u64, Record)>,
    /// What does not, with the line and the reason.
    pub left_out: Vec<LeftOut>,
    /// Records of ranks whose node another one read.
    pub ranks: usize,
}

/// A line that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// From 1.
    pub line: u64,
    /// Its text, or the id of the record.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Whether nothing is missing: it was counted before.
    pub is_copy: bool,
}

/// Whether a file looks like one of records.
pub fn is_log(text: &str) -> bool {
    text.lines().take(100).any(|line| line.trim_start().starts_with(MARK))
}

/// Reads all lines.
pub fn records(text: &str) -> Records {
    let mut found = Records::default();
    let mut all: Vec<(u64, Record)> = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        match record(text) {
            Ok(record) => all.push((line, record)),
            Err(reason) => {
                found.left_out.push(LeftOut { line, value: text.to_string(), reason, is_copy: false });
            }
        }
    }
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    all.retain(|(line, record)| {
        let Some(before) = seen.get(&record.id) else {
            seen.insert(record.id.clone(), *line);
            return true;
        };
        let reason = format!("line {before} is the same record; one counts");
        found.left_out.push(LeftOut { line: *line, value: record.id.clone(), reason, is_copy: true });
        false
    });
    let readers: BTreeSet<String> =
        all.iter().filter(|(_, record)| record.measured.is_some()).map(|(_, record)| record.id.clone()).collect();
    let has_reader = |record: &Record| record.reader.as_ref().is_some_and(|reader| readers.contains(&reader.record));
    let missing: BTreeMap<String, (u64, bool)> = all
        .iter()
        .rev()
        .filter(|(_, record)| record.measured.is_none() && !has_reader(record))
        .map(|(line, record)| (record.name.clone(), (*line, record.reader.is_some())))
        .collect();
    for (name, (line, is_of_a_rank)) in &missing {
        let why = if *is_of_a_rank {
            "the node of this run was read by another rank whose record is not in the file"
        } else {
            "the record has no energy"
        };
        let reason = format!("{why}, so a sum would be too low; no run of this name is used");
        found.left_out.push(LeftOut { line: *line, value: name.clone(), reason, is_copy: false });
    }
    found.ranks = all.iter().filter(|(_, record)| record.measured.is_none() && has_reader(record)).count();
    let counts = |record: &Record| record.measured.is_some() && !missing.contains_key(&record.name);
    found.counted = all.into_iter().filter(|(_, record)| counts(record)).collect();
    found.left_out.sort_by_key(|left| left.line);
    found
}

fn record(text: &str) -> Result<Record, String> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        haze_track: u32,
    }
    let torn = |e: serde_json::Error| {
        format!("the line is no whole record ({e}): whoever wrote it was interrupted, and its energy is missing")
    };
    let version = serde_json::from_str::<Versioned>(text).map_err(torn)?.haze_track;
    if version != VERSION {
        return Err(format!("the record has version {version}, and this program reads {VERSION}; update haze"));
    }
    let record: Record = serde_json::from_str(text).map_err(torn)?;
    let devices = record.measured.iter().flat_map(|measured| &measured.devices).map(|device| device.energy);
    let is_one = |e: Energy| e.median_kwh >= 0.0 && e.median_kwh.is_finite() && e.gsd >= 1.0 && e.gsd.is_finite();
    match record.energy().into_iter().chain(devices).all(is_one) {
        false => Err("an energy is no lognormal: a median of at least 0 and a GSD of at least 1".into()),
        true => Ok(record),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::record::{Reader, example};

    fn log(records: &[&Record]) -> String {
        records.iter().map(|record| record.line()).collect()
    }

    #[test]
    fn torn_lines_have_their_number_and_others_count() {
        let (a, b) = (example::record("a"), example::record("b"));
        let torn = &a.line()[..40];
        let found = records(&format!("{}\n{torn}\n{}", a.line(), b.line()));
        assert_eq!(found.counted.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(found.left_out.iter().map(|l| (l.line, l.is_copy)).collect::<Vec<_>>(), [(3, false)]);
        let newer = a.line().replacen("\"haze_track\":1", "\"haze_track\":2", 1);
        assert!(records(&newer).left_out[0].reason.contains("version 2"));
        assert!(is_log(&a.line()) && !is_log("id,energy_kwh\na,1\n"));
    }

    #[test]
    fn a_record_counts_once() {
        let a = example::record("a");
        let found = records(&log(&[&a, &a]));
        assert_eq!((found.counted.len(), found.left_out.len(), found.left_out[0].is_copy), (1, 1, true));
    }

    #[test]
    fn ranks_count_by_their_reader() {
        let reader = example::record("a");
        let rank = Record {
            id: "rank".into(),
            measured: None,
            reader: Some(Reader { record: reader.id.clone() }),
            ..example::record("a")
        };
        let found = records(&log(&[&rank, &reader]));
        assert_eq!((found.counted.len(), found.ranks, found.left_out.len()), (1, 1, 0));
        // Without its reader the name has no sum, whatever else of it is there; other names have theirs.
        let other = Record { id: "other".into(), ..example::record("a") };
        let found = records(&log(&[&rank, &other, &example::record("b")]));
        assert_eq!(found.counted.iter().map(|(_, r)| r.name.as_str()).collect::<Vec<_>>(), ["b"]);
        assert_eq!((found.left_out[0].line, found.ranks), (1, 0));
    }
}
