//! `haze export`: results in the forms that others ask for.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::input::{FileArgs, Opened, at_row, hint};
use super::output::{Output, print_bytes};
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::export::form::{self, Form, FormError, Layout, Named, Order};
use crate::export::{self, card};
use crate::portfolio::dates::since_1970;
use crate::portfolio::formats::STDIN;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::problem::{shorten, shorten_path, visible};
use crate::portfolio::{Model, Outputs, Portfolio};
use crate::run::{RunOptions, Session};

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
    #[arg(value_parser = named::<Form>(), value_name = "KIND")]
    kind: Form,
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
    #[arg(long, value_parser = named::<Layout>(), value_name = "FORMAT")]
    format: Option<Layout>,
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

/// One of several by its name.
fn named<T: Named + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(T::NAMES.iter().map(|(name, _)| *name));
    let found = |text: String| T::NAMES.iter().find(|(name, _)| *name == text).map(|(_, named)| *named);
    names.try_map(move |text| found(text).ok_or("a name that is not known"))
}

impl ExportArgs {
    /// The format, and no flag that the form does not take.
    fn layout(&self) -> Result<Layout, Failure> {
        let kind = self.kind.name();
        let wrong = |flag: &str, of: &str| Err(Failure::Usage(format!("{flag} is for {of}, not for {kind}")));
        if self.card.is_some() && !self.kind.of_a_card() {
            return wrong("--card", "dia and hf");
        }
        if self.by.is_some() && self.kind != Form::Ipcc {
            return wrong("--by", "ipcc");
        }
        if self.model.is_some() && self.kind == Form::Ipcc {
            return wrong("--model", "the forms of one model and audit");
        }
        if self.kind == Form::Ipcc && self.stream.interval.is_some_and(|level| level != export::ipcc::LEVEL) {
            return Err(Failure::Usage(
                "the table of the IPCC has the 2.5 and 97.5 percentiles; leave out --interval".into(),
            ));
        }
        let offered = self.kind.layouts();
        let layout = self.format.or(offered.first().copied()).unwrap_or(Layout::Json);
        if offered.contains(&layout) {
            return Ok(layout);
        }
        let offered: Vec<&str> = offered.iter().map(|layout| layout.name()).collect();
        Err(Failure::Usage(format!("{kind} has no format {}; it has {}", layout.name(), offered.join(", "))))
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
    let layout = args.layout()?;
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
    let document = filled(&args, layout, &opened, card.as_deref(), &session, &interrupt);
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
    if is_card && args.kind.of_a_card() {
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

/// The form, filled in.
fn filled(
    args: &ExportArgs,
    layout: Layout,
    opened: &Opened,
    card: Option<&[u8]>,
    session: &Session,
    interrupt: &Interrupt,
) -> Result<Vec<u8>, Failure> {
    let Opened { portfolio, assessment } = opened;
    let form = args.kind;
    let by = args.by.as_deref().unwrap_or("tier");
    if form == Form::Ipcc {
        opened.known_column("--by", by, &[])?;
    }
    let of_one = !form.of_a_portfolio() || args.model.is_some();
    let row = if of_one { Some(args.row(portfolio)?) } else { None };
    let (options, command, now) = (args.options(), command(), now());
    let order = Order { form, layout, row, by, card, options, command: &command, now: &now };
    let watch = Watch::new(interrupt, args.quiet);
    let filled = form::filled(session, portfolio, assessment, &order, &watch);
    watch.finish();
    filled.map_err(|error| match error {
        FormError::Run(e) => at_row(&portfolio.models)(e),
        FormError::Usage(message) => Failure::Usage(message),
        FormError::Card(why) => Failure::Usage(match &args.card {
            Some(path) => format!("{}: {why}", shorten_path(path)),
            None => why,
        }),
        FormError::Csv(e) => Failure::Run(e.into()),
    })
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

/// `2026-01-31T12:00:00Z` of seconds since 1970.
fn timestamp(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{}T{hour:02}:{minute:02}:{:02}Z", since_1970(days as i64), second % 60)
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
