//! A client that waits for a search: when it leaves, the search ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use whittle_host::QueryContext;

/// A client, seen from the thread that searches for it. Clones are the same client.
#[derive(Clone, Default)]
pub(crate) struct Client(Arc<State>);

#[derive(Default)]
struct State {
    has_left: AtomicBool,
    query: OnceLock<QueryContext>,
}

/// While this lives, the client waits: a handler keeps it until it answers.
pub(crate) struct Waits(Client);

impl Client {
    pub(crate) fn waits(&self) -> Waits {
        Waits(self.clone())
    }

    /// The client's query begins; it is cancelled already if the client has left.
    pub(crate) fn begins(&self, query: QueryContext) -> QueryContext {
        let query = self.0.query.get_or_init(|| query);
        // Either this sees that the client has left, or whoever leaves sees the query.
        if self.0.has_left.load(Ordering::SeqCst) {
            query.cancel();
        }
        query.clone()
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        let Self(Client(state)) = self;
        state.has_left.store(true, Ordering::SeqCst);
        if let Some(query) = state.query.get() {
            query.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use whittle_host::Budget;

    use super::*;

    #[test]
    fn a_query_ends_with_its_client_whichever_comes_first() {
        let client = Client::default();
        let waits = client.waits();
        let query = client.begins(QueryContext::new(Budget::default()));
        assert!(query.check().is_ok());
        drop(waits);
        assert!(query.check().is_err());
        let client = Client::default();
        drop(client.waits());
        let query = client.begins(QueryContext::new(Budget::default()));
        assert!(query.check().is_err());
    }
}
