//! Characters as outlines: the two bundled fonts, how wide a text is, and how it is shortened or broken to fit.
//!
//! No other font is ever used, so that the bytes of a figure are the same on every machine. A character that the font
//! lacks is shown as a box. Characters that would hide or reorder a text (controls, overrides of its direction, characters
//! without width) are shown by their number: a name reads as it is written in the file.

use std::fmt::Write as _;
use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::svg::number;

/// Which of the two fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The usual one.
    Regular,
    /// For headings.
    Bold,
}

static REGULAR: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("fonts/Inter-Regular.otf"), 0).ok());
static BOLD: LazyLock<Option<Face<'static>>> =
    LazyLock::new(|| Face::parse(include_bytes!("fonts/Inter-Bold.otf"), 0).ok());

/// The box of a character that the font lacks.
const BOX: GlyphId = GlyphId(0);
/// Width of anything in a font that cannot be read, times its size.
const UNKNOWN: f64 = 0.6;
/// No line of a figure has room for more characters.
const MOST: usize = 400;

fn face(weight: Weight) -> Option<&'static Face<'static>> {
    match weight {
        Weight::Regular => REGULAR.as_ref(),
        Weight::Bold => BOLD.as_ref(),
    }
}

/// Whether a character would hide, reorder or break a text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}')
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}')
        || matches!(c, '\u{fffe}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text as it is shown: hidden characters by their number.
pub fn visible(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if is_hidden(c) {
            let _ = write!(shown, "[U+{:04X}]", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The same of no more characters than a figure has room for.
fn cut(text: &str) -> String {
    let shown: Vec<char> = visible(&text.chars().take(4 * MOST).collect::<String>()).chars().collect();
    if shown.len() <= MOST && text.chars().nth(4 * MOST).is_none() {
        return shown.into_iter().collect();
    }
    shown.into_iter().take(MOST).chain(['…']).collect()
}

fn advance(c: char, weight: Weight) -> f64 {
    let Some(face) = face(weight) else { return UNKNOWN };
    let glyph = face.glyph_index(c).unwrap_or(BOX);
    let units = f64::from(face.units_per_em()).max(1.0);
    face.glyph_hor_advance(glyph).map_or(UNKNOWN, |width| f64::from(width) / units)
}

/// How wide a text is at this size.
pub fn width(text: &str, size: f64, weight: Weight) -> f64 {
    visible(text).chars().map(|c| advance(c, weight)).sum::<f64>() * size
}

/// A text no wider than `most`, with an ellipsis where something was left out of its middle.
pub fn shortened(text: &str, size: f64, weight: Weight, most: f64) -> String {
    let text = cut(text);
    if width(&text, size, weight) <= most {
        return text;
    }
    let room = (most / size - advance('…', weight)).max(0.0);
    let fitting = |chars: &mut dyn Iterator<Item = char>, room: f64| {
        let mut used = 0.0;
        let kept: Vec<char> = chars
            .take_while(|&c| {
                used += advance(c, weight);
                used <= room
            })
            .collect();
        kept
    };
    // More of the beginning than of the end, where versions stand.
    let end: String = fitting(&mut text.chars().rev(), 0.4 * room).into_iter().rev().collect();
    let beginning: String = fitting(&mut text.chars(), room - width(&end, 1.0, weight)).into_iter().collect();
    format!("{beginning}…{end}")
}

/// A text in lines no wider than `most`, broken at spaces; a longer word is shortened.
pub fn wrapped(text: &str, size: f64, weight: Weight, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let longer = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
        if width(&longer, size, weight) <= most {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line = shortened(word, size, weight, most);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Path data in the making.
struct Outline {
    path: String,
    x: f64,
    y: f64,
    scale: f64,
}

impl Outline {
    fn point(&mut self, command: &str, points: &[(f32, f32)]) {
        self.path.push_str(command);
        for (k, &(x, y)) in points.iter().enumerate() {
            let x = number(self.x + f64::from(x) * self.scale);
            let y = number(self.y - f64::from(y) * self.scale);
            let gap = if k > 0 { " " } else { "" };
            let _ = write!(self.path, "{gap}{x} {y}");
        }
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.point("M", &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.point("L", &[(x, y)]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.point("Q", &[(x1, y1), (x, y)]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.point("C", &[(x1, y1), (x2, y2), (x, y)]);
    }

    fn close(&mut self) {
        self.path.push('Z');
    }
}

/// A text as path data, its base line beginning at (x, y).
pub fn outline(text: &str, x: f64, y: f64, size: f64, weight: Weight) -> String {
    let Some(face) = face(weight) else { return String::new() };
    let scale = size / f64::from(face.units_per_em()).max(1.0);
    let mut outline = Outline { path: String::new(), x, y, scale };
    for c in cut(text).chars() {
        let _ = face.outline_glyph(face.glyph_index(c).unwrap_or(BOX), &mut outline);
        outline.x += advance(c, weight) * size;
    }
    outline.path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fonts_are_there_and_have_what_figures_write() {
        for weight in [Weight::Regular, Weight::Bold] {
            let face = face(weight).unwrap();
            for c in "azAZ09 é ß ł ő α Ω Ж я − – — × ± · ≤ ≥ ≈ ⁻⁰¹²³⁴⁵⁶⁷⁸⁹ ₂ … → ² ³ % √ # _ / \\ { } < >".chars()
            {
                assert!(face.glyph_index(c).is_some(), "{c}");
            }
        }
        // Read with fontTools: the digit 8 of Inter Regular is 1736 of 2816 units wide.
        assert!((width("8", 10.0, Weight::Regular) - 10.0 * 1736.0 / 2816.0).abs() < 1e-9);
    }

    #[test]
    fn what_hides_is_shown_and_what_is_missing_is_a_box() {
        assert_eq!(visible("a\u{202e}b\u{0}c\u{2066}d\n"), "a[U+202E]b[U+0000]c[U+2066]d[U+000A]");
        assert_eq!(visible("ordinary é"), "ordinary é");
        let of = |text: &str| outline(text, 0.0, 0.0, 10.0, Weight::Regular);
        assert!(!of("漢").is_empty());
        assert_eq!(of("漢"), of("字"), "both are the same box");
        assert_ne!(of("a"), of("b"));
        assert_eq!(of("\u{202e}"), of("[U+202E]"));
    }

    #[test]
    fn long_names_are_shortened_in_the_middle() {
        let long = "org/".to_string() + &"x".repeat(10_000) + "-v2";
        for most in [10.0, 40.0, 200.0] {
            let short = shortened(&long, 7.0, Weight::Regular, most);
            assert!(width(&short, 7.0, Weight::Regular) <= most && short.contains('…'), "{short}");
        }
        assert_eq!(shortened("org/a", 7.0, Weight::Regular, 100.0), "org/a");
        let name = shortened("organisation/model-with-a-name-7b-chat", 7.0, Weight::Regular, 90.0);
        assert!(name.starts_with("organ") && name.ends_with("chat"), "{name}");
        let lines = wrapped("one two three four five", 7.0, Weight::Regular, 40.0);
        assert!(lines.len() > 1 && lines.join(" ") == "one two three four five");
    }
}
