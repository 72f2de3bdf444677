//! Measures Whittle beside native code and its peers in one run: `make peers`.
//!
//! Each peer is a program of its own, and answers what `whittle-peer` describes. Peers are built one after the
//! other. For each work all peers evaluate the same rows, their values are compared with those of native
//! code, and only then they are measured, in turns: a noisy machine is noisy for all of them. A figure is the
//! best of the turns.

mod compare;
mod corpus;
mod figures;
mod plot;
mod process;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use whittle_benches::machine;
use whittle_peer::Work;

use crate::figures::{Cell, Figures, Measured, NATIVE, ROWS, title};
use crate::process::{Peer, Prepared, Process, Workshop, cold_start};

/// Measures Whittle beside native code and its peers.
#[derive(Parser)]
struct Options {
    /// Measures only peers whose names contain this, and native code.
    #[arg(long)]
    only: Vec<String>,
    /// How often each peer is measured. The best time counts.
    #[arg(long, default_value_t = 5)]
    turns: u32,
    /// How long each measurement takes.
    #[arg(long, value_name = "MS", default_value_t = 50)]
    milliseconds: u64,
    /// Writes the tables into this page, and figures and plots into the folder beside it that has its name.
    #[arg(long, value_name = "PAGE")]
    write: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    peer: Vec<Peer>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| folder.join("target"), PathBuf::from);
    let workshop = Workshop {
        target: std::path::absolute(target)?,
        folder,
    };
    let list = fs::read_to_string(workshop.folder.join("peers.toml"))?;
    let list: List = toml::from_str(&list).context("peers.toml")?;
    let chosen = |peer: &Peer| {
        peer.name == NATIVE
            || options.only.is_empty()
            || options.only.iter().any(|part| peer.name.contains(part))
    };
    let (peers, missing) = built(&workshop, list.peer.into_iter().filter(chosen));
    let rows = RowFiles::write()?;
    let mut figures = Figures {
        peers: measured(&workshop, &rows, peers, &options)?,
        missing,
    };
    for measured in &mut figures.peers {
        let times = (0..options.turns)
            .map(|_| cold_start(&workshop, &measured.peer, rows.file(Work::Score, 1)));
        let times = times.collect::<Result<Vec<Duration>>>()?;
        measured.cold_start = times.into_iter().min();
    }

    let page = table::markdown(&figures, &machine());
    println!("{page}");
    for line in figures.behind() {
        println!("behind: {line}");
    }
    match &options.write {
        Some(file) => write(file, &page, &figures),
        None => Ok(()),
    }
}

/// The peers that can be built here, and the others with the reason.
fn built(
    workshop: &Workshop,
    peers: impl Iterator<Item = Peer>,
) -> (Vec<Peer>, Vec<(Peer, String)>) {
    let (mut built, mut missing) = (Vec::new(), Vec::new());
    for peer in peers {
        eprintln!("building {}", peer.name);
        match workshop.build(&peer) {
            Ok(()) => built.push(peer),
            Err(reason) => {
                eprintln!("{} is missing: {reason}", peer.name);
                missing.push((peer, reason));
            }
        }
    }
    (built, missing)
}

/// Measures all works, with all numbers of documents in a call.
fn measured(
    workshop: &Workshop,
    files: &RowFiles,
    peers: Vec<Peer>,
    options: &Options,
) -> Result<Vec<Measured>> {
    let mut processes = Vec::new();
    let mut measured = Vec::new();
    for peer in peers {
        processes.push(workshop.start(&peer).with_context(|| peer.name.clone())?);
        measured.push(Measured {
            peer,
            cold_start: None,
            cells: Vec::new(),
        });
    }
    for work in Work::ALL {
        for rows in ROWS {
            eprintln!("{}, {rows} documents a call", title(work));
            let named = |peer: usize, error: anyhow::Error| {
                error.context(format!("{}, {}", measured[peer].peer.name, title(work)))
            };
            let mut times = prepared(&mut processes, files.file(work, rows), named)?;
            for _ in 0..options.turns {
                for (peer, best) in times.iter_mut().enumerate() {
                    let Ok(best) = best else { continue };
                    let time = Duration::from_millis(options.milliseconds);
                    let time = processes[peer]
                        .measure(time)
                        .map_err(|error| named(peer, error))?;
                    *best = best.min(time.as_secs_f64() * 1e9 / rows as f64);
                }
            }
            for (measured, time) in measured.iter_mut().zip(times) {
                measured.cells.push(Cell { work, rows, time });
            }
        }
    }
    Ok(measured)
}

/// Prepares a work in all peers, and compares the values with those of the first one. What is to become the
/// time of each is infinite, or why the peer does not do the work.
fn prepared(
    processes: &mut [Process],
    rows: &Path,
    named: impl Fn(usize, anyhow::Error) -> anyhow::Error,
) -> Result<Vec<Result<f64, String>>> {
    let mut expected: Option<Vec<Value>> = None;
    let mut times = Vec::new();
    for (peer, process) in processes.iter_mut().enumerate() {
        let prepared = process.prepare(rows).map_err(|error| named(peer, error))?;
        times.push(match prepared {
            Prepared::Unsupported(reason) => Err(reason),
            Prepared::Values(values) => {
                let expected = expected.get_or_insert_with(|| values.clone());
                match compare::difference(expected, &values) {
                    None => Ok(f64::INFINITY),
                    Some(difference) => return Err(named(peer, anyhow::Error::msg(difference))),
                }
            }
        });
    }
    Ok(times)
}

/// The rows of all works as files, which end with the run.
struct RowFiles {
    /// Holds the files.
    _folder: TempDir,
    files: BTreeMap<(&'static str, usize), PathBuf>,
}

impl RowFiles {
    fn write() -> Result<Self> {
        let folder = TempDir::new()?;
        let mut files = BTreeMap::new();
        for work in Work::ALL {
            for rows in ROWS {
                let file = folder.path().join(format!("{}-{rows}.json", title(work)));
                fs::write(&file, serde_json::to_vec(&corpus::rows(work, rows))?)?;
                files.insert((title(work), rows), file);
            }
        }
        Ok(Self {
            _folder: folder,
            files,
        })
    }

    fn file(&self, work: Work, rows: usize) -> &Path {
        &self.files[&(title(work), rows)]
    }
}

/// Writes the tables between their marks in a page, and the figures and plots beside it.
fn write(page: &Path, tables: &str, figures: &Figures) -> Result<()> {
    const BEGIN: &str = "<!-- written by `make peers`: begin -->\n";
    const END: &str = "<!-- written by `make peers`: end -->";
    let text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else {
        bail!("{}: the marks of `make peers` are missing", page.display());
    };
    fs::write(page, format!("{before}{BEGIN}{tables}{END}{after}"))?;
    let folder = page.with_extension("").with_file_name("performance");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("peers.tsv"), table::tsv(figures))?;
    plot::bars(&folder.join("score.svg"), figures, Work::Score)?;
    plot::bars(&folder.join("distance.svg"), figures, Work::Distance)?;
    plot::lines(&folder.join("documents-per-call.svg"), figures, Work::Score)
}
