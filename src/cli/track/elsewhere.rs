//! `haze track` where nothing can be measured.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use super::MeasureArgs;
use crate::cli::Failure;

fn refused() -> Result<ExitCode, Failure> {
    let needs = "measuring needs Linux and a build with the feature track; `haze track summary` and `haze run` read records \
                 everywhere";
    Err(Failure::Usage(needs.into()))
}

pub fn command(_: &[OsString], _: &MeasureArgs, _: bool, _: bool) -> Result<ExitCode, Failure> {
    refused()
}

pub fn attach(_: u32, _: &MeasureArgs, _: bool) -> Result<ExitCode, Failure> {
    refused()
}

pub fn start(_: &MeasureArgs, _: Option<u32>) -> Result<ExitCode, Failure> {
    refused()
}

pub fn stop(_: Option<&str>) -> Result<ExitCode, Failure> {
    refused()
}

pub fn serve(_: &Path) -> Result<ExitCode, Failure> {
    refused()
}
