//! YAML for front matter: scalars that no reader can take for anything else.

/// Text in double quotes: what YAML 1.1 or 1.2 would act on is escaped.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}') =>
            {
                out += &format!("\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for text in
            ["a", "no", "1e3", "a: b # c", "\"x\" \\ 'y'", "line\nend\r\t\u{85}\u{2028}\u{7}", "€ 😀 é", "---", ""]
        {
            let back: String = serde_saphyr::from_str(&format!("{}\n", quoted(text))).unwrap();
            assert_eq!(back, text);
            assert!(!quoted(text).contains(['\n', '\r', '\u{85}', '\u{2028}']));
        }
    }
}
