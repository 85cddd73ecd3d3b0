//! What can go wrong on a device, and whether another try could help.

/// Why a device did not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    #[error("no GPU was found ({0})")]
    NoAdapter(String),
    #[error("no adapter's name contains {wanted:?}; there is {found}")]
    NoSuchAdapter { wanted: String, found: String },
    #[error("{adapter} lacks {what}")]
    Missing { adapter: String, what: String },
    #[error("the portfolio needs {what} of {needed} bytes at once; the device allows {limit}")]
    TooLarge { what: &'static str, needed: u64, limit: u64 },
    #[error("the portfolio has {found} {what}; the device allows at most {limit}")]
    TooMany { what: &'static str, found: u64, limit: u64 },
    #[error("the device refused {bytes} bytes for {what}: {message}")]
    OutOfMemory { what: String, bytes: u64, message: String },
    #[error("the device could not be opened: {0}")]
    NotOpened(String),
    #[error("the kernel {kernel} was not accepted: {message}")]
    Kernel { kernel: &'static str, message: String },
    #[error("the device was lost: {0}")]
    Lost(String),
    #[error("the device did not answer within {0} s")]
    Timeout(u64),
    #[error("the device gave a wrong answer in the self-test ({0})")]
    SelfTest(String),
    #[error("the device reported: {0}")]
    Device(String),
}

impl GpuError {
    /// Whether a fresh device may do better. One that computes wrongly, or lacks something, will not.
    pub fn may_pass(&self) -> bool {
        matches!(self, GpuError::OutOfMemory { .. } | GpuError::Lost(_) | GpuError::Timeout(_) | GpuError::Device(_))
    }
}
