package main

import (
	"testing"

	"github.com/whittle-udf/whittle/guests/go/kit/udftest"
)

func TestATextWithinSomeEditsMatches(t *testing.T) {
	query := udftest.Bind(t, "string_distance", udftest.Arguments{
		"field": "title", "target": "star wars", "max_distance": 1,
	})
	results := query.Values(
		udftest.Document{"title": "star wars"},
		udftest.Document{"title": "star wart"},
		udftest.Document{"title": "star warps!"},
		udftest.Document{"title": nil},
		udftest.Document{},
	)
	for index, expected := range []bool{true, true, false, false, false} {
		if results[index] != (udftest.Result{Value: expected}) {
			t.Errorf("document %d: %v", index, results[index])
		}
	}
}

func TestTwoEditsMatchWhereTheQueryDoesNotSay(t *testing.T) {
	query := udftest.Bind(t, "string_distance", udftest.Arguments{"field": "title", "target": "été"})
	for title, expected := range map[string]bool{"ete": true, "et": true, "e": false} {
		if found := query.Value(udftest.Document{"title": title}); found != expected {
			t.Errorf("%s: %v", title, found)
		}
	}
}
