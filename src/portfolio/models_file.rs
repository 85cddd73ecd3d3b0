//! Models files: CSV with one model per row, columns found by header name.
//!
//! Every problem of a file is collected, structural ones (encoding, quotes, header) first; what can still be read
//! after them is read and checked too. Lines are physical lines of the file: a row is named by the line it starts on.
//! Columns that are not known are labels. Format: RFC 4180 with any of LF, CRLF or CR, UTF-8 with or without BOM.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::cell::{self, CellError, Files};
use super::csv_text::{Lines, not_utf8, unclosed_quote};
use super::distribution::check::magnitude;
use super::formats::values::Folder;
use super::quantity::{Quantity, hundredth};
use super::study_file::BASES;
use super::{Confidence, Date, Model, Place, Problem, Relation, Source, Value, Warning, did_you_mean, shorten};

/// What one models file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelsFile {
    pub models: Vec<Model>,
    /// Columns whose text groups and shared effects can use, in the order of the header.
    pub label_columns: Vec<String>,
    /// Suspicious header names.
    pub warnings: Vec<Warning>,
}

/// Columns whose text is kept as a label as well as (for some) read as a word.
const TEXT: [&str; 14] = [
    "name",
    "organization",
    "date",
    "region",
    "provider",
    "hardware",
    "task",
    "base_model",
    "relation",
    "source",
    "compute_confidence",
    "energy_includes_pue",
    "emissions_include_pue",
    "emissions_basis",
];

/// Columns that take one plain number.
const PLAIN: [&str; 3] = ["hardware_count", "downloads", "base_probability"];

type Get = fn(&mut Model) -> &mut Option<Value>;

/// Columns that take a number or a distribution: name, factor to the model's unit, bounds, where it goes.
const CELLS: [(&str, f64, Quantity, Get); 18] = [
    ("emissions_kg", 1.0, Quantity::Amount, |m| &mut m.emissions_kg),
    ("emissions_t", 1e3, Quantity::Amount, |m| &mut m.emissions_kg),
    ("emissions_g", 1e-3, Quantity::Amount, |m| &mut m.emissions_kg),
    ("energy_kwh", 1.0, Quantity::Amount, |m| &mut m.energy_kwh),
    ("energy_mwh", 1e3, Quantity::Amount, |m| &mut m.energy_kwh),
    ("gpu_hours", 1.0, Quantity::Amount, |m| &mut m.gpu_hours),
    ("power_w", 1.0, Quantity::Amount, |m| &mut m.power_w),
    ("compute_flop", 1.0, Quantity::Amount, |m| &mut m.compute_flop),
    ("parameters", 1.0, Quantity::Amount, |m| &mut m.parameters),
    ("active_parameters", 1.0, Quantity::Amount, |m| &mut m.active_parameters),
    ("tokens", 1.0, Quantity::Amount, |m| &mut m.tokens),
    ("epochs", 1.0, Quantity::Amount, |m| &mut m.epochs),
    ("mfu", 1.0, Quantity::Fraction, |m| &mut m.mfu),
    ("efficiency_flop_per_j", 1.0, Quantity::Divisor, |m| &mut m.efficiency_flop_per_j),
    ("pue", 1.0, Quantity::Pue, |m| &mut m.pue),
    ("grid_g_per_kwh", 1.0, Quantity::Amount, |m| &mut m.grid_g_per_kwh),
    ("market_g_per_kwh", 1.0, Quantity::Amount, |m| &mut m.market_g_per_kwh),
    ("wue_l_per_kwh", 1.0, Quantity::Amount, |m| &mut m.wue_l_per_kwh),
];

