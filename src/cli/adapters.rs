//! The GPU part of `haze doctor`: every adapter with its self-test, and what is missing for one to be found.

use std::fmt::Write as _;
use std::time::Instant;

use super::doctor::Adapters;
use super::driver::Driver;
use super::installation::Installation;
use crate::engine::gpu::adapter::{self, Found};
use crate::engine::gpu::{Facts, Gpu, Options};

pub(super) fn adapters(page: &mut String) -> Adapters {
    let found = adapter::all();
    let mut adapters = Adapters { real: found.iter().filter(|f| f.facts.kind.is_gpu()).count(), ..Adapters::default() };
    let _ = writeln!(page, "Adapters");
    if found.is_empty() {
        let _ = writeln!(page, "  none");
    }
    for found in found {
        let (is_gpu, name) = (found.facts.kind.is_gpu(), found.facts.name.clone());
        match examine(page, found) {
            Examined::Right if is_gpu && adapters.usable.is_none() => adapters.usable = Some(name),
            Examined::Right | Examined::Lacking => {}
            Examined::Wrong => adapters.wrong.push(name),
        }
    }
    adapters
}

/// The installation that GPUs are reached through, and what to do where none is.
pub(super) fn vulkan(page: &mut String, found: &Adapters) {
    let installation = Installation::look();
    if cfg!(target_os = "linux") {
        let loader = installation.loader.as_ref().map_or("not found".into(), |path| path.display().to_string());
        let _ = writeln!(page, "\nVulkan\n  loader   {loader}");
        for (i, driver) in installation.drivers.iter().enumerate() {
            let Driver { path, fault } = driver;
            let unusable = fault.as_ref().map_or(String::new(), |fault| format!("  UNUSABLE: {fault}"));
            let _ = writeln!(page, "  {}  {}{unusable}", if i == 0 { "drivers" } else { "       " }, path.display());
        }
        if installation.drivers.is_empty() {
            let _ = writeln!(page, "  drivers  none");
        }
    }
    if found.real == 0 {
        let _ = writeln!(page, "\nFor a GPU to be found");
        for advice in installation.advice() {
            let _ = writeln!(page, "  - {advice}");
        }
    }
}

enum Examined {
    Right,
    /// Something is missing; it was not tested.
    Lacking,
    Wrong,
}

fn examine(page: &mut String, found: Found) -> Examined {
    let facts = found.facts.clone();
    describe(page, &facts);
    if let Some(what) = facts.missing() {
        let _ = writeln!(page, "    lacks       {what}");
        return Examined::Lacking;
    }
    let start = Instant::now();
    let gpu = Gpu::with(found, Options::default(), None);
    let (examined, text) = match gpu.self_test() {
        Ok(checks) => {
            let answers: usize = checks.iter().map(|c| c.answers).sum();
            let wrong: Vec<String> = checks
                .iter()
                .filter(|c| c.wrong > 0)
                .map(|c| format!("{}: {} of {} wrong", c.name, c.wrong, c.answers))
                .collect();
            if wrong.is_empty() {
                (Examined::Right, format!("passed, {} checks, {answers} answers", checks.len()))
            } else {
                (Examined::Wrong, format!("FAILED: {}", wrong.join(", ")))
            }
        }
        Err(e) => (Examined::Wrong, format!("FAILED: {e}")),
    };
    let _ = writeln!(page, "    self-test   {text}, {:.1} s including compilation", start.elapsed().as_secs_f64());
    examined
}

fn describe(page: &mut String, facts: &Facts) {
    let _ = writeln!(page, "  {}", facts.name);
    let _ = writeln!(page, "    type        {}, {}, driver {}", facts.kind.name(), facts.api, facts.driver);
    let subgroups = match facts.subgroup_sizes {
        Some([a, b]) if a == b => format!("subgroups of {a}"),
        Some([a, b]) => format!("subgroups of {a} to {b}"),
        None => "no subgroups".into(),
    };
    let int64 = if facts.int64 { "64-bit integers" } else { "no 64-bit integers" };
    let _ = writeln!(page, "    features    {int64}, {subgroups}");
    let _ = writeln!(
        page,
        "    limits      buffer {}, binding {}, {} storage buffers, {} invocations per workgroup",
        bytes(facts.max_buffer_bytes),
        bytes(facts.max_binding_bytes),
        facts.max_storage_buffers,
        facts.max_workgroup_invocations
    );
    let _ = writeln!(page, "    kernels     {}", facts.variant().name());
}

fn bytes(n: u64) -> String {
    match n {
        n if n >= 1 << 50 => "unlimited".into(),
        n if n >= 1 << 30 => format!("{:.1} GiB", n as f64 / (1u64 << 30) as f64),
        n => format!("{} MiB", n >> 20),
    }
}
