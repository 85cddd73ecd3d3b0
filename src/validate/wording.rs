//! What names and notes of published runs say where no column says it, and numbers that are not plain.

use crate::portfolio::distribution::check::magnitude;

/// "37b activated", "17b active": the number before, in lower case.
pub fn active_in(notes: &str) -> Option<f64> {
    let words: Vec<&str> = notes.split(|c: char| c.is_whitespace() || c == ',' || c == ';').collect();
    words.windows(2).find_map(|pair| {
        let [size, word] = pair else { return None };
        billions(size.strip_suffix('b')?).filter(|_| word.starts_with("activ"))
    })
}

/// "235b-a22b": the number behind the "a", in lower case.
pub fn active_in_name(name: &str) -> Option<f64> {
    words(name).find_map(|word| billions(word.strip_prefix('a')?.strip_suffix('b')?))
}

/// What so many billions are, if it can be a number of parameters.
fn billions(text: &str) -> Option<f64> {
    let number = text.parse::<f64>().ok()? * 1e9;
    (number > 0.0 && magnitude("the size", number).is_ok()).then_some(number)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '.'))
}

/// A word for it, or experts times their size ("8x7b").
pub fn says_moe(text: &str) -> bool {
    let times = |word: &str| {
        let parts = word.strip_suffix('b').and_then(|w| w.split_once('x'));
        parts.is_some_and(|(n, size)| n.parse::<u32>().is_ok() && size.parse::<f64>().is_ok())
    };
    text.contains("mixture of experts") || words(text).any(|w| w == "moe" || times(w))
}

/// A word for it, or a family of models that are.
pub fn says_encoder_decoder(notes: &str, name: &str) -> bool {
    let families = ["t5", "mt5", "byt5", "ul2", "bart", "mbart", "nllb", "m2m100", "pegasus"];
    notes.replace(['-', '–'], " ").contains("encoder decoder") || words(name).any(|w| families.contains(&w))
}

/// The number that "1.4T", "7 B", "120k" or "1,400,000" was probably meant to be, as it would have to be written.
pub fn plain_number(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !matches!(c, ',' | '_' | ' ' | '~' | '≈' | '\'' | '\u{a0}')).collect();
    let lower = text.to_lowercase();
    let unit = |u: &str| lower.strip_suffix(u).map(str::to_string);
    let scaled = [("k", 1e3), ("m", 1e6), ("b", 1e9), ("g", 1e9), ("t", 1e12), ("", 1.0)];
    let number = scaled.into_iter().find_map(|(u, scale)| Some(unit(u)?.parse::<f64>().ok()? * scale))?;
    let shown = if (1e-3..1e5).contains(&number) { format!("{number}") } else { format!("{number:e}") };
    magnitude("the value", number).is_ok().then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::runs_file::read;
    use std::path::Path;

    /// Names and notes of the kind of Epoch's and of model cards.
    #[test]
    fn active_parameters_and_architectures_are_read_where_no_column_has_them() {
        let of = |name: &str, notes: &str| {
            let text = format!("model,parameters,notes\n\"{name}\",1e11,\"{notes}\"\n");
            read(Path::new("runs.csv"), text.as_bytes()).unwrap().runs.remove(0)
        };
        assert_eq!(of("X", "MoE, 37B activated; FP8").active(), Some(37e9));
        assert_eq!(of("Qwen3-235B-A22B", "").active(), Some(22e9));
        assert_eq!(of("Mixtral 8x7B", "").active(), None);
        assert_eq!(of("X", "a mixture of experts").active(), None);
        assert_eq!(of("Llama 3 8B", "trained in 3.1 days").active(), Some(1e11));
        assert_eq!(of("Flan-T5 XXL", "").flop_per_parameter_and_token(), 3.0);
        assert_eq!(of("X", "an encoder–decoder").flop_per_parameter_and_token(), 3.0);
        assert_eq!(of("GPT-3 175B", "").flop_per_parameter_and_token(), 6.0);
        assert!(of("X", "pruned/distilled from 3.1").distilled && !of("X", "").distilled);
    }

    #[test]
    fn numbers_with_a_unit_are_written_out() {
        for (text, want) in
            [("1.4T", "1.4e12"), ("7B", "7e9"), ("120k", "1.2e5"), ("1,400,000", "1.4e6"), ("~ 500", "500")]
        {
            assert_eq!(plain_number(text).as_deref(), Some(want), "{text}");
        }
        for text in ["many", "1e5 to 2e5", "", "7 bn", "inf", "nan", "-7B"] {
            assert_eq!(plain_number(text), None, "{text}");
        }
    }
}
