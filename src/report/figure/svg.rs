//! A small writer of SVG: lines, areas, marks and text as outlines, in the order in which they are drawn.
//!
//! Nothing of the input ever becomes markup: names are drawn as outlines, and the title and the description, which are the
//! text alternative, are escaped. There is no script, no link, no style sheet and no font in the file. Coordinates have
//! two decimals of a point; the same calls give the same bytes.

use std::fmt::Write as _;

use super::super::escape::markup;
use super::font::{self, Weight, visible};
use super::style::{HAIR, INK, NAME, POINTS_PER_MM, SMALL, SOFT, THIN, WHITE};

/// A coordinate: at most two decimals, without trailing zeros. What is no number is zero.
pub fn number(x: f64) -> String {
    let hundredths = libm::rint(x.clamp(-1e6, 1e6) * 100.0);
    let hundredths = if hundredths.is_finite() { hundredths as i64 } else { 0 };
    let (whole, part) = (hundredths.abs() / 100, hundredths.abs() % 100);
    let sign = if hundredths < 0 { "-" } else { "" };
    match part {
        0 => format!("{sign}{whole}"),
        p if p % 10 == 0 => format!("{sign}{whole}.{}", p / 10),
        p => format!("{sign}{whole}.{p:02}"),
    }
}

/// Which end of a text its position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The text begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Letters {
    /// In points.
    pub size: f64,
    /// Regular or bold.
    pub weight: Weight,
    /// As `#rrggbb`.
    pub colour: &'static str,
}

impl Letters {
    /// Names and axis titles.
    pub const NAME: Letters = Letters { size: NAME, weight: Weight::Regular, colour: INK };
    /// Ticks and values.
    pub const SMALL: Letters = Letters { size: SMALL, weight: Weight::Regular, colour: SOFT };
    /// Heads of panels.
    pub const HEAD: Letters = Letters { size: NAME, weight: Weight::Bold, colour: INK };

    /// How wide a text is.
    pub fn width(&self, text: &str) -> f64 {
        font::width(text, self.size, self.weight)
    }

    /// A text that fits.
    pub fn fit(&self, text: &str, most: f64) -> String {
        font::shortened(text, self.size, self.weight, most)
    }
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// As `#rrggbb`.
    pub colour: &'static str,
    /// In points.
    pub width: f64,
    /// Lengths of dashes and gaps; solid without.
    pub dashes: &'static str,
}

impl Stroke {
    /// An axis or a whisker.
    pub const AXIS: Stroke = Stroke { colour: SOFT, width: THIN, dashes: "" };
    /// A line of the grid.
    pub const GRID: Stroke = Stroke { colour: super::style::GRID, width: HAIR, dashes: "" };

    /// A solid line.
    pub const fn solid(colour: &'static str, width: f64) -> Stroke {
        Stroke { colour, width, dashes: "" }
    }

    /// A dashed line.
    pub const fn dashed(colour: &'static str, width: f64) -> Stroke {
        Stroke { colour, width, dashes: "3 2" }
    }

    /// A dotted line.
    pub const fn dotted(colour: &'static str, width: f64) -> Stroke {
        Stroke { colour, width, dashes: "0.8 1.6" }
    }

    fn attributes(&self) -> String {
        let dashes =
            if self.dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", self.dashes) };
        format!("fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{dashes}", self.colour, number(self.width))
    }
}

/// What marks a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// ●
    Circle,
    /// ■
    Square,
    /// ◆
    Diamond,
    /// ▲
    Up,
    /// ▼
    Down,
}

/// What has been drawn so far.
#[derive(Debug, Clone, Default)]
pub struct Canvas {
    body: String,
}

