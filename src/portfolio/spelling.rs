//! Spelling of names that people write: normal form and the nearest known names for messages.

/// No known name is longer than some 40 letters, and the distance takes time in the length.
const LONGEST: usize = 40;

/// The known name that `text` was probably meant to be: the nearest, if its distance is at most a third of the name's
/// length (and 1 for the shortest).
pub fn closest<'k>(text: &str, known: &[&'k str]) -> Option<&'k str> {
    if text.chars().count() > LONGEST {
        return None;
    }
    let text = text.to_lowercase();
    known
        .iter()
        .map(|name| (strsim::osa_distance(&text, &name.to_lowercase()), *name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Lower case, letters and digits only, accents of Latin letters kept as they are.
pub fn normal(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Up to `count` of the candidates (normal form, name) closest to `wanted`, itself in normal form: by optimal string
/// alignment, nearest first, ties in the order given, each name once. A form that holds the other counts as near; one
/// further away than half its length is no help.
pub fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = (String, &'a str)>, count: usize) -> Vec<&'a str> {
    // Nothing known is longer, and the distance takes time in the length.
    let wanted: String = wanted.chars().take(60).collect();
    let mut found: Vec<(usize, usize, &str)> = candidates
        .enumerate()
        .map(|(order, (known, name))| {
            let inside = wanted.len() > 2 && known.len() > 2 && (known.contains(&wanted) || wanted.contains(&known));
            let distance = if inside { 1 } else { strsim::osa_distance(&wanted, &known) };
            (distance, order, known.len(), name)
        })
        .filter(|(distance, _, length, _)| distance * 2 <= *length.max(&wanted.len()))
        .map(|(distance, order, _, name)| (distance, order, name))
        .collect();
    found.sort();
    let mut names: Vec<&str> = Vec::new();
    for (_, _, name) in found {
        if names.len() < count && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// "did you mean a, b or c? " of the nearest names, or "" when nothing is near.
pub fn did_you_mean<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    question(&nearest(&normal(name), candidates.map(|c| (normal(c), c)), 3))
}

/// "did you mean a, b or c? ", or "" for no names.
pub fn question(names: &[&str]) -> String {
    match names {
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
        assert_eq!(nearest("gird", known.into_iter().map(|k| (k.to_string(), k)), 2), ["grid"]);
        assert_eq!(did_you_mean("zzzzzzzz", known.into_iter()), "");
        assert_eq!(did_you_mean("comput", known.into_iter()), "did you mean compute? ");
        assert_eq!(question(&["a", "b", "c"]), "did you mean a, b or c? ");
    }
}
