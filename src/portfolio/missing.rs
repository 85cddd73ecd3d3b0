//! Words that stand for a value that is not there.
//!
//! Spreadsheets, data frames and people write `NA`, `None`, `—` or "not disclosed" where they know nothing. Taken for
//! values they become the country Namibia, a base model or an organisation that thousands of models share. They are
//! read as an empty cell in every column, whatever their case; a column that has such a word as a value of its own
//! (`unknown` in `compute_confidence`) keeps it. Zero is a value and none of them.

/// The words, in the form of [`even`].
const WORDS: [&str; 47] = [
    "na",
    "n/a",
    "n.a.",
    "n.a",
    "#n/a",
    "#na",
    "#n/a n/a",
    "n/d",
    "n.d.",
    "nan",
    "+nan",
    "nat",
    "none",
    "null",
    "nil",
    "undefined",
    "missing",
    "?",
    "??",
    "???",
    "unknown",
    "not known",
    "undisclosed",
    "not disclosed",
    "unavailable",
    "not available",
    "unreported",
    "not reported",
    "unspecified",
    "not specified",
    "unstated",
    "not stated",
    "not given",
    "not provided",
    "not public",
    "not published",
    "not released",
    "not applicable",
    "no data",
    "confidential",
    "tbd",
    "tba",
    "tbc",
    "to be determined",
    "to be announced",
    "to be confirmed",
    "not yet disclosed",
];

/// Words for "no base model" in `base_model` and `relation`; DIA writes the first.
const NO_BASE: [&str; 9] = [
    "scratch",
    "from scratch",
    "trained from scratch",
    "training from scratch",
    "pretrained from scratch",
    "pretrained",
    "pre trained",
    "no base",
    "no base model",
];

/// The same where no row has such an id.
const FLAGS_OF_NO_BASE: [&str; 10] = ["no", "n", "0", "0.0", "false", "f", "own", "self", "itself", "base"];

/// No word is longer.
const LONGEST: usize = 30;

/// Lower case, one blank for each run of blanks and underscores, without enclosing quotes and brackets; hyphens between
/// letters as blanks.
fn even(text: &str) -> String {
    let mut text = text.trim();
    for (open, close) in [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('"', '"'), ('\'', '\'')] {
        if let Some(inner) = text.strip_prefix(open).and_then(|t| t.strip_suffix(close)) {
            text = inner.trim();
        }
    }
    let words = text.split(|c: char| c.is_whitespace() || c == '_').filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join(" ").to_lowercase();
    if joined.contains(char::is_alphabetic) { joined.trim_matches('-').replace('-', " ") } else { joined }
}

/// Whether the text stands for a value that is not there.
pub(crate) fn is_word(text: &str) -> bool {
    // Most cells are numbers and names; they are recognised without a copy.
    let starts = |c: char| "nNuUmMcCtT#?-–—−‐+([{<\"'".contains(c);
    if text.len() > LONGEST || !text.starts_with(starts) {
        return false;
    }
    let even = even(text);
    // Only brackets, or only dashes.
    even.is_empty() || even.chars().all(|c| matches!(c, '-' | '–' | '—' | '−' | '‐')) || WORDS.contains(&even.as_str())
}

/// The same in columns of lineage, where a model trained from scratch has no base.
pub(super) fn is_word_for_no_base(text: &str) -> bool {
    // Most are names: as above.
    let starts = |c: char| "sSfFtTpPnN-_ ([{<\"'".contains(c) || c.is_whitespace();
    is_word(text) || (text.len() <= LONGEST && text.starts_with(starts) && NO_BASE.contains(&even(text).as_str()))
}

/// Whether the text says that there is no base model, unless it is the id of a row.
pub(super) fn is_flag_of_no_base(text: &str) -> bool {
    text.len() <= LONGEST && FLAGS_OF_NO_BASE.contains(&even(text).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_any_case_and_dress() {
        for text in [
            "NA",
            "n/a",
            "N.A.",
            "#N/A",
            "nan",
            "-nan",
            "None",
            "NULL",
            "<NA>",
            "-",
            "–",
            "—",
            "--",
            "?",
            "Unknown",
            "not disclosed",
            "Not-Disclosed",
            "not_reported",
            "TBD",
            "[]",
            "{}",
            "(unknown)",
            "[None]",
            "\"\"",
        ] {
            assert!(is_word(text), "{text}");
        }
        for text in ["", "0", "NAM", "Namibia", "no", "0.0", "-5", "Nana", "x", "scratch", "unknown-lab/model"] {
            assert!(!is_word(text), "{text}");
        }
        assert!(is_word_for_no_base("Scratch") && is_word_for_no_base("None") && !is_word_for_no_base("scratch-1"));
    }
}
