//! A BoAmps report (Boavizta): the energy of one computing task, in JSON.
//!
//! `powerConsumption` is an energy in kWh, whatever its name says; older reports have a unit of their own. Measures of one
//! method are added. Where a meter and a program both measured, the meter counts, because both saw the same energy. The
//! words of `quality` are the format's own: high is ±10 %, medium ±25 %, low ±50 %, read as standard deviations. A
//! report of an inference task is none of a training run.

use serde_json::{Map, Value};

use super::{Imported, Importer, Row, Source};
use crate::portfolio::formats::Fault;
use crate::portfolio::number::Decimal;

/// A report of BoAmps.
pub(super) const IMPORTER: Importer = Importer { kind: "boamps", title: "a BoAmps report", recognise, read };

/// The words of `quality`, and the error of each in per cent.
const QUALITY: [(&str, u32); 3] = [("high", 10), ("medium", 25), ("low", 50)];

/// kWh in one of the units of the older versions, as the reports write them.
const UNITS: [(&str, f64); 15] = [
    ("kwh", 1.0),
    ("wh", 1e-3),
    ("mwh", 1e3),
    ("gwh", 1e6),
    ("twh", 1e9),
    ("j", 1.0 / 3.6e6),
    ("joule", 1.0 / 3.6e6),
    ("kj", 1.0 / 3.6e3),
    ("kjoule", 1.0 / 3.6e3),
    ("mj", 1.0 / 3.6),
    ("mjoule", 1.0 / 3.6),
    ("gj", 1e3 / 3.6),
    ("gjoule", 1e3 / 3.6),
    ("tj", 1e6 / 3.6),
    ("tjoule", 1e6 / 3.6),
];

fn recognise(source: &Source<'_>) -> bool {
    let text = source.text.trim_start();
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    text.starts_with(['{', '[']) && has("measures") && (has("powerConsumption") || has("measurementMethod"))
}

fn read(source: &Source<'_>) -> Result<Imported, Vec<Fault>> {
    let faults = source.faults();
    if !faults.is_empty() {
        return Err(faults);
    }
    let value: Value = serde_json::from_str(&source.text)
        .map_err(|e| vec![Fault::new(e.line() as u64, "", format!("the file is no JSON: {e}"))])?;
    let reports = match value {
        Value::Array(reports) => reports,
        report => vec![report],
    };
    let mut imported = Imported::default();
    let several = reports.len() > 1;
    for (nth, report) in reports.iter().enumerate() {
        let Some(report) = report.as_object() else {
            imported.dropped(0, "", report.to_string(), "this is no report");
            continue;
        };
        let stated = || text(report, &["header", "reportId"]).and_then(super::cells::id);
        let place = source.id_of_place().or_else(stated).unwrap_or_else(|| "boamps-report".to_string());
        let id = if several { format!("{place}-{}", nth + 1) } else { place };
        let mut reader = Reader { report, text: if several { "" } else { &source.text }, imported: &mut imported };
        if let Some(row) = reader.row(&super::cells::name(&id)) {
            imported.rows.push(row);
        }
    }
    if imported.rows.is_empty() {
        let change = imported.changes.pop();
        let message = "the file has no report of a training task";
        return Err(vec![
            change.map_or(Fault::new(0, "", message), |c| {
                Fault::new(c.line, c.value, format!("{message}: {}", c.reason))
            }),
        ]);
    }
    Ok(imported)
}

/// The value at the end of a path of keys.
fn at<'v>(report: &'v Map<String, Value>, path: &[&str]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(report.get(*first)?, |value, key| value.get(key))
}

fn text<'v>(report: &'v Map<String, Value>, path: &[&str]) -> Option<&'v str> {
    at(report, path)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// The objects of a list.
fn objects<'v>(report: &'v Map<String, Value>, path: &[&str]) -> Vec<&'v Map<String, Value>> {
    let list = at(report, path).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_object).collect()
}

struct Reader<'r> {
    report: &'r Map<String, Value>,
    /// Of the file, where it holds one report: the places of keys.
    text: &'r str,
    imported: &'r mut Imported,
}

