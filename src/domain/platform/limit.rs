//! Rate limits.

/// The state of a caller's limit after counting a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitState {
    pub limit: u32,
    pub remaining: u32,
    /// Epoch second at which the window ends.
    pub reset: i64,
    /// Seconds to wait, if this request exceeds the limit.
    pub refused: Option<u64>,
}

impl LimitState {
    /// Returns the refusal if this request exceeds the limit.
    pub fn refusal(self) -> Option<Refusal> {
        let Self { limit, reset, refused, .. } = self;
        refused.map(|retry_after| Refusal { retry_after, limit, reset })
    }
}

/// A limit that refused a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Seconds to wait.
    pub retry_after: u64,
    pub limit: u32,
    /// Epoch second at which the window ends.
    pub reset: i64,
}
