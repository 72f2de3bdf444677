//! The connections of a node: how many there may be, and which of them are closed for what they do
//! not do.
//!
//! When all places are taken, the connection that has been idle the longest is closed for a new one,
//! so that silent connections lock nobody out. If every connection has a request under way, a few
//! spare places remain that serve `/health` and `/metrics` alone.
//!
//! Knows nothing of sockets: a connection's task reports what happens to it, and learns here when to end.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::lag::Turn;

/// How long a connection may send nothing at all.
const SILENT: Duration = Duration::from_secs(20);

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);

/// How long a connection may wait for its next request.
const IDLE: Duration = Duration::from_secs(60);

/// How long a client may take nothing of what is sent.
const UNREAD: Duration = Duration::from_secs(30);

/// Places beyond the limit, for operators.
const SPARE: usize = 8;

/// All connections of a node.
#[derive(Debug)]
pub(crate) struct Connections {
    limit: usize,
    open: Mutex<Open>,
    /// One of them has ended.
    gone: Notify,
}

#[derive(Debug, Default)]
struct Open {
    places: BTreeMap<u64, Arc<Place>>,
    /// How many of them were told to close.
    closing: usize,
    /// How many of the others are spare.
    spare: usize,
    next: u64,
    /// How many were not accepted since there were too many.
    refused: u64,
    /// How many were closed since they did nothing, or for others.
    closed: u64,
}

/// The place of a connection.
#[derive(Debug)]
pub(crate) struct Place {
    is_spare: bool,
    state: Mutex<State>,
    told: Notify,
}

#[derive(Debug)]
struct State {
    doing: Doing,
    since: Instant,
    /// Since when the client takes nothing.
    unread: Option<Instant>,
    /// What a thread does for it now.
    turn: Option<Turn>,
    end: Option<End>,
}

/// What a connection is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Nothing yet.
    Silence,
    /// The head of a request arrives.
    Head,
    /// A request is under way, until its answer is written.
    Request,
    /// The next request is waited for.
    Idle,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// With the answer that is under way.
    Finish,
    /// At once.
    Close,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Taken {
    connections: Arc<Connections>,
    number: u64,
    place: Arc<Place>,
}

/// A request that is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(Arc<Place>);

/// What is counted of connections.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ConnectionStatistics {
    /// How many are open.
    pub(crate) open: u64,
    /// How many there may be.
    pub(crate) limit: u64,
    /// How many were not accepted since there were too many.
    pub(crate) refused: u64,
    /// How many were closed since they did nothing, or for others.
    pub(crate) closed: u64,
}

impl Connections {
    /// So many at most, and never more than half of the files that the process may open.
    pub(crate) fn new(limit: usize) -> Self {
        let files = fs::read_to_string("/proc/self/limits").ok();
        let files = files.as_deref().and_then(open_files);
        let most = files.map_or(usize::MAX, |files| files / 2);
        Self {
            limit: limit.min(most.saturating_sub(SPARE)).max(1),
            open: Mutex::default(),
            gone: Notify::new(),
        }
    }

    /// Waits until few connections that were told to close still have their files.
    pub(crate) async fn settled(&self) {
        let is_crowded = || {
            let open = self.lock();
            open.closing > 0 && open.places.len() >= self.limit + 2 * SPARE
        };
        while is_crowded() {
            self.gone.notified().await;
        }
    }

