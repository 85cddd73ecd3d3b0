//! Numbers of chips around a name: "8xA100", "8 x A100", "2,048 H800", "A100 x8", "A100 (512)", "A100:4".
//!
//! A text is read in every way it can be, the likeliest first; whoever knows names takes the first reading whose name is
//! one. So "3060 Ti" is no 3,060 chips, and nothing here knows a chip.

/// One way to read a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    /// How many, where that is said.
    pub count: Option<f64>,
    /// The text without the number.
    pub name: String,
}

/// Signs between a number and a name.
const SIGNS: [char; 5] = ['x', 'X', '×', '*', '·'];
/// Words of machines that hold several chips: a number before them is not one of chips.
const MACHINES: [&str; 10] =
    ["dgx", "hgx", "node", "nodes", "server", "servers", "superpod", "rack", "racks", "machines"];
/// GB that a number alone in brackets would rather be.
const MEMORIES: [f64; 4] = [40.0, 80.0, 94.0, 141.0];

/// Every way to read a text, the likeliest first; the last is the text as it stands.
pub(super) fn readings(text: &str) -> Vec<Reading> {
    let mut found = Vec::new();
    // "gpu_8x_a100" of Lambda's cloud.
    let plain = text.trim().strip_prefix("gpu_").map(|rest| rest.replace('_', " "));
    let (mut count, mut name) = (None::<f64>, plain.unwrap_or_else(|| text.trim().to_string()));
    // "4 x 8 x A100" is 32 of them.
    while let Some((n, rest)) = leading(&name).or_else(|| trailing(&name)).or_else(|| in_brackets(&name)) {
        count = Some(count.unwrap_or(1.0) * n);
        name = rest;
        found.push(Reading { count, name: name.clone() });
    }
    found.reverse();
    if let Some((n, rest)) = bare(&name) {
        found.insert(0, Reading { count: Some(count.unwrap_or(1.0) * n), name: rest });
    }
    found.push(Reading { count: None, name: text.trim().to_string() });
    if found.iter().any(|reading| is_of_machines(&reading.name)) {
        found.iter_mut().for_each(|reading| reading.count = None);
    }
    found
}

fn is_of_machines(name: &str) -> bool {
    let lower = name.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).any(|word| MACHINES.contains(&word))
}

/// A whole number at the beginning of a text, with commas between groups of three digits if at all and a k for
/// thousands, and what follows it. Nothing is a number above a million chips.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(text.len());
    let (digits, mut rest) = text.split_at(end);
    let mut groups = digits.split(',');
    let first = groups.next().filter(|g| !g.is_empty())?;
    let grouped = digits.contains(',');
    if grouped && (first.len() > 3 || !groups.all(|g| g.len() == 3)) {
        return None;
    }
    let mut n: f64 = digits.replace(',', "").parse().ok()?;
    if let Some(after) = rest.strip_prefix(['k', 'K']).filter(|r| r.starts_with(' ') || r.starts_with(SIGNS)) {
        n *= 1e3;
        rest = after;
    }
    (1.0..=1e6).contains(&n).then_some((n, rest))
}

/// "8xA100", "8 x A100", "8× A100".
fn leading(text: &str) -> Option<(f64, String)> {
    let (n, rest) = number(text)?;
    let rest = rest.trim_start().strip_prefix(SIGNS)?.trim_start();
    (!rest.is_empty()).then(|| (n, rest.to_string()))
}

/// "8 A100s": a number without a sign.
fn bare(text: &str) -> Option<(f64, String)> {
    let (n, rest) = number(text)?;
    let name = rest.strip_prefix(char::is_whitespace)?.trim_start();
    (!name.is_empty()).then(|| (n, name.to_string()))
}

/// "A100 x8", "A100×8", "A100 x 8", "A100 8x", "A100:8". An X that a name may end with is no sign: the one of "RTX 4090",
/// and that of the MI300X in small letters.
fn trailing(text: &str) -> Option<(f64, String)> {
    if let Some(before) = text.strip_suffix(SIGNS) {
        let (name, digits) = before.rsplit_once(char::is_whitespace)?;
        let (n, rest) = number(digits)?;
        return rest.is_empty().then(|| (n, name.trim_end().to_string()));
    }
    let digits = text.chars().rev().take_while(|c| c.is_ascii_digit() || *c == ',').count();
    let start = text.len() - digits;
    let (n, _) = number(&text[start..]).filter(|(_, rest)| rest.is_empty())?;
    let before = text[..start].trim_end();
    let name = before.strip_suffix(SIGNS).or_else(|| before.strip_suffix(':'))?;
    let glued = !name.ends_with(char::is_whitespace);
    let of_name =
        before.ends_with('X') || before.ends_with('x') && (before.len() < start || name.to_lowercase().contains("mi"));
    let apart = !(glued && of_name);
    let name = name.trim_end();
    (apart && !name.is_empty()).then(|| (n, name.to_string()))
}

