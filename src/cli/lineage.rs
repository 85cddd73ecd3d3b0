//! `haze lineage`: what base models and everything made from them emit together.

use std::path::PathBuf;

use clap::ValueEnum;

use super::Failure;
use super::backend::{BackendArgs, notices};
use super::extent::ExtentArgs;
use super::input::{FileArgs, Opened, at_row};
use super::output::{Output, apart, bytes, document, spare, style};
use super::stream::StreamArgs;
use super::watch::{Interrupt, Watch};
use crate::lineage::Allocation;
use crate::report::files::{self, Target};
use crate::report::lineage as report;
use crate::report::lineage::diagram;
use crate::run::Clock;
use crate::run::lineage::{MOST_COMPARED, Question};

/// What `haze lineage` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze lineage models.csv                                   every family, the largest first
  haze lineage models.csv --root meta-llama/Llama-3.1-8B    one family: by relation, by depth, as a tree
  haze lineage state.json --root org/a --root org/b         two families, their union and their difference
  haze lineage models.csv --ancestors org/merge-7b          everything that went into a model
  haze lineage models.csv --all --allocate equal --json families.json
  haze lineage models.csv --root org/a --mermaid family.mmd

A model counts with its own run only, and once in each family. All totals come from the same draws. A model without
emissions, energy or accelerator-hours is imputed by its compute, size, date and relation to its base. --allocate
divides a model that belongs to several families between them (equal, or by the weights of its merge, column
merge_weights), so that the allocated totals add up to that of all families together.")]
pub struct LineageArgs {
    #[command(flatten)]
    input: FileArgs,
    /// The family of this base model; repeatable [default: all families]
    #[arg(long, value_name = "ID")]
    root: Vec<String>,
    /// All families (as without --root and --ancestors)
    #[arg(long)]
    all: bool,
    /// Everything that went into this model; repeatable
    #[arg(long, value_name = "ID")]
    ancestors: Vec<String>,
    /// Divide models that belong to several families: equal, or weights (those of merges)
    #[arg(long, value_enum, value_name = "HOW", hide_possible_values = true)]
    allocate: Option<Allocate>,
    /// Models in a tree [default: 30]
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1000), hide_default_value = true)]
    branches: u16,
    #[command(flatten)]
    extent: ExtentArgs,
    #[command(flatten)]
    stream: StreamArgs,
    #[command(flatten)]
    backend: BackendArgs,
    /// Write everything as JSON to this file, or to standard output with -
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the trees as a graph for Graphviz to this file
    #[arg(long, value_name = "FILE")]
    dot: Option<PathBuf>,
    /// Write the trees as a Mermaid flowchart to this file
    #[arg(long, value_name = "FILE")]
    mermaid: Option<PathBuf>,
}

/// How shared models are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Allocate {
    Equal,
    Weights,
}

impl LineageArgs {
    fn question(&self) -> Result<Question, Failure> {
        let distinct = |ids: &[String]| {
            let mut found: Vec<String> = Vec::new();
            ids.iter().for_each(|id| found.extend((!found.contains(id)).then(|| id.clone())));
            found
        };
        let (roots, ancestors_of) = (distinct(&self.root), distinct(&self.ancestors));
        if roots.len() > MOST_COMPARED {
            let message =
                format!("--root: {} are given, at most {MOST_COMPARED} are taken; --all has all", roots.len());
            return Err(Failure::Usage(message));
        }
        let all = self.all || (roots.is_empty() && ancestors_of.is_empty());
        if (self.dot.is_some() || self.mermaid.is_some()) && roots.is_empty() && ancestors_of.is_empty() {
            let message = "a diagram shows a tree: name the model with --root or --ancestors";
            return Err(Failure::Usage(message.into()));
        }
        let allocation = self.allocate.map(|how| match how {
            Allocate::Equal => Allocation::Equal,
            Allocate::Weights => Allocation::Weights,
        });
        Ok(Question { roots, all, ancestors_of, allocation, branches: usize::from(self.branches) })
    }
}

pub fn lineage(args: LineageArgs) -> Result<(), Failure> {
    let question = args.question()?;
    let mut clock = Clock::start();
    let interrupt = Interrupt::install();
    let opened = args.input.open()?;
    let Opened { portfolio, assessment } = &opened;
    interrupt.hold();
    let output = Output::prepare(args.json.as_deref(), &portfolio.opened)?;
    let target = |path: &Option<PathBuf>| -> Result<Option<Target>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let target = files::prepare_file(path).map_err(|e| Failure::Usage(e.to_string()))?;
        spare(&portfolio.opened, &target)?;
        Ok(Some(target))
    };
    let (dot, mermaid) = (target(&args.dot)?, target(&args.mermaid)?);
    let targets: Vec<&Target> = [output.file(), dot.as_ref(), mermaid.as_ref()].into_iter().flatten().collect();
    for (i, a) in targets.iter().enumerate() {
        targets[i + 1..].iter().try_for_each(|b| apart(a, b))?;
    }
    opened.warn();
    let request = args.stream.request(args.extent, &portfolio.study);
    clock.lap("read_and_assess_s");

    let session = args.backend.session()?;
    let watch = Watch::new(&interrupt, false);
    let found = session.lineage(portfolio, assessment, &question, request, &watch);
    watch.finish();
    notices(&session);
    let mut found = found.map_err(at_row(&portfolio.models))?;
    found.info.timings = clock.laps.then(found.info.timings);

    let document = document(|out| report::write(out, assessment.scope, &found))?;
    interrupt.check()?;
    for (target, text) in [(dot, diagram::dot(&found)), (mermaid, diagram::mermaid(&found))] {
        if let Some(target) = target {
            target.commit(&[&bytes(text.as_bytes())]).map_err(|e| Failure::Run(e.into()))?;
        }
    }
    output.finish(&document, || report::terminal(assessment.scope, &found, style()))
}
