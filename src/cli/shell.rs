//! `haze completions` and `haze man`: what a shell and a manual want to know of the command line, made from it.

use std::path::PathBuf;

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;

use super::output::{bytes, print, print_bytes};
use super::{Args, Failure};
use crate::report::files::{self, Content};

/// What `haze completions` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze completions bash > ~/.local/share/bash-completion/completions/haze
  haze completions zsh > ~/.zfunc/_haze
  haze completions fish > ~/.config/fish/completions/haze.fish")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// What `haze man` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  haze man | man -l -                    the page of haze
  haze man --out ~/.local/share/man/man1     this page and one for each command")]
pub struct ManArgs {
    /// Write the page of haze and one for each command into this folder, which must exist
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "haze", &mut text);
    print_bytes(&text)
}

pub fn man(args: &ManArgs) -> Result<(), Failure> {
    let command = Args::command();
    let Some(folder) = &args.out else { return print_bytes(&page(command)?) };
    if !folder.is_dir() {
        return Err(Failure::Usage(format!("--out {}: there is no such folder; create it first", folder.display())));
    }
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = vec![("haze".to_string(), command.clone())];
    for sub in command.get_subcommands() {
        let name = format!("haze-{}", sub.get_name());
        pages.push((name.clone(), sub.clone().name(name)));
    }
    let names: Vec<String> = pages.iter().map(|(name, _)| format!("{name}.1")).collect();
    let target = files::prepare_files(folder, &names).map_err(|e| Failure::Usage(e.to_string()))?;
    let texts = pages.iter().map(|(_, command)| page(command.clone())).collect::<Result<Vec<_>, _>>()?;
    let contents: Vec<_> = texts.iter().map(|text| bytes(text)).collect();
    let contents: Vec<Content> = contents.iter().map(|content| content as Content).collect();
    target.commit(&contents).map_err(|e| Failure::Run(e.into()))?;
    print(&format!("{} pages in {}\n", pages.len(), folder.display()))
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command).render(&mut text).context("cannot write the page")?;
    Ok(text)
}
