//! The tables of `docs/PERFORMANCE.md`, and all figures as a file.

use std::collections::BTreeSet;
use std::fmt::Write;

use whittle_peer::Work;

use crate::figures::{BATCH, Figures, Measured, ROWS, WHITTLE, time, title};

/// The part of the page that this runner writes.
pub(crate) fn markdown(figures: &Figures, machine: &str) -> String {
    let mut page = format!(
        "Measured by `make peers` on {machine}, in one run.\n\n\
         Time per document in calls of {BATCH} documents. In parentheses: how many times as long as {WHITTLE}.\n\n"
    );
    let works = Work::ALL.map(title);
    row(&mut page, "", "limits", works);
    rule(&mut page, works.len());
    let whittle = figures.of(WHITTLE);
    for measured in &figures.peers {
        let cells = Work::ALL.map(|work| cell(measured, whittle, work, BATCH));
        row(&mut page, &measured.peer.name, &measured.peer.limits, cells);
    }
    page.push_str(
        "\nTime per document of the score, by the number of documents in a call, and the time from the start of the \
         peer's process to the answer for one document.\n\n",
    );
    let counts = ROWS.map(|rows| rows.to_string());
    row(&mut page, "", "cold start", &counts);
    rule(&mut page, counts.len());
    for measured in &figures.peers {
        let cells = ROWS.map(|rows| cell(measured, whittle, Work::Score, rows));
        let cold = measured.cold_start.map(|cold| time(cold.as_nanos() as f64));
        row(
            &mut page,
            &measured.peer.name,
            &cold.unwrap_or_else(|| "-".to_owned()),
            cells,
        );
    }
    for reason in absent(figures) {
        let _ = write!(page, "\n* {reason}");
    }
    page.push('\n');
    page
}

/// All figures: a line for each peer, work and number of documents in a call.
pub(crate) fn tsv(figures: &Figures) -> String {
    let mut lines = String::from("peer\twork\tdocuments_per_call\tns_per_document\n");
    for measured in &figures.peers {
        for cell in &measured.cells {
            if let Ok(time) = &cell.time {
                let work = title(cell.work);
                let _ = writeln!(
                    lines,
                    "{}\t{work}\t{}\t{time:.2}",
                    measured.peer.name, cell.rows
                );
            }
        }
    }
    lines
}

fn row(
    page: &mut String,
    name: &str,
    note: &str,
    cells: impl IntoIterator<Item = impl AsRef<str>>,
) {
    let _ = write!(page, "| {name} | {note} |");
    for cell in cells {
        let _ = write!(page, " {} |", cell.as_ref());
    }
    page.push('\n');
}

fn rule(page: &mut String, columns: usize) {
    let _ = writeln!(page, "|---|---|{}", "--:|".repeat(columns));
}

fn cell(measured: &Measured, whittle: Option<&Measured>, work: Work, rows: usize) -> String {
    let Some(nanoseconds) = measured.nanoseconds(work, rows) else {
        return "-".to_owned();
    };
    match whittle.and_then(|whittle| whittle.nanoseconds(work, rows)) {
        Some(whittle) => format!("{} ({:.2})", time(nanoseconds), nanoseconds / whittle),
        None => time(nanoseconds),
    }
}

/// Why there are no figures, for each peer that lacks some.
fn absent(figures: &Figures) -> Vec<String> {
    let missing = figures.missing.iter();
    let missing =
        missing.map(|(peer, reason)| format!("{} could not be built: `{reason}`", peer.name));
    let unsupported = figures.peers.iter().filter_map(|measured| {
        let reasons: BTreeSet<String> = measured
            .cells
            .iter()
            .filter_map(|cell| {
                let reason = cell.time.as_ref().err()?;
                Some(format!("{}: {reason}", title(cell.work)))
            })
            .collect();
        let reasons = reasons.into_iter().collect::<Vec<_>>().join("; ");
        (!reasons.is_empty()).then(|| format!("{}: {reasons}", measured.peer.name))
    });
    missing.chain(unsupported).collect()
}
