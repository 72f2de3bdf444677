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
    fn batch(&self, batch: &Batch<'_>) -> Vec<f64> {
        let column = |field| batch.values(field).filled(0.0);
        let prices = column(&self.price_field);
        let ratings = column(&self.rating_field);
        let popularities = column(&self.popularity_field);
        let rows = prices.iter().zip(&*ratings).zip(&*popularities);
        rows.map(|((price, rating), popularity)| {
            self.price_weight * price
                + self.rating_weight * rating
                + self.popularity_weight * popularity
        })
        .collect()
    }
}

export!(ColumnScore);

#[cfg(test)]
mod tests {
    use whittle_guest::testing::{Document, Query};

    use super::*;

    #[test]
    fn weighs_the_fields_that_are_there() {
        let function = Query::of::<ColumnScore>().bind().expect("bound");
        let full = Document::new()
            .field("price", 10)
            .field("rating", 4.0)
            .field("popularity", 100);
        let partial = Document::new().field("rating", 4.0);
        let scores = function.evaluate_all(&[full, partial, Document::new()]);
        let full = 0.3 * 10.0 + 0.5 * 4.0 + 0.2 * 100.0;
        assert_eq!(scores, [Ok(Some(full)), Ok(Some(2.0)), Ok(Some(0.0))]);
    }
}
