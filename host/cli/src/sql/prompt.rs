//! The prompt: it reads statements and commands, with history and completion, until the user quits.
//! Nothing that a statement does ends it.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;
use datafusion::DATAFUSION_VERSION;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};
use tokio::runtime::Runtime;
use tokio::signal;
use whittle_host::one_line;

use super::command::{Command, HELP};
use super::completion::Completion;
use super::mistake::Source;
use super::session::Session;
use crate::setup;

type Lines = Editor<Completion, FileHistory>;

/// Reads and runs statements until the user quits.
///
/// # Errors
///
/// The terminal cannot be used. Mistakes in statements are printed.
pub(super) fn run(session: &mut Session, runtime: &Runtime) -> Result<()> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(10_000)?
        .history_ignore_space(true)
        .auto_add_history(true)
        .build();
    let mut lines: Lines = Editor::with_config(config)?;
    lines.set_helper(Some(Completion::new()));
    let history = history();
    if let Some(path) = &history {
        // The first time there is neither.
        let _ = path.parent().map(fs::create_dir_all);
        let _ = lines.load_history(path);
    }
    print(&format!(
        "whittle {} with DataFusion {DATAFUSION_VERSION}: `\\?` lists commands, `\\q` quits\n",
        env!("CARGO_PKG_VERSION")
    ))?;
    let mut timing = false;
    loop {
        if let Some(completion) = lines.helper_mut() {
            completion.names = runtime.block_on(session.names());
        }
        match lines.readline("sql> ") {
            Ok(line) => {
                if let Some(path) = &history {
                    // Without it, the prompt works all the same.
                    let _ = lines.append_history(path);
                }
                let started = Instant::now();
                match answer(session, runtime, line, &mut timing) {
                    Ok(Next::Quit) => break,
                    Ok(Next::Line) => {}
                    Ok(Next::Statement) => {
                        if timing {
                            let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
                            print(&format!("Time: {milliseconds:.3} ms\n"))?;
                        }
                    }
                    Err(error) => {
                        let error = one_line(&format!("{error:#}"));
                        let _ = writeln!(io::stderr(), "error: {error}");
                    }
                }
            }
            // As in a shell, a line is given up.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// What comes after a line.
enum Next {
    Quit,
    /// Another line.
    Line,
    /// Another line; this one was a statement.
    Statement,
}

fn answer(
    session: &mut Session,
    runtime: &Runtime,
    line: String,
    timing: &mut bool,
) -> Result<Next> {
    let text = match line.trim_start().starts_with('\\') {
        false => line,
        true => match line.parse().map_err(anyhow::Error::msg)? {
            Command::Quit => return Ok(Next::Quit),
            Command::Help => return print(HELP),
            Command::Tables => {
                "SELECT table_name AS \"table\", table_type AS type FROM information_schema.tables \
                 WHERE table_schema <> 'information_schema' ORDER BY 1"
                    .to_owned()
            }
            Command::Describe(table) => format!("DESCRIBE {table}"),
            Command::Functions => return print(&session.overview()),
            Command::Function(name) => return print(&session.describe(&name)?),
            Command::Include(path) => {
                let source = Source::file(path)?;
                return execute(session, runtime, &source);
            }
            Command::Timing(on) => {
                *timing = on.unwrap_or(!*timing);
                return print(&format!(
                    "timing is {}\n",
                    if *timing { "on" } else { "off" }
                ));
            }
            Command::Format(None) => {
                return print(&format!("the format is {}\n", session.settings.format));
            }
            Command::Format(Some(format)) => {
                session.settings.format = format;
                return print(&format!("the format is {format}\n"));
            }
        },
    };
    execute(session, runtime, &Source { path: None, text })
}

fn execute(session: &Session, runtime: &Runtime, source: &Source) -> Result<Next> {
    let interrupted = async {
        // Without signals, nothing can be cancelled.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    runtime.block_on(session.run(source, interrupted))?;
    Ok(Next::Statement)
}

fn print(text: &str) -> Result<Next> {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(Next::Line)
}

/// The file of the history, in the user's directory for state.
fn history() -> Option<PathBuf> {
    let base = setup::user_folder("XDG_STATE_HOME", ".local/state")?;
    Some(base.join("whittle/sql-history"))
}
