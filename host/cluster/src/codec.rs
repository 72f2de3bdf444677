//! How plans with UDFs are written and read: Ballista's own codecs, and the messages of
//! [`crate::wire`] in them.
//!
//! Ballista reads a plan more than once, on schedulers, which have no components, and in the thread
//! that answers the scheduler. So a UDF is first read as one that can be planned but not run; only
//! [`Tasks`](crate::stage) reads it again for the task that runs it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ballista_core::serde::{BallistaLogicalExtensionCodec, BallistaPhysicalExtensionCodec};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::file_format::FileFormatFactory;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Extension, LogicalPlan, ScalarUDF};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use datafusion_proto::physical_plan::{PhysicalExtensionCodec, PhysicalProtoConverterExtension};
use whittle_datafusion::{Reference, declared, reference};

use crate::error::{QueryError, marked};
use crate::wire;

/// Writes and reads logical plans.
#[derive(Debug, Default)]
pub(crate) struct LogicalCodec(BallistaLogicalExtensionCodec);

impl LogicalExtensionCodec for LogicalCodec {
    fn try_decode(
        &self,
        buffer: &[u8],
        inputs: &[LogicalPlan],
        context: &TaskContext,
    ) -> Result<Extension> {
        self.0.try_decode(buffer, inputs, context)
    }

    fn try_encode(&self, node: &Extension, buffer: &mut Vec<u8>) -> Result<()> {
        self.0.try_encode(node, buffer)
    }

    fn try_decode_table_provider(
        &self,
        buffer: &[u8],
        table: &TableReference,
        schema: SchemaRef,
        context: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        self.0
            .try_decode_table_provider(buffer, table, schema, context)
    }

    fn try_encode_table_provider(
        &self,
        table: &TableReference,
        provider: Arc<dyn TableProvider>,
        buffer: &mut Vec<u8>,
    ) -> Result<()> {
        let written = self.0.try_encode_table_provider(table, provider, buffer);
        written.map_err(|_| {
            marked(QueryError::Table {
                table: table.to_string(),
            })
        })
    }

    fn try_decode_file_format(
        &self,
        buffer: &[u8],
        context: &TaskContext,
    ) -> Result<Arc<dyn FileFormatFactory>> {
        self.0.try_decode_file_format(buffer, context)
    }

    fn try_encode_file_format(
        &self,
        buffer: &mut Vec<u8>,
        format: Arc<dyn FileFormatFactory>,
    ) -> Result<()> {
        self.0.try_encode_file_format(buffer, format)
    }

    fn try_decode_udf(&self, name: &str, buffer: &[u8]) -> Result<Arc<ScalarUDF>> {
        decode(
            name,
            buffer,
            |name| self.0.try_decode_udf(name, buffer),
            declared,
        )
    }

    fn try_encode_udf(&self, udf: &ScalarUDF, buffer: &mut Vec<u8>) -> Result<()> {
        match reference(udf) {
            Some(reference) => wire::write(reference, buffer),
            None => self.0.try_encode_udf(udf, buffer),
        }
    }
}

/// Makes the function that a UDF in a plan is read as.
type Make = dyn Fn(Reference) -> Result<ScalarUDF> + Send + Sync;

/// Writes and reads physical plans.
pub(crate) struct PhysicalCodec {
    ballista: BallistaPhysicalExtensionCodec,
    make: Box<Make>,
    /// Whether it has written a UDF.
    wrote_udf: AtomicBool,
}

impl Default for PhysicalCodec {
    /// Reads UDFs that can be planned.
    fn default() -> Self {
        Self::new(declared)
    }
}

impl PhysicalCodec {
    pub(crate) fn new(
        make: impl Fn(Reference) -> Result<ScalarUDF> + Send + Sync + 'static,
    ) -> Self {
        Self {
            ballista: BallistaPhysicalExtensionCodec::default(),
            make: Box::new(make),
            wrote_udf: AtomicBool::new(false),
        }
    }

    /// Whether it has written a UDF.
    pub(crate) fn wrote_udf(&self) -> bool {
        self.wrote_udf.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for PhysicalCodec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PhysicalCodec")
            .finish_non_exhaustive()
    }
}

impl PhysicalExtensionCodec for PhysicalCodec {
    fn try_decode(
        &self,
        buffer: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        context: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.ballista.try_decode(buffer, inputs, context, converter)
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buffer: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        self.ballista.try_encode(node, buffer, converter)
    }

    fn try_decode_udf(&self, name: &str, buffer: &[u8]) -> Result<Arc<ScalarUDF>> {
        decode(
            name,
            buffer,
            |name| self.ballista.try_decode_udf(name, buffer),
            &*self.make,
        )
    }

    fn try_encode_udf(&self, udf: &ScalarUDF, buffer: &mut Vec<u8>) -> Result<()> {
        match reference(udf) {
            Some(reference) => {
                self.wrote_udf.store(true, Ordering::Relaxed);
                wire::write(reference, buffer)
            }
            None => self.ballista.try_encode_udf(udf, buffer),
        }
    }
}

/// Reads a UDF; a function without a message is another's.
fn decode(
    name: &str,
    buffer: &[u8],
    other: impl Fn(&str) -> Result<Arc<ScalarUDF>>,
    make: impl Fn(Reference) -> Result<ScalarUDF>,
) -> Result<Arc<ScalarUDF>> {
    match buffer {
        [] => other(name),
        message => wire::read(name, message).and_then(make).map(Arc::new),
    }
}
