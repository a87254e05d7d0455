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
    /// Size of the queries of all heads together: the hidden size in most families.
    pub attention_size: usize,
}

impl Sizes {
    /// Sizes of a network whose heads share the hidden size.
    pub fn new(layers: usize, hidden: usize, intermediate_size: usize, heads: usize) -> Self {
        Self { layers, hidden, intermediate_size, heads, attention_size: hidden }
    }

    /// The same for a feed-forward block with a gate: its three matrices cost as much as two of one and a half times the
    /// size.
    pub fn gated(layers: usize, hidden: usize, intermediate_size: usize, heads: usize) -> Self {
        Self::new(layers, hidden, intermediate_size * 3 / 2, heads)
    }
}
