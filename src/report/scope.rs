//! The scope of a result in words: as in study files and documents, and as a phrase for pages.

use serde::Serialize;

use crate::portfolio::{Basis, Boundary, Run, Scope};

/// As every document states it.
#[derive(Serialize)]
pub(super) struct ScopeText {
    run: &'static str,
    boundary: &'static str,
    basis: &'static str,
    embodied: bool,
}

impl ScopeText {
    pub(super) fn new(scope: Scope) -> ScopeText {
        ScopeText {
            run: run_name(scope.run),
            boundary: boundary_name(scope.boundary),
            basis: basis_name(scope.basis),
            embodied: scope.embodied,
        }
    }
}

/// As in a study file.
pub(super) fn run_name(run: Run) -> &'static str {
    match run {
        Run::Final => "final",
        Run::Development => "development",
    }
}

pub(super) fn boundary_name(boundary: Boundary) -> &'static str {
    match boundary {
        Boundary::Facility => "facility",
        Boundary::It => "it",
    }
}

pub(super) fn basis_name(basis: Basis) -> &'static str {
    match basis {
        Basis::Location => "location",
        Basis::Market => "market",
    }
}

/// `final runs, facility energy, location-based grid`
pub(super) fn phrase(scope: Scope) -> String {
    let run = match scope.run {
        Run::Final => "final runs",
        Run::Development => "runs with their development",
    };
    let boundary = match scope.boundary {
        Boundary::Facility => "facility energy",
        Boundary::It => "IT energy only",
    };
    let basis = match scope.basis {
        Basis::Location => "location-based grid",
        Basis::Market => "market-based grid",
    };
    let embodied = if scope.embodied { ", with embodied emissions" } else { "" };
    format!("{run}, {boundary}, {basis}{embodied}")
}
