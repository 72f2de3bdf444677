// What the tests ask of every language's kit.
package main

import (
	"errors"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
)

type throws struct{ field udf.StringField }

func (f *throws) Declare(p *udf.Parameters) {
	p.StringField(&f.field, "field", "The field whose text is thrown.")
}

func (f *throws) Evaluate() (bool, error) {
	if text, found := f.field.Get(); found {
		panic(errors.New("no good: " + text))
	}
	return true, nil
}

func init() {
	udf.Export(
		udf.Component{Name: "probe", Version: "0.1.0", Description: "For tests."},
		udf.Define("throws", "Throws the text of a field, where there is one.", &throws{}),
	)
}

func main() {}
