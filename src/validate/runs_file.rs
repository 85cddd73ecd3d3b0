//! Files of published training runs: CSV with the columns of `fixtures/reported_training_emissions.csv`.
//!
//! Columns are found by name; only `model` must be there, and a missing column is an empty one. Every problem of a file is
//! collected before any is reported. Unknown words (an `energy_basis` of another kind) are not an error: they count
//! as not stated, because a table of other people's statements will have words of its own. Two exceptions: another
//! `scope` is another scope, and a column of yes or no holds nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::columns::{self, ANNOTATIONS};
use super::wording::{active_in, active_in_name, plain_number, says_encoder_decoder, says_moe};
use super::{Input, Quantity, repeats};
use crate::assess::stated::{FORWARD_AND_BACKWARD, THROUGH_HALF};
use crate::portfolio::distribution::check::magnitude;
use crate::portfolio::formats::{Fault, Record, csv};
use crate::portfolio::problem::shorten;
use crate::portfolio::{Place, Problem, Problems, Warning};

/// One published statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Name of the model.
    pub name: String,
    /// Where it was published.
    pub source: String,
    /// File and line.
    pub place: Place,
    /// Stands for itself: no restatement, family total or defective source.
    pub independent: bool,
    /// The final training run and nothing else.
    pub final_run: bool,
    /// Number of parameters, all of them.
    pub parameters: Option<f64>,
    /// From its column, else from the notes ("37B activated").
    pub active_parameters: Option<f64>,
    /// Tokens seen in training.
    pub tokens: Option<f64>,
    /// Compute as published, in FLOP.
    pub training_flop: Option<f64>,
    /// The accelerators, as written; empty where not stated.
    pub hardware: String,
    /// Accelerator-hours.
    pub gpu_hours: Option<f64>,
    /// Power per accelerator, in W.
    pub power_w: Option<f64>,
    /// Facility energy over IT energy.
    pub pue: Option<f64>,
    /// Energy in kWh, in the scope of the source.
    pub energy_kwh: Option<f64>,
    /// Whether the energy is the facility's; `None` where not stated.
    pub energy_includes_pue: Option<bool>,
    /// Emissions, in tCO2e.
    pub emissions_t: Option<f64>,
    /// Published as 0, which has no logarithm to score.
    pub zeros: BTreeSet<Quantity>,
    /// How the energy came about.
    pub basis: EnergyBasis,
    /// The electricity is counted by contracts, or net of carbon-free energy: no property of a place.
    pub net: bool,
    /// Whether the emissions hold the overhead of the site; `None` where not stated.
    pub emissions_include_pue: Option<bool>,
    /// Which parameters a token passes through.
    pub architecture: Architecture,
    /// Who trained the model; empty where not stated.
    pub organization: String,
    /// Date or year, as written; empty where not stated.
    pub date: String,
    /// Where it was trained, as written; empty where not stated.
    pub region: String,
    /// The model was distilled from another.
    pub distilled: bool,
    /// What the file says that the predictor may see.
    pub predict_from: BTreeMap<Quantity, Input>,
    /// What the file says is circular, in addition to what is recognised.
    pub circular: BTreeSet<Quantity>,
    /// Priors that the row was used for.
    pub sets_prior: Vec<String>,
}

/// How the published energy came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnergyBasis {
    /// Hours × TDP or × an assumed power of the accelerator: arithmetic.
    HoursTimesPower,
    /// A calculator, which multiplies hours and TDP or reads the accelerator's sensor; neither with PUE.
    Calculator,
    /// Measured at the accelerators alone.
    GpuOnly,
    /// Measured at the node or by the provider.
    System,
    /// Not stated, or in words that are not known.
    NotStated,
}

impl EnergyBasis {
    /// Whether the energy was calculated from hours and not measured.
    pub fn is_arithmetic(self) -> bool {
        matches!(self, EnergyBasis::HoursTimesPower | EnergyBasis::Calculator)
    }
}

/// Which parameters a token passes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// All of them; also where nothing is said.
    Dense,
    /// The active ones.
    MixtureOfExperts,
    /// A token passes through half of the parameters.
    EncoderDecoder,
}

impl Run {
    /// FLOP per parameter and token.
    pub fn flop_per_parameter_and_token(&self) -> f64 {
        if self.architecture == Architecture::EncoderDecoder { THROUGH_HALF } else { FORWARD_AND_BACKWARD }
    }

    /// Parameters that a token passes through: of a mixture of experts only if stated.
    pub fn active(&self) -> Option<f64> {
        let whole = if self.architecture == Architecture::MixtureOfExperts { None } else { self.parameters };
        self.active_parameters.or(whole)
    }

