//! Files, and directories of files of one format, as tables.
//!
//! The format is that of the extension. What the engine would guess from the first rows is guessed
//! from more of them: a field that appears late is a column all the same.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::csv::reader::Format;
use datafusion::catalog::{TableProvider, UrlTableFactory};
use datafusion::common::{plan_datafusion_err, plan_err};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::Result;
use datafusion::execution::SessionState;

use super::{array, broken};
use crate::sources;

/// The rows that types of columns are taken from, of each file.
const SAMPLE_ROWS: usize = 100_000;

/// A file or a directory, and the name of its table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) path: PathBuf,
}

impl FromStr for Table {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok(Self {
                name: name.to_owned(),
                path: path.into(),
            }),
            _ => Err("expected `NAME=PATH`, such as `films=films.parquet`".to_owned()),
        }
    }
}

impl Table {
    /// The table of a file, named after it: `Top Films.csv` is `top_films`, which needs no quotes.
    pub(super) fn named_after(path: &Path) -> Self {
        let stem = path.file_stem().unwrap_or(path.as_os_str());
        let mut name: String = stem.to_string_lossy().to_lowercase();
        name = name.replace(|character: char| !character.is_alphanumeric(), "_");
        if name.starts_with(|first: char| first.is_numeric()) {
            name.insert(0, '_');
        }
        Self {
            name,
            path: path.to_owned(),
        }
    }
}

/// Opens a file or a directory as a table. Directories such as `year=1999` give columns.
///
/// # Errors
///
/// There is no such file, its format is unknown or several, or its content is not in that format.
pub(super) async fn open(state: &SessionState, path: &str) -> Result<Arc<dyn TableProvider>> {
    let opened = opened(state, path).await;
    opened.map_err(|error| plan_datafusion_err!("{path}: {}", error.find_root().message()))
}

async fn opened(state: &SessionState, path: &str) -> Result<Arc<dyn TableProvider>> {
    let Files { files, extension } = Files::at(Path::new(path))?;
    let format: Arc<dyn FileFormat> = match &*extension.to_lowercase() {
        "parquet" | "parq" | "pq" => Arc::new(ParquetFormat::default()),
        "csv" => separated(&files, b',')?,
        "tsv" => separated(&files, b'\t')?,
        "arrow" | "arrows" | "feather" | "ipc" => Arc::new(ArrowFormat),
        "json" | "ndjson" | "jsonl" if starts_with_bracket(&files[0])? => {
            return array::open(&files);
        }
        "json" | "ndjson" | "jsonl" => {
            Arc::new(JsonFormat::default().with_schema_infer_max_rec(SAMPLE_ROWS))
        }
        _ => {
            return plan_err!(
                "unknown format: the extension must be `.parquet`, `.csv`, `.tsv`, `.json`, \
                 `.ndjson`, `.jsonl` or `.arrow`; for other files use `CREATE EXTERNAL TABLE t STORED \
                 AS CSV LOCATION 'file'`"
            );
        }
    };
    let is_json = format.get_ext() == "json";
    let options = ListingOptions::new(format).with_file_extension(format!(".{extension}"));
    let config = ListingTableConfig::new(ListingTableUrl::parse(path)?);
    let config = config.with_listing_options(options);
    let config = config.infer_partitions_from_path(state).await?;
    let config = config.infer_schema(state).await.map_err(|error| {
        let found = files.iter().find_map(|file| {
            let found = broken::in_lines(file)?;
            Some(match &files[..] {
                [_] => found,
                _ => format!("{}: {found}", file.display()),
            })
        });
        found
            .filter(|_| is_json)
            .map_or(error, |found| plan_datafusion_err!("{found}"))
    })?;
    let table = ListingTable::try_new(config)?;
    let cache = state.runtime_env().cache_manager.get_file_statistic_cache();
    Ok(Arc::new(table.with_cache(cache)))
}

/// A file, or the files of a directory, with one extension.
struct Files {
    /// At least one.
    files: Vec<PathBuf>,
    /// As it is written.
    extension: String,
}

