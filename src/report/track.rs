//! The page of `haze track summary`, and the line at the end of a measurement.
//!
//! Sums are those of [`crate::track::total`]: the errors of meters are taken as common to all runs.

use std::collections::{BTreeMap, BTreeSet};

use super::numbers::{self, Quantity};
use super::page::{Page, Style, heads, left, right};
use crate::portfolio::problem::visible;
use crate::track::measured::Energy;
use crate::track::read::Records;
use crate::track::record::Record;
use crate::track::total::{interval_kwh, sum};

/// `1.24 Wh (90 % interval 0.92 to 1.67 Wh) in 2.0 s, estimated from the hardware`
pub fn line(record: &Record) -> String {
    let time = duration(record.duration_s);
    let Some(energy) = record.energy() else {
        return match &record.reader {
            Some(_) => format!("ran {time}; another rank of the job reads this node, and its record has the energy"),
            None => format!("ran {time}; the energy is not known"),
        };
    };
    let [median, low, high, unit] = shown(energy);
    format!("{median} {unit} (90 % interval {low} to {high} {unit}) in {time}, {}", basis(record.metered_share()))
}

/// Median, both ends of the central 90 % interval, and their unit.
fn shown(energy: Energy) -> [String; 4] {
    let unit = Quantity::Energy.unit(energy.median_kwh);
    let text = |kwh: f64| numbers::three_digits(kwh * unit.factor);
    let [low, high] = interval_kwh(energy);
    [text(energy.median_kwh), text(low), text(high), unit.name.clone()]
}

/// How much of it was read.
fn basis(metered_share: f64) -> String {
    match metered_share {
        share if share > 0.995 => "read from meters".into(),
        share if share > 0.005 => format!("{} read from meters", numbers::percent(share)),
        _ => "estimated from the hardware".into(),
    }
}

/// `12.3 s`, `4 min 10 s`, `3 h 20 min`
fn duration(seconds: f64) -> String {
    let whole = libm::round(seconds) as u64;
    match whole {
        0..100 => format!("{seconds:.1} s"),
        100..6_000 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// The page, ending in a line end.
pub fn terminal(found: &Records, style: Style) -> String {
    let records: Vec<&Record> = found.counted.iter().map(|(_, record)| record).collect();
    let mut page = Page::new(style);
    let runs = numbers::counted(records.len() as u64, "run");
    page.note(&format!("{runs}, energy at the plug without PUE; {}", ranks(found.ranks)));
    let mut by_name: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    records.iter().for_each(|record| by_name.entry(&record.name).or_default().push(record));
    page.section("Energy by name", "errors of meters are common to all runs");
    let mut rows =
        vec![heads(1, &["", "runs", "time", "median", "90 % low", "high", "unit", "accel. h", "use", "basis"])];
    rows.extend(by_name.iter().map(|(name, records)| row(name, records)));
    if by_name.len() > 1 {
        rows.push(row("total", &records));
    }
    page.rows(&rows, true);
    page.unread(&records);
    page.text
}

fn ranks(n: usize) -> String {
    match n {
        0 => "each node counts once".into(),
        n => format!("{} of other ranks count once with their nodes", numbers::counted(n as u64, "record")),
    }
}

fn row(name: &str, records: &[&Record]) -> Vec<super::page::Cell> {
    let energy =
        sum(records.iter().filter_map(|record| record.energy())).unwrap_or(Energy { median_kwh: 0.0, gsd: 1.0 });
    let [median, low, high, unit] = shown(energy);
    let metered: f64 =
        records.iter().map(|r| r.metered_share() * r.energy().map_or(0.0, |energy| energy.median_kwh)).sum();
    let measured = || records.iter().filter_map(|record| record.measured.as_ref());
    let hours: f64 = measured().filter_map(|measured| measured.accelerator_hours).sum();
    let utilisation = utilisation(records);
    vec![
        left(name),
        right(numbers::count(records.len() as u64)),
        right(duration(records.iter().map(|record| record.duration_s).sum())),
        right(median),
        right(low),
        right(high),
        left(unit),
        right(if hours > 0.0 { numbers::three_digits(hours) } else { "-".into() }),
        right(utilisation.map_or("-".into(), numbers::percent)),
        left(basis(if energy.median_kwh > 0.0 { metered / energy.median_kwh } else { 0.0 })),
    ]
}

/// The mean utilisation of all accelerators, by the time of their runs.
fn utilisation(records: &[&Record]) -> Option<f64> {
    use crate::track::measured::Part;
    let (mut weighted, mut weights) = (0.0, 0.0);
    for record in records {
        for device in record.measured.iter().flat_map(|measured| &measured.devices) {
            if let (Part::Accelerator, Some(use_of)) = (device.part, device.mean_utilisation) {
                weighted += record.duration_s * use_of;
                weights += record.duration_s;
            }
        }
    }
    (weights > 0.0).then(|| weighted / weights)
}

impl Page {
    /// What could not be read, and notes, each once.
    fn unread(&mut self, records: &[&Record]) {
        let unread = records.iter().filter_map(|r| r.measured.as_ref()).flat_map(|measured| &measured.unread);
        self.listed("Not read, and so estimated", unread.collect());
        let of_devices = records.iter().filter_map(|r| r.measured.as_ref()).flat_map(|m| &m.devices);
        let notes = records.iter().flat_map(|record| &record.notes).chain(of_devices.flat_map(|device| &device.notes));
        self.listed("Notes", notes.collect());
    }

    fn listed(&mut self, title: &str, texts: BTreeSet<&String>) {
        /// More would be a page of its own.
        const MOST: usize = 12;
        if texts.is_empty() {
            return;
        }
        self.section(title, "");
        texts.iter().take(MOST).for_each(|text| self.paragraph(&visible(text)));
        self.more(texts.len(), MOST, "the records");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::read;
    use crate::track::record::example;

    #[test]
    fn the_line_has_energy_interval_and_basis() {
        // 2 kWh times and over 1.1^1.645.
        let text = line(&example::record("a"));
        assert_eq!(text, "2.00 kWh (90 % interval 1.71 to 2.34 kWh) in 2 h 0 min, read from meters");
        let rank = Record { measured: None, ..example::record("a") };
        assert!(line(&rank).contains("not known"));
    }

    #[test]
    fn times_read_well() {
        let texts = [2.04, 250.0, 12_000.0].map(duration);
        assert_eq!(texts, ["2.0 s", "4 min 10 s", "3 h 20 min"]);
    }

    #[test]
    fn the_page_sums_runs_and_says_what_was_not_read() {
        let again = Record { id: "again".into(), ..example::record("a") };
        let text = [example::record("a"), again, example::record("b\u{1b}[31m")].map(|r| r.line()).concat();
        let page = terminal(&read::records(&text), Style { colour: false, width: 100 });
        let row = |name: &str| page.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_string();
        let cells = |name: &str| row(name).split_whitespace().map(str::to_string).collect::<Vec<_>>();
        assert_eq!(cells("a ")[1..8], ["2", "4", "h", "0", "min", "4.00", "3.42"]);
        assert!(cells("total").contains(&"6.00".to_string()) && cells("total").contains(&"12.0".to_string()));
        assert!(page.contains("RAPL: no permission") && !page.contains('\u{1b}'), "{page}");
    }
}