/// Words of the column `relation`; case does not matter, and `_` or a blank stand for `-`, here and below. The four
/// lists and [`known_columns`] are what `docs/models.schema.json` is tested against.
pub const RELATIONS: [(&str, Relation); 8] = [
    ("finetune", Relation::Finetune),
    ("lora", Relation::Lora),
    ("qlora", Relation::Qlora),
    ("adapter", Relation::Adapter),
    ("quantized", Relation::Quantized),
    ("merge", Relation::Merge),
    ("distill", Relation::Distill),
    ("fork", Relation::Fork),
];
pub const SOURCES: [(&str, Source); 4] = [
    ("metered", Source::Metered),
    ("audited", Source::Audited),
    ("self-reported", Source::SelfReported),
    ("calculator", Source::Calculator),
];
pub const CONFIDENCES: [(&str, Confidence); 5] = [
    ("confident", Confidence::Confident),
    ("likely", Confidence::Likely),
    ("speculative", Confidence::Speculative),
    ("unknown", Confidence::Unknown),
    ("wrong", Confidence::Wrong),
];
/// Words of `energy_includes_pue` and `emissions_include_pue`.
pub const YES_OR_NO: [(&str, bool); 6] =
    [("yes", true), ("no", false), ("true", true), ("false", false), ("1", true), ("0", false)];

/// One quantity in several units: at most one column of each may be there.
const UNITS: [&[&str]; 2] = [&["emissions_kg", "emissions_t", "emissions_g"], &["energy_kwh", "energy_mwh"]];

/// What a column means, decided once from the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Text,
    Plain,
    Cell(usize),
    /// A name that has a meaning of its own (`tier`), or none.
    Ignored,
}

/// The problems of one file as they are found.
struct Report {
    file: Arc<PathBuf>,
    problems: Vec<Problem>,
}

impl Report {
    fn add(&mut self, line: u64, column: &str, value: &str, message: impl Into<String>) {
        self.problems.push(Problem {
            place: Place { file: Arc::clone(&self.file), line, column: column.to_string() },
            value: shorten(value),
            message: message.into(),
        });
    }
}

/// Reads a models file from its bytes. `path` is what messages name; `base_dir` is where `empirical(file)` looks.
///
/// # Errors
/// All problems of the file, never an empty list.
pub fn read(path: &Path, bytes: &[u8], base_dir: &Path) -> Result<ModelsFile, Vec<Problem>> {
    let mut report = Report { file: Arc::new(path.to_path_buf()), problems: Vec::new() };
    let found = read_into(&mut report, bytes, base_dir);
    report.problems.sort_by_key(|p| p.place.line);
    match found {
        Some(found) if report.problems.is_empty() => Ok(found),
        _ => Err(report.problems),
    }
}

fn read_into(report: &mut Report, bytes: &[u8], base_dir: &Path) -> Option<ModelsFile> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        report.add(1, "", "", "the file is in UTF-16; save it as \"CSV UTF-8\"");
        return None;
    }
    if bytes.contains(&0) {
        report.add(0, "", "", "the file holds NUL bytes, so it is no text; give a CSV file in UTF-8");
        return None;
    }
    if bytes.starts_with(b"PK\x03\x04") {
        report.add(0, "", "", "the file is a ZIP archive or a spreadsheet; export it as \"CSV UTF-8\"");
        return None;
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        report.add(0, "", "", "the file is empty; the first line names the columns, each further line is a model");
        return None;
    }
    let lines = Lines::of(bytes);
    for (line, wrong) in not_utf8(bytes, &lines) {
        let message = "the line is not in UTF-8 (perhaps Latin-1 or Windows-1252); save the file as \"CSV UTF-8\"";
        report.add(line, "", &wrong, message);
    }
    // Without a copy where the text is fine; lines stay where they are where it is not.
    let text = String::from_utf8_lossy(bytes);
    let bytes = text.as_bytes();
    let lines = Lines::of(bytes);
    let bytes = match unclosed_quote(bytes) {
        Some((row, quote)) => {
            let message =
                "a quotation mark opens here and is never closed; close it (a mark inside quotes is written \"\")";
            let from = text.get(quote..).and_then(|rest| rest.lines().next()).unwrap_or("");
            report.add(lines.at(quote), "", from, message);
            &bytes[..row]
        }
        None => bytes,
    };

    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut record = csv::StringRecord::new();
    let mut header: Option<Header> = None;
    let mut file = ModelsFile { models: Vec::new(), label_columns: Vec::new(), warnings: Vec::new() };
    let mut rows = 0usize;
    let mut first_line: HashMap<String, u64> = HashMap::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => {
                report.add(0, "", "", format!("the file could not be read as CSV: {e}"));
                break;
            }
        }
        let line = record.position().map_or(0, |p| lines.after_blank(bytes, p.byte()));
        let fields: Vec<&str> = record.iter().map(str::trim).collect();
        if fields.len() == 1 && fields[0].is_empty() {
            continue;
        }
        let Some(header) = &header else {
            header = Some(read_header(report, &mut file, line, &fields)?);
            continue;
        };
        rows += 1;
        if let Some(model) = read_row(report, header, line, &fields, base_dir) {
            if let Some(first) = first_line.get(&model.id) {
                let message = format!("the id is already on line {first}; ids are unique");
                report.add(line, "id", &model.id, message);
            } else if !model.id.is_empty() {
                first_line.insert(model.id.clone(), line);
            }
            file.models.push(model);
        }
    }
    if header.is_none() && report.problems.is_empty() {
        report.add(0, "", "", "the file has no header; the first line names the columns");
    } else if rows == 0 && report.problems.is_empty() {
        report.add(0, "", "", "the file has a header but no model; add a row for each model");
    }
    Some(file)
}

