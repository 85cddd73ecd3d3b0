//! Keys of a card's YAML front matter, written without touching any other byte.
//!
//! A model card is Markdown whose first line is `---`; up to the next such line stands YAML (Hugging Face,
//! huggingface/hub-docs, Apache-2.0). A top-level key that is there has its lines replaced; one that is not is inserted
//! before the closing line; a card without front matter gets one. Line ends are those of the card's first line, a byte
//! order mark stays in front, and a key of the same name inside another mapping is not the top-level one. The result is
//! read again: every other key must have the value it had, else the card is refused and nothing is written.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

/// A top-level key and its lines, each without a line end.
pub struct Block {
    /// The key.
    pub key: &'static str,
    /// `key: …` and what belongs to it.
    pub lines: Vec<String>,
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// The card with these keys.
///
/// # Errors
/// Why its front matter cannot be changed, with what to do.
pub fn merged(card: &[u8], blocks: &[Block]) -> Result<Vec<u8>, String> {
    let start = if card.starts_with(BOM) { BOM.len() } else { 0 };
    let (bom, card) = card.split_at(start);
    let end = if lines_of(card).next().is_some_and(|line| card[line].ends_with(b"\r\n")) { "\r\n" } else { "\n" };
    let text = |block: &Block| block.lines.iter().map(|line| format!("{line}{end}")).collect::<String>();
    let Some(front) = front_matter(card)? else {
        let new: String = blocks.iter().map(text).collect();
        let gap = if card.is_empty() { "" } else { end };
        return Ok([bom, format!("---{end}{new}---{end}{gap}").as_bytes(), card].concat());
    };
    let yaml = std::str::from_utf8(&card[front.clone()]).map_err(|_| "its front matter is not in UTF-8; save it so")?;
    let before = read(yaml)?;
    let mut new = yaml.to_string();
    let mut at = None;
    for block in blocks {
        let place = match place(&new, block.key)? {
            Some(place) => place,
            // After the block before it, so that they stand together.
            None => {
                let here: usize = at.unwrap_or(new.len());
                here..here
            }
        };
        let text = text(block);
        at = Some(place.start + text.len());
        new.replace_range(place, &text);
    }
    unchanged(&before, &read(&new)?, blocks)?;
    Ok([bom, &card[..front.start], new.as_bytes(), &card[front.end..]].concat())
}

/// The ranges of a text's lines, line ends included.
fn lines_of(text: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut next = 0;
    std::iter::from_fn(move || {
        let rest = text.get(next..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |at| at + 1);
        next += length;
        Some(next - length..next)
    })
}

fn is_mark(line: &[u8]) -> bool {
    line.trim_ascii_end() == b"---"
}

/// What stands between the two marks.
fn front_matter(card: &[u8]) -> Result<Option<Range<usize>>, String> {
    let mut lines = lines_of(card);
    let Some(first) = lines.next().filter(|line| is_mark(&card[line.clone()])) else { return Ok(None) };
    match lines.find(|line| is_mark(&card[line.clone()])) {
        Some(close) => Ok(Some(first.end..close.start)),
        None => Err("its front matter has no closing line of three hyphens; add one".into()),
    }
}

/// The front matter as JSON; nothing is an empty mapping.
fn read(yaml: &str) -> Result<Value, String> {
    let bad = |what: &str| format!("its front matter {what}; mend it first, for nothing else in it may change");
    if yaml.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let value: Value = serde_saphyr::from_str(yaml).map_err(|e| {
        let first = e.to_string().lines().next().unwrap_or_default().to_string();
        bad(&format!("cannot be read as YAML ({first})"))
    })?;
    let open = yaml.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    match open {
        Some(line) if value.is_object() && !line.starts_with(['{', ' ', '\t']) => Ok(value),
        _ => Err(bad("is not a list of keys that each begin a line")),
    }
}

/// Every key but those of the blocks has the value it had.
fn unchanged(before: &Value, after: &Value, blocks: &[Block]) -> Result<(), String> {
    let others = |value: &Value| {
        let mut map = value.as_object().cloned().unwrap_or_default();
        blocks.iter().for_each(|block| drop(map.shift_remove(block.key)));
        map
    };
    if others(before) == others(after) && blocks.iter().all(|block| after.get(block.key).is_some()) {
        return Ok(());
    }
    Err("its front matter would not stay as it is; write the block into it by hand".into())
}

/// The lines of a top-level key: from the key to the line before the next one, without blank lines and remarks at the
/// end.
fn place(yaml: &str, key: &str) -> Result<Option<Range<usize>>, String> {
    let mut found: Option<Range<usize>> = None;
    let mut inside = false;
    for line in lines_of(yaml.as_bytes()) {
        let text = yaml[line.clone()].trim_end();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        // What belongs to a key is indented, or an item or a closing bracket at the margin.
        let belongs = text.starts_with([' ', '\t', ']', '}']) || text == "-" || text.starts_with("- ");
        if belongs {
            if let Some(found) = found.as_mut().filter(|_| inside) {
                found.end = line.end;
            }
            continue;
        }
        inside = key_of(text).is_some_and(|name| name == key);
        if inside && found.replace(line).is_some() {
            return Err(format!("its front matter has the key {key} twice; remove one"));
        }
    }
    Ok(found)
}

/// The key that a line begins with.
fn key_of(line: &str) -> Option<Cow<'_, str>> {
    for quote in ['"', '\''] {
        if let Some(rest) = line.strip_prefix(quote) {
            let (name, rest) = rest.split_once(quote)?;
            return rest.trim_start().starts_with(':').then_some(name.into());
        }
    }
    let (name, rest) = line.split_once(':')?;
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then(|| name.trim_end().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(key: &'static str, value: u32) -> Block {
        Block { key, lines: vec![format!("{key}:"), format!("  a: {value}")] }
    }

    fn card(text: &str) -> Result<String, String> {
        merged(text.as_bytes(), &[block("own", 1)]).map(|card| String::from_utf8(card).unwrap())
    }

    const NEW: &str = "own:\n  a: 1\n";

    #[test]
    fn a_key_is_replaced_or_inserted() {
        let cases = [
            ("---\nx: 1\n---\ntext\n", "---\nx: 1\n{}---\ntext\n"),
            ("---\nown: 7\nx: 1\n---\ntext", "---\n{}x: 1\n---\ntext"),
            ("---\nx: 1\nown:\n- 1\n- 2\n\n# about y\ny: 2\n---\n", "---\nx: 1\n{}\n# about y\ny: 2\n---\n"),
            ("---\nown: {a: 1,\n  b: 2\n}\ny: 2\n---\n", "---\n{}y: 2\n---\n"),
            ("---\n\"own\" : |\n  ---x\n\n  own: 2\ny: 2\n---\n", "---\n{}y: 2\n---\n"),
            ("---\nx:\n  own: 3\n---\nown: 5\n", "---\nx:\n  own: 3\n{}---\nown: 5\n"),
            ("---\nowner: 3\n---\n", "---\nowner: 3\n{}---\n"),
            ("---\n---\n", "---\n{}---\n"),
            ("# Title\n", "---\n{}---\n\n# Title\n"),
            ("", "---\n{}---\n"),
            ("--- \nx: 1\n---", "--- \nx: 1\n{}---"),
        ];
        for (before, after) in cases {
            assert_eq!(card(before).unwrap(), after.replace("{}", NEW), "{before:?}");
            // A second time nothing changes.
            let once = card(before).unwrap();
            assert_eq!(card(&once).unwrap(), once);
        }
    }

    #[test]
    fn line_ends_and_the_byte_order_mark_stay() {
        assert_eq!(card("\u{feff}---\r\nx: 1\r\n---\r\n").unwrap(), "\u{feff}---\r\nx: 1\r\nown:\r\n  a: 1\r\n---\r\n");
        assert_eq!(card("\u{feff}text\r\n").unwrap(), "\u{feff}---\r\nown:\r\n  a: 1\r\n---\r\n\r\ntext\r\n");
        let bytes = merged(b"---\nx: 1\n---\n\xff\xfe", &[block("own", 1)]).unwrap();
        assert!(bytes.ends_with(b"---\n\xff\xfe"));
    }

    #[test]
    fn two_keys_stand_together() {
        let two = |text: &str| {
            String::from_utf8(merged(text.as_bytes(), &[block("one", 1), block("two", 2)]).unwrap()).unwrap()
        };
        assert_eq!(two("---\nx: 1\n---\n"), "---\nx: 1\none:\n  a: 1\ntwo:\n  a: 2\n---\n");
        assert_eq!(two("---\none: 5\nx: 1\n---\n"), "---\none:\n  a: 1\ntwo:\n  a: 2\nx: 1\n---\n");
        assert_eq!(two("---\ntwo: 5\nx: 1\none: 4\n---\n"), "---\ntwo:\n  a: 2\nx: 1\none:\n  a: 1\n---\n");
    }

    #[test]
    fn what_cannot_be_changed_safely_is_refused() {
        let cases = [
            ("---\nx: 1\n", "no closing line"),
            ("---\n{x: 1}\n---\n", "is not a list of keys"),
            ("---\n  x: 1\n---\n", "is not a list of keys"),
            ("---\nown: 1\nown: 2\n---\n", "front matter"),
            ("---\nx: [1\n---\n", "cannot be read as YAML"),
            ("---\n- x\n---\n", "is not a list of keys"),
        ];
        for (text, want) in cases {
            let error = card(text).unwrap_err();
            assert!(error.contains(want), "{text:?}: {error}");
        }
        assert!(merged(b"---\nx: \xff\n---\n", &[block("own", 1)]).unwrap_err().contains("UTF-8"));
    }
}
