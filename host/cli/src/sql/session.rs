//! A session of the SQL engine: its tables, its functions, and running statements.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::FormatOptions;
use datafusion::catalog::{DynamicFileCatalog, TableProvider};
use datafusion::common::TableReference;
use datafusion::common::utils::quote_identifier;
use datafusion::datasource::listing::ListingTable;
use datafusion::error::{DataFusionError, Result as EngineResult};
use datafusion::execution::SessionState;
use datafusion::logical_expr::ExplainFormat;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::Statement as Sql;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use whittle_datafusion::{Functions, Options};
use whittle_host::{Budget, Engine, QueryContext, nearest_name};

use super::broken;
use super::copied::{self, Copied};
use super::functions::{self, Factory};
use super::index;
use super::mistake::Source;
use super::output::{Format, MaxRows, Printer};
use super::statement;
use super::tables::{self, Paths, Table};
use super::wildcard;
use crate::udf_log::UdfLog;

/// How answers are printed and what a statement may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) format: Format,
    pub(super) max_rows: MaxRows,
    /// `None`: no limit.
    pub(super) timeout: Option<Duration>,
    /// Whether statements run on a cluster, whose executors write the files.
    pub(super) on_cluster: bool,
}

/// The engine with its tables and functions.
pub(super) struct Session {
    context: SessionContext,
    pub(super) functions: Functions,
    /// Of each statement.
    budget: Budget,
    log: UdfLog,
    pub(super) settings: Settings,
}

/// What a statement answers, part by part.
enum Part {
    Schema(SchemaRef),
    Rows(RecordBatch),
}

impl Session {
    /// The state of a session on this machine.
    pub(super) fn state() -> Result<SessionState> {
        let mut config = SessionConfig::from_env()?.with_information_schema(true);
        let options = config.options_mut();
        options.sql_parser.collect_spans = true;
        // As DataFusion's own command has them.
        options.explain.format = ExplainFormat::Tree;
        options.format.null = "NULL".to_owned();
        Ok(SessionContext::new_with_config(config).state())
    }

    /// A session without tables and functions. Each statement has the budget.
    pub(super) fn new(
        settings: Settings,
        state: SessionState,
        engine: &Engine,
        budget: Budget,
        log: UdfLog,
    ) -> Self {
        let context = SessionContext::new_with_state(state);
        let functions = Functions::new(
            &context,
            Options {
                budget: budget.clone(),
            },
        );
        let factory = Factory {
            engine: engine.clone(),
            functions: functions.clone(),
        };
        let context = context.with_function_factory(Arc::new(factory));
        let paths = Paths {
            state: context.state(),
        };
        let catalogs = Arc::clone(context.state().catalog_list());
        let catalogs = DynamicFileCatalog::new(catalogs, Arc::new(paths));
        context.register_catalog_list(Arc::new(catalogs));
        Self {
            context,
            functions,
            budget,
            log,
            settings,
        }
    }

    /// All functions: see [`functions::overview`].
    pub(super) fn overview(&self) -> String {
        functions::overview(&self.functions, &self.context)
    }

    /// One function: see [`functions::describe`].
    pub(super) fn describe(&self, name: &str) -> Result<String> {
        functions::describe(&self.functions, &self.context, name)
    }

    /// Adds a file or a directory as a table.
    ///
    /// # Errors
    ///
    /// It cannot be read, or there is another table with its name.
    pub(super) async fn add(&self, Table { name, path }: &Table) -> Result<()> {
        let shown = || format!("{}: the path is not UTF-8", path.display());
        let table = tables::open(&self.context.state(), path.to_str().with_context(shown)?).await;
        let table = table.map_err(|error| anyhow!("{}", error.message()))?;
        let added = self.add_table(name, table);
        added.map_err(|error| {
            anyhow!(
                "{error}: name one, as in `--table other={}`",
                path.display()
            )
        })
    }

    /// Adds a table.
    ///
    /// # Errors
    ///
    /// There is another one with its name.
    pub(super) fn add_table(&self, name: &str, table: Arc<dyn TableProvider>) -> Result<()> {
        let reference = TableReference::bare(name);
        if self.context.table_exist(reference.clone())? {
            bail!("there are two tables `{name}`");
        }
        self.context.register_table(reference, table)?;
        Ok(())
    }