struct Header {
    names: Vec<String>,
    columns: Vec<Column>,
}

fn column_of(name: &str) -> Option<Column> {
    if name == "id" {
        Some(Column::Id)
    } else if TEXT.contains(&name) {
        Some(Column::Text)
    } else if PLAIN.contains(&name) {
        Some(Column::Plain)
    } else {
        CELLS.iter().position(|(known, ..)| *known == name).map(Column::Cell)
    }
}

/// Every column that has a meaning; all others are labels.
pub fn known_columns() -> Vec<&'static str> {
    let mut names = vec!["id"];
    names.extend(TEXT);
    names.extend(PLAIN);
    names.extend(CELLS.iter().map(|(name, ..)| *name));
    names
}

/// The header's meaning; `None` where the rows cannot be read at all.
fn read_header(report: &mut Report, file: &mut ModelsFile, line: u64, fields: &[&str]) -> Option<Header> {
    let joined = fields.join(",");
    for (separator, name) in [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")] {
        let split = joined.matches(separator).count();
        if split > 0 && split >= fields.len() && !fields.contains(&"id") {
            let message = format!(
                "the columns are separated by {name}; save the file with commas (and a point as the decimal sign)"
            );
            report.add(line, "", &joined, message);
            return None;
        }
    }
    let known = known_columns();
    let mut columns = Vec::with_capacity(fields.len());
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, &name) in fields.iter().enumerate() {
        if name.is_empty() {
            let message = format!(
                "column {} has no name; name it, or delete it (an index column: write the file without it)",
                i + 1
            );
            report.add(line, "", "", message);
            columns.push(Column::Ignored);
            continue;
        }
        if let Some(first) = seen.insert(name, i) {
            let message = format!("columns {} and {} have the same name; rename or delete one", first + 1, i + 1);
            report.add(line, name, name, message);
        }
        let column = match column_of(name) {
            Some(column) => column,
            None if name == "tier" => {
                let message = "the tier is worked out from the row, so this column is not read";
                warn(file, report, "tier-column", line, name, message.to_string());
                Column::Ignored
            }
            None => {
                let lower = name.to_lowercase().replace([' ', '-'], "_");
                let whole = CELLS
                    .iter()
                    .map(|(known, ..)| *known)
                    .find(|known| known.strip_prefix(lower.as_str()).is_some_and(|unit| unit.starts_with('_')));
                if let Some(close) = whole.or_else(|| did_you_mean(&lower, &known))
                    && !fields.contains(&close)
                {
                    let message = format!("the column is taken for a label; did you mean {close}?");
                    warn(file, report, "almost-a-column", line, name, message);
                }
                Column::Text
            }
        };
        if column == Column::Text {
            file.label_columns.push(name.to_string());
        }
        columns.push(column);
    }
    if !columns.contains(&Column::Id) {
        let advice = fields.iter().find(|f| f.eq_ignore_ascii_case("id") || did_you_mean("id", &[*f]).is_some());
        let advice = advice.map_or(String::new(), |f| format!(" (did you mean {f}? the name is written id)"));
        let message = format!("there is no column id{advice}; the columns are {}", fields.join(", "));
        report.add(line, "id", "", message);
    }
    for units in UNITS {
        let both: Vec<&str> = units.iter().copied().filter(|u| fields.contains(u)).collect();
        if let [first, second, ..] = both.as_slice() {
            let message = format!("{first} and {second} are the same quantity; keep one of them");
            report.add(line, second, second, message);
        }
    }
    Some(Header { names: fields.iter().map(|name| name.to_string()).collect(), columns })
}

