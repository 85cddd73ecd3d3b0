//! What reports, figures and comparisons are made from: a results folder, the run it keeps, or anything that `haze run`
//! takes.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::Failure;
use super::extent::ExtentArgs;
use super::input::{FileArgs, Opened};
use super::shard;
use super::stream::StreamArgs;
use crate::portfolio::formats::STDIN;
use crate::portfolio::formats::archive::Archive;
use crate::portfolio::formats::inputs::Inputs;
use crate::portfolio::problem::shorten_path;
use crate::report::files::{KEPT, OUT, RESULT};
use crate::run::{Extent, Request, Settings, kept, part};

/// A portfolio with what it was run with, if it was.
pub(super) struct Source {
    /// As the user named it.
    pub name: String,
    pub opened: Opened,
    /// Of a kept run.
    pub head: Option<kept::Head>,
    /// Files that were read: no output may replace one of them.
    pub inputs: Vec<PathBuf>,
}

impl Source {
    /// Reads and assesses it.
    pub fn open(path: &Path, no_facts: bool) -> Result<Source, Failure> {
        let name = shorten_path(path);
        refused(path)?;
        match kept_at(path)? {
            Some(file) => {
                let bad = |why: &dyn std::fmt::Display| Failure::Usage(format!("{}: {why}", shorten_path(&file)));
                let from = BufReader::new(File::open(&file).map_err(|e| bad(&e))?);
                let (head, input) = kept::read(from).map_err(|e| bad(&e))?;
                let archive = Archive::from_bytes(&input).ok_or_else(|| bad(&kept::KeptError::Damaged))?;
                let opened = Opened::assessed(shard::portfolio(&head.run, &Inputs::archived(archive))?)?;
                // Nothing in a folder of results is to be replaced by what is made of them.
                let there = |name: &&str| file.parent().map(|folder| folder.join(name));
                let results = OUT.iter().filter_map(there).filter(|file| file.is_file());
                let inputs = results.chain([file.clone()]).collect();
                Ok(Source { name, opened, head: Some(head), inputs })
            }
            None => {
                let opened = FileArgs { file: path.to_path_buf(), no_facts }.open()?;
                let inputs = opened.portfolio.opened.clone();
                Ok(Source { name, opened, head: None, inputs })
            }
        }
    }

    /// What is drawn: what the flags ask for, else what the run had, else what the study asks for.
    pub fn request(&self, extent: ExtentArgs, stream: &StreamArgs) -> Request {
        let asked = stream.request(extent, &self.opened.portfolio.study);
        let Some(head) = &self.head else { return asked };
        let drawn = head.precision.map_or(Extent::Draws(head.run.draws), Extent::Precision);
        Request {
            extent: extent.extent().unwrap_or(drawn),
            seed: stream.seed.unwrap_or(head.run.seed),
            level: stream.interval.or(head.run.interval.parse().ok()).unwrap_or(asked.level),
        }
    }

    /// A note where it was kept with another stream than it is drawn with now.
    pub fn drawn_otherwise(&self, request: &Request) -> Option<String> {
        let head = self.head.as_ref()?;
        let level = head.run.interval.parse() != Ok(request.level);
        (head.run.seed != request.seed || level).then(|| {
            format!(
                "{}: was kept with seed {} and intervals of {}; here it is drawn with seed {} and intervals of {}",
                self.name, head.run.seed, head.run.interval, request.seed, request.level
            )
        })
    }

    /// What it is called on a page: the file or folder, without where it lies.
    pub fn title(&self) -> String {
        let path = Path::new(&self.name);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| if self.name == STDIN { "standard input".into() } else { self.name.clone() })
    }

    /// The command that gives the result again, with what was drawn.
    pub fn command(&self, no_facts: bool, settings: Settings) -> String {
        let file = self.head.as_ref().map_or(&self.name, |head| &head.run.file);
        let facts = self.head.as_ref().map_or(!no_facts, |head| head.run.facts);
        let outputs = self.head.as_ref().map_or(&[][..], |head| &head.run.outputs);
        command(file, facts, outputs, settings)
    }

    /// The notice, if any, that this version does not get the numbers that were kept.
    pub fn notice(&self, plan_hash: &str) -> Option<String> {
        let head = self.head.as_ref().filter(|head| head.plan_hash != plan_hash)?;
        Some(format!(
            "{}: was made by carbonhaze {}; this is {}, which compiles another plan of the same input, so that numbers differ",
            self.name,
            head.version,
            env!("CARGO_PKG_VERSION")
        ))
    }
}

/// The command that gives a result again.
pub(super) fn command(file: &str, facts: bool, outputs: &[String], settings: Settings) -> String {
    let Settings { draws, seed, level } = settings;
    let facts = if facts { "" } else { " --no-facts" };
    let outputs: String = outputs.iter().map(|output| format!(" --{output}")).collect();
    format!("haze run {file}{facts}{outputs} --draws {draws} --seed {seed} --interval {level}")
}

/// Refuses what was written by this program and is no result that can be made again, with what to do.
fn refused(path: &Path) -> Result<(), Failure> {
    let because = |why: &str| Err(Failure::Usage(format!("{}: {why}", shorten_path(path))));
    if path.is_dir() && path.join(RESULT).is_file() && !path.join(KEPT).is_file() {
        return because("these are results without run.haze, from which they are made again; run once more with --out");
    }
    let mut first = Vec::new();
    if path.is_file() && File::open(path).and_then(|file| file.take(8).read_to_end(&mut first)).is_ok() {
        if first == part::MAGIC {
            return because("this is a part of a run; put the parts together first, with haze merge");
        }
        if first.is_empty() {
            return because("the file is empty");
        }
    }
    Ok(())
}

/// Refuses standard input that is named more than once.
pub(super) fn stdin_once(paths: &[PathBuf]) -> Result<(), Failure> {
    match paths.iter().filter(|path| *path == Path::new(STDIN)).count() {
        0 | 1 => Ok(()),
        _ => Err(Failure::Usage("standard input (-) can be named once only".into())),
    }
}

/// The results that paths lead to: a folder of results folders leads to each of them, in the order of their names.
pub(super) fn each(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        let within = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut folders: Vec<PathBuf> = within.filter(|folder| folder.join(KEPT).is_file()).collect();
        folders.sort();
        match folders.is_empty() || path.join(KEPT).is_file() {
            true => found.push(path.clone()),
            false => found.append(&mut folders),
        }
    }
    found
}

/// The kept run that a path leads to, if it leads to one.
pub(super) fn kept_at(path: &Path) -> Result<Option<PathBuf>, Failure> {
    if path == Path::new(STDIN) {
        return Ok(None);
    }
    if path.is_dir() {
        let file = path.join(KEPT);
        return Ok(file.is_file().then_some(file));
    }
    if !path.is_file() {
        return Ok(None);
    }
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut first));
    read.map_err(|e| Failure::Usage(format!("{}: cannot be read: {e}", shorten_path(path))))?;
    Ok(kept::recognise(&first).then(|| path.to_path_buf()))
}