impl Reader<'_> {
    /// The line of the n-th place, from 0, where this key stands; 0 where that is not known.
    fn line(&self, key: &str, nth: usize) -> u64 {
        let found = self.text.match_indices(&format!("\"{key}\"")).nth(nth);
        found.map_or(0, |(place, _)| self.text[..place].matches('\n').count() as u64 + 1)
    }

    fn drop(&mut self, key: &str, nth: usize, value: impl Into<String>, reason: &str) {
        self.imported.dropped(self.line(key, nth), key, value, reason);
    }

    /// A number of this object that is finite and above 0; junk is dropped.
    fn number(&mut self, of: &Map<String, Value>, key: &str, nth: usize) -> Option<f64> {
        let value = of.get(key).filter(|value| !value.is_null())?;
        match value.as_f64() {
            Some(x) if x > 0.0 && x.is_finite() => Some(x),
            Some(0.0) => {
                self.drop(key, nth, value.to_string(), "0 says that there is no value here");
                None
            }
            _ => {
                self.drop(key, nth, value.to_string(), "this is no number above 0");
                None
            }
        }
    }

    fn row(&mut self, id: &str) -> Option<Row> {
        let tuned = self.stage()?;
        let report = self.report;
        let mut row = Row::new(self.line("task", 0).max(1), id);
        row.set("organization", text(report, &["header", "publisher", "name"]).unwrap_or(""));
        row.set("project", text(report, &["header", "publisher", "projectName"]).unwrap_or(id));
        row.set("task", text(report, &["task", "taskFamily"]).unwrap_or(""));
        row.set("region", text(report, &["environment", "country"]).unwrap_or(""));
        row.set("provider", text(report, &["infrastructure", "cloudProvider"]).unwrap_or(""));
        self.date(&mut row);
        self.algorithm(&mut row, tuned);
        if let Some(environment) = at(report, &["environment"]).and_then(Value::as_object)
            && let Some(grid) = self.number(environment, "powerSourceCarbonIntensity", 0)
        {
            row.set("grid_g_per_kwh", Decimal(grid).to_string());
        }
        let seconds = self.energy(&mut row);
        self.hardware(&mut row, seconds);
        Some(row)
    }

    /// Whether the task is a fine-tuning; `None` where it is no training at all.
    fn stage(&mut self) -> Option<bool> {
        let Some(stage) = text(self.report, &["task", "taskStage"]) else {
            let reason = "the report does not say which stage it is about; it is taken for training";
            self.imported.assumed(self.line("task", 0), "taskStage", "", reason);
            return Some(false);
        };
        let even: String = stage.to_lowercase().chars().filter(|c| c.is_alphabetic() || *c == '+').collect();
        let parts: Vec<&str> = even.split('+').collect();
        let tuned = parts.iter().any(|part| part.contains("tuning"));
        if !tuned && !parts.iter().any(|part| part.contains("training")) {
            self.drop("taskStage", 0, stage, "this stage is no training; the report is not used");
            return None;
        }
        if parts.len() > 1 {
            let reason = "the figures are of several stages together; they are taken for those of training";
            self.imported.assumed(self.line("taskStage", 0), "taskStage", stage, reason);
        }
        Some(tuned)
    }

    fn date(&mut self, row: &mut Row) {
        let measures = objects(self.report, &["measures"]);
        let of_measures = measures.iter().filter_map(|m| m.get("measurementDateTime")?.as_str());
        let Some(date) = of_measures.chain(text(self.report, &["header", "reportDatetime"])).next() else { return };
        let day = date.get(..10).unwrap_or(date);
        let digits = |(i, c): (usize, char)| if i == 4 || i == 7 { c == '-' } else { c.is_ascii_digit() };
        if day.len() == 10 && day.chars().enumerate().all(digits) {
            row.set("date", day);
        } else {
            self.imported.dropped(0, "measurementDateTime", date, "this is no date as year-month-day");
        }
    }

    fn algorithm(&mut self, row: &mut Row, tuned: bool) {
        let algorithms = objects(self.report, &["task", "algorithms"]);
        let [one] = algorithms.as_slice() else {
            if algorithms.len() > 1 {
                let reason = "the report names several algorithms; none of them is taken for the model";
                self.drop("algorithms", 0, algorithms.len().to_string(), reason);
            }
            return;
        };
        if let Some(n) = self.number(one, "parametersNumber", 0) {
            // The largest model that is known has some 1e4 billions.
            let billions = n < 1e5;
            if !billions {
                let reason = "the field is in billions, and this many make no model; it is taken for the number itself";
                self.imported.repaired(
                    self.line("parametersNumber", 0),
                    "parametersNumber",
                    Decimal(n).to_string(),
                    reason,
                );
            }
            row.set("parameters", Decimal(if billions { n * 1e9 } else { n }).to_string());
        }
        if let Some(epochs) = self.number(one, "epochsNumber", 0) {
            row.set("epochs", Decimal(epochs).to_string());
        }
        let own = |key: &str| one.get(key).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let of_hub = own("foundationModelUri").and_then(|uri| uri.split_once("huggingface.co/"));
        let Some(base) = of_hub.map(|(_, id)| id.trim_end_matches('/')).or(own("foundationModelName")) else { return };
        if base == row.get("id").unwrap_or("") {
            return self.drop("foundationModelName", 0, base, "the model names itself");
        }
        row.set("base_model", super::cells::name(base).replace(';', ","));
        row.set("relation", "finetune");
        if !tuned {
            let reason = "a training that starts from another model is taken for a fine-tuning";
            self.imported.assumed(self.line("foundationModelName", 0), "foundationModelName", base, reason);
        }
    }

    /// Sets energy and source; the seconds that were measured.
    fn energy(&mut self, row: &mut Row) -> Option<f64> {
        let measures = objects(self.report, &["measures"]);
        let method =
            |m: &Map<String, Value>| m.get("measurementMethod").and_then(Value::as_str).unwrap_or("").to_lowercase();
        let metered = |m: &Map<String, Value>| is_meter(&method(m));
        let meter = measures.iter().any(|m| metered(m));
        let first = measures.iter().find(|m| !meter || metered(m)).map(|m| method(m));
        let (mut energy, mut seconds, mut others) = (Some(0.0), Some(0.0), 0);
        for (nth, measure) in measures.iter().enumerate() {
            if meter && !metered(measure) {
                let reason = "a meter measured the same task; its figure counts";
                self.drop("measurementMethod", nth, method(measure), reason);
                continue;
            }
            let kwh = self.kwh(measure, nth);
            energy = energy.zip(kwh).map(|(sum, x)| sum + x);
            if first.as_deref() == Some(&method(measure)) {
                let s = self.number(measure, "measurementDuration", nth);
                seconds = seconds.zip(s).map(|(sum, x)| sum + x);
            } else {
                others += 1;
            }
        }
        if measures.is_empty() {
            return None;
        }
        if others > 0 {
            let reason = "several methods measured; they are taken for measures of different parts, and added";
            self.imported.assumed(self.line("measurementMethod", 0), "measurementMethod", "", reason);
        }
        row.set("source", if meter { "metered" } else { "calculator" });
        if let Some(energy) = energy.filter(|x| x.is_finite()) {
            row.set("energy_kwh", self.with_quality(energy));
        }
        seconds
    }

    fn with_quality(&mut self, energy: f64) -> String {
        let quality = text(self.report, &["quality"]);
        let Some(quality) = quality else { return Decimal(energy).to_string() };
        match QUALITY.iter().find(|(word, _)| *word == quality.to_lowercase()) {
            // A normal distribution this wide would reach below 0: the same mean and standard deviation.
            Some((_, 50)) => format!("gamma(4, {})", Decimal(energy / 4.0)),
            Some((_, percent)) => format!("{} +- {percent} %", Decimal(energy)),
            None => {
                self.drop("quality", 0, quality, "the words are high, medium and low");
                Decimal(energy).to_string()
            }
        }
    }

    /// The energy of one measure.
    fn kwh(&mut self, measure: &Map<String, Value>, nth: usize) -> Option<f64> {
        let value = self.number(measure, "powerConsumption", nth)?;
        let unit = measure.get("unit").and_then(Value::as_str).map(str::trim).filter(|unit| !unit.is_empty());
        let Some(unit) = unit else { return Some(value) };
        let even = unit.to_lowercase().trim_end_matches('s').to_string();
        match UNITS.iter().find(|(known, _)| *known == even) {
            Some((_, factor)) => {
                if *factor != 1.0 {
                    let reason = "the format is in kWh; the unit that the report states is used";
                    let line = self.line("unit", nth);
                    self.imported.repaired(line, "unit", format!("{} {unit}", Decimal(value)), reason);
                }
                Some(value * factor)
            }
            None => {
                self.drop("unit", nth, unit, "this is no unit of energy; the energy is not used");
                None
            }
        }
    }

    fn hardware(&mut self, row: &mut Row, seconds: Option<f64>) {
        let components = objects(self.report, &["infrastructure", "components"]);
        let word = |c: &Map<String, Value>, key: &str| {
            c.get(key).and_then(Value::as_str).map(str::trim).unwrap_or("").to_string()
        };
        let is_gpu =
            |c: &&Map<String, Value>| ["gpu", "tpu", "npu"].contains(&word(c, "componentType").to_lowercase().as_str());
        let (mut names, mut count, mut shared) = (Vec::new(), 0.0, false);
        for (nth, gpu) in components.into_iter().enumerate().filter(|(_, c)| is_gpu(c)) {
            let Some(n) = self.number(gpu, "nbComponent", nth) else { return };
            count += n;
            shared |= gpu.get("share").and_then(Value::as_f64).is_some_and(|share| share < 1.0);
            let whole = word(gpu, "componentName");
            let parts = ["manufacturer", "family", "series"].map(|key| word(gpu, key)).join(" ");
            let name = if whole.is_empty() { parts } else { whole };
            // CodeCarbon writes "2 x Tesla V100".
            let counted = name.split_once(" x ").filter(|(n, _)| n.bytes().all(|b| b.is_ascii_digit()));
            let name = counted.map_or(name.trim(), |(_, chip)| chip.trim()).replace(';', ",");
            names.push((n, name));
        }
        let Some((_, first)) = names.first() else { return };
        if names.iter().all(|(_, name)| name == first) {
            row.set("hardware", first);
        } else {
            let each = names.iter().map(|(n, name)| format!("{} x {name}", Decimal(*n)));
            row.set("hardware", each.collect::<Vec<_>>().join("; "));
        }
        row.set("hardware_count", Decimal(count).to_string());
        if shared {
            self.drop("share", 0, "", "a part of a GPU was used, so that the GPU-hours are not known");
        } else if let Some(hours) = seconds.map(|s| s * count / 3600.0).filter(|h| *h > 0.0 && h.is_finite()) {
            row.set("gpu_hours", Decimal(hours).to_string());
        }
    }
}

