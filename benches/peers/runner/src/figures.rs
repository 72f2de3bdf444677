//! What was measured.

use std::time::Duration;

use whittle_peer::Work;

use crate::process::Peer;

/// The peer whose values are right, by its name in `peers.toml`.
pub(crate) const NATIVE: &str = "native Rust";

/// The peer that the others are compared with, by its name in `peers.toml`.
pub(crate) const WHITTLE: &str = "Whittle, Rust";

/// How many documents a call has.
pub(crate) const ROWS: [usize; 4] = [1, 32, 1024, 8192];

/// The rows of calls whose figures are the main ones.
pub(crate) const BATCH: usize = 1024;

/// The figures of one run.
pub(crate) struct Figures {
    pub(crate) peers: Vec<Measured>,
    /// Peers that could not be built, and why.
    pub(crate) missing: Vec<(Peer, String)>,
}

/// The figures of a peer.
pub(crate) struct Measured {
    pub(crate) peer: Peer,
    /// From the start of its process to the answer for one row.
    pub(crate) cold_start: Option<Duration>,
    pub(crate) cells: Vec<Cell>,
}

/// A work with a number of documents in a call.
pub(crate) struct Cell {
    pub(crate) work: Work,
    pub(crate) rows: usize,
    /// Nanoseconds a document, or why the peer does not do this work.
    pub(crate) time: Result<f64, String>,
}

impl Figures {
    /// The figures of a peer.
    pub(crate) fn of(&self, name: &str) -> Option<&Measured> {
        self.peers
            .iter()
            .find(|measured| measured.peer.name == name)
    }

    /// Where Whittle is behind another peer that is not native code, in calls of many documents.
    pub(crate) fn behind(&self) -> Vec<String> {
        let Some(whittle) = self.of(WHITTLE) else {
            return Vec::new();
        };
        let others = self.peers.iter().filter(|measured| {
            measured.peer.name != NATIVE && !measured.peer.name.starts_with("Whittle")
        });
        let cells = others.flat_map(|other| other.cells.iter().map(move |cell| (other, cell)));
        let behind = cells.filter_map(|(other, cell)| {
            let (theirs, ours) = (
                cell.nanoseconds()?,
                whittle.nanoseconds(cell.work, cell.rows)?,
            );
            (cell.rows >= BATCH && theirs < ours).then(|| {
                format!(
                    "{}, {} documents a call: {} {theirs:.1} ns, {WHITTLE} {ours:.1} ns",
                    title(cell.work),
                    cell.rows,
                    other.peer.name
                )
            })
        });
        behind.collect()
    }
}

impl Measured {
    /// Nanoseconds a document.
    pub(crate) fn nanoseconds(&self, work: Work, rows: usize) -> Option<f64> {
        let mut cells = self.cells.iter();
        cells
            .find(|cell| cell.work == work && cell.rows == rows)?
            .nanoseconds()
    }
}

impl Cell {
    fn nanoseconds(&self) -> Option<f64> {
        self.time.as_ref().ok().copied()
    }
}

/// What a work is called in tables.
pub(crate) fn title(work: Work) -> &'static str {
    match work {
        Work::Noop => "no-op",
        Work::Score => "score",
        Work::ScoreNulls => "score, nulls",
        Work::Distance => "distance",
        Work::Regex => "regex",
        Work::Json => "JSON path",
        Work::BusinessDays => "business days",
    }
}

/// A time with three digits and its unit.
pub(crate) fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ..1e3 => (nanoseconds, "ns"),
        ..1e6 => (nanoseconds / 1e3, "us"),
        ..1e9 => (nanoseconds / 1e6, "ms"),
        _ => (nanoseconds / 1e9, "s"),
    };
    let digits = if value < 10.0 {
        2
    } else {
        usize::from(value < 100.0)
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let times = [0.42, 4.0, 56.78, 250.4, 7_300.0, 6.6e9].map(time);
        assert_eq!(
            times,
            [
                "0.42 ns", "4.00 ns", "56.8 ns", "250 ns", "7.30 us", "6.60 s"
            ]
        );
    }
}
