//! Pictures: charts described by data alone, drawn as SVG text or PNG bytes.

mod axis;
mod bars;
mod decimate;
mod density;
mod font;
mod frame;
mod label;
#[cfg(feature = "pdf")]
mod pen;
mod render;
mod scene;
mod spectrum;
mod theme;
mod waterfall;
mod waveform;

pub use bars::{Bar, HarmonicBars};
pub use decimate::{Envelope, EnvelopeBuilder};
pub use density::Density;
#[cfg(all(test, feature = "pdf"))]
pub(crate) use font::WIDE_PLACES;
pub use font::use_wide_font;
#[cfg(feature = "pdf")]
pub(crate) use font::wide_font_file;
#[cfg(feature = "pdf")]
pub(crate) use pen::{Pen, Rgb};
pub use render::{Svg, encode_png};
pub use scene::Size;
pub use spectrum::{LimitLine, Marker, MarkerClass, Side, SpectrumChart, Trace};
pub use theme::heat_rgb;
pub use waterfall::WaterfallChart;
pub use waveform::{Level, Span, WaveformChart, WaveformTrace};

use crate::ReportError;

mod sealed {
    //! Keeps the list of charts inside this room, so that every `Svg` is one that it has drawn and escaped itself.

    use super::scene::{Scene, Size};

    /// A description that can be laid out.
    pub trait Layout {
        /// The shapes of the picture.
        #[doc(hidden)]
        #[allow(private_interfaces, reason = "sealed: only this room sees a scene")]
        fn scene(&self, size: Size) -> Scene;
    }
}

/// A picture that is laid out: words and lines in their places, to be put on any paper.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing(scene::Scene);

impl Drawing {
    /// As SVG text; see [`Chart::svg`].
    ///
    /// # Errors
    /// When the drawing library refuses.
    pub fn svg(&self) -> Result<Svg, ReportError> {
        render::svg(&self.0)
    }

    /// Changes every text in it.
    pub(crate) fn each_text(&mut self, change: &mut dyn FnMut(&mut String)) {
        for shape in &mut self.0.shapes {
            if let scene::Shape::Text(text) = shape {
                change(&mut text.text);
            }
        }
    }
}

/// A picture described by data; sizes are held between 480 x 320 and 4096 x 4096 pixels.
pub trait Chart: sealed::Layout {
    /// Lays out, for a report.
    fn draw(&self, size: Size) -> Drawing {
        Drawing(self.scene(size))
    }

    /// Draws as SVG text; generic sans-serif fonts, no scripts, nothing from outside.
    ///
    /// # Errors
    /// When the drawing library refuses.
    fn svg(&self, size: Size) -> Result<Svg, ReportError> {
        render::svg(&self.scene(size))
    }

    /// Draws as the bytes of a PNG file (8-bit RGB).
    ///
    /// Chinese text needs a font of the system (see [`use_wide_font`]); without one it is drawn as `?`.
    ///
    /// # Errors
    /// When the drawing library refuses.
    fn png(&self, size: Size) -> Result<Vec<u8>, ReportError> {
        render::png(&self.scene(size))
    }
}

impl<T: sealed::Layout> Chart for T {}

#[cfg(test)]
mod tests;