/// "A100 80GB (512)", "A100 (x8)", "A100 (SXM4, 8 GPUs)".
fn in_brackets(text: &str) -> Option<(f64, String)> {
    let (before, inside) = text.strip_suffix(')')?.split_once('(')?;
    let before = before.trim_end();
    if before.is_empty() {
        return None;
    }
    if let Some(n) = counted(inside) {
        return Some((n, before.to_string()));
    }
    let pieces: Vec<&str> = inside.split([',', ';']).map(str::trim).collect();
    let (at, n) = pieces.iter().enumerate().find_map(|(i, piece)| Some((i, counted(piece)?)))?;
    let others: Vec<&str> = pieces.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, piece)| *piece).collect();
    Some((n, format!("{before} ({})", others.join(", "))))
}

/// "512", "x8", "8x", "8 GPUs": nothing but a count.
fn counted(piece: &str) -> Option<f64> {
    let piece = piece.trim();
    let signed = piece.strip_prefix(SIGNS).map(str::trim_start);
    let (n, rest) = number(signed.unwrap_or(piece))?;
    let rest = rest.trim().to_lowercase();
    let words = ["x", "×", "gpu", "gpus", "chips", "accelerators", "tpus", "cards"];
    let says_so = signed.is_some() || words.contains(&rest.as_str());
    (says_so && (rest.is_empty() || words.contains(&rest.as_str())) || rest.is_empty() && !MEMORIES.contains(&n))
        .then_some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first reading.
    fn first(text: &str) -> (Option<f64>, String) {
        let Reading { count, name } = readings(text).remove(0);
        (count, name)
    }

    #[test]
    fn numbers_stand_before_behind_and_in_brackets() {
        for (text, n, name) in [
            ("8xA100", 8.0, "A100"),
            ("8 x A100", 8.0, "A100"),
            ("8× A100", 8.0, "A100"),
            ("8X A100", 8.0, "A100"),
            ("8*A100", 8.0, "A100"),
            ("1 x NVIDIA A100", 1.0, "NVIDIA A100"),
            ("4 x NVIDIA A100-SXM4-80GB", 4.0, "NVIDIA A100-SXM4-80GB"),
            ("A100 x8", 8.0, "A100"),
            ("A100x8", 8.0, "A100"),
            ("A100 × 8", 8.0, "A100"),
            ("A100 X 8", 8.0, "A100"),
            ("A100 8x", 8.0, "A100"),
            ("A100-80GB:4", 4.0, "A100-80GB"),
            ("8 A100s", 8.0, "A100s"),
            ("2,048 H800", 2048.0, "H800"),
            ("16,384 x H100", 16384.0, "H100"),
            ("16k H100", 16000.0, "H100"),
            ("NVIDIA A100 80GB (2048)", 2048.0, "NVIDIA A100 80GB"),
            ("NVIDIA H800 (2,048)", 2048.0, "NVIDIA H800"),
            ("A100 (x8)", 8.0, "A100"),
            ("A100 (8 GPUs)", 8.0, "A100"),
            ("A100 80GB (SXM4, 512)", 512.0, "A100 80GB (SXM4)"),
            ("4 x 8 x A100", 32.0, "A100"),
            ("4 x 3090", 4.0, "3090"),
            ("MI300X x8", 8.0, "MI300X"),
            ("gpu_8x_a100_80gb_sxm4", 8.0, "a100 80gb sxm4"),
        ] {
            assert_eq!(first(text), (Some(n), name.to_string()), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_chips_is_read_as_none() {
        for text in [
            "A100",
            "RTX 4090",
            "rtx 4090",
            "MI300X",
            "MI300X8",
            "mi300x 8",
            "A100 80GB",
            "H100 (80)",
            "TPU v3-8",
            "1,08 A100",
            "x",
        ] {
            assert_eq!(readings(text), [Reading { count: None, name: text.to_string() }], "{text}");
        }
        // Machines are not chips.
        for text in ["8 x DGX A100", "2 nodes", "HGX H20 x8"] {
            assert!(readings(text).iter().all(|reading| reading.count.is_none()), "{text}");
        }
        // The name decides: a number without a sign may be part of it.
        let both = readings("3060 Ti");
        assert_eq!((both[0].count, both[0].name.as_str()), (Some(3060.0), "Ti"));
        assert_eq!((both[1].count, both[1].name.as_str()), (None, "3060 Ti"));
    }
}
