//! Names of training runs, as papers, lists and model cards write them: when two are one run, when two are of one series.

/// A name in lower case without a leading account ("huggyllama/") and publisher ("Meta ") and without a trailing "hf".
fn bare(name: &str) -> String {
    let lower = name.to_lowercase();
    // A slash inside a longer name ("ViT-B/16") is none of an account.
    let account = lower.split_once('/').filter(|(before, rest)| !rest.contains('/') && !before.contains(' '));
    let is_account = |before: &str| before.len() > 5;
    let rest = account.filter(|(before, _)| is_account(before)).map_or(lower.as_str(), |(_, rest)| rest);
    let rest = rest.strip_prefix("meta").filter(|r| r.starts_with([' ', '-', '_'])).unwrap_or(rest);
    let rest = rest.strip_suffix("hf").filter(|r| r.ends_with([' ', '-', '_'])).unwrap_or(rest);
    rest.trim_matches([' ', '-', '_']).to_string()
}

/// Letters and digits of the bare name. The first of a series needs no number: "LLaMA-1 7B" is "LLaMA 7B".
pub fn normal(name: &str) -> String {
    let joined: String = bare(name).chars().filter(|c| c.is_alphanumeric()).collect();
    let series = series(name);
    match series.strip_suffix('1').filter(|s| s.ends_with(char::is_alphabetic) && !s.ends_with('v')) {
        Some(stem) => joined.strip_prefix(&series).map_or(joined.clone(), |rest| format!("{stem}{rest}")),
        None => joined,
    }
}

/// The beginning of a name, up to its size or behind its version: "llama3.1" of "Llama 3.1 70B Instruct".
pub fn series(name: &str) -> String {
    let name = bare(name);
    let mut found = String::new();
    let digit = |w: &str| w.starts_with(|c: char| c.is_ascii_digit());
    let is_size = |w: &str| digit(w) && w.strip_suffix(['b', 'm', 't']).is_some_and(|n| n.parse::<f64>().is_ok());
    let name = name.split('(').next().unwrap_or_default();
    for word in name.split(|c: char| !(c.is_alphanumeric() || c == '.')).filter(|w| !w.is_empty()) {
        if is_size(word) || word.contains('x') && digit(word) {
            break;
        }
        found.push_str(word);
        if digit(word) || word.strip_prefix('v').is_some_and(digit) {
            break;
        }
    }
    found
}

/// The series without the number of its first: "llama" of "LLaMA-1 7B".
pub fn stem(name: &str) -> String {
    let found = series(name);
    found
        .strip_suffix('1')
        .filter(|s| s.ends_with(char::is_alphabetic) && !s.ends_with('v'))
        .map_or(found.clone(), str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_series() {
        for (name, want) in [
            ("Llama 3.1 70B Instruct", "llama3.1"),
            ("meta-llama/Meta-Llama-3-8B", "llama3"),
            ("Llama 4 Scout", "llama4"),
            ("DeepSeek-V3-Base", "deepseekv3"),
            ("Falcon-40B", "falcon"),
            ("GPT-3", "gpt3"),
            ("Mixtral 8x7B", "mixtral"),
            ("BLOOM 176B (dynamic energy only)", "bloom"),
        ] {
            assert_eq!(series(name), want, "{name}");
        }
    }
}
