//! What draws: the flags, and what they ask of a session.

use clap::ValueEnum;

use super::say::say;
use super::{Failure, memory};
use crate::run::{Backend, Session};

/// The flags of every command that draws.
#[derive(Debug, clap::Args)]
pub struct BackendArgs {
    /// CPU or GPU; changes no result
    #[arg(long, value_enum, default_value = "auto")]
    pub backend: BackendChoice,
    /// Use the GPU whose name contains this (see `haze doctor`)
    #[arg(long, value_name = "PART_OF_NAME")]
    pub adapter: Option<String>,
    /// CPU threads (default: all cores); changes no result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Draws per chunk; changes no result
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub chunk: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendChoice {
    Auto,
    Cpu,
    Gpu,
}

impl BackendArgs {
    /// A flag that was given, if any.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            (self.backend != BackendChoice::Auto, "--backend"),
            (self.adapter.is_some(), "--adapter"),
            (self.threads.is_some(), "--threads"),
            (self.chunk.is_some(), "--chunk"),
        ];
        flags.into_iter().find(|(given, _)| *given).map(|(_, flag)| flag)
    }

    /// What draws as the flags say.
    pub fn session(&self) -> Result<Session, Failure> {
        if self.backend == BackendChoice::Cpu && self.adapter.is_some() {
            return Err(Failure::Usage("--adapter names a GPU and cannot be combined with --backend cpu".into()));
        }
        let backend = match self.backend {
            BackendChoice::Auto => Backend::Auto,
            BackendChoice::Cpu => Backend::Cpu,
            BackendChoice::Gpu => Backend::Gpu,
        };
        let builder = Session::builder()
            .backend(backend)
            .threads(self.threads.map_or(0, usize::from))
            .chunk(self.chunk.unwrap_or(0));
        let builder = memory::free().into_iter().fold(builder, |builder, free| builder.memory(free));
        let builder = self.adapter.iter().fold(builder, |builder, name| builder.adapter(name));
        Ok(builder.build()?)
    }
}

/// Why there is no GPU to draw on, and what to do.
pub(super) fn without_gpu(reason: &str, none_found: bool) -> String {
    let mut text = reason.to_string();
    for advice in if none_found { advice() } else { vec![] } {
        text += &format!("\n  - {advice}");
    }
    text + "\n  `haze doctor` gives details; --backend cpu gives the same bytes without a GPU"
}

/// What a device failed at, and what was done about it.
pub(super) fn notices(session: &Session) {
    for notice in session.notices() {
        say(format_args!("warning: {notice}"));
    }
}

#[cfg(feature = "gpu")]
fn advice() -> Vec<String> {
    super::installation::Installation::look().advice()
}

#[cfg(not(feature = "gpu"))]
fn advice() -> Vec<String> {
    vec![]
}