impl Canvas {
    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.polyline(&[from, to], stroke);
    }

    /// A line through points.
    pub fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke) {
        if !points.is_empty() {
            let _ = writeln!(self.body, "<path d=\"{}\" {}/>", path(points), stroke.attributes());
        }
    }

    /// A filled area.
    pub fn area(&mut self, points: &[(f64, f64)], colour: &str) {
        if !points.is_empty() {
            let _ = writeln!(self.body, "<path d=\"{}Z\" fill=\"{colour}\"/>", path(points));
        }
    }

    /// A filled rectangle between two corners.
    pub fn rectangle(&mut self, a: (f64, f64), b: (f64, f64), colour: &str) {
        let (x, y) = (a.0.min(b.0), a.1.min(b.1));
        let (width, height) = ((a.0 - b.0).abs(), (a.1 - b.1).abs());
        let [x, y, width, height] = [x, y, width, height].map(number);
        let _ =
            writeln!(self.body, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{colour}\"/>");
    }

    /// A mark of this radius; hollow ones have a rim only.
    pub fn mark(&mut self, shape: Shape, (x, y): (f64, f64), r: f64, colour: &str, hollow: bool) {
        let d = match shape {
            Shape::Circle => {
                let [l, y, r] = [x - r, y, r].map(number);
                let d = number(2.0 * r.parse::<f64>().unwrap_or(0.0));
                format!("M{l} {y}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0")
            }
            Shape::Square => {
                let s = 0.88 * r;
                path(&[(x - s, y - s), (x + s, y - s), (x + s, y + s), (x - s, y + s)])
            }
            Shape::Diamond => path(&[(x, y - 1.25 * r), (x + 1.25 * r, y), (x, y + 1.25 * r), (x - 1.25 * r, y)]),
            Shape::Up => path(&[(x, y - 1.2 * r), (x + 1.1 * r, y + 0.8 * r), (x - 1.1 * r, y + 0.8 * r)]),
            Shape::Down => path(&[(x, y + 1.2 * r), (x + 1.1 * r, y - 0.8 * r), (x - 1.1 * r, y - 0.8 * r)]),
        };
        let paint = if hollow {
            format!("fill=\"{WHITE}\" stroke=\"{colour}\" stroke-width=\"{}\"", number(0.7))
        } else {
            format!("fill=\"{colour}\" stroke=\"{WHITE}\" stroke-width=\"{}\"", number(0.25))
        };
        let _ = writeln!(self.body, "<path d=\"{d}Z\" {paint}/>");
    }

    /// A text with its base line at (x, y).
    pub fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, letters: Letters, text: &str) {
        let x = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - letters.width(text) / 2.0,
            Anchor::End => x - letters.width(text),
        };
        let outline = font::outline(text, x, y, letters.size, letters.weight);
        if !outline.is_empty() {
            let _ = writeln!(self.body, "<path d=\"{outline}\" fill=\"{}\"/>", letters.colour);
        }
    }

    /// A text that reads upwards, centred at (x, y).
    pub fn upwards(&mut self, (x, y): (f64, f64), letters: Letters, text: &str) {
        let outline = font::outline(text, -letters.width(text) / 2.0, 0.0, letters.size, letters.weight);
        let [x, y] = [x, y].map(number);
        let _ = writeln!(
            self.body,
            "<path transform=\"translate({x} {y}) rotate(-90)\" d=\"{outline}\" fill=\"{}\"/>",
            letters.colour
        );
    }

    /// The document, in points on white, with its text alternative.
    pub fn document(&self, (width, height): (f64, f64), title: &str, description: &str) -> String {
        let [mm_wide, mm_high] = [width, height].map(|x| number(x / POINTS_PER_MM));
        let [width, height] = [width, height].map(number);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{mm_wide}mm\" height=\"{mm_high}mm\" viewBox=\"0 0 {width} \
             {height}\" role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{WHITE}\"/>\n{}</svg>\n",
            markup(&visible(title)),
            markup(&visible(description)),
            self.body
        )
    }
}

/// Path data through points.
fn path(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (k, &(x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if k == 0 { "M" } else { "L" }, number(x), number(y));
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates() {
        let cases = [(0.0, "0"), (1.005, "1"), (-0.004, "0"), (2.5, "2.5"), (-1.23456, "-1.23"), (7.05, "7.05")];
        for (x, text) in cases {
            assert_eq!(number(x), text, "{x}");
        }
        assert_eq!([f64::NAN, f64::INFINITY, -1e300].map(number), ["0", "1000000", "-1000000"]);
    }

    #[test]
    fn nothing_of_the_input_is_markup() {
        let nasty = "<script>alert(1)</script> & \"'\u{202e}\u{0}";
        let mut canvas = Canvas::default();
        canvas.text((1.0, 1.0), Anchor::Start, Letters::NAME, nasty);
        canvas.upwards((1.0, 1.0), Letters::NAME, nasty);
        let svg = canvas.document((100.0, 50.0), nasty, nasty);
        assert!(!svg.contains("<script") && !svg.contains('\u{202e}') && !svg.contains('\u{0}'), "{svg}");
        assert!(svg.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;&#39;[U+202E][U+0000]"));
        // Negative control: the title is there, in its own words.
        assert!(svg.contains("<title id=\"title\">&lt;script"));
    }
}