    /// FLOP as published, or of parameters and tokens.
    pub fn compute(&self) -> Option<f64> {
        let product = || Some(self.flop_per_parameter_and_token() * self.active()? * self.tokens?);
        self.training_flop.or_else(product)
    }

    /// The published figure of a quantity, in its unit.
    pub fn published(&self, quantity: Quantity) -> Option<f64> {
        match quantity {
            Quantity::Hours => self.gpu_hours,
            Quantity::Energy => self.energy_kwh,
            Quantity::Emissions => self.emissions_t,
        }
    }

    /// Organisation and year, else how the name begins, in lower case.
    pub fn family(&self) -> String {
        if self.organization.is_empty() {
            let stem: String =
                self.name.chars().take_while(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
            return if stem.is_empty() { self.name.clone() } else { stem };
        }
        format!("{} {}", self.organization, self.date.get(..4).unwrap_or(&self.date)).trim_end().to_string()
    }
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct RunsFile {
    /// In the order of the file.
    pub runs: Vec<Run>,
    /// Whether the file has a column of what is added to the published statements: architecture, organization, … If
    /// it has none of them, they are taken from the shipped run of the same name, where there is one.
    pub annotated: bool,
    /// What is legal and suspicious.
    pub warnings: Vec<Warning>,
}

/// PUE from which on it is probably something else: the least efficient sites of surveys are near it.
const HIGH_PUE: f64 = 2.5;

struct Reader<'a> {
    file: Arc<PathBuf>,
    header: BTreeMap<String, usize>,
    problems: &'a mut Vec<Problem>,
    warnings: &'a mut Vec<Warning>,
}

/// Reads a file from its bytes; `path` is what messages name.
///
/// # Errors
/// All problems of the file, never an empty list.
pub fn read(path: &Path, bytes: &[u8]) -> Result<RunsFile, Problems> {
    let file = Arc::new(path.to_path_buf());
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let (runs, annotated) = read_all(&file, bytes, &mut problems, &mut warnings);
    problems.sort_by_key(|p| p.place.line);
    if !problems.is_empty() {
        return Err(problems.into());
    }
    warnings.extend(repeats::of(&runs).1);
    Ok(RunsFile { runs, annotated, warnings })
}

pub(super) fn problem(
    file: &Arc<PathBuf>,
    line: u64,
    column: &str,
    value: &str,
    message: impl Into<String>,
) -> Problem {
    let place = Place { file: Arc::clone(file), line, column: column.to_string() };
    Problem { place, value: shorten(value), message: message.into() }
}

fn read_all(
    file: &Arc<PathBuf>,
    bytes: &[u8],
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Warning>,
) -> (Vec<Run>, bool) {
    let table = csv::table(bytes);
    let fault = |Fault { line, value, message }| problem(file, line, "", &value, message);
    problems.extend(table.faults.into_iter().map(fault));
    let Some(header) = table.header.map(|header| header.cells) else { return (Vec::new(), false) };
    let Some(columns) = columns::places(file, &header, problems) else { return (Vec::new(), false) };
    *warnings = columns::warnings(file, &header);
    let annotated = ANNOTATIONS.iter().any(|name| columns.contains_key(*name));
    let mut reader = Reader { file: Arc::clone(file), header: columns, problems, warnings };
    let mut runs: Vec<Run> = Vec::new();
    for record in table.records {
        let record = match record {
            Ok(record) => record,
            Err(found) => {
                reader.problems.push(fault(found));
                break;
            }
        };
        let cells = &record.cells;
        if cells.iter().all(String::is_empty) {
            continue;
        }
        if cells.len() != header.len() {
            let message = format!("the row has {} fields and the header has {}", cells.len(), header.len());
            let value = cells.first().map_or("", String::as_str);
            reader.problems.push(problem(file, record.line, "", value, message));
            continue;
        }
        runs.push(reader.run(&record));
    }
    if runs.is_empty() && reader.problems.is_empty() {
        let message = "the file has a header but no runs; add a row for each published run";
        reader.problems.push(problem(file, 0, "", "", message));
    }
    (runs, annotated)
}

impl Reader<'_> {
    fn text<'r>(&self, record: &'r Record, column: &str) -> &'r str {
        let cell = self.header.get(column).and_then(|&i| record.cells.get(i)).map_or("", String::as_str);
        // What tables write for "not stated".
        if matches!(cell.to_lowercase().as_str(), "-" | "n/a" | "na" | "nan" | "unknown") { "" } else { cell }
    }

    fn add(&mut self, record: &Record, column: &str, value: &str, message: impl Into<String>) {
        self.problems.push(problem(&self.file, record.line, column, value, message));
    }

    /// A positive number; empty and 0 are "not stated".
    fn number(&mut self, record: &Record, column: &str) -> Option<f64> {
        let text = self.text(record, column);
        if text.is_empty() {
            return None;
        }
        match text.parse::<f64>() {
            Ok(x) => match magnitude("the value", x) {
                Ok(()) => (x > 0.0).then_some(x),
                Err(e) => {
                    self.add(record, column, text, e.to_string());
                    None
                }
            },
            Err(_) => {
                let hint = plain_number(text).map_or(String::new(), |meant| format!("; did you mean {meant}?"));
                let message = "expected a plain number such as 1.5e12, without unit or thousands separator";
                self.add(record, column, text, message.to_string() + &hint);
                None
            }
        }
    }

    fn is_zero(&self, record: &Record, column: &str) -> bool {
        self.text(record, column).parse::<f64>().is_ok_and(|x| x == 0.0)
    }

    fn flag(&mut self, record: &Record, column: &str) -> Option<bool> {
        let text = self.text(record, column);
        match text.to_lowercase().as_str() {
            "" => None,
            "1" | "1.0" | "yes" | "true" => Some(true),
            "0" | "0.0" | "no" | "false" => Some(false),
            _ => {
                self.add(record, column, text, "expected yes or no (or 1 or 0)");
                None
            }
        }
    }

    fn run(&mut self, record: &Record) -> Run {
        let name = self.text(record, "model").to_string();
        if name.is_empty() {
            self.add(record, "model", "", "the run has no name");
        }
        let pue = self.number(record, "pue");
        if pue.is_some_and(|pue| pue < 1.0) {
            let text = self.text(record, "pue");
            self.add(record, "pue", text, "the PUE is facility energy over IT energy, so at least 1");
        }
        if pue.is_some_and(|pue| pue > HIGH_PUE) {
            self.warnings.push(Warning {
                rule: "pue-high",
                place: Place { file: Arc::clone(&self.file), line: record.line, column: "pue".to_string() },
                value: self.text(record, "pue").to_string(),
                message: format!("a PUE above {HIGH_PUE} is rare; is it a percentage?"),
            });
        }
        let word = |column: &str| self.text(record, column).to_lowercase().replace(['-', ' '], "_");
        let (notes, scope, basis, architecture) =
            (self.text(record, "notes").to_lowercase(), word("scope"), word("energy_basis"), word("architecture"));
        let net = matches!(word("emissions_basis").as_str(), "net" | "market" | "market_based");
        let words = name.to_lowercase();
        let distilled = word("relation").starts_with("distill")
            || (self.text(record, "relation").is_empty()
                && (notes.contains("distill") || word("model").contains("distil")));
        let date =
            [word("date"), word("year")].into_iter().find(|d| !d.is_empty()).unwrap_or_default().replace('_', "-");
        Run {
            place: Place { file: Arc::clone(&self.file), line: record.line, column: String::new() },
            independent: self.flag(record, "independent").unwrap_or(true),
            final_run: matches!(
                scope.as_str(),
                "" | "final_run" | "final" | "training" | "pretraining" | "pre_training"
            ),
            zeros: Quantity::ALL.into_iter().filter(|q| self.is_zero(record, q.column())).collect(),
            parameters: self.number(record, "parameters"),
            active_parameters: self
                .number(record, "active_parameters")
                .or_else(|| active_in(&notes))
                .or_else(|| active_in_name(&words)),
            tokens: self.number(record, "tokens"),
            training_flop: self.number(record, "training_flop"),
            hardware: self.text(record, "hardware").to_string(),
            gpu_hours: self.number(record, "gpu_hours"),
            power_w: self.number(record, "power_w"),
            pue,
            energy_kwh: self.number(record, "energy_kwh"),
            energy_includes_pue: self.flag(record, "energy_includes_pue"),
            emissions_t: self.number(record, "emissions_tco2e"),
            basis: match basis.as_str() {
                "tdp_x_hours" | "assumed_power_x_hours" => EnergyBasis::HoursTimesPower,
                "calculator" | "codecarbon" | "ml_co2_impact" | "mlco2" => EnergyBasis::Calculator,
                "measured_gpu_only" | "gpu_only" | "nvml" | "nvidia_smi" => EnergyBasis::GpuOnly,
                "measured_system" | "provider_metered" | "measured" | "metered" => EnergyBasis::System,
                _ => EnergyBasis::NotStated,
            },
            net,
            emissions_include_pue: self.flag(record, "emissions_include_pue"),
            architecture: match architecture.as_str() {
                "moe" | "mixture_of_experts" => Architecture::MixtureOfExperts,
                "encdec" | "encoder_decoder" => Architecture::EncoderDecoder,
                "" if says_moe(&notes) || says_moe(&words) => Architecture::MixtureOfExperts,
                "" if says_encoder_decoder(&notes, &words) => Architecture::EncoderDecoder,
                _ => Architecture::Dense,
            },
            organization: self.text(record, "organization").to_string(),
            date,
            region: self.text(record, "region").to_string(),
            distilled,
            predict_from: self.predict_from(record),
            circular: self.circular(record),
            sets_prior: self.text(record, "sets_prior").split(';').map(|s| s.trim().to_string()).collect(),
            source: self.text(record, "source").to_string(),
            name,
        }
    }

    /// `hours:tokens;emissions:energy_kwh`. Words that are not known are left aside.
    fn predict_from(&self, record: &Record) -> BTreeMap<Quantity, Input> {
        let parts = self.text(record, "predict_from").split(';').filter_map(|part| part.split_once(':'));
        let known = parts.filter_map(|(quantity, input)| Some((quantity_of(quantity)?, input_of(input)?)));
        known.collect()
    }

    fn circular(&self, record: &Record) -> BTreeSet<Quantity> {
        self.text(record, "circular").split(';').filter_map(quantity_of).collect()
    }
}

