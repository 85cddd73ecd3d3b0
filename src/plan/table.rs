//! A marginal compiled to a table over z.

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Table {}
