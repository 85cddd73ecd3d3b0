//! The page and the JSON document of `haze gauge`: every known answer compared with what the machine gave.
//!
//! The document is described by `docs/gauge.schema.json`. As in a result, only `backend` and `timings` may differ
//! between machines.

use std::io::{self, Write};

use serde::Serialize;

use super::document;
use super::numbers::{self, fixed};
use super::page::{Page, Style, left, right};
use crate::engine::Check;
use crate::gauge::{Criterion, Drawn, FALSE_ALARMS, Figure, Law, Limits, Report, Section, Value};

/// Goes up when a key is removed or changes its meaning; new keys leave it.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    version: &'static str,
    seed: u64,
    draws: u64,
    passed: bool,
    differing: usize,
    limits: LimitsText,
    figures: Vec<FigureText<'a>>,
    backend: &'a Drawn,
    timings: Timings,
}

#[derive(Serialize)]
struct LimitsText {
    estimates: usize,
    false_alarms: f64,
    student: f64,
    normal: f64,
}

#[derive(Serialize)]
struct Timings {
    total_s: f64,
}

#[derive(Serialize)]
struct FigureText<'a> {
    section: &'static str,
    name: &'a str,
    verdict: &'static str,
    obtained: ValueText,
    expected: ValueText,
    criterion: &'static str,
    tolerance: Option<f64>,
    standard_error: Option<f64>,
    score: Option<f64>,
    law: Option<&'static str>,
    source: &'static str,
}

/// A number; words as eight hexadecimal digits each; null where it is not a number.
#[derive(Serialize)]
#[serde(untagged)]
enum ValueText {
    Real(f64),
    Count(u64),
    Words(String),
}

impl From<Value> for ValueText {
    fn from(value: Value) -> ValueText {
        match value {
            Value::Real(x) => ValueText::Real(x),
            Value::Count(n) => ValueText::Count(n),
            Value::Words(words) => ValueText::Words(hexadecimal(words)),
        }
    }
}

fn hexadecimal(words: [u32; 4]) -> String {
    words.map(|word| format!("{word:08x}")).join(" ")
}

fn verdict(figure: &Figure, limits: &Limits) -> &'static str {
    if figure.agrees(limits) { "PASS" } else { "DIFF" }
}

/// Writes the document as UTF-8 JSON with a line end at the end.
pub fn write(out: &mut dyn Write, report: &Report, drawn: &Drawn, seconds: f64) -> io::Result<()> {
    let of = |section: &'_ Section, figure: &'_ Figure| {
        let (criterion, tolerance, standard_error, score, law) = match figure.criterion {
            Criterion::Exact => ("exact", None, None, None, None),
            Criterion::Within(tolerance) => ("tolerance", Some(tolerance), None, None, None),
            Criterion::Estimate { standard_error, score, law } => {
                let law = if law == Law::Student { "student" } else { "normal" };
                ("estimate", None, Some(standard_error), Some(score), Some(law))
            }
        };
        (
            section.title,
            section.source,
            verdict(figure, &report.limits),
            criterion,
            tolerance,
            standard_error,
            score,
            law,
        )
    };
    let figures = report.sections.iter().flat_map(|section| {
        section.figures.iter().map(move |figure| {
            let (section, source, verdict, criterion, tolerance, standard_error, score, law) = of(section, figure);
            let (obtained, expected) = (figure.obtained.into(), figure.expected.into());
            let name = figure.name.as_str();
            FigureText {
                section,
                name,
                verdict,
                obtained,
                expected,
                criterion,
                tolerance,
                standard_error,
                score,
                law,
                source,
            }
        })
    });
    let Limits { estimates, student, normal } = report.limits;
    let differing = report.differing();
    let document = Document {
        schema_version: SCHEMA_VERSION,
        version: env!("CARGO_PKG_VERSION"),
        seed: report.seed,
        draws: report.draws,
        passed: differing == 0 && !report.sections.is_empty(),
        differing,
        limits: LimitsText { estimates, false_alarms: FALSE_ALARMS, student, normal },
        figures: figures.collect(),
        backend: drawn,
        timings: Timings { total_s: seconds },
    };
    document::write(out, &document)
}