fn warn(file: &mut ModelsFile, report: &Report, rule: &'static str, line: u64, column: &str, message: String) {
    let place = Place { file: Arc::clone(&report.file), line, column: column.to_string() };
    file.warnings.push(Warning { rule, place, value: shorten(column), message });
}

fn read_row(report: &mut Report, header: &Header, line: u64, fields: &[&str], base_dir: &Path) -> Option<Model> {
    if fields.len() != header.columns.len() {
        let message = format!(
            "the row has {} fields, the header {}; quote cells that hold a comma",
            fields.len(),
            header.columns.len()
        );
        report.add(line, "", &fields.join(","), message);
        return None;
    }
    if fields.iter().all(|text| text.is_empty()) {
        report.add(line, "", "", "the row is empty; delete it");
        return None;
    }
    let files: &dyn Files = &Folder(base_dir);
    let mut model =
        Model { place: Place { file: Arc::clone(&report.file), line, column: String::new() }, ..Model::default() };
    for ((name, column), text) in header.names.iter().zip(&header.columns).zip(fields.iter().copied()) {
        if *column == Column::Id {
            read_id(report, &mut model, line, text);
            continue;
        }
        if text.is_empty() {
            continue;
        }
        let read = match column {
            Column::Id | Column::Ignored => Ok(()),
            Column::Text => {
                model.labels.insert(name.clone(), text.to_string());
                read_word(&mut model, name, text)
            }
            Column::Plain => read_plain(&mut model, name, text, files),
            Column::Cell(i) => CELLS.get(*i).map_or(Ok(()), |(_, factor, quantity, get)| {
                read_cell(text, *factor, *quantity, files).map(|value| *get(&mut model) = Some(value))
            }),
        };
        if let Err(e) = read {
            report.add(line, name, text, e.to_string());
        }
        model.emissions_from_card |= name == "emissions_g";
    }
    if model.base_models.contains(&model.id) && !model.id.is_empty() {
        report.add(line, "base_model", &model.id, "the model names itself as its base; name another or leave it empty");
    }
    Some(model)
}

fn read_id(report: &mut Report, model: &mut Model, line: u64, text: &str) {
    if text.is_empty() {
        report.add(line, "id", "", "the id is empty; every model needs one of its own");
    } else if text.chars().any(char::is_control) {
        report.add(line, "id", text, "the id holds a line break or another control character; remove it");
    }
    model.id = text.to_string();
}

fn read_cell(text: &str, factor: f64, quantity: Quantity, files: &dyn Files) -> Result<Value, CellError> {
    let value = match cell::parse(text, files)? {
        value if factor == 1.0 => value,
        // Dividing keeps 2500 g at exactly 2.5 kg, which multiplying by 0.001 does not promise.
        Value::Number(x) if factor < 1.0 => Value::Number(x / (1.0 / factor)),
        Value::Number(x) => Value::Number(x * factor),
        Value::Distribution(d) => Value::Distribution(d.scaled(factor)),
    };
    match &value {
        Value::Number(x) => magnitude("the value", *x)?,
        Value::Distribution(d) => d.check()?,
    }
    quantity.check(&value)?;
    Ok(value)
}

