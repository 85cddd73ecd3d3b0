//! Closed forms over an assessment: no draw is made here.
//!
//! `terms` writes the emissions as products, `closed` gives the variance that any set of inputs explains, `kurtosis` the
//! fourth moment, `oracle` what every run reports of it and `shares` all of it, `disclosure` what one more published
//! figure is worth, `tornado` what each input moves alone.

pub mod closed;
pub mod decomposition;
pub mod disclosed;
pub mod disclosure;
pub mod kurtosis;
pub mod oracle;
pub mod shares;
pub mod terms;
pub mod tornado;
