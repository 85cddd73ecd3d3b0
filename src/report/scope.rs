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
            run: scope.run.name(),
            boundary: scope.boundary.name(),
            basis: scope.basis.name(),
            embodied: scope.embodied,
        }
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
