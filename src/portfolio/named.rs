//! What a study names besides its models files: the values of `empirical(file)` among its priors, and the regressions to
//! impute by. They are read with the study, so that later stages open nothing.

use std::collections::BTreeMap;

use super::cell::{CellError, Files, NoFiles};

/// The contents of the files, or why there are none: that is a problem where they are needed, and only there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NamedFiles {
    pub(super) values: BTreeMap<String, Result<Vec<f64>, CellError>>,
    /// The text of `[imputation] fits`; `None` where the study names no file.
    pub fits: Option<Result<String, String>>,
}

impl Files for NamedFiles {
    fn values(&self, name: &str) -> Result<Vec<f64>, CellError> {
        self.values.get(name).cloned().unwrap_or_else(|| NoFiles.values(name))
    }
}
