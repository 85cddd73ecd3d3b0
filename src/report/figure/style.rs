//! The one style of all figures: sizes for a paper's column or page, letters, lines, colours.
//!
//! Lengths are points (1/72 inch). Colours are from Okabe and Ito's palette for colour-blind readers, and a blue in four
//! steps of lightness, so that they differ in grey as well; where colour carries a meaning, lightness
//! or shape carries it too.

/// How wide a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    /// One column of a paper, 89 mm.
    #[default]
    Column,
    /// The whole page, 183 mm.
    Page,
}

impl Width {
    /// In mm.
    pub fn mm(self) -> f64 {
        match self {
            Width::Column => 89.0,
            Width::Page => 183.0,
        }
    }

    /// In points.
    pub fn points(self) -> f64 {
        self.mm() * POINTS_PER_MM
    }
}

/// 72 points an inch, 25.4 mm an inch.
pub const POINTS_PER_MM: f64 = 72.0 / 25.4;
/// From the edge to what is drawn.
pub const MARGIN: f64 = 6.0;
/// Between what belongs to different things.
pub const GAP: f64 = 8.0;
/// From one row of a chart to the next.
pub const ROW: f64 = 15.0;
/// Size of the heading.
pub const HEADING: f64 = 8.5;
/// Size of names and axis titles.
pub const NAME: f64 = 7.0;
/// Size of ticks, values and notes.
pub const SMALL: f64 = 6.0;
/// Line spacing, times the size.
pub const LEADING: f64 = 1.35;
/// A line that carries data.
pub const BOLD: f64 = 1.2;
/// An axis or a whisker.
pub const THIN: f64 = 0.6;
/// A line of the grid.
pub const HAIR: f64 = 0.4;

/// Text.
pub const INK: &str = "#1a1a1a";
/// Text of less weight, and axes.
pub const SOFT: &str = "#555555";
/// Lines of the grid.
pub const GRID: &str = "#dddddd";
/// The paper.
pub const WHITE: &str = "#ffffff";
/// What is looked at.
pub const BLUE: &str = "#08519c";
/// What it is compared with.
pub const ORANGE: &str = "#d55e00";
/// What stands back.
pub const GREY: &str = "#8c8c8c";
/// Shades from the innermost interval outwards; each is lighter than the one before, in grey as well.
pub const SHADES: [&str; 4] = ["#08519c", "#4b8bc8", "#a3c8e6", "#dfebf5"];
/// The same of what is compared.
pub const GREYS: [&str; 4] = ["#4d4d4d", "#8a8a8a", "#bdbdbd", "#e8e8e8"];

/// The shade of interval `k` of `n`, the innermost first; the outermost is always as light.
pub fn shade(shades: [&'static str; 4], k: usize, n: usize) -> &'static str {
    let from_outside = n.saturating_sub(k + 1);
    shades.get(2usize.saturating_sub(from_outside)).copied().unwrap_or(GREY)
}
