//! tantivy's own record of its schema, which cannot be changed through tantivy.
//!
//! It is in the file that names the segments too. Only what a mapping adds at its end may be new:
//! segments are read by the numbers of fields.

use std::path::Path;

use serde_json::Value as Json;
use tantivy::TantivyError;
use tantivy::directory::Directory;

use crate::mapping::Mapping;

/// tantivy's name of the file.
pub(super) const META: &str = "meta.json";

/// Writes a mapping's schema in the place of an older one. Whole or not at all.
///
/// # Errors
///
/// Where the mapping lacks fields that the segments have, or the system refuses.
pub(super) fn bring_schema_up(directory: &dyn Directory, mapping: &Mapping) -> tantivy::Result<()> {
    let text = directory.atomic_read(Path::new(META))?;
    let mut meta: Json = serde_json::from_slice(&text)?;
    let schema = serde_json::to_value(mapping.schema())?;
    if meta["schema"] == schema {
        return Ok(());
    }
    let (old, new) = (meta["schema"].as_array(), schema.as_array());
    let grows = old.zip(new).is_some_and(|(old, new)| new.starts_with(old));
    if !grows {
        let text = "the segments have fields that the mapping does not have".to_owned();
        return Err(TantivyError::SchemaError(text));
    }
    meta["schema"] = schema;
    directory.atomic_write(Path::new(META), &serde_json::to_vec(&meta)?)?;
    directory.sync_directory()?;
    Ok(())
}
