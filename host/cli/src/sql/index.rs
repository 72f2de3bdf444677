//! The indexes of a node's data directory as tables.
//!
//! A scan reads only the columns that a statement needs, of the documents that match what the index
//! can decide of its filters; see [`super::pushdown`].

use std::any::Any;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{exec_datafusion_err, project_schema};
use datafusion::error::{DataFusionError, Result as EngineResult};
use datafusion::execution::{SendableRecordBatchStream, SessionState, TaskContext};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use datafusion::sql::parser::Statement;
use serde_json::json;
use whittle_datafusion::Called;
use whittle_host::{Budget, QueryContext, Udf};
use whittle_node::index::Index;
use whittle_node::{SearchRequest, Snapshot, Threads, Udfs};
use whittle_server::{DataDirectory, NodeError};

use super::{NO_LIMIT, pushdown};

/// The indexes of a data directory that no other process uses.
pub(super) struct Indexes {
    pub(super) data: DataDirectory,
    /// By name. An index is closed when nobody holds it.
    pub(super) open: Vec<(String, Index)>,
}

impl Indexes {
    /// Opens all of them.
    pub(super) fn open(data: &Path) -> Result<Self> {
        let data = DataDirectory::open(data).map_err(|error| match error {
            NodeError::InUse { .. } => anyhow!("{error}: stop it, or use a copy"),
            error => error.into(),
        })?;
        let mut open = Vec::new();
        for entry in fs::read_dir(data.indexes())? {
            let folder = entry?.path();
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let index = Index::open(&folder).with_context(|| format!("index `{name}`"))?;
            open.push((name.into_owned(), index));
        }
        open.sort_by(|(left, _), (right, _)| left.cmp(right));
        Ok(Self { data, open })
    }

    /// The tables, by name: each is its index as of now.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&str, IndexTable)> {
        let threads = thread::available_parallelism().map_or(0, |all| all.get() - 1);
        let threads = Threads::new(threads);
        self.open.iter().map(move |(name, index)| {
            let snapshot = index.snapshot().with_threads(&threads);
            (name.as_str(), IndexTable::new(name, snapshot))
        })
    }
}

/// An index at a point in time, as a table.
#[derive(Debug)]
pub(super) struct IndexTable {
    name: Arc<str>,
    snapshot: Snapshot,
    schema: SchemaRef,
}

impl IndexTable {
    fn new(name: &str, snapshot: Snapshot) -> Self {
        Self {
            name: name.into(),
            schema: snapshot.schema(),
            snapshot,
        }
    }
}

/// The tables that a statement names and that are indexes, without their schemas.
pub(super) async fn named(
    state: &SessionState,
    statement: &Statement,
) -> EngineResult<Vec<String>> {
    let mut indexes = Vec::new();
    for reference in state.resolve_table_references(statement)? {
        let name = reference.table().to_owned();
        let Ok(schema) = state.schema_for_ref(reference) else {
            continue;
        };
        // What cannot be opened is reported when the statement is planned.
        if let Ok(Some(table)) = schema.table(&name).await {
            let table: &dyn Any = table.as_ref();
            if table.is::<IndexTable>() {
                indexes.push(name);
            }
        }
    }
    Ok(indexes)
}

#[async_trait]
impl TableProvider for IndexTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// The engine filters again by what is compared: SQL compares the first value of a field, and a
    /// query all of them.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> EngineResult<Vec<TableProviderFilterPushDown>> {
        let filters = filters.iter();
        let support = filters.map(|filter| match pushdown::clause(filter, &self.snapshot) {
            Some(clause) if clause.is_exact => TableProviderFilterPushDown::Exact,
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        });
        Ok(support.collect())
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let clauses = filters.iter();
        let clauses = clauses.filter_map(|filter| pushdown::clause(filter, &self.snapshot));
        let (mut queries, mut calls) = (Vec::new(), Vec::new());
        for clause in clauses {
            queries.push(clause.query);
            calls.extend(clause.calls);
        }
        let query = (!queries.is_empty()).then(|| match &queries[..] {
            [one] => one.to_string(),
            _ => json!({"bool": {"filter": queries}}).to_string(),
        });
        let schema = project_schema(&self.schema, projection)?;
        let columns = match projection {
            Some(columns) => columns.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        Ok(Arc::new(IndexScan {
            name: Arc::clone(&self.name),
            snapshot: self.snapshot.clone(),
            columns,
            query,
            calls,
            limit,
            metrics: ExecutionPlanMetricsSet::new(),
            properties: Arc::new(PlanProperties::new(
                EquivalenceProperties::new(schema),
                Partitioning::UnknownPartitioning(1),
                EmissionType::Incremental,
                Boundedness::Bounded,
            )),
        }))
    }
}

