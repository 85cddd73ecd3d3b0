//! Closed forms over an assessment: no draw is made here.
//!
//! `terms` writes the emissions as products, `closed` gives the variance that any set of inputs explains, `kurtosis` the
//! fourth moment, `oracle` what every run reports of it (`oracle_sums`: of models one after the other) and `shares` all of it, `disclosure` what one more published
//! figure is worth (`teaching`: for what it says of other models), `tornado` what each input moves alone, `scaling` how the
//! spread falls as models are added. A factor that
//! shared effects do not simply multiply is a `joint`: below a bound (`below`) or by rank (`rank`), as a series of Hermite
//! polynomials (`hermite`); `field` sums over all pairs of products (`rho`, `tensor`: what two of them have in common).

mod below;
pub mod closed;
pub mod decomposition;
pub mod disclosed;
pub mod disclosure;
mod field;
mod hermite;
mod joint;
pub mod kurtosis;
pub mod oracle;
mod oracle_sums;
mod rank;
mod rho;
pub mod scaling;
pub mod shares;
mod teaching;
mod tensor;
pub mod terms;
pub mod tornado;
