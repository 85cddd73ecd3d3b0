//! Comparing names that people write: normal form and the nearest known names for messages.

/// Lower case, letters and digits only, accents of Latin letters kept as they are.
pub fn normal(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Up to `count` candidates closest to `name` by optimal string alignment of their normal forms, nearest first, ties
/// in the order given. A name that holds the other counts as near; one further away than half its length is no help.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    // Nothing known is longer, and the distance takes time in the length.
    let wanted: String = normal(name).chars().take(60).collect();
    let mut found: Vec<(usize, usize, &str)> = candidates
        .enumerate()
        .map(|(order, c)| {
            let known = normal(c);
            let inside = wanted.len() > 2 && (known.contains(&wanted) || wanted.contains(&known) && known.len() > 2);
            (if inside { 1 } else { strsim::osa_distance(&wanted, &known) }, order, c)
        })
        .filter(|(d, _, c)| *d <= 1 || *d * 2 <= c.len().max(wanted.len()))
        .collect();
    found.sort();
    found.into_iter().take(count).map(|(_, _, c)| c).collect()
}

/// "did you mean a, b or c?" or "" when nothing is near.
pub fn did_you_mean<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    match nearest(name, candidates, 3).as_slice() {
        [] => String::new(),
        [one] => format!("did you mean {one}? "),
        [most @ .., last] => format!("did you mean {} or {last}? ", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_come_first_and_far_ones_not_at_all() {
        let known = ["grid", "pue", "compute"];
        assert_eq!(nearest("gird", known.into_iter(), 2), ["grid"]);
        assert_eq!(did_you_mean("zzzzzzzz", known.into_iter()), "");
        assert_eq!(did_you_mean("comput", known.into_iter()), "did you mean compute? ");
    }
}
