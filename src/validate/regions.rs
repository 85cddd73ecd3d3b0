//! A `region` cell of a published run as a place whose grid is known.
//!
//! Tables of published runs write "Iowa", "Council Bluffs, Iowa, USA" or "us-central1 (Iowa)" where a models file would
//! name a country or a cloud region. The rates of single US states are direct stack emissions and are not used
//! (`assess::grid`), so a state is the country.

use crate::assess::grid;

/// A state that is also a country is one only in "Georgia, USA".
fn is_state(text: &str) -> bool {
    grid::is_us_state(text) || ["georgia", "district of columbia"].contains(&text.trim().to_lowercase().as_str())
}

/// What of the cell the grid is known of: the cell, what stands before or in its brackets, what follows its last comma,
/// or the USA for a state. `None` where nothing is.
pub fn place(cell: &str, year: i32) -> Option<String> {
    let known = |text: &str| grid::find(text, year).is_ok_and(|points| !points.is_empty());
    let last = cell.rsplit([',', ';']).next().unwrap_or_default().trim();
    if last != cell && grid::first_country(last) == Some("USA") && cell.split(',').any(is_state) {
        return Some("USA".to_string());
    }
    let (before, inside) = cell.split_once('(').unwrap_or((cell, ""));
    let candidates = [cell, before, inside.trim_end_matches(')'), last];
    let found = candidates.iter().map(|text| text.trim()).find(|text| !text.is_empty() && known(text));
    found.map(str::to_string).or_else(|| is_state(last).then(|| "USA".to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_tables_are_places() {
        for (cell, want) in [
            ("FRA", Some("FRA")),
            ("Iowa", Some("USA")),
            ("California, USA", Some("USA")),
            ("Georgia, USA", Some("USA")),
            ("Georgia", Some("Georgia")),
            ("Council Bluffs, Iowa", Some("USA")),
            ("Orsay, France", Some("France")),
            ("us-central1 (Iowa)", Some("us-central1")),
            ("Jean Zay (France)", Some("France")),
            ("USA, China", Some("USA, China")),
            ("Atlantis", None),
            ("Multinational", None),
            ("", None),
        ] {
            assert_eq!(place(cell, 2023).as_deref(), want, "{cell}");
        }
    }
}
