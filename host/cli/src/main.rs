//! The `whittle` command: flags and glue. The work is done by `whittle-host` and `whittle-node`.

mod allocator;
mod bench;
mod build;
mod call;
#[cfg(feature = "cluster")]
mod cluster;
#[cfg(not(feature = "cluster"))]
#[path = "cluster_disabled.rs"]
mod cluster;
mod description;
mod dev;
mod index;
mod inspect;
mod kit;
mod log;
mod mapping;
mod new;
mod place;
mod publish;
mod query;
mod registry;
mod remote;
mod search;
mod serve;
mod setup;
mod signals;
mod sources;
#[cfg(feature = "sql")]
mod sql;
#[cfg(not(feature = "sql"))]
#[path = "sql_disabled.rs"]
mod sql;
mod step;
mod test;
mod udf_log;
mod upgrade;
mod vectors;
mod warnings;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Build, inspect and run user-defined functions over documents.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Whittle {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::New),
    Build(build::Build),
    Test(test::Test),
    Dev(dev::Dev),
    Call(call::Call),
    Inspect(inspect::Inspect),
    Bench(bench::Bench),
    Publish(publish::Publish),
    Upgrade(upgrade::Upgrade),
    Query(query::Query),
    Index(index::IndexDocuments),
    Search(search::Search),
    Sql(sql::Sql),
    Export(sql::Export),
    Serve(serve::Serve),
    Scheduler(cluster::Scheduler),
    Executor(cluster::Executor),
    Registry(registry::RegistryCommand),
}

fn main() -> ExitCode {
    let command = Whittle::parse().command;
    let is_server = matches!(
        command,
        Command::Serve(_) | Command::Scheduler(_) | Command::Executor(_)
    );
    if !is_server {
        // A server writes a log instead.
        warnings::show();
    }
    let result = match command {
        Command::New(new) => new.run(),
        Command::Build(build) => build.run(),
        Command::Test(test) => test.run(),
        Command::Dev(dev) => dev.run(),
        Command::Call(call) => call.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Bench(bench) => bench.run(),
        Command::Publish(publish) => publish.run(),
        Command::Upgrade(upgrade) => upgrade.run(),
        Command::Query(query) => query.run(),
        Command::Index(index) => index.run(),
        Command::Search(search) => search.run(),
        Command::Sql(sql) => sql.run(),
        Command::Export(export) => export.run(),
        Command::Serve(serve) => serve.run(),
        Command::Scheduler(scheduler) => scheduler.run(),
        Command::Executor(executor) => executor.run(),
        Command::Registry(registry) => registry.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has closed the pipe, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // If standard error is closed, the exit code is all that is left.
            let _ = writeln!(
                io::stderr(),
                "error: {}",
                whittle_host::one_line(&format!("{error:#}"))
            );
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
