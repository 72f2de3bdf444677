//! The same by document and over whole columns.

use whittle_guest::{Batch, Error, Field, Json, Parameters, Timestamp, document, udf};

/// What the document has for one path, in each kind, with its id and score; null if it has nothing.
#[derive(Parameters)]
pub(crate) struct WholeColumns {
    /// The field's path.
    field: String,
    #[parameter(skip)]
    boolean: Field<bool>,
    #[parameter(skip)]
    int64: Field<i64>,
    #[parameter(skip)]
    float64: Field<f64>,
    #[parameter(skip)]
    timestamp: Field<Timestamp>,
    #[parameter(skip)]
    text: Field<str>,
    #[parameter(skip)]
    json: Field<Json>,
}

#[udf]
impl WholeColumns {
    fn prepare(&mut self) -> Result<(), Error> {
        self.boolean = Field::named(&self.field);
        self.int64 = Field::named(&self.field);
        self.float64 = Field::named(&self.field);
        self.timestamp = Field::named(&self.field);
        self.text = Field::named(&self.field);
        self.json = Field::named(&self.field);
        Ok(())
    }

    fn value(&self) -> Option<String> {
        let Json(json) = self.json.get()?;
        let numbers = (
            self.boolean.get(),
            self.int64.get(),
            self.float64.get().map(f64::to_bits),
            self.timestamp.get(),
        );
        let document = (document::id(), document::score().to_bits());
        Some(format!(
            "{document:?} {numbers:?} {:?} {json:?}",
            self.text.get()
        ))
    }

    fn batch(&self, batch: &Batch<'_>) -> Vec<Option<String>> {
        let (booleans, integers) = (batch.values(&self.boolean), batch.values(&self.int64));
        let (floats, timestamps) = (batch.values(&self.float64), batch.values(&self.timestamp));
        let (texts, jsons) = (batch.texts(&self.text), batch.texts(&self.json));
        let scores = batch.scores();
        let row = |row: usize| {
            let json = jsons.get(row)?;
            let numbers = (
                booleans.get(row),
                integers.get(row),
                floats.get(row).map(f64::to_bits),
                timestamps.get(row),
            );
            let document = (batch.id(row), scores[row].to_bits());
            Some(format!(
                "{document:?} {numbers:?} {:?} {json:?}",
                texts.get(row)
            ))
        };
        batch.rows().map(row).collect()
    }
}