    /// A place for a new connection; `None` if all are taken.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Taken> {
        let now = Instant::now();
        let mut open = self.lock();
        let in_use = |open: &Open| open.places.len() - open.spare - open.closing;
        if in_use(&open) >= self.limit {
            open.close_longest_idle();
        }
        let is_spare = in_use(&open) >= self.limit;
        if is_spare && open.spare >= SPARE {
            open.refused += 1;
            return None;
        }
        let place = Arc::new(Place {
            is_spare,
            state: Mutex::new(State {
                doing: Doing::Silence,
                since: now,
                unread: None,
                turn: None,
                end: None,
            }),
            told: Notify::new(),
        });
        let number = open.next;
        open.next += 1;
        open.spare += usize::from(is_spare);
        open.places.insert(number, Arc::clone(&place));
        Some(Taken {
            connections: Arc::clone(self),
            number,
            place,
        })
    }

    /// Closes the connection that has been idle the longest.
    pub(crate) fn close_longest_idle(&self) {
        self.lock().close_longest_idle();
    }

    /// Closes connections whose client has done nothing for too long.
    pub(crate) fn close_overdue(&self, now: Instant) {
        let mut open = self.lock();
        let overdue: Vec<_> = (open.places.values())
            .filter(|place| place.lock().is_overdue(now))
            .cloned()
            .collect();
        for place in overdue {
            open.close(&place);
        }
    }

    /// Tells all connections to end.
    pub(crate) fn end(&self, end: End) {
        let mut open = self.lock();
        let places: Vec<_> = open.places.values().cloned().collect();
        for place in places {
            match end {
                End::Finish => _ = place.tell(end),
                End::Close => open.close(&place),
            }
        }
    }

    /// The turns of the runtime's threads that have not ended.
    pub(crate) fn turns(&self) -> Vec<Turn> {
        let open = self.lock();
        let places = open.places.values();
        places
            .filter_map(|place| place.lock().turn.clone())
            .collect()
    }

    pub(crate) fn statistics(&self) -> ConnectionStatistics {
        let open = self.lock();
        ConnectionStatistics {
            open: open.places.len() as u64,
            limit: self.limit as u64,
            refused: open.refused,
            closed: open.closed,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn longest_idle(&self) -> Option<Arc<Place>> {
        let idle = self.places.values().filter_map(|place| {
            let state = place.lock();
            let is_idle = state.doing != Doing::Request
                && state.unread.is_none()
                && state.end != Some(End::Close);
            is_idle.then_some((state.since, place))
        });
        idle.min_by_key(|(since, _)| *since)
            .map(|(_, place)| Arc::clone(place))
    }

    fn close_longest_idle(&mut self) {
        if let Some(place) = self.longest_idle() {
            self.close(&place);
        }
    }

    fn close(&mut self, place: &Place) {
        if place.tell(End::Close) {
            self.closing += 1;
            self.spare -= usize::from(place.is_spare);
            self.closed += 1;
        }
    }
}

impl Place {
    /// Whether it serves operators alone.
    pub(crate) fn is_spare(&self) -> bool {
        self.is_spare
    }

    /// Bytes have arrived.
    pub(crate) fn arrived(&self) {
        let mut state = self.lock();
        if matches!(state.doing, Doing::Silence | Doing::Idle) {
            state.becomes(Doing::Head);
        }
    }

    /// Something was to be sent, and the client took it or not.
    pub(crate) fn sent(&self, is_taken: bool) {
        let unread = &mut self.lock().unread;
        match is_taken {
            true => *unread = None,
            false => *unread = unread.or_else(|| Some(Instant::now())),
        }
    }

    /// A request has begun.
    pub(crate) fn begin(self: &Arc<Self>) -> UnderWay {
        self.lock().becomes(Doing::Request);
        UnderWay(Arc::clone(self))
    }

    /// A thread begins to work for it, or has ended.
    pub(crate) fn polled(&self, turn: Option<Turn>) {
        self.lock().turn = turn;
    }

    /// Waits for an order to end that differs from the known one.
    pub(crate) async fn told(&self, known: Option<End>) -> End {
        loop {
            let told = self.told.notified();
            let end = self.lock().end;
            match end {
                Some(end) if Some(end) != known => return end,
                _ => told.await,
            }
        }
    }

    /// False if it knew.
    fn tell(&self, end: End) -> bool {
        let mut state = self.lock();
        let is_news = state.end < Some(end);
        if is_news {
            state.end = Some(end);
            self.told.notify_one();
        }
        is_news
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn becomes(&mut self, doing: Doing) {
        self.doing = doing;
        self.since = Instant::now();
    }

    fn is_overdue(&self, now: Instant) -> bool {
        let longer = |since, limit| now.saturating_duration_since(since) >= limit;
        self.unread.is_some_and(|since| longer(since, UNREAD))
            || match self.doing {
                Doing::Silence => longer(self.since, SILENT),
                Doing::Head => longer(self.since, HEAD),
                Doing::Idle => longer(self.since, IDLE),
                Doing::Request => false,
            }
    }
}

impl Taken {
    pub(crate) fn place(&self) -> &Arc<Place> {
        &self.place
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.places.remove(&self.number);
        if self.place.lock().end == Some(End::Close) {
            open.closing -= 1;
        } else {
            open.spare -= usize::from(self.place.is_spare);
        }
        self.connections.gone.notify_one();
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().becomes(Doing::Idle);
    }
}

/// The limit of open files, as the kernel shows it.
fn open_files(limits: &str) -> Option<usize> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    line?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(limit: usize) -> Arc<Connections> {
        Arc::new(Connections::new(limit))
    }

    fn is_closed(taken: &Taken) -> bool {
        taken.place.lock().end == Some(End::Close)
    }

    #[test]
    fn the_longest_idle_connection_is_closed_for_a_new_one() {
        let connections = connections(2);
        let busy = connections.take().expect("a place");
        let _request = busy.place().begin();
        let idle = connections.take().expect("a place");
        let new = connections.take().expect("a place");
        assert!(!new.place().is_spare());
        assert_eq!([is_closed(&busy), is_closed(&idle)], [false, true]);
        drop((busy, idle));
        let statistics = connections.statistics();
        assert_eq!((statistics.open, statistics.closed), (1, 1));
        assert!(!connections.take().expect("a place").place().is_spare());
    }

    #[test]
    fn spare_places_remain_when_all_connections_are_busy() {
        let connections = connections(3);
        let take = || {
            let taken = connections.take()?;
            let request = taken.place().begin();
            Some((taken, request))
        };
        let all: Vec<_> = std::iter::from_fn(take).collect();
        let spare = all
            .iter()
            .filter(|(taken, _)| taken.place().is_spare())
            .count();
        assert_eq!((all.len(), spare), (3 + SPARE, SPARE));
        assert_eq!(connections.statistics().refused, 1);
    }

    #[test]
    fn a_connection_that_does_nothing_is_overdue() {
        let connections = connections(9);
        let at = |seconds| Instant::now() + Duration::from_secs(seconds);
        let taken = connections.take().expect("a place");
        let place = taken.place();
        let is_overdue = |seconds| place.lock().is_overdue(at(seconds));
        assert_eq!([is_overdue(19), is_overdue(21)], [false, true]);
        place.arrived();
        assert_eq!([is_overdue(9), is_overdue(11)], [false, true]);
        let request = place.begin();
        assert!(!is_overdue(3600));
        place.sent(false);
        assert_eq!([is_overdue(29), is_overdue(31)], [false, true]);
        place.sent(true);
        drop(request);
        assert_eq!([is_overdue(59), is_overdue(61)], [false, true]);
        connections.close_overdue(at(200));
        assert!(is_closed(&taken));
    }

    #[test]
    fn the_limit_of_open_files_is_read() {
        let limits = "Limit   Soft Limit   Hard Limit   Units\nMax open files            1024                 524288               files\n";
        assert_eq!(open_files(limits), Some(1024));
        assert_eq!(
            open_files("Max open files  unlimited  unlimited  files"),
            None
        );
    }
}
