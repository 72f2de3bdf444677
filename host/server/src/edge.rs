//! What a node holds of its clients, apart from what they ask for.

use std::sync::Arc;

use whittle_node::Memory;

use crate::connections::Connections;
use crate::lag::Lag;
use crate::node::NodeOptions;
use crate::work::Work;

/// Large answers that are rewritten at once; others wait up to a second.
const REWRITES: usize = 16;

/// The edge of a node: its connections, their bodies, and the threads that serve them.
#[derive(Debug)]
pub(crate) struct Edge {
    /// What large bodies may hold together: half of what requests may, so that small ones find room
    /// beside any number of them.
    pub(crate) large_bodies: Memory,
    /// Large answers that are indented or filtered.
    pub(crate) rewrites: Work,
    pub(crate) connections: Arc<Connections>,
    pub(crate) lag: Arc<Lag>,
}

impl Edge {
    pub(crate) fn new(options: &NodeOptions) -> Self {
        Self {
            large_bodies: Memory::new(options.request_bytes / 2),
            rewrites: Work::new("filter or indent a large answer", REWRITES),
            connections: Arc::new(Connections::new(options.connections)),
            lag: Arc::default(),
        }
    }
}