/// The page, ending in a line end.
pub fn terminal(report: &Report, drawn: &Drawn, style: Style) -> String {
    let mut page = Page::new(style);
    let limits = &report.limits;
    page.note(&format!("{} draws, seed {}", numbers::count(report.draws), report.seed));
    page.aside(&format!(
        "An estimate passes within {:.1} standard errors, a quantile within {:.1}: with 999 of 1,000 seeds a correct \
         machine passes all {} of them",
        limits.student, limits.normal, limits.estimates
    ));
    if let Some(checks) = &drawn.self_test {
        page.device(checks);
    }
    for section in &report.sections {
        page.known(section, limits);
    }
    let (all, differing) = (report.figures().count(), report.differing());
    page.line("");
    if differing > 0 {
        page.line(&format!("{differing} of {all} figures DIFF:"));
        for (section, figure) in report.sections.iter().flat_map(|s| s.figures.iter().map(move |f| (s, f))) {
            if !figure.agrees(limits) {
                page.line(&format!("  {}: {}", section.title, figure.name));
            }
        }
    } else if all > 0 {
        page.line(&format!("All {all} figures PASS"));
    }
    page.text
}

impl Page {
    fn device(&mut self, checks: &[Check]) {
        self.section("Self-test of the device", "");
        self.aside("source: the CPU counterpart of each kernel, equal to the last bit");
        let mut rows = vec![];
        for check in checks {
            let verdict = if check.wrong == 0 { "PASS" } else { "DIFF" };
            rows.push(vec![
                left(check.name),
                right(format!(
                    "{} of {} answers wrong",
                    numbers::count(check.wrong as u64),
                    numbers::count(check.answers as u64)
                )),
                left(verdict),
            ]);
        }
        self.rows(&rows, false);
    }

    fn known(&mut self, section: &Section, limits: &Limits) {
        self.section(section.title, &section.how);
        self.aside(&format!("source: {}", section.source));
        let header = ["", "obtained", "", "expected", "", ""].map(right);
        let mut rows = vec![header.to_vec()];
        for figure in &section.figures {
            let [obtained, error, expected, how] = texts(figure);
            rows.push(vec![
                left(figure.name.clone()),
                right(obtained),
                left(error),
                right(expected),
                right(how),
                left(verdict(figure, limits)),
            ]);
        }
        self.rows(&rows, true);
    }
}

/// Obtained, its error, expected, and how they compare, to the digits that the error supports.
fn texts(figure: &Figure) -> [String; 4] {
    let exact = |value: Value| match value {
        Value::Real(x) => format!("{x}"),
        Value::Count(n) => numbers::count(n),
        // The document has them all.
        Value::Words([first, .., last]) => format!("{first:08x}…{last:08x}"),
    };
    match (figure.criterion, figure.obtained, figure.expected) {
        (Criterion::Within(tolerance), Value::Real(obtained), Value::Real(expected)) => {
            // One decimal beyond the tolerance.
            let decimals = numbers::magnitude(tolerance).map_or(6, |m| (1 - m).clamp(0, 12) as usize);
            let how = format!("within {}", numbers::scientific(tolerance));
            [fixed(obtained, decimals), String::new(), fixed(expected, decimals), how]
        }
        (Criterion::Estimate { standard_error, score, .. }, Value::Real(obtained), Value::Real(expected)) => {
            let decimals = numbers::magnitude(2.0 * standard_error).map_or(6, |m| (-m).clamp(0, 12) as usize);
            let least = libm::pow(10.0, -(decimals as f64));
            let error = format!("± {:.decimals$}", standard_error.max(least));
            let how = format!("z = {}", fixed(score, 1));
            [fixed(obtained, decimals), error, fixed(expected, decimals), how]
        }
        (_, obtained, expected) => [exact(obtained), String::new(), exact(expected), "exact".into()],
    }
}
