//! Regressions of ln D (tokens) on size, date and domain, as numbers: what `haze fit` writes and imputation reads.
//!
//! For a model with the row x in the design: ln D = xᵀb + s·xᵀR⁻¹z + s·e. The z, one per coefficient, are drawn once for
//! all models imputed by a fit: s·R⁻¹z has the coefficients' joint covariance s²(XᵀX)⁻¹. The residual e is the model's
//! own. Together they have the variance s²(1 + h) of a prediction, h = |xᵀR⁻¹|² (docs/regressions.md).

use std::sync::LazyLock;

use super::domain::Domain;

/// Active parameters at which a fit's intercept holds.
pub const REFERENCE_SIZE: f64 = 1e10;
/// Date at which a fit's intercept holds.
pub const REFERENCE_YEAR: f64 = 2023.0;

/// A column of the design matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// 1 for every row.
    Intercept,
    /// ln(N / 1e10).
    Size,
    /// Year − 2023, with the part of the year that is over.
    Year,
    /// 1 for rows of this domain; language is the level of comparison.
    Domain(Domain),
    /// 1 for fine-tunes and distillations.
    Derivative,
}

impl Term {
    /// The name used in files of fits: `size`, `domain:vision`.
    pub fn name(self) -> String {
        match self {
            Term::Intercept => "intercept".to_string(),
            Term::Size => "size".to_string(),
            Term::Year => "year".to_string(),
            Term::Domain(domain) => format!("domain:{}", domain.name()),
            Term::Derivative => "derivative".to_string(),
        }
    }

    /// As in an equation; empty for the intercept.
    pub fn symbol(self) -> String {
        match self {
            Term::Intercept => String::new(),
            Term::Size => "ln(N/1e10)".to_string(),
            Term::Year => "(year − 2023)".to_string(),
            Term::Domain(domain) => format!("[{}]", domain.name()),
            Term::Derivative => "[derivative]".to_string(),
        }
    }

    /// Entry of a row in this column. `ln_size` is ln(N / 1e10), `years` counts from the start of 2023.
    pub fn value(self, ln_size: f64, years: f64, domain: Domain, derivative: bool) -> f64 {
        match self {
            Term::Intercept => 1.0,
            Term::Size => ln_size,
            Term::Year => years,
            Term::Domain(of) => f64::from(u8::from(of == domain)),
            Term::Derivative => f64::from(u8::from(derivative)),
        }
    }
}

impl std::str::FromStr for Term {
    type Err = String;

    fn from_str(name: &str) -> Result<Term, String> {
        let domains = [Domain::Language, Domain::Vision, Domain::Biology, Domain::Other].map(Term::Domain);
        let known = [Term::Intercept, Term::Size, Term::Year, Term::Derivative].into_iter().chain(domains);
        let mut known = known.filter(|t| t.name() == name);
        known.next().ok_or_else(|| format!("unknown term {name}"))
    }
}

/// A fit as numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The sample that it was made on, such as `language`.
    pub name: String,
    /// Rows it was made on.
    pub n: u32,
    /// Columns of the design, in order.
    pub terms: Vec<Term>,
    /// One for each term, in their order.
    pub coefficients: Vec<f64>,
    /// Residual standard deviation of ln D.
    pub sd: f64,
    /// R⁻¹ by rows.
    pub root: Vec<Vec<f64>>,
}

/// What a fit says of ln D (tokens) of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The fitted value xᵀb, the mean of ln D.
    pub ln_tokens: f64,
    /// Weights of the fit's shared standard normals, one per coefficient: s·xᵀR⁻¹.
    pub weights: Vec<f64>,
    /// Own standard deviation: the residual's.
    pub own_sd: f64,
}

impl Prediction {
    /// The standard deviation that the coefficients alone give: s·√h.
    pub fn coefficient_sd(&self) -> f64 {
        self.weights.iter().map(|w| w * w).sum::<f64>().sqrt()
    }
}

impl Fit {
    /// `size` in active parameters, `year` with the part that is over.
    pub fn predict(&self, size: f64, year: f64, domain: Domain) -> Prediction {
        let (ln_size, years) = (libm::log(size / REFERENCE_SIZE), year - REFERENCE_YEAR);
        let row: Vec<f64> = self.terms.iter().map(|t| t.value(ln_size, years, domain, false)).collect();
        let column = |j: usize| self.root.iter().map(move |r| r.get(j).copied().unwrap_or(0.0));
        let weight = |j: usize| self.sd * row.iter().zip(column(j)).map(|(x, r)| x * r).sum::<f64>();
        Prediction {
            ln_tokens: row.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum(),
            weights: (0..row.len()).map(weight).collect(),
            own_sd: self.sd,
        }
    }

    /// The coefficient of a term, 0 where the fit has none.
    pub fn slope(&self, term: Term) -> f64 {
        self.terms.iter().zip(&self.coefficients).find(|(t, _)| **t == term).map_or(0.0, |(_, b)| *b)
    }
}

/// The text that `haze fit --coefficients` writes.
pub const FITS: &str = include_str!("data/fits.toml");

static EMBEDDED: LazyLock<Vec<Fit>> = LazyLock::new(|| match fits(FITS) {
    Ok(fits) => fits,
    // The file is part of the program and its tests; no input leads here.
    Err(message) => panic!("data/fits.toml: {message}"),
});

/// The embedded fits.
pub fn embedded() -> &'static [Fit] {
    &EMBEDDED
}

/// Fits from their text.
///
/// # Errors
/// What is missing or of another shape.
pub fn fits(text: &str) -> Result<Vec<Fit>, String> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| format!("not TOML: {}", e.message()))?;
    let numbers =
        |value: &toml::Value| -> Option<Vec<f64>> { value.as_array()?.iter().map(|x| x.as_float()).collect() };
    let fit = |name: &str, of: &toml::Value| -> Option<Fit> {
        let terms =
            of.get("terms")?.as_array()?.iter().map(|t| t.as_str()?.parse().ok()).collect::<Option<Vec<_>>>()?;
        let root = of.get("root")?.as_array()?.iter().map(numbers).collect::<Option<Vec<_>>>()?;
        let coefficients = numbers(of.get("coefficients")?)?;
        let square = root.len() == terms.len() && root.iter().all(|r| r.len() == terms.len());
        let n = u32::try_from(of.get("n")?.as_integer()?).ok()?;
        let sd = of.get("sd")?.as_float()?;
        // What no regression of ln D on size and date comes near.
        let sane = root.iter().flatten().all(|x| x.abs() <= 100.0)
            && coefficients.iter().all(|x| x.abs() <= 1e3)
            && (0.0..=10.0).contains(&sd);
        let once = (1..terms.len()).all(|i| !terms[..i].contains(&terms[i]));
        let whole = square && coefficients.len() == terms.len() && sane && once;
        whole.then(|| Fit { name: name.to_string(), n, terms, coefficients, sd, root })
    };
    let samples = ["language", "vision", "all"];
    if !samples.iter().any(|name| table.contains_key(*name)) {
        return Err(format!("no fit of the samples {}", samples.join(", ")));
    }
    table
        .iter()
        .map(|(name, of)| {
            fit(name, of).ok_or_else(|| {
                format!("the fit {name} is incomplete, or its numbers are not those of a regression of ln tokens")
            })
        })
        .collect()
}