    /// The names of tables, columns and functions as they are written in SQL, sorted.
    pub(super) async fn names(&self) -> Vec<String> {
        let mut names = functions::of_engine(&self.context);
        names.extend(self.functions.list().into_iter().map(|of| of.function.name));
        for table in self.tables() {
            let provider = self
                .context
                .table_provider(TableReference::bare(&*table))
                .await;
            let schema = provider.map(|provider| provider.schema());
            let fields = schema.iter().flat_map(|schema| schema.fields());
            names.extend(fields.map(|field| quote_identifier(field.name()).into_owned()));
            names.push(quote_identifier(&table).into_owned());
        }
        names.sort();
        names.dedup();
        names
    }

    /// The tables that statements can name without a schema.
    fn tables(&self) -> Vec<String> {
        let state = self.context.state();
        let catalog = &state.config_options().catalog;
        let schema = state
            .catalog_list()
            .catalog(&catalog.default_catalog)
            .and_then(|found| found.schema(&catalog.default_schema));
        schema.map_or_else(Vec::new, |schema| schema.table_names())
    }

    /// Runs all statements of a text, and prints their answers. The first error ends it, and so does
    /// `interrupted`.
    pub(super) async fn run(
        &self,
        source: &Source,
        interrupted: impl Future<Output = ()>,
    ) -> Result<()> {
        let statements = statement::parse(&source.text);
        let statements = statements.map_err(|error| source.mistake(&error))?;
        let mut interrupted = pin!(interrupted);
        for statement in statements {
            let mut printer = Printing::new(self);
            let ended = self.execute(&statement, &mut printer, &mut interrupted);
            if let Err(error) = ended.await {
                return Err(self.placed(error, &statement, source).await);
            }
            printer.end()?;
        }
        Ok(())
    }

    /// Runs a statement, and hands its answer on as it arrives. `interrupted` ends it.
    pub(super) async fn execute(
        &self,
        statement: &Statement,
        answer: &mut impl Answer,
        interrupted: impl Future<Output = ()>,
    ) -> Result<()> {
        let query = QueryContext::new(self.budget.clone());
        let (sender, parts) = mpsc::channel(1);
        // Planning and execution may run functions for long: another thread does both, so that
        // this one can react.
        let running = Running {
            context: self.context.clone(),
            functions: self.functions.clone(),
            query: query.clone(),
            on_cluster: self.settings.on_cluster,
            sender,
        };
        let _running = Stop {
            task: tokio::spawn(running.answer(statement.clone())),
            query: query.clone(),
        };
        let timeout = async {
            match self.settings.timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        let ended = tokio::select! {
            ended = received(parts, answer) => ended,
            () = interrupted => bail!("cancelled"),
            () = timeout => bail!(
                "the statement reached the time limit of {} ms, which `--timeout` sets",
                self.settings.timeout.unwrap_or_default().as_millis()
            ),
        };
        self.log.print(&query, &ended);
        ended
    }

    /// An error of the engine, with its position in the source.
    async fn placed(
        &self,
        error: anyhow::Error,
        statement: &Statement,
        source: &Source,
    ) -> anyhow::Error {
        let Some(of_engine) = error.downcast_ref::<DataFusionError>() else {
            return error;
        };
        if broken::is_of_file(of_engine)
            && let Some(found) = self.broken_file(statement).await
        {
            return anyhow!(found);
        }
        self.mistake(of_engine, statement, source)
    }

    /// The first mistake in the files that a statement reads.
    async fn broken_file(&self, statement: &Statement) -> Option<String> {
        let references = self.context.state().resolve_table_references(statement);
        for reference in references.ok()? {
            let Ok(table) = self.context.table_provider(reference).await else {
                continue;
            };
            let files = table.downcast_ref::<ListingTable>();
            if let Some(found) = files.and_then(broken::in_table) {
                return Some(found);
            }
        }
        None
    }

    /// The engine's error, with the nearest name if a table does not exist.
    fn mistake(
        &self,
        error: &DataFusionError,
        statement: &Statement,
        source: &Source,
    ) -> anyhow::Error {
        let state = self.context.state();
        let references = state
            .resolve_table_references(statement)
            .unwrap_or_default();
        let catalog = &state.config_options().catalog;
        let missing = references.into_iter().find(|reference| {
            let resolved = reference.clone();
            let resolved = resolved.resolve(&catalog.default_catalog, &catalog.default_schema);
            error.find_root().message() == format!("table '{resolved}' not found")
        });
        let Some(missing) = missing else {
            return source.mistake(error);
        };
        let wrong = missing.table();
        let tables = self.tables();
        let hint = match (nearest_name(wrong, &tables), &tables[..]) {
            (Some(name), _) => format!(": did you mean `{name}`?"),
            (None, []) => ": the session has no tables; name files on the command line, or in the \
                statement as `FROM 'films.parquet'`"
                .to_owned(),
            (None, tables) => format!(": there are `{}`", tables.join("`, `")),
        };
        source.placed(error, &format!("there is no table `{wrong}`{hint}"))
    }
}

/// What takes the answer to a statement.
pub(super) trait Answer {
    /// The columns of the answer, before its first rows. A statement without an answer has none.
    fn columns(&mut self, schema: SchemaRef) -> Result<()>;

