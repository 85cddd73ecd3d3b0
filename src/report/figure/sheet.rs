//! A figure from top to bottom: its heading, what is drawn below it, and notes at the foot.

use super::font::{self, Weight};
use super::style::{GAP, HEADING, INK, LEADING, MARGIN, SMALL, SOFT, Width};
use super::svg::{Anchor, Canvas, Letters};
use super::{Figure, Kind};

/// An entry of a key: what draws its mark around a middle, how wide that is, and what it stands for.
pub type Entry<'a> = (&'a dyn Fn(&mut Canvas, (f64, f64)), f64, String);

/// A figure in the making.
pub struct Sheet {
    /// What is drawn on.
    pub canvas: Canvas,
    /// How far down something is drawn.
    pub y: f64,
    /// Left edge of what is drawn.
    pub left: f64,
    /// Right edge.
    pub right: f64,
    kind: Kind,
    width: f64,
    title: String,
    notes: Vec<String>,
}

impl Sheet {
    /// With a heading, and a line or two that say what is shown.
    pub fn new(kind: Kind, width: Width, title: &str, subtitle: &str) -> Sheet {
        let width = width.points();
        let mut sheet = Sheet {
            canvas: Canvas::default(),
            y: MARGIN,
            left: MARGIN,
            right: width - MARGIN,
            kind,
            width,
            title: title.to_string(),
            notes: Vec::new(),
        };
        sheet.lines(title, Letters { size: HEADING, weight: Weight::Bold, colour: INK });
        sheet.lines(subtitle, Letters { size: SMALL, weight: Weight::Regular, colour: SOFT });
        sheet.y += 4.0;
        sheet
    }

    /// Width of what is drawn.
    pub fn room(&self) -> f64 {
        self.right - self.left
    }

    /// Text in as many lines as it takes.
    pub fn lines(&mut self, text: &str, letters: Letters) {
        for line in font::wrapped(text, letters.size, letters.weight, self.room()) {
            self.y += letters.size;
            self.canvas.text((self.left, self.y), Anchor::Start, letters, &line);
            self.y += (LEADING - 1.0) * letters.size;
        }
    }

    /// What stands at the foot.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Marks with their meaning in a row, or in several where they need more room. Each mark is drawn at the place of its
    /// middle, and is so wide.
    pub fn key(&mut self, entries: &[Entry<'_>]) {
        let (mut x, height) = (self.left, SMALL * 1.7);
        if entries.is_empty() {
            return;
        }
        for (mark, wide, name) in entries {
            let name = Letters::SMALL.fit(name, self.room() - wide - 4.0);
            let whole = wide + 3.0 + Letters::SMALL.width(&name);
            if x > self.left && x + whole > self.right {
                x = self.left;
                self.y += height;
            }
            mark(&mut self.canvas, (x + wide / 2.0, self.y + height / 2.0 - 0.5));
            let base = self.y + height / 2.0 + 0.36 * SMALL - 0.5;
            self.canvas.text((x + wide + 3.0, base), Anchor::Start, Letters::SMALL, &name);
            x += whole + GAP;
        }
        self.y += height + 2.0;
    }

    /// The figure. The description is what can be read off it, in sentences.
    pub fn finish(mut self, description: &str) -> Figure {
        self.y += 4.0;
        for note in std::mem::take(&mut self.notes) {
            self.lines(&note, Letters::SMALL);
        }
        self.y += MARGIN - 2.0;
        let svg = self.canvas.document((self.width, self.y), &self.title, description);
        Figure { kind: self.kind, svg }
    }
}

/// A figure that only says why there is nothing to draw.
pub fn nothing(kind: Kind, width: Width, title: &str, why: &str) -> Figure {
    let mut sheet = Sheet::new(kind, width, title, "");
    sheet.lines(why, Letters::NAME);
    sheet.finish(why)
}
