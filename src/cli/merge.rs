//! `haze merge`: the run that parts make, as if it had been drawn in one piece.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::input::{Opened, at_row};
use super::output::{Output, apart, spare};
use super::run::{Folder, ReadFrom, ResultArgs, finish};
use super::shard;
use super::watch::Interrupt;
use super::{Failure, memory};
use crate::portfolio::Outputs;
use crate::portfolio::formats::archive::Archive;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::problem::shorten_path;
use crate::run::part::{self, Head, Part};
use crate::run::{Backend, Clock, RunError, RunOptions, Session, Settings};

/// What `haze merge` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  for k in 1 2 3 4; do haze run models.csv --draws 1_000_000 --shard $k/4 --out part-$k.haze; done
  haze merge part-*.haze --out results/

The parts hold the input: neither the models file nor the study is needed any more. All parts of one run have to be
there, each once; what is missing, there twice, cut short or of another run is named, and nothing is written. As a
Slurm array: docs/cluster.md")]
pub struct MergeArgs {
    /// The parts, in any order
    #[arg(required = true, value_name = "PART")]
    parts: Vec<PathBuf>,
    #[command(flatten)]
    results: ResultArgs,
    /// No table; problems are still reported
    #[arg(long)]
    quiet: bool,
}

pub fn merge(args: MergeArgs) -> Result<(), Failure> {
    let mut clock = Clock::start();
    let interrupt = Interrupt::install();
    let parts = heads(&args.parts)?;
    let (_, Head { run, .. }) = &parts[0];
    let settings = Settings { draws: run.draws, seed: run.seed, level: level(run)? };
    let first = open(&parts[0].0)?;
    let archive = Archive::from_bytes(&first.input).filter(|_| part::digest(&first.input) == run.input);
    let archive = archive.ok_or_else(|| damaged(&parts[0].0))?;
    let file = shard::file(run);
    let portfolio = shard::portfolio(run, &Inputs::archived(archive.clone()))?;
    let opened = Opened::assessed(portfolio)?;
    clock.lap("read_and_assess_s");

    interrupt.hold();
    let options = RunOptions {
        draws: Some(settings.draws),
        seed: Some(settings.seed),
        level: Some(settings.level),
        ..RunOptions::default()
    };
    let asked = ReadFrom { input: &file, outputs: Outputs::of_names(&run.outputs), archive };
    let prepare = |out: &PathBuf| Folder::prepare(out, &opened.portfolio, &options, asked);
    let folder = args.results.out.as_ref().map(prepare).transpose()?;
    let output = Output::prepare(args.results.json.as_deref(), &args.parts)?;
    if let (Some(folder), Some(json)) = (&folder, output.file()) {
        apart(&folder.target, json)?;
    }
    if let Some(folder) = &folder {
        spare(&args.parts, &folder.target)?;
    }
    if !args.quiet {
        opened.warn();
    }
    let Opened { portfolio, assessment } = opened;
    let builder = Session::builder().backend(Backend::Cpu);
    let session = memory::free().into_iter().fold(builder, |builder, free| builder.memory(free)).build()?;
    let draws = parts.iter().map(|(path, _)| {
        interrupt.check().map_err(|_| RunError::Interrupted)?;
        let shard = Part::open(reader(path).map_err(RunError::Usage)?).and_then(Part::draws);
        shard.map_err(|e| RunError::Usage(format!("{}: {e}", shorten_path(path))))
    });
    let outcome = session.merged(&portfolio, assessment, settings, draws).map_err(at_row(&portfolio.models))?;
    finish(outcome, None, clock, &portfolio, folder, output, args.results.models, args.quiet, &interrupt)
}

/// The heads of the parts, in the order of their draws.
fn heads(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Head)>, Failure> {
    let mut heads = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match reader(path).and_then(|file| Part::open(file).map_err(|e| format!("{}: {e}", shorten_path(path)))) {
            Ok(part) => heads.push((path.clone(), part.head)),
            Err(message) => problems.push(message),
        }
    }
    let named: Vec<(String, Head)> = heads.iter().map(|(path, head)| (shorten_path(path), head.clone())).collect();
    // A part that cannot be read is not missing as well.
    problems.extend(part::problems(&named, problems.len()));
    if !problems.is_empty() {
        return Err(Failure::Usage(problems.join("\nhaze: ")));
    }
    heads.sort_by_key(|(_, head)| head.shard);
    Ok(heads)
}

fn reader(path: &Path) -> Result<BufReader<File>, String> {
    let cannot = |e: std::io::Error| format!("{}: cannot be read: {e}", shorten_path(path));
    let file = File::open(path).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.is_dir() {
        return Err(format!("{}: this is a folder; name the parts in it", shorten_path(path)));
    }
    Ok(BufReader::new(file))
}

fn open(path: &Path) -> Result<Part<BufReader<File>>, Failure> {
    let file = reader(path).map_err(Failure::Usage)?;
    Part::open(file).map_err(|e| Failure::Usage(format!("{}: {e}", shorten_path(path))))
}

fn level(run: &part::Run) -> Result<f64, Failure> {
    let level = run.interval.parse().ok().filter(|level: &f64| *level > 0.0 && *level < 1.0);
    level.ok_or_else(|| Failure::Usage("the parts name no level of the intervals; draw them again".into()))
}

fn damaged(path: &Path) -> Failure {
    Failure::Usage(format!("{}: the file is damaged; draw this part again", shorten_path(path)))
}
