//! Comparing names that people write: normal form and the nearest known names for messages.

/// Lower case, letters and digits only, accents of Latin letters kept as they are.
pub fn normal(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Up to `count` candidates closest to `name` in edits (Levenshtein), nearest first, ties in the order given.
/// Names further away than half their length are no help and are left out.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let wanted = normal(name);
    let mut found: Vec<(usize, usize, &str)> = candidates
        .enumerate()
        .map(|(order, c)| {
            let known = normal(c);
            let inside = wanted.len() > 2 && (known.contains(&wanted) || wanted.contains(&known) && known.len() > 2);
            (if inside { 1 } else { edits(&wanted, &known) }, order, c)
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

fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let best = (diagonal + usize::from(x != *y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(a.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distances_of_the_textbook() {
        // Wikipedia, "Levenshtein distance": kitten/sitting 3, Saturday/Sunday 3, flaw/lawn 2.
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("saturday", "sunday"), 3);
        assert_eq!(edits("flaw", "lawn"), 2);
        assert_eq!(edits("", "abc"), 3);
    }

    #[test]
    fn near_names_come_first_and_far_ones_not_at_all() {
        let known = ["grid", "pue", "compute"];
        assert_eq!(nearest("gird", known.into_iter(), 2), ["grid"]);
        assert_eq!(did_you_mean("zzzzzzzz", known.into_iter()), "");
        assert_eq!(did_you_mean("comput", known.into_iter()), "did you mean compute? ");
    }
}
