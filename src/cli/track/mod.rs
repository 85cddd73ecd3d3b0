//! `haze track`: measures a command, a process, or what is between two commands; sums up the records.
//!
//! Measuring needs Linux; records are summed up everywhere. The exit code is that of the command, 127 if there is none of
//! this name and 126 if it cannot be executed, as in a shell; a command that died of a signal makes this program die of it
//! too.

#[cfg(not(all(target_os = "linux", feature = "track")))]
mod elsewhere;
#[cfg(all(target_os = "linux", feature = "track"))]
mod measure;
mod summary;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
#[cfg(not(all(target_os = "linux", feature = "track")))]
use elsewhere as measure;

/// What `haze track` takes.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    override_usage = "haze track [OPTIONS] -- COMMAND [ARGUMENT]...\n       haze track [OPTIONS] --attach PID\n       \
                      haze track start|stop|summary ..."
)]
#[command(after_help = "Examples:
  haze track -- python train.py                  runs it; one record in haze-track.jsonl when it ends
  haze track --name finetune --region France -- torchrun train.py
  haze track --attach 4711                       a process that runs already, until it ends or Ctrl-C
  haze track start --name service                the whole machine from now on, in the background
  haze track stop service                        its record
  haze track summary haze-track.jsonl            energy of all runs by name, with intervals
  haze run haze-track.jsonl                      emissions of all runs, with intervals

GPU energy is read through the driver, CPU and memory through RAPL; what cannot be read is estimated from the
hardware, with its uncertainty, and named. Output, signals and exit code of the command are its own. Nothing of its
arguments and its environment is kept, but for the ids of its job, unless you ask for the arguments.")]
pub struct TrackArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    what: MeasureArgs,
    /// Measure this process and all that it starts, until it ends or Ctrl-C
    #[arg(long, value_name = "PID", conflicts_with = "command")]
    attach: Option<u32>,
    /// Do not say on standard error what was measured
    #[arg(short, long)]
    quiet: bool,
    /// Let the record have the command with its arguments, which may hold secrets
    #[arg(long)]
    with_command: bool,
    /// The command and its arguments, after --
    #[arg(last = true, required_unless_present = "attach", value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// How it is measured, and where the record goes.
#[derive(Debug, Args)]
struct MeasureArgs {
    /// Append the record to this file
    #[arg(long, value_name = "FILE", default_value = "haze-track.jsonl")]
    out: PathBuf,
    /// What the run is called; runs of one name are one model [default: the program's name]
    #[arg(long)]
    name: Option<String>,
    /// Seconds between two samples
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = interval)]
    interval: f64,
    /// Where it runs: a country, a cloud region, ...
    #[arg(long, value_name = "PLACE")]
    region: Option<String>,
    /// Who runs the data centre
    #[arg(long)]
    provider: Option<String>,
    /// Ask the metadata service of the cloud (AWS, Google, Azure) for region and provider
    #[arg(long)]
    cloud_metadata: bool,
    /// Let the record have the name of this machine
    #[arg(long)]
    with_host: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Begin to measure in the background: the whole machine, or a process
    #[command(after_help = "Examples:
  haze track start                          the whole machine
  haze track start --name api --pid 4711    a service with all that it starts; ends by itself with it
  haze track stop api")]
    Start {
        #[command(flatten)]
        what: MeasureArgs,
        /// Measure this process and all that it starts, not the whole machine
        #[arg(long)]
        pid: Option<u32>,
    },
    /// End what `haze track start` began, and write its record
    Stop {
        /// The name it was started with; may be left out if there is one only
        name: Option<String>,
    },
    /// Energy of tracked runs by name, with intervals
    #[command(after_help = "Examples:
  haze track summary haze-track.jsonl
  haze track summary logs/*.jsonl -o models.csv    the same as rows of a models file, for haze run")]
    Summary(summary::SummaryArgs),
    /// The process behind `start`
    #[command(hide = true)]
    Serve { state: PathBuf },
}

fn interval(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.05..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected seconds from 0.05 to 3600, such as 1".into()),
    }
}

pub(super) fn track(args: TrackArgs) -> Result<ExitCode, Failure> {
    match args.action {
        Some(Action::Summary(args)) => summary::summary(&args).map(|()| ExitCode::SUCCESS),
        Some(Action::Start { what, pid }) => measure::start(&what, pid),
        Some(Action::Stop { name }) => measure::stop(name.as_deref()),
        Some(Action::Serve { state }) => measure::serve(&state),
        None => match args.attach {
            Some(pid) => measure::attach(pid, &args.what, args.quiet),
            None => measure::command(&args.command, &args.what, args.with_command, args.quiet),
        },
    }
}
