package main

import (
	"testing"

	"github.com/whittle-udf/whittle/guests/go/kit/udftest"
)

func TestTheScoreIsAWeightedSum(t *testing.T) {
	query := udftest.Bind(t, "custom_score", udftest.Arguments{
		"price_weight": 1, "rating_weight": 10, "popularity_weight": 100, "price_field": "cost.net",
	})
	results := query.Values(
		udftest.Document{"cost": map[string]any{"net": 2}, "rating": 3.5, "popularity": 4},
		udftest.Document{"rating": 1},
		udftest.Document{},
	)
	for index, expected := range []float64{437, 10, 0} {
		if results[index] != (udftest.Result{Value: expected}) {
			t.Errorf("document %d: %v", index, results[index])
		}
	}
}
