//! PNG and PDF of a figure: the same outlines as its SVG, without any font of the machine.
//!
//! Both are made from one tree of the SVG. They hold no date, no name and no path of the machine, so that the same figure
//! gives the same bytes.

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use svg2pdf::{ConversionOptions, PageOptions};

use super::Figure;

/// An SVG's millimetres are of so many pixels an inch.
const PIXELS_PER_INCH: f32 = 96.0;
/// Pixels an inch that a PNG may have.
pub const RESOLUTIONS: std::ops::RangeInclusive<u16> = 30..=2400;

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the figure {kind} cannot be rendered: {why}")]
pub struct Unrendered {
    kind: &'static str,
    why: String,
}

impl Figure {
    fn unrendered(&self, why: impl ToString) -> Unrendered {
        Unrendered { kind: self.kind.name(), why: why.to_string() }
    }

    fn tree(&self) -> Result<Tree, Unrendered> {
        Tree::from_str(&self.svg, &Options::default()).map_err(|e| self.unrendered(e))
    }

    /// As PNG, with so many pixels an inch.
    ///
    /// # Errors
    /// A picture that is too large for the memory.
    pub fn png(&self, dots_per_inch: u16) -> Result<Vec<u8>, Unrendered> {
        let tree = self.tree()?;
        let scale = f32::from(dots_per_inch) / PIXELS_PER_INCH;
        let [width, height] =
            [tree.size().width(), tree.size().height()].map(|side| (side * scale).round().max(1.0) as u32);
        let mut picture = Pixmap::new(width, height).ok_or_else(|| self.unrendered("it is too large"))?;
        // The last row may be covered in part.
        picture.fill(Color::WHITE);
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut picture.as_mut());
        let png = picture.encode_png().map_err(|e| self.unrendered(e))?;
        Ok(with_resolution(png, dots_per_inch))
    }

    /// As PDF of one page.
    ///
    /// # Errors
    /// What the conversion does not support; no figure has it.
    pub fn pdf(&self) -> Result<Vec<u8>, Unrendered> {
        let options = ConversionOptions { embed_text: false, ..ConversionOptions::default() };
        let page = PageOptions { dpi: PIXELS_PER_INCH };
        svg2pdf::to_pdf(&self.tree()?, options, page).map_err(|e| self.unrendered(e))
    }
}

/// The PNG with a chunk that states its size in print (`pHYs`), right behind its head.
fn with_resolution(png: Vec<u8>, dots_per_inch: u16) -> Vec<u8> {
    // Signature and IHDR.
    const HEAD: usize = 8 + 25;
    let Some((head, rest)) = png.split_at_checked(HEAD) else { return png };
    let per_metre = libm::rint(f64::from(dots_per_inch) / 0.0254) as u32;
    let mut chunk = b"pHYs".to_vec();
    chunk.extend(per_metre.to_be_bytes());
    chunk.extend(per_metre.to_be_bytes());
    chunk.push(1);
    let mut out = head.to_vec();
    out.extend(9u32.to_be_bytes());
    out.extend(&chunk);
    let mut sum = flate2::Crc::new();
    sum.update(&chunk);
    out.extend(sum.sum().to_be_bytes());
    out.extend(rest);
    out
}
