//! Lines of source in a component, so that an error says where a guest was.
//!
//! Each language makes a table of them out of its tools' debug information. The component has the table
//! and no debug information, which is a hundred times as large.

use anyhow::Result;
use whittle_host::LineTable;

/// The module with a table in the place of its debug information. Damaged debug information is no
/// reason not to build.
pub(super) fn with_lines(module: &[u8], table: Result<LineTable>) -> Result<Vec<u8>> {
    let table = table.unwrap_or_else(|error| {
        log::warn!(
            "errors will not name lines, because the debug information is damaged: {error:#}"
        );
        LineTable::default()
    });
    Ok(table.write(module)?)
}
