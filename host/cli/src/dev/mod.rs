//! `whittle dev`: builds a project and runs its test vectors at every edit.
//!
//! The build runs in a process of its own, which is killed when its result is no longer wanted. The
//! component that it leaves is then run here. Building one from Python or TypeScript takes longer than
//! an author wants to wait. So if the kit can, vectors are first run natively, by a fake host, and the
//! component follows; what is built and tested in the end is what a node runs.

mod component;
mod native;
mod process;
mod report;
mod resident;
mod roots;
mod samples;
mod session;
mod stop;
mod watch;
mod work;

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use self::samples::Samples;
use self::session::Session;
use self::stop::Stop;
use self::watch::Watch;
use crate::build;
use crate::mapping::MappingFile;
use crate::setup;
use crate::udf_log::UdfLog;

/// Build a project and run its test vectors at every edit, until Ctrl-C.
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// The directory of the project.
    dir: PathBuf,
    /// A file of vectors; may be repeated [default: `vectors.json` in the directory of the project]
    #[arg(long, value_name = "FILE")]
    vectors: Vec<PathBuf>,
    #[command(flatten)]
    samples: Samples,
    #[command(flatten)]
    mapping: MappingFile,
    #[command(flatten)]
    run: setup::Run,
    #[command(flatten)]
    log: UdfLog,
}

/// How often the programs that run and the files are looked at.
const INTERVAL: Duration = Duration::from_millis(20);

impl Dev {
    pub(crate) fn run(&self) -> Result<()> {
        build::check(&self.dir)?;
        let stop = Stop::on_signals()?;
        let mut watch = Watch::new(&self.dir, self.data());
        thread::scope(|scope| {
            let mut session = Session::new(scope, self)?;
            session.begin(watch.count())?;
            while !stop.is_asked() {
                let changed = watch.changed();
                if !changed.is_empty() {
                    session.edited(&changed)?;
                }
                session.step()?;
                thread::sleep(INTERVAL);
            }
            Ok(())
        })
    }

    fn vectors(&self) -> Vec<PathBuf> {
        match &*self.vectors {
            [] => vec![self.dir.join("vectors.json")],
            files => files.to_vec(),
        }
    }

    /// All files that a run reads and a build does not.
    fn data(&self) -> Vec<PathBuf> {
        let others = [self.samples.path(), self.mapping.path()];
        let others = others.into_iter().flatten().map(Path::to_owned);
        self.vectors().into_iter().chain(others).collect()
    }
}
