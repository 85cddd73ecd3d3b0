//! A `region` cell of a published run as a place whose grid is known.
//!
//! It is read as that of a models file is; what is not known there, or is two places, is no place here.

use crate::assess::grid;

/// The cell, if the grid of its place is known.
pub fn place(cell: &str, year: i32) -> Option<String> {
    let known = grid::find(cell, "", year).is_ok_and(|found| !found.points.is_empty());
    known.then(|| cell.trim().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_tables_are_places() {
        for known in [
            "FRA",
            "Iowa",
            "California, USA",
            "Georgia, USA",
            "Council Bluffs, Iowa",
            "Orsay, France",
            "us-central1 (Iowa)",
            "Jean Zay (France)",
            "USA, China",
        ] {
            assert_eq!(place(known, 2023).as_deref(), Some(known), "{known}");
        }
        for other in ["Georgia", "Atlantis", "Multinational", ""] {
            assert_eq!(place(other, 2023), None, "{other}");
        }
    }
}
