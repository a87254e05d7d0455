//! Sizes of a network.

/// The sizes that determine memory and work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Number of layers.
    pub layers: usize,
    /// Hidden size.
    pub hidden: usize,
    /// Inner size of the feed-forward block.
    pub intermediate_size: usize,
    /// Number of attention heads per layer.
    pub heads: usize,
}
