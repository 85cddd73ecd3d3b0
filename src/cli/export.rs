//! `haze export`: results in the forms that others ask for.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::ValueEnum;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::input::{FileArgs, Opened, at_row, hint};
use super::output::{Output, print_bytes};
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::assess::Assessment;
use crate::exact::shares::shares;
use crate::exact::terms::Known;
use crate::export::{self, ModelFigures, card};
use crate::portfolio::formats::STDIN;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::problem::{shorten, shorten_path, visible};
use crate::portfolio::{Model, Outputs, Portfolio};
use crate::run::{Outcome, RunOptions, Session};

/// What `haze export` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze export dia models.csv --model lab/base-7b              the block alone
  haze export dia models.csv --model lab/base-7b --card README.md -o README.md
                                                              into the card; nothing else in it changes
  haze export hf models.csv --model lab/base-7b               co2_eq_emissions, in grams
  haze export gpai models.csv --model lab/base-7b             fields of the EU's documentation form
  haze export cyclonedx models.csv --model lab/base-7b -o bom.json
  haze export ipcc models.csv --by organization --format md   the table of IPCC Approach 2
  haze export audit study.toml -o audit.md                    all models; with --model one

dia, hf     a block for the front matter of a model card (yaml)
gpai        EU Model Documentation Form: time, compute, energy (md, json)
sci-ai      Software Carbon Intensity for AI, provider (json, md)
boamps, cyclonedx, spdx                                     (json)
ipcc        Approach 2 for a portfolio (csv, md, json)
audit       activity data, mapping, coefficients, formulas (md, json)")]
pub struct ExportArgs {
    /// The form
    #[arg(value_enum, value_name = "KIND")]
    kind: Kind,
    #[command(flatten)]
    input: FileArgs,
    /// The model's id; may be left out where the file has one model
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// dia, hf: the card whose front matter the block is merged into
    #[arg(long, value_name = "README")]
    card: Option<PathBuf>,
    /// ipcc: categories by this column [default: tier]
    #[arg(long, value_name = "COLUMN")]
    by: Option<String>,
    /// One that the form has [default: its first]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write to this file instead of standard output; may be the file of --card
    #[arg(short = 'o', long, value_name = "OUT")]
    output: Option<PathBuf>,
    #[command(flatten)]
    extent: ExtentArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// No progress; problems are still reported
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Dia,
    Hf,
    Gpai,
    SciAi,
    Boamps,
    Cyclonedx,
    Spdx,
    Ipcc,
    Audit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Md,
    Csv,
    Yaml,
}

impl Kind {
    fn formats(self) -> &'static [Format] {
        match self {
            Kind::Dia | Kind::Hf => &[Format::Yaml],
            Kind::Gpai | Kind::Audit => &[Format::Md, Format::Json],
            Kind::SciAi => &[Format::Json, Format::Md],
            Kind::Boamps | Kind::Cyclonedx | Kind::Spdx => &[Format::Json],
            Kind::Ipcc => &[Format::Csv, Format::Md, Format::Json],
        }
    }

    fn of_a_portfolio(self) -> bool {
        matches!(self, Kind::Ipcc | Kind::Audit)
    }
}

fn name(value: impl ValueEnum) -> String {
    value.to_possible_value().map_or(String::new(), |value| value.get_name().to_string())
}

impl ExportArgs {
    /// The format, and no flag that the form does not take.
    fn format(&self) -> Result<Format, Failure> {
        let kind = name(self.kind);
        let wrong = |flag: &str, of: &str| Err(Failure::Usage(format!("{flag} is for {of}, not for {kind}")));
        if self.card.is_some() && !matches!(self.kind, Kind::Dia | Kind::Hf) {
            return wrong("--card", "dia and hf");
        }
        if self.by.is_some() && self.kind != Kind::Ipcc {
            return wrong("--by", "ipcc");
        }
        if self.model.is_some() && self.kind == Kind::Ipcc {
            return wrong("--model", "the forms of one model and audit");
        }
        if self.kind == Kind::Ipcc && self.stream.interval.is_some_and(|level| level != export::ipcc::LEVEL) {
            return Err(Failure::Usage(
                "the table of the IPCC has the 2.5 and 97.5 percentiles; leave out --interval".into(),
            ));
        }
        let offered = self.kind.formats();
        let format = self.format.or(offered.first().copied()).unwrap_or(Format::Json);
        if offered.contains(&format) {
            return Ok(format);
        }
        let offered: Vec<String> = offered.iter().map(|format| name(*format)).collect();
        Err(Failure::Usage(format!("{kind} has no format {}; it has {}", name(format), offered.join(", "))))
    }

