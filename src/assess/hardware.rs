//! Accelerators: what a `hardware` cell names, with thermal design power and dense 16-bit peak of each chip.
//!
//! A cell names one chip or several, each with or without a number of them (`cell`): a name (`lookup`), a count around
//! it (`count`), or a machine of a cloud with the chips that are in it (`instances`), or a slice of TPUs (`pod`). What a name is like is
//! `name`, what is known of a chip `table`.

mod aliases;
mod cell;
mod count;
mod instances;
mod lookup;
mod name;
mod pod;
mod table;

pub use cell::{Cell, Named, Unknown, find_all, read};
pub use lookup::find;
pub use name::leaves_form_open;
pub use table::{Chip, Family};
