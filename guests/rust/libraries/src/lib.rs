//! Uses each library that `docs/LIBRARIES.md` lists for Rust, so that `vectors.json` tests the list.

use std::error::Error as StdError;

use rand::{RngExt, SeedableRng};
use rayon::prelude::*;
use sha2::Digest;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use whittle_guest::{Error, Field, Parameters, export, udf};

/// What a library makes of the document's text.
#[derive(Parameters)]
struct Library {
    /// The name of the library.
    name: String,
    /// The field with the text.
    #[parameter(default = "text")]
    field: Field<str>,
}

#[udf]
impl Library {
    fn value(&self) -> Result<String, Error> {
        let text = self.field.get().unwrap_or_default();
        used(&self.name, &text).map_err(|error| Error::failed(error.to_string()))
    }
}

fn used(name: &str, text: &str) -> Result<String, Box<dyn StdError>> {
    Ok(match name {
        "chrono" => {
            let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")?;
            (date + chrono::Days::new(1))
                .format("%A, %-d %B %Y")
                .to_string()
        }
        "jiff" => {
            let day = text.parse().and_then(jiff::civil::Date::tomorrow);
            day.map_err(|error| error.to_string())?.to_string()
        }
        "rand" => {
            let mut random = rand::rngs::ChaCha8Rng::seed_from_u64(text.parse()?);
            random.random_range(0..1000).to_string()
        }
        "rayon" => text
            .par_chars()
            .filter(|c| c.is_lowercase())
            .count()
            .to_string(),
        "regex" => {
            let year = regex::Regex::new(r"\b\d{4}\b")?;
            year.find(text)
                .map_or("none", |found| found.as_str())
                .to_owned()
        }
        "serde_json" => serde_json::from_str::<serde_json::Value>(text)?["a"].to_string(),
        "sha2" => {
            let hash = sha2::Sha256::digest(text);
            hash[..4].iter().map(|byte| format!("{byte:02x}")).collect()
        }
        "strsim" => strsim::levenshtein(text, "kitten").to_string(),
        "time" => {
            let rfc = &time::format_description::well_known::Rfc3339;
            let instant = time::OffsetDateTime::parse(text, rfc)? + time::Duration::DAY;
            instant.to_offset(time::UtcOffset::UTC).format(rfc)?
        }
        "unicode-normalization" => text.nfc().collect(),
        "unicode-segmentation" => text.graphemes(true).rev().collect(),
        "uuid" => uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_DNS, text.as_bytes()).to_string(),

        "std::fs" => std::fs::read_to_string(text)?,
        "std::net" => std::net::TcpStream::connect(text).map(|_| String::new())?,
        "std::thread" => std::thread::Builder::new()
            .spawn(|| ())
            .map(|_| String::new())?,
        "std::time" => format!("{:?}", std::time::SystemTime::now()),
        _ => return Err(format!("unknown library `{name}`").into()),
    })
}

export!(Library);
