//! Names of places that a text which is none was probably meant for.

use super::table::{TABLES, cloud_key, place_key};

/// Up to three; none where the text is like no place. Near is a slip of one letter in four at most, and a text with the
/// name of a country among its words ("a cluster in France").
pub(super) fn near(text: &str) -> Vec<&'static str> {
    let t = &*TABLES;
    // Nothing known is longer, and the distance takes time in the length.
    let text: String = text.chars().take(80).collect();
    let (place, cloud) = (place_key(&text), cloud_key(&text));
    let countries = t.country_names.iter().filter_map(|(key, i)| Some((key, t.countries.get(*i)?.name.as_str())));
    let states = t.subdivision_names.iter().filter_map(|(key, i)| Some((key, t.subdivisions.get(*i)?.name.as_str())));
    let regions = t.cloud.keys().map(|key| (key, key.as_str()));
    let places = countries.chain(states).map(|(key, name)| (place.as_str(), key.as_str(), name));
    let all = places.chain(regions.map(|(key, name)| (cloud.as_str(), key.as_str(), name)));
    let slips = all.filter_map(|(wanted, key, name)| Some((slip(wanted, key)?, name)));
    let mut found: Vec<(usize, &'static str)> = named_in(&text).map(|name| (0, name)).chain(slips).collect();
    found.sort_unstable();
    let mut names: Vec<&'static str> = Vec::new();
    for (_, name) in found {
        if names.len() < 3 && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// How many letters apart two names are, where that is a slip. Codes of two and three letters are all near each other.
fn slip(wanted: &str, known: &str) -> Option<usize> {
    let (a, b) = (wanted.chars().count(), known.chars().count());
    let most = b / 4;
    if a < 4 || b < 4 || a.abs_diff(b) > most {
        return None;
    }
    Some(strsim::osa_distance(wanted, known)).filter(|d| *d <= most)
}

/// Countries whose names are among the words of a longer text.
fn named_in(text: &str) -> impl Iterator<Item = &'static str> {
    let t = &*TABLES;
    let words: Vec<String> = text.split_whitespace().map(place_key).filter(|w| !w.is_empty()).collect();
    let longest = words.len().min(5);
    let runs = (1..=longest).flat_map(move |n| words.windows(n).map(|run| run.concat()).collect::<Vec<_>>());
    let known = runs.filter(|name| name.len() > 3).filter_map(|name| t.country_names.get(&name));
    known.filter_map(|i| t.countries.get(*i)).map(|country| country.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near_and_other_names_are_not() {
        for (typo, name) in [
            ("Frnce", "France"),
            ("Unted States", "United States"),
            ("Germny", "Germany"),
            ("Califronia", "California"),
            ("us-esat-1", "us-east-1"),
            ("eu-wset-3", "eu-west-3"),
            ("a cluster in France", "France"),
        ] {
            assert!(near(typo).contains(&name), "{typo}: {:?}", near(typo));
        }
        for other in ["Atlantis", "Middle-earth", "Mars", "on premises", "HPC", "our cluster", "XX", ""] {
            assert_eq!(near(other), Vec::<&str>::new(), "{other}");
        }
    }
}