/// Whether a method measures at the plug or in the rack, and is no program.
fn is_meter(method: &str) -> bool {
    ["wattmeter", "watt meter", "powermeter", "power meter", "smart plug", "pdu", "ipmi", "meter"]
        .iter()
        .any(|word| method.contains(word))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::import::{GroupBy, What};

    const REPORT: &str = r#"{
  "header": {"reportId": "r-1", "publisher": {"name": "Lab"}, "reportDatetime": "2025-02-26 16:57:00"},
  "task": {
    "taskStage": "finetuning",
    "taskFamily": "text generation",
    "algorithms": [{"foundationModelName": "llama2-13b", "parametersNumber": 13, "epochsNumber": 3}],
    "dataset": [{"dataUsage": "input", "dataType": "token"}]
  },
  "measures": [
    {"measurementMethod": "codecarbon", "powerConsumption": 12.5, "measurementDuration": 7200},
    {"measurementMethod": "codecarbon", "powerConsumption": 2.5, "measurementDuration": 3600}
  ],
  "infrastructure": {"infraType": "publicCloud", "cloudProvider": "ovh", "components": [
    {"componentType": "cpu", "nbComponent": 30},
    {"componentType": "gpu", "componentName": "2 x Tesla V100S-PCIE-32GB", "nbComponent": 2}
  ]},
  "environment": {"country": "france", "powerSourceCarbonIntensity": 32},
  "quality": "high"
}"#;

    fn of(text: &str) -> Result<Imported, Vec<Fault>> {
        let source = Source::new(Path::new("boamps.json"), text.as_bytes(), GroupBy::Project);
        assert!(recognise(&source), "{text}");
        read(&source)
    }

    fn cell(from: &str, to: &str, column: &str) -> Option<String> {
        assert!(from.is_empty() || REPORT.contains(from), "{from}");
        of(&REPORT.replace(from, to)).unwrap().rows[0].get(column).map(str::to_string)
    }

    #[test]
    fn a_report_is_a_row() {
        let found = of(REPORT).unwrap();
        for (column, want) in [
            ("id", "r-1"),
            ("energy_kwh", "15 +- 10 %"),
            ("source", "calculator"),
            ("gpu_hours", "6"),
            ("hardware", "Tesla V100S-PCIE-32GB"),
            ("hardware_count", "2"),
            ("parameters", "1.3e10"),
            ("epochs", "3"),
            ("base_model", "llama2-13b"),
            ("relation", "finetune"),
            ("region", "france"),
            ("provider", "ovh"),
            ("grid_g_per_kwh", "32"),
            ("date", "2025-02-26"),
            ("organization", "Lab"),
        ] {
            assert_eq!(found.rows[0].get(column), Some(want), "{column}");
        }
        assert!(found.changes.is_empty(), "{:?}", found.changes);
    }

    #[test]
    fn stages_that_are_no_training_are_refused() {
        for stage in ["inference", "sdfsq", "preprocessing"] {
            let faults = of(&REPORT.replace("finetuning", stage)).unwrap_err();
            assert_eq!((faults[0].line, faults[0].value.as_str()), (4, stage));
        }
        let both = format!("[{REPORT}, {}]", REPORT.replace("finetuning", "inference"));
        assert_eq!(of(&both).unwrap().rows.len(), 1);
        assert!(
            of(&REPORT.replace("\"finetuning\"", "null")).unwrap().changes[0].reason.contains("taken for training")
        );
        assert_eq!(cell("finetuning", "preprocessing+fine-tuning", "energy_kwh").as_deref(), Some("15 +- 10 %"));
    }

    #[test]
    fn units_meters_and_quality() {
        let unit = |unit: &str| {
            cell(
                "\"powerConsumption\": 12.5",
                &format!("\"unit\": \"{unit}\", \"powerConsumption\": 12.5"),
                "energy_kwh",
            )
        };
        assert_eq!(unit("kWh").as_deref(), Some("15 +- 10 %"));
        assert_eq!(unit("MWh").as_deref(), Some("12502.5 +- 10 %"));
        // 12.5 MJ are 3.47222… kWh.
        assert_eq!(unit("MJoule").as_deref(), Some("5.972222222222222 +- 10 %"));
        assert_eq!(unit("petaFLOPS"), None);
        // A meter takes the place of the program that measured the same.
        let meter = REPORT.replacen("\"codecarbon\"", "\"wattmeter\"", 1);
        let found = of(&meter).unwrap();
        assert_eq!(found.rows[0].get("energy_kwh"), Some("12.5 +- 10 %"));
        assert_eq!((found.rows[0].get("source"), found.changes.len()), (Some("metered"), 1));
        assert_eq!(found.changes[0].line, 11);
        assert_eq!(cell("\"high\"", "\"low\"", "energy_kwh").as_deref(), Some("gamma(4, 3.75)"));
        assert_eq!(cell("\"high\"", "null", "energy_kwh").as_deref(), Some("15"));
    }

    #[test]
    fn junk_is_dropped_and_never_a_zero() {
        for junk in ["0", "-3", "\"12\"", "[]"] {
            let found = of(&REPORT.replace(": 2.5", &format!(": {junk}"))).unwrap();
            assert_eq!(found.rows[0].get("energy_kwh"), None, "{junk}");
            assert!(found.changes.iter().any(|c| c.what == What::Dropped && c.line == 11), "{junk}");
        }
        assert_eq!(cell(": 13,", ": 13000000000,", "parameters").as_deref(), Some("1.3e10"));
        assert_eq!(cell("\"nbComponent\": 2}", "\"nbComponent\": 2, \"share\": 0.5}", "gpu_hours"), None);
        assert!(of("{\"measures\": [{\"powerConsumption\": 1}]").unwrap_err()[0].message.contains("no JSON"));
    }

    #[test]
    fn other_json_is_not_taken_for_it() {
        for text in ["{\"nodes\": {}}", "id,measures,powerConsumption\n", "{\"measures\": 1}"] {
            assert!(!recognise(&Source::new(Path::new("x.json"), text.as_bytes(), GroupBy::Run)), "{text}");
        }
    }
}