    /// The next rows.
    fn rows(&mut self, rows: &RecordBatch) -> Result<()>;
}

async fn received(
    mut parts: mpsc::Receiver<EngineResult<Part>>,
    answer: &mut impl Answer,
) -> Result<()> {
    let mut has_columns = false;
    while let Some(part) = parts.recv().await {
        match part? {
            Part::Schema(schema) => {
                has_columns = !schema.fields().is_empty();
                if has_columns {
                    answer.columns(schema)?;
                }
            }
            Part::Rows(rows) if has_columns => answer.rows(&rows)?,
            Part::Rows(_) => {}
        }
    }
    Ok(())
}

/// Prints an answer as its parts arrive.
struct Printing<'a> {
    session: &'a Session,
    printer: Option<Printer>,
}

impl<'a> Printing<'a> {
    fn new(session: &'a Session) -> Self {
        Self {
            session,
            printer: None,
        }
    }

    fn end(self) -> Result<()> {
        let Some(printer) = self.printer else {
            return Ok(());
        };
        let config = self.session.context.copied_config();
        printer.end(&FormatOptions::try_from(&config.options().format)?)
    }
}

impl Answer for Printing<'_> {
    fn columns(&mut self, schema: SchemaRef) -> Result<()> {
        let Settings {
            format, max_rows, ..
        } = self.session.settings;
        self.printer = Some(Printer::begin(format, max_rows, schema)?);
        Ok(())
    }

    fn rows(&mut self, rows: &RecordBatch) -> Result<()> {
        match &mut self.printer {
            Some(printer) => printer.rows(rows),
            None => Ok(()),
        }
    }
}

/// Stops a statement that nobody waits for, and the functions in it.
struct Stop {
    task: JoinHandle<()>,
    query: QueryContext,
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.query.cancel();
        self.task.abort();
    }
}

/// A statement that runs on a thread of its own, and sends its answer for as long as somebody
/// receives it.
struct Running {
    context: SessionContext,
    functions: Functions,
    query: QueryContext,
    on_cluster: bool,
    sender: mpsc::Sender<EngineResult<Part>>,
}

impl Running {
    async fn answer(self, statement: Statement) {
        if let Err(error) = self.send(statement).await {
            // Nobody receives it if the statement was cancelled.
            let _ = self.sender.send(Err(error)).await;
        }
    }

    async fn send(&self, mut statement: Statement) -> EngineResult<()> {
        let listed = match &statement {
            Statement::Statement(statement) => match &**statement {
                Sql::ShowFunctions { filter } => Some(filter.clone()),
                _ => None,
            },
            _ => None,
        };
        let state = self.context.state();
        let indexes = index::named(&state, &statement).await?;
        wildcard::leave_out_sources(&mut statement, &indexes);
        copied::with_format(&mut statement)?;
        functions::check_created(&statement)?;
        let copied = match self.on_cluster {
            true => None,
            false => Copied::aside(&mut statement)?,
        };
        let answer = self.functions.plan_in(statement, &self.query).await?;
        let mut rows = answer.execute_stream().await?;
        let schema = rows.schema();
        self.part(Part::Schema(Arc::clone(&schema))).await?;
        if let Some(filter) = listed {
            let listed = functions::shown(&self.functions, filter.as_ref(), &schema);
            self.part(Part::Rows(
                listed.map_err(|error| DataFusionError::External(error.into()))?,
            ))
            .await?;
        }
        while let Some(batch) = rows.next().await {
            self.part(Part::Rows(batch?)).await?;
        }
        if let Some(copied) = copied {
            copied.put()?;
        }
        Ok(())
    }

    async fn part(&self, part: Part) -> EngineResult<()> {
        let sent = self.sender.send(Ok(part)).await;
        sent.map_err(|_| DataFusionError::Execution("the statement was cancelled".to_owned()))
    }
}
