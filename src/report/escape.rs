//! Text from input as text in other languages: nothing in it acts.

use crate::portfolio::problem::visible;

/// As text between tags and in attributes of HTML and XML.
pub fn markup(text: &str) -> String {
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// As the content of a Markdown table cell: on one line.
pub fn markdown_cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '&' => out += "&amp;",
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '!' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// What TeX takes for a command, as TeX writes it; `None` of what is text as it is.
pub fn tex(c: char) -> Option<&'static str> {
    Some(match c {
        '\\' => "\\textbackslash{}",
        '~' => "\\textasciitilde{}",
        '^' => "\\textasciicircum{}",
        '{' => "\\{",
        '}' => "\\}",
        '&' => "\\&",
        '%' => "\\%",
        '$' => "\\$",
        '#' => "\\#",
        '_' => "\\_",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_text() {
        let shown = markup("<script>alert('\u{202e}')</script>&\"");
        assert!(!shown.contains(['<', '>', '"', '\'', '\u{202e}']) && shown.contains("&lt;script&gt;"), "{shown}");
        assert_eq!(markdown_cell("a|b <i> [x](y) `c`"), "a\\|b &lt;i&gt; \\[x\\](y) \\`c\\`");
    }
}
