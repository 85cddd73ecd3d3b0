//! A marginal compiled to a table over z.

/// Slope of a cell that is looked up in the pieces.
pub const IRREGULAR: u32 = u32::MAX;

#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub bits: u32,
    pub cells: Box<[u64]>,
    pub pieces: Box<[u64]>,
}
impl Table {
    pub fn value(&self, _z: i32) -> i32 {
        0
    }
    pub fn has_zero(&self) -> bool {
        false
    }
}
