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
