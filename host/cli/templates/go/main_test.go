package main

import (
	"testing"

	"github.com/whittle-udf/whittle/guests/go/kit/udftest"
)

func TestTheScoreHalvesWithEachHalfLife(t *testing.T) {
	query := udftest.Bind(t, "{{function}}", udftest.Arguments{"now": "2024-03-31", "half_life_days": 15})
	for date, expected := range map[string]float64{
		"2024-03-31": 1, "2024-03-16": 0.5, "2024-03-01": 0.25, "9999-01-01": 1,
	} {
		if score := query.Value(udftest.Document{"date": date}); score != expected {
			t.Errorf("%s scores %v, not %v", date, score, expected)
		}
	}
}

func TestADocumentWithoutADateScoresZero(t *testing.T) {
	query := udftest.Bind(t, "{{function}}", udftest.Arguments{"now": "2024-03-31"})
	for _, result := range query.Values(udftest.Document{}, udftest.Document{"date": nil}) {
		if result != (udftest.Result{Value: 0.0}) {
			t.Errorf("%v", result)
		}
	}
}

func TestAHalfLifeIsAboveZero(t *testing.T) {
	arguments := udftest.Arguments{"now": "2024-03-31", "half_life_days": 0}
	_, err := udftest.TryBind("{{function}}", arguments)
	if err == nil || err.Error() != "parameter `half_life_days` must be greater than 0" {
		t.Errorf("%v", err)
	}
}
