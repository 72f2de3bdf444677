package main

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
	"github.com/whittle-udf/whittle/guests/go/kit/udftest"
)

// The host runs the same vectors.
func TestDocumentsAreReadAsTheHostDoes(t *testing.T) {
	text, err := os.ReadFile("../../../tests/vectors/read_kinds.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Cases []struct {
			Name      string
			Params    udftest.Arguments
			Documents []udftest.Document
			Values    []any
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	// Numbers as they are written.
	decoder.UseNumber()
	if err := decoder.Decode(&vectors); err != nil || len(vectors.Cases) < 50 {
		t.Fatal(err, len(vectors.Cases))
	}
	for _, each := range vectors.Cases {
		if each.Name == "a nested key before a dotted one" {
			// A map has no order.
			continue
		}
		results := udftest.Bind(t, "read_kinds", each.Params).Values(each.Documents...)
		for index, result := range results {
			found, _ := result.Value.(udf.JSON)
			if expected := floats(t, each.Values[index]); !reflect.DeepEqual(floats(t, found), expected) {
				t.Errorf("%s, document %d: %v, not %v", each.Name, index, result, expected)
			}
		}
	}
}

// floats is a JSON value whose numbers are floats.
func floats(t *testing.T, value any) (made any) {
	t.Helper()
	text, isJSON := value.(udf.JSON)
	written := []byte(text)
	if !isJSON {
		written, _ = json.Marshal(value)
	}
	if err := json.Unmarshal(written, &made); err != nil {
		t.Fatal(err)
	}
	return made
}
