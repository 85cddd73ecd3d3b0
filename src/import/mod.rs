//! Files of other tools, as rows of a models file.
//!
//! ```text
//! bytes ─> recognised by content ─> one file per foreign format ─> Imported: cells of a models file, and what was changed
//! ```
//!
//! An importer writes cells under the columns of `docs/columns.md`, as a person would who turns the file into a models
//! file by hand. It types no value itself, so every check of a models file holds for what it writes. Whatever it leaves
//! out, mends or takes from elsewhere is a [`Change`] with line, value and reason; what is missing stays missing and is
//! never a zero. To add a format, write its file and a line in [`IMPORTERS`].

mod amount;
mod boamps;
mod cells;
mod codecarbon;
mod dia;
mod epoch;
pub mod folder;
mod hf_card;
mod hub_json;
mod lineage;
mod mergekit;
mod rows;
mod runs;
mod source;
mod tally;
mod track;
mod tree;

pub use rows::{Change, Imported, Row, What};
pub use source::{GroupBy, Source};

use crate::portfolio::formats::Fault;

/// One foreign format.
pub struct Importer {
    /// As `haze import KIND` names it.
    pub kind: &'static str,
    /// What a file was read as, in words: `a Hugging Face model card`.
    pub title: &'static str,
    /// Whether the content is of this format. It may be mistaken about a broken file, never about a models file.
    pub recognise: fn(&Source<'_>) -> bool,
    /// The rows of the file, or everything that keeps it from having any.
    pub read: fn(&Source<'_>) -> Result<Imported, Vec<Fault>>,
}

/// All foreign formats, in the order in which they are tried.
pub const IMPORTERS: [Importer; 8] = [
    track::IMPORTER,
    dia::DIA,
    mergekit::MERGEKIT,
    hf_card::CARD,
    hub_json::HUB,
    codecarbon::IMPORTER,
    epoch::IMPORTER,
    boamps::IMPORTER,
];

/// The importer of a file, by its content.
pub fn recognised(source: &Source<'_>) -> Option<&'static Importer> {
    IMPORTERS.iter().find(|importer| (importer.recognise)(source))
}

/// The importer of this name.
pub fn of_kind(kind: &str) -> Option<&'static Importer> {
    IMPORTERS.iter().find(|importer| importer.kind == kind)
}
