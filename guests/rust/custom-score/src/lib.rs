//! A weighted score of three numbers.

use whittle_guest::{Field, Parameters, export, udf};

/// The weighted sum of a document's price, rating and popularity. A field that is missing counts
/// as zero.
#[derive(Parameters)]
struct CustomScore {
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
impl CustomScore {
    fn score(&self) -> f64 {
        self.price_weight * self.price_field.or(0.0)
            + self.rating_weight * self.rating_field.or(0.0)
            + self.popularity_weight * self.popularity_field.or(0.0)
    }
}

export!(CustomScore);

#[cfg(test)]
mod tests {
    use whittle_guest::testing::{Document, Query};

    use super::*;

    #[test]
    fn weighs_the_fields_that_are_there() {
        let function = Query::of::<CustomScore>().bind().expect("bound");
        let full = Document::new()
            .field("price", 10)
            .field("rating", 4.0)
            .field("popularity", 100);
        let partial = Document::new().field("rating", 4.0).field("price", "dear");
        let scores = function.evaluate_all(&[full, partial, Document::new()]);
        let full = 0.3 * 10.0 + 0.5 * 4.0 + 0.2 * 100.0;
        assert_eq!(scores, [Ok(Some(full)), Ok(Some(2.0)), Ok(Some(0.0))]);
    }

    #[test]
    fn a_query_may_name_other_fields_and_weights() {
        let query = Query::of::<CustomScore>()
            .parameter("price_field", "cost.net")
            .parameter("price_weight", -1);
        let function = query.bind().expect("bound");
        let document = Document::from_json(r#"{"cost": {"net": 2.5}, "price": 100}"#);
        assert_eq!(function.evaluate(&document), Ok(Some(-2.5)));
    }
}
