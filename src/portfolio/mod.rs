//! What is known of each model: the first stage.
//!
//! A [`Portfolio`] is what the user's files say, checked and typed, and nothing more: no default, no look-up.
//! [`Portfolio::read`] makes one from a path. On the way
//!
//! ```text
//! bytes ─> formats ─> table of text cells ─> columns, row ─> Model      ─┐
//! bytes ─> study_file ───────────────────────────────────> Study      ─┴─> rules ─> Portfolio
//! ```
//!
//! [`formats`] is all that opens files, and has one file per format; `recognise` tells the files of other tools.
//! [`columns`] says which columns there are, `synonyms` what a name may be, `header` what the header of a file means,
//! `suspect` and `unread` what is not read and should be, and `row` types one row, whatever format it came from. [`distribution`] has
//! the families and reads one cell; `measure` reads a number in it, with `numeral` for its digits and [`units`];
//! `listed` reads lists of JSON and Python, `missing` has the words for no value, `dates` the dates and `lines` the lines
//! of a text. [`labels`] keeps a row's texts. `bases` settles which rows the bases are. `quantity` says what a value may be, `problem` is how errors and warnings name their place, `rules` finds what is legal but suspicious.

mod bases;
pub mod columns;
pub(crate) mod dates;
pub mod distribution;
pub mod formats;
pub mod gathered;
mod header;
pub mod labels;
pub(crate) mod lines;
mod listed;
pub(crate) mod measure;
pub(crate) mod missing;
pub mod model;
pub mod models_file;
pub mod named;
pub(crate) mod number;
mod numeral;
pub mod operations;
pub mod output;
pub mod problem;
pub mod quantity;
mod read;
mod recognise;
mod row;
pub mod rules;
pub(crate) mod run_names;
pub(crate) mod spelling;
pub mod study;
pub mod study_file;
mod suspect;
mod synonyms;
pub mod units;
mod unread;
pub mod words;

pub use distribution::cell::Value;
pub use distribution::{Distribution, cell, moments, quantile};
pub use labels::Labels;
pub use model::{Base, Confidence, Date, Model, Published, Relation, Source, YEAR};
pub use output::{Further, OUTPUTS, Output, Outputs};
pub use problem::{Place, Problem, Problems, Warning};
pub use read::{Portfolio, joined, read_from};
pub use spelling::closest;
pub use study::{Basis, Boundary, Factor, Imputation, Run, Scope, SharedSpec, Study};