impl Files {
    fn at(path: &Path) -> Result<Self> {
        let files = match fs::metadata(path)?.is_dir() {
            true => sources::files(path, &|path| !is_hidden(path))?,
            false => vec![path.to_owned()],
        };
        let extension = |file: &PathBuf| {
            let extension = file.extension().unwrap_or_default();
            extension.to_string_lossy().into_owned()
        };
        let extensions: BTreeSet<String> = files.iter().map(extension).collect();
        let mut extensions = extensions.into_iter();
        match (extensions.next(), extensions.next()) {
            (Some(extension), None) => Ok(Self { files, extension }),
            (None, _) => plan_err!("the directory has no files"),
            (Some(one), Some(other)) => plan_err!(
                "the directory has files with different extensions, `.{one}` and `.{other}`: a table \
                 has files of one format"
            ),
        }
    }
}

/// The format of files whose names of columns are read as such.
fn separated(files: &[PathBuf], delimiter: u8) -> Result<Arc<dyn FileFormat>> {
    let header = Format::default().with_header(true);
    let header = header.with_delimiter(delimiter);
    for file in files {
        // What cannot be read is reported when it is.
        let Ok((names, _)) = header.infer_schema(File::open(file)?, Some(0)) else {
            continue;
        };
        let mut known = BTreeSet::new();
        let mut names = names.fields().iter().map(|field| field.name());
        if let Some(twice) = names.find(|name| !known.insert(name.as_str())) {
            let at = match files {
                [_] => String::new(),
                _ => format!("{}: ", file.display()),
            };
            return plan_err!("{at}two columns of the header have the name `{twice}`: rename one");
        }
    }
    Ok(Arc::new(csv(delimiter)))
}

/// Quoted values may have line breaks, for which a large file is read by one thread; its rows are
/// evaluated by all.
fn csv(delimiter: u8) -> CsvFormat {
    CsvFormat::default()
        .with_has_header(true)
        .with_delimiter(delimiter)
        .with_newlines_in_values(true)
        .with_schema_infer_max_rec(SAMPLE_ROWS)
}

/// Writers of data sets add files such as `_SUCCESS` and `.part-0.crc`.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b".") || name.starts_with(b"_")
}

/// Whether a JSON file is one array, not an object on each line.
fn starts_with_bracket(path: &Path) -> io::Result<bool> {
    for byte in io::BufReader::new(File::open(path)?).bytes() {
        let byte = byte?;
        if !byte.is_ascii_whitespace() {
            return Ok(byte == b'[');
        }
    }
    Ok(false)
}

/// Paths in the place of tables: `SELECT ... FROM 'films.parquet'`.
#[derive(Debug)]
pub(super) struct Paths {
    /// What files are opened with.
    pub(super) state: SessionState,
}

#[async_trait]
impl UrlTableFactory for Paths {
    async fn try_new(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        // Anything else is the name of a table that does not exist.
        if !name.contains(['/', '.']) && !Path::new(name).is_dir() {
            return Ok(None);
        }
        open(&self.state, name).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_named_after_its_file() {
        let name = |path: &str| Table::named_after(Path::new(path)).name;
        assert_eq!(name("films.parquet"), "films");
        assert_eq!(name("data/Top Films-2.csv"), "top_films_2");
        assert_eq!(name("1999.json"), "_1999");
        assert_eq!(name("data/years/"), "years");
    }

    #[test]
    fn a_directory_has_one_format() {
        let folder = tempfile::tempdir().expect("a directory");
        let found = |path: &Path| match Files::at(path) {
            Ok(files) => files.extension,
            Err(error) => error.message().into_owned(),
        };
        assert_eq!(found(folder.path()), "the directory has no files");
        fs::write(folder.path().join("_SUCCESS"), "").expect("written");
        fs::write(folder.path().join("1.csv"), "a\n1\n").expect("written");
        assert_eq!(found(folder.path()), "csv");
        fs::write(folder.path().join("2.txt"), "a\n1\n").expect("written");
        assert_eq!(
            found(folder.path()),
            "the directory has files with different extensions, `.csv` and `.txt`: a table has files \
             of one format"
        );
    }
}