fn read_plain(model: &mut Model, name: &str, text: &str, files: &dyn Files) -> Result<(), CellError> {
    let x = match cell::parse(text, files)? {
        Value::Number(x) => x,
        Value::Distribution(_) => {
            return Err(CellError::new(format!("a distribution for {name}"), "this column takes a plain number"));
        }
    };
    match name {
        "hardware_count" => model.hardware_count = Some(x),
        "downloads" => model.downloads = Some(x),
        _ if x > 1.0 => {
            return Err(CellError::new("a probability above 1", format!("did you mean {}?", hundredth(x))));
        }
        _ => model.base_probability = Some(x),
    }
    Ok(())
}

fn read_word(model: &mut Model, name: &str, text: &str) -> Result<(), CellError> {
    match name {
        "date" => model.date = Some(read_date(text)?),
        "base_model" => {
            model.base_models = text.split(';').map(str::trim).filter(|b| !b.is_empty()).map(str::to_string).collect();
        }
        "relation" => model.relation = Some(word(text, &RELATIONS)?),
        "source" => model.source = word(text, &SOURCES).map_err(|e| of_a_tool(text).unwrap_or(e))?,
        "compute_confidence" => model.compute_confidence = Some(word(text, &CONFIDENCES)?),
        "energy_includes_pue" => model.energy_includes_pue = word(text, &YES_OR_NO)?,
        "emissions_include_pue" => model.emissions_include_pue = Some(word(text, &YES_OR_NO)?),
        "emissions_basis" => model.emissions_basis = word(text, &BASES)?,
        _ => {}
    }
    Ok(())
}

/// Tools that estimate emissions, where their name stands for the kind of source.
fn of_a_tool(text: &str) -> Option<CellError> {
    let lower = text.to_lowercase().replace([' ', '-', '_'], "");
    let tools = ["codecarbon", "mlco2", "carbontracker", "eco2ai", "mlemissions", "greenalgorithms"];
    tools.iter().any(|tool| lower.contains(tool)).then(|| {
        CellError::new("the name of a tool", "did you mean calculator? The column says what kind of source it is")
    })
}

/// Looks a word up, whatever its case.
fn word<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, CellError> {
    let lower = text.to_lowercase().replace(['_', ' '], "-");
    if let Some((_, value)) = known.iter().find(|(name, _)| *name == lower) {
        return Ok(*value);
    }
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let close = did_you_mean(&lower, &names).map_or(String::new(), |close| format!("did you mean {close}? "));
    Err(CellError::new("an unknown word", format!("{close}one of {}", names.join(", "))))
}

/// `2024`, `2024-05` or `2024-05-17`.
fn read_date(text: &str) -> Result<Date, CellError> {
    let wrong = || CellError::new("not a date", "write 2024, 2024-05 or 2024-05-17");
    let digits = |t: &str, n: usize| -> Result<u16, CellError> {
        if t.len() == n && t.bytes().all(|b| b.is_ascii_digit()) {
            t.parse().map_err(|_| wrong())
        } else {
            Err(wrong())
        }
    };
    let mut parts = text.split('-');
    let year = digits(parts.next().unwrap_or(""), 4)?;
    let month = parts.next().map(|m| digits(m, 2)).transpose()?;
    let day = parts.next().map(|d| digits(d, 2)).transpose()?;
    if parts.next().is_some() {
        return Err(wrong());
    }
    if let Some(month) = month {
        if !(1..=12).contains(&month) {
            return Err(CellError::new(format!("there is no month {month}"), "the order is year-month-day"));
        }
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if day.is_some_and(|d| !(1..=length).contains(&d)) {
            return Err(CellError::new("there is no such day", "the order is year-month-day"));
        }
    }
    let small = |x: Option<u16>| x.and_then(|x| u8::try_from(x).ok());
    Ok(Date { year: i32::from(year), month: small(month), day: small(day) })
}