/// A scan of an index.
#[derive(Debug)]
struct IndexScan {
    name: Arc<str>,
    snapshot: Snapshot,
    columns: Vec<usize>,
    /// What documents must match, in the node's query language.
    query: Option<String>,
    /// The UDFs in it.
    calls: Vec<Called>,
    /// How many documents are enough.
    limit: Option<usize>,
    metrics: ExecutionPlanMetricsSet,
    properties: Arc<PlanProperties>,
}

impl IndexScan {
    /// The components of the functions that the query calls, and the context of the statement.
    fn udfs(&self) -> EngineResult<(Udfs, QueryContext)> {
        let mut components: Vec<Udf> = Vec::new();
        let mut context = None;
        for called in &self.calls {
            let component = called.component()?;
            let manifest = component.manifest();
            let is_known = |known: &Udf| {
                let known = known.manifest();
                (&known.name, &known.version) == (&manifest.name, &manifest.version)
            };
            if !components.iter().any(is_known) {
                components.push(component);
            }
            context = context.or_else(|| called.context());
        }
        // Without functions, the end of the statement is enough.
        let without = || {
            QueryContext::new(Budget {
                wall_clock: NO_LIMIT,
                ..Budget::default()
            })
        };
        let udfs = Udfs::new(components).map_err(external)?;
        Ok((udfs, context.unwrap_or_else(without)))
    }
}

impl DisplayAs for IndexScan {
    fn fmt_as(&self, form: DisplayFormatType, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = match form {
            DisplayFormatType::TreeRender => "\n",
            DisplayFormatType::Default | DisplayFormatType::Verbose => {
                to.write_str("IndexScan: ")?;
                ", "
            }
        };
        write!(to, "index={}", self.name)?;
        if let Some(query) = &self.query {
            write!(to, "{separator}query={query}")?;
        }
        match self.limit {
            Some(limit) => write!(to, "{separator}limit={limit}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for IndexScan {
    fn name(&self) -> &'static str {
        "IndexScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> EngineResult<TreeNodeRecursion>,
    ) -> EngineResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> EngineResult<SendableRecordBatchStream> {
        let query = self.query.as_deref().unwrap_or(r#"{"match_all": {}}"#);
        let request = SearchRequest::parse(format!(r#"{{"query": {query}}}"#).as_bytes());
        let request = request.map_err(external)?;
        let (snapshot, columns) = (self.snapshot.clone(), self.columns.clone());
        let limit = self.limit.unwrap_or(usize::MAX);
        let (udfs, context) = self.udfs()?;
        let calls = self.calls.clone();
        let output_rows = MetricBuilder::new(&self.metrics).output_rows(0);
        let mut stream = RecordBatchReceiverStreamBuilder::new(self.schema(), 2);
        let batches = stream.tx();
        stream.spawn_blocking(move || {
            let rows = AtomicUsize::new(0);
            let take = |batch: RecordBatch| {
                let before = rows.fetch_add(batch.num_rows(), Ordering::Relaxed);
                output_rows.add(batch.num_rows());
                let is_wanted = before < limit && batches.blocking_send(Ok(batch)).is_ok();
                is_wanted && rows.load(Ordering::Relaxed) < limit
            };
            let scanned = snapshot.scan(&request, &columns, &udfs, &context, take);
            for (called, report) in calls.iter().zip(scanned.map_err(external)?) {
                let rows = usize::try_from(report.documents).unwrap_or(usize::MAX);
                let time = Duration::from_micros(report.time_us);
                called.count(rows, time, report.errors > 0);
            }
            Ok(())
        });
        Ok(stream.build())
    }
}

/// An error with its causes, of which the engine shows none.
fn external(error: impl std::error::Error + Send + Sync + 'static) -> DataFusionError {
    exec_datafusion_err!("{:#}", anyhow::Error::new(error))
}
