//! The file of an index's settings, beside the index's own files.

use std::io;
use std::path::Path;

use whittle_node::index::{IndexError, read_sealed, replace_sealed};

use crate::settings::Settings;

const SETTINGS: &str = "settings.json";

/// The settings in an index's directory; new ones if it was made by the command, or an older version.
///
/// # Errors
///
/// If the file is damaged or cannot be read.
pub(super) fn load(directory: &Path) -> Result<Settings, IndexError> {
    let file = directory.join(SETTINGS);
    let text = match read_sealed(&file) {
        Ok(text) => text,
        Err(IndexError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            let settings = Settings::new();
            // On a full disk the index is served without them.
            let _ = save(directory, &settings);
            return Ok(settings);
        }
        Err(error) => return Err(error),
    };
    serde_json::from_slice(&text).map_err(|error| IndexError::Damaged {
        path: file,
        offset: 0,
        reason: error.to_string(),
    })
}

/// Saves settings; after a crash, they or those before them are there.
///
/// # Errors
///
/// If the system refuses.
pub(super) fn save(directory: &Path, settings: &Settings) -> Result<(), IndexError> {
    let text = serde_json::to_vec(settings).expect("numbers and text");
    replace_sealed(&directory.join(SETTINGS), &text)
}
