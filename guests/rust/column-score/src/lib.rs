//! A weighted score of three numbers, over whole columns: `custom-score` for authors who want slices.

use whittle_guest::{Batch, Field, Parameters, export, udf};

/// The weighted sum of a document's price, rating and popularity. A field that is missing counts
/// as zero.
#[derive(Parameters)]
#[parameters(name = "custom_score")]
struct ColumnScore {
    /// What the price is multiplied by.
    #[parameter(default = 0.3)]
    price_weight: f64,
    /// What the rating is multiplied by.
    #[parameter(default = 0.5)]
    rating_weight: f64,
    /// What the popularity is multiplied by.
    #[parameter(default = 0.2)]
    popularity_weight: f64,
    /// The field that holds the price.
    #[parameter(default = "price")]
    price_field: Field<f64>,
    /// The field that holds the rating.
    #[parameter(default = "rating")]
    rating_field: Field<f64>,
    /// The field that holds the popularity.
    #[parameter(default = "popularity")]
    popularity_field: Field<f64>,
}

#[udf]
impl ColumnScore {
    fn evaluate_batch(&self, batch: &Batch<'_>) -> Vec<f64> {
        let mut scores = vec![0.0; batch.row_count()];
        for (weight, field) in [
            (self.price_weight, &self.price_field),
            (self.rating_weight, &self.rating_field),
            (self.popularity_weight, &self.popularity_field),
        ] {
            let column = batch.values(field);
            for (row, (score, value)) in scores.iter_mut().zip(column.values()).enumerate() {
                if column.is_valid(row) {
                    *score += weight * value;
                }
            }
        }
        scores
    }
}

export!(ColumnScore);
