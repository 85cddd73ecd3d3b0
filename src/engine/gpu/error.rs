//! What can go wrong on a device, and whether another try could help.

/// Why a device did not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// None that is hardware; in brackets what there is.
    #[error("no GPU was found ({0})")]
    NoAdapter(String),
    /// None of that name.
    #[error("no adapter's name contains {wanted:?}; there is {found}")]
    NoSuchAdapter {
        /// What was asked for.
        wanted: String,
        /// Names of those there are.
        found: String,
    },
    /// An adapter without something that every kernel needs.
    #[error("{adapter} lacks {what}")]
    Missing {
        /// Its name.
        adapter: String,
        /// In words.
        what: String,
    },
    /// Something does not fit into one buffer.
    #[error("the portfolio needs {what} of {needed} bytes at once; the device allows {limit}")]
    TooLarge {
        /// In words.
        what: &'static str,
        /// In bytes.
        needed: u64,
        /// Of the device.
        limit: u64,
    },
    /// More than a dispatch can count.
    #[error("the portfolio has {found} {what}; the device allows at most {limit}")]
    TooMany {
        /// In words.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// Of the device.
        limit: u64,
    },
    /// An allocation failed.
    #[error("the device refused {bytes} bytes for {what}: {message}")]
    OutOfMemory {
        /// In words.
        what: String,
        /// How many.
        bytes: u64,
        /// In the words of the driver.
        message: String,
    },
    /// The driver refused.
    #[error("the device could not be opened: {0}")]
    NotOpened(String),
    /// The driver did not compile a kernel.
    #[error("the kernel {kernel} was not accepted: {message}")]
    Kernel {
        /// Its name.
        kernel: &'static str,
        /// In the words of the driver.
        message: String,
    },
    /// In the middle of the work.
    #[error("the device was lost: {0}")]
    Lost(String),
    /// Seconds that were waited for.
    #[error("the device did not answer within {0} s")]
    Timeout(u64),
    /// What was asked, and what the answer was.
    #[error("the device gave a wrong answer in the self-test ({0})")]
    SelfTest(String),
    /// Anything else, in the words of the driver.
    #[error("the device reported: {0}")]
    Device(String),
}

impl GpuError {
    /// Whether a fresh device may do better. One that computes wrongly, or lacks something, will not.
    pub fn may_pass(&self) -> bool {
        matches!(self, GpuError::OutOfMemory { .. } | GpuError::Lost(_) | GpuError::Timeout(_) | GpuError::Device(_))
    }
}