    fn options(&self) -> RunOptions {
        let ExtentArgs { draws, precision } = self.extent;
        RunOptions { draws, precision, seed: self.stream.seed, level: self.stream.interval, sensitivity: false }
    }

    /// The row of the model that is meant.
    fn row<'p>(&self, portfolio: &'p Portfolio) -> Result<&'p Model, Failure> {
        let ids: Vec<&str> = portfolio.models.iter().map(|m| m.id.as_str()).collect();
        let file = shorten_path(&self.input.file);
        let Some(id) = &self.model else {
            return match portfolio.models.as_slice() {
                [one] => Ok(one),
                all => Err(Failure::Usage(format!("{file} has {} models; name one with --model", all.len()))),
            };
        };
        portfolio
            .models
            .iter()
            .find(|m| m.id == *id)
            .ok_or_else(|| Failure::Usage(format!("{file}: no model has the id {:?}{}", shorten(id), hint(id, &ids))))
    }
}

pub fn export(args: ExportArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::install();
    let format = args.format()?;
    let mut portfolio = args.input.read()?;
    // What a form reports of the further outputs it asks for itself.
    portfolio.study.outputs = Outputs::default();
    if !args.kind.of_a_portfolio() || args.model.is_some() {
        args.row(&portfolio)?;
    }
    let card = args.card.as_deref().map(read_card).transpose()?;
    if let (Some(card), Some(path)) = (&card, &args.card) {
        // A card that cannot be changed is found before anything is drawn.
        merged(path, card, &[])?;
    }
    let opened = Opened::assessed(portfolio)?;
    interrupt.hold();
    spare_card(&args)?;
    let output = Output::prepare(args.output.as_deref(), &opened.portfolio.opened)?;
    if !args.quiet {
        opened.warn();
    }
    let session = args.backend.session()?;
    let document = if args.kind.of_a_portfolio() {
        of_portfolio(&args, format, &opened, &session, &interrupt)
    } else {
        of_model(&args, format, &opened, card.as_deref(), &session, &interrupt)
    };
    notices(&session);
    let document = document?;
    interrupt.check()?;
    match output {
        Output::File(_) => output.finish(&document, String::new),
        Output::Page | Output::Stdout => print_bytes(&document),
    }
}

/// A block alone is no card: it does not take the place of one.
fn spare_card(args: &ExportArgs) -> Result<(), Failure> {
    let Some(path) = args.output.as_deref().filter(|_| args.card.is_none()) else { return Ok(()) };
    let is_card = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("md")) && path.exists();
    if is_card && matches!(args.kind, Kind::Dia | Kind::Hf) {
        let path = shorten_path(path);
        let message = format!("{path} exists and would be replaced by the block alone; add --card {path} to merge it");
        return Err(Failure::Usage(message));
    }
    Ok(())
}

fn read_card(path: &Path) -> Result<Vec<u8>, Failure> {
    if path == Path::new(STDIN) {
        return Err(Failure::Usage("--card names a file".into()));
    }
    Inputs::default().text(path).map_err(|e| Failure::Usage(format!("{}: {e}", shorten_path(path))))
}

fn merged(path: &Path, bytes: &[u8], blocks: &[card::Block]) -> Result<Vec<u8>, Failure> {
    card::merged(bytes, blocks).map_err(|why| Failure::Usage(format!("{}: {why}", shorten_path(path))))
}

