//! Operations of a training run per parameter and token: a property of the row's architecture, which the rules here and the
//! assessment read in one place.

use super::Model;
use super::spelling::normal;

/// FLOP per parameter and token: forward and backward pass.
pub const FORWARD_AND_BACKWARD: f64 = 6.0;

/// The same where each token passes through half of the model (encoder–decoders).
pub const THROUGH_HALF: f64 = 3.0;

/// FLOP per parameter and token of the row's architecture.
pub fn flop_per_parameter_and_token(model: &Model) -> f64 {
    let architecture = model.labels.get("architecture").map(normal).unwrap_or_default();
    let encdec = ["encdec", "encoderdecoder", "t5", "bart", "ul2", "pegasus", "marian", "m2m100", "nllb"];
    if encdec.iter().any(|w| architecture.contains(w)) { THROUGH_HALF } else { FORWARD_AND_BACKWARD }
}
