//! `haze doctor`: what this machine can draw on, whether it works correctly, and what is missing.

use std::fmt::Write as _;

use super::Failure;
#[cfg(feature = "gpu")]
use super::adapters::{adapters, vulkan};
use super::output::print;
use crate::engine::{Cpu, Simd};

pub fn doctor() -> Result<(), Failure> {
    let mut page = String::new();
    let found = adapters(&mut page);
    let sets: Vec<&str> = Simd::available().into_iter().rev().map(Simd::name).collect();
    let threads = Cpu::new(0, 0, Simd::detect()).map_or(1, |cpu| cpu.threads());
    let _ = writeln!(page, "\nCPU\n  {threads} threads, instruction sets {}", sets.join(", "));
    vulkan(&mut page, &found);
    let _ = match &found.usable {
        Some(name) => writeln!(page, "\nSuggested: --backend auto, which uses {name} for long runs"),
        None => writeln!(page, "\nSuggested: --backend cpu (auto does the same here)"),
    };
    print(&page)?;
    if found.wrong.is_empty() {
        return Ok(());
    }
    let names = found.wrong.join(", ");
    Err(Failure::Run(anyhow::anyhow!(
        "{names} failed the self-test: update the driver, and do not use it until it passes"
    )))
}

/// The adapters of this machine.
#[derive(Default)]
pub(super) struct Adapters {
    /// How many are no software.
    #[cfg(feature = "gpu")]
    pub real: usize,
    /// The first GPU that passed its self-test.
    pub usable: Option<String>,
    /// Those that did not pass.
    pub wrong: Vec<String>,
}

#[cfg(not(feature = "gpu"))]
fn adapters(page: &mut String) -> Adapters {
    page.push_str("Adapters\n  none: this build cannot use a GPU, it was compiled without the feature gpu\n");
    Adapters::default()
}

#[cfg(not(feature = "gpu"))]
fn vulkan(_page: &mut String, _found: &Adapters) {}