/// A form about one model.
fn of_model(
    args: &ExportArgs,
    format: Format,
    opened: &Opened,
    card: Option<&[u8]>,
    session: &Session,
    interrupt: &Interrupt,
) -> Result<Vec<u8>, Failure> {
    let Opened { portfolio, assessment } = opened;
    let row = args.row(portfolio)?;
    let watch = Watch::new(interrupt, args.quiet);
    let one = session.one_model(portfolio, assessment, &row.id, &args.options(), &watch);
    watch.finish();
    let one = one.map_err(at_row(&portfolio.models))?;
    let figures = one.as_ref().and_then(|one| Some((one, ModelFigures::of(row, one)?)));
    let (one, figures) =
        figures.ok_or_else(|| Failure::Usage(format!("nothing is counted of {:?}", shorten(&row.id))))?;
    let thresholds = (args.kind == Kind::Gpai)
        .then(|| {
            // The device was named before; Ctrl-C ends this too.
            let silently = Watch::new(interrupt, true);
            session.thresholds(portfolio, assessment, &row.id, one.drawn.settings, &silently)
        })
        .transpose()
        .map_err(at_row(&portfolio.models))?;
    let text = match (args.kind, format) {
        (Kind::Dia, _) => return block(args, card, &export::dia::blocks(&figures)),
        (Kind::Hf, _) => return block(args, card, &export::hf::blocks(&figures)),
        (Kind::Gpai, Format::Json) => export::gpai::json(&figures, thresholds.as_ref()),
        (Kind::Gpai, _) => export::gpai::markdown(&figures, thresholds.as_ref()),
        (Kind::SciAi, Format::Md) => export::sci_ai::markdown(&figures),
        (Kind::SciAi, _) => export::sci_ai::json(&figures),
        (Kind::Boamps, _) => {
            export::boamps::json(&figures).map_err(|why| Failure::Usage(format!("{}: {why}", shorten(&row.id))))?
        }
        (Kind::Cyclonedx, _) => export::cyclonedx::json(&figures),
        (Kind::Spdx | Kind::Ipcc | Kind::Audit, _) => export::spdx::json(&figures, &now()),
    };
    Ok(text.into_bytes())
}

/// The block alone, or in the card.
fn block(args: &ExportArgs, card: Option<&[u8]>, blocks: &[card::Block]) -> Result<Vec<u8>, Failure> {
    if let (Some(card), Some(path)) = (card, &args.card) {
        return merged(path, card, blocks);
    }
    let lines = blocks.iter().flat_map(|block| &block.lines);
    Ok(lines.map(|line| format!("{line}\n")).collect::<String>().into_bytes())
}

/// A form about all models, or for an audit about one.
fn of_portfolio(
    args: &ExportArgs,
    format: Format,
    opened: &Opened,
    session: &Session,
    interrupt: &Interrupt,
) -> Result<Vec<u8>, Failure> {
    let Opened { portfolio, assessment } = opened;
    let by = args.by.clone().unwrap_or_else(|| "tier".into());
    let mut options = args.options();
    let asked = match &args.model {
        Some(id) => assessment.only(|model| model.id == *id),
        None => assessment.clone(),
    };
    if args.kind == Kind::Ipcc {
        opened.known_column("--by", &by, &[])?;
        options.level = Some(export::ipcc::LEVEL);
    }
    let asked = Assessment { groups_by: if args.kind == Kind::Ipcc { vec![by.clone()] } else { vec![] }, ..asked };
    let watch = Watch::new(interrupt, args.quiet);
    let outcome = session.run_assessed(portfolio, asked, &options, &watch);
    watch.finish();
    let outcome: Outcome = outcome.map_err(at_row(&portfolio.models))?;
    let text = match (args.kind, format) {
        (Kind::Ipcc, format) => {
            let shares = shares(&outcome.assessment, std::slice::from_ref(&by), &mut Known::default()).ok();
            let rows = export::ipcc::rows(&outcome, shares.as_ref(), &by);
            match format {
                Format::Md => export::ipcc::markdown(&rows, &outcome, &by),
                Format::Json => export::ipcc::json(&rows, &outcome, &by),
                _ => export::ipcc::csv(&rows).map_err(|e| Failure::Run(e.into()))?,
            }
        }
        (_, Format::Json) => export::audit::json(portfolio, &outcome, &command()),
        _ => export::audit::markdown(portfolio, &outcome, &command()),
    };
    Ok(text.into_bytes())
}

/// What was typed, for the audit.
fn command() -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    let quote = |arg: String| {
        let arg = visible(&arg);
        if !arg.is_empty() && arg.chars().all(plain) { arg } else { format!("'{}'", arg.replace('\'', "'\\''")) }
    };
    let args = std::env::args_os().skip(1).map(|arg| quote(arg.to_string_lossy().into_owned()));
    std::iter::once("haze".to_string()).chain(args).collect::<Vec<_>>().join(" ")
}

/// The time of writing, which SPDX requires: that of SOURCE_DATE_EPOCH (reproducible-builds.org) where it is set.
fn now() -> String {
    let stated = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.trim().parse::<u64>().ok());
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    timestamp(stated.filter(|s| *s < 253_402_300_800).unwrap_or_else(clock))
}

/// `2026-01-31T12:00:00Z` of seconds since 1970 (days to a date: Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn timestamp(seconds: u64) -> String {
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let z = day + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn timestamps() {
        // date -u -d @N +%FT%TZ
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_769_860_800, "2026-01-31T12:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ];
        for (seconds, want) in cases {
            assert_eq!(timestamp(seconds), want);
        }
    }
}
