// A weighted score of three numbers.
package main

import udf "github.com/whittle-udf/whittle/guests/go/kit"

type customScore struct {
	priceWeight, ratingWeight, popularityWeight float64
	price, rating, popularity                   udf.Float64Field
}

func (f *customScore) Declare(p *udf.Parameters) {
	p.Float64(&f.priceWeight, "price_weight", "What the price is multiplied by.").Default(0.3)
	p.Float64(&f.ratingWeight, "rating_weight", "What the rating is multiplied by.").Default(0.5)
	p.Float64(&f.popularityWeight, "popularity_weight", "What the popularity is multiplied by.").Default(0.2)
	p.Float64Field(&f.price, "price_field", "The field that holds the price.").Default("price")
	p.Float64Field(&f.rating, "rating_field", "The field that holds the rating.").Default("rating")
	p.Float64Field(&f.popularity, "popularity_field", "The field that holds the popularity.").Default("popularity")
}

func (f *customScore) Evaluate() (float64, error) {
	return f.priceWeight*f.price.Or(0) +
		f.ratingWeight*f.rating.Or(0) +
		f.popularityWeight*f.popularity.Or(0), nil
}

func init() {
	udf.Export(
		udf.Component{
			Name:        "custom-score",
			Version:     "0.1.0",
			Description: "A weighted score of three numbers.",
			Author:      "The Whittle authors",
		},
		udf.Define(
			"custom_score",
			"The weighted sum of a document's price, rating and popularity. A field that is missing counts as zero.",
			&customScore{},
		),
	)
}

func main() {}