fn quantity_of(word: &str) -> Option<Quantity> {
    Quantity::ALL.into_iter().find(|q| q.name() == word.trim())
}

fn input_of(word: &str) -> Option<Input> {
    match word.trim() {
        "energy_kwh" => Some(Input::Energy),
        "gpu_hours" => Some(Input::Hours),
        "training_flop" | "tokens" => Some(Input::Compute),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<RunsFile, Problems> {
        read(Path::new("runs.csv"), text.as_bytes())
    }

    #[test]
    fn only_the_name_must_be_there() {
        let file = parsed("notes,model\nx,a\n\n,b\n").unwrap();
        let [a, b] = file.runs.as_slice() else { panic!("{file:?}") };
        assert!(a.independent && a.final_run && a.gpu_hours.is_none() && a.basis == EnergyBasis::NotStated);
        assert_eq!((a.name.as_str(), a.place.line, b.name.as_str(), b.place.line), ("a", 2, "b", 4));
        assert_eq!((a.family(), parsed("model\nLLaMA-7B\n").unwrap().runs[0].family()), ("a".into(), "llama".into()));
    }

    #[test]
    fn headers_and_words_may_be_written_loosely() {
        let text = "Model, GPU hours ,Energy-kWh,scope,emissions_tco2e,pue,energy_basis\n\
                    a,10,5,pretraining,0,1.2,CodeCarbon\nb,1,1,finetune,0.0,3,TDP x hours\nb,2,1,,1,1,\nb,3,1,,1,1,\n";
        let file = parsed(text).unwrap();
        let [a, b, ..] = file.runs.as_slice() else { panic!("{file:?}") };
        assert_eq!((a.gpu_hours, a.energy_kwh, a.final_run, b.final_run), (Some(10.0), Some(5.0), true, false));
        assert_eq!((a.basis, b.basis), (EnergyBasis::Calculator, EnergyBasis::HoursTimesPower));
        assert!(a.zeros.contains(&Quantity::Emissions) && b.zeros.len() == 1 && file.runs[2].zeros.is_empty());
        let warned: Vec<(&str, u64)> = file.warnings.iter().map(|w| (w.rule, w.place.line)).collect();
        assert_eq!(warned, [("pue-high", 3), ("same-name", 5)]);
    }

    #[test]
    fn every_problem_is_told_with_its_line_and_column() {
        let text = "model,gpu_hours,pue,independent,tokens\n,1,,,\nb,\"1,000\",0.9,perhaps,-1\nc,1\nd,nan,n/a,,0\n";
        let problems = parsed(text).unwrap_err();
        let found: Vec<(u64, &str)> = problems.iter().map(|p| (p.place.line, p.place.column.as_str())).collect();
        let wanted = [(2, "model"), (3, "pue"), (3, "independent"), (3, "tokens"), (3, "gpu_hours"), (4, "")];
        assert_eq!(found.len(), wanted.len(), "{problems:?}");
        assert!(wanted.iter().all(|w| found.contains(w)), "{found:?}");
        for (text, part) in [
            ("", "empty"),
            ("model\n", "no run"),
            ("a,b\n1,2\n", "none of their columns"),
            ("models,tokens\na,1\n", "\"models\" looks like it"),
            ("model,model\na,b\n", "same name"),
        ] {
            let problems = parsed(text).unwrap_err();
            assert!(problems[0].message.contains(part), "{text:?}: {problems:?}");
        }
        let hint = &parsed("model,tokens\na,1.4T\n").unwrap_err()[0].message;
        assert!(hint.contains("did you mean 1.4e12?"), "{hint}");
        assert!(read(Path::new("x"), b"model\n\xff\n").unwrap_err()[0].message.contains("UTF-8"));
    }
}
