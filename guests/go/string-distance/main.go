// Fuzzy matching of texts by edit distance.
package main

import udf "github.com/whittle-udf/whittle/guests/go/kit"

type stringDistance struct {
	field       udf.StringField
	target      string
	maxDistance uint32

	pattern *pattern
	text    []byte
}

func (f *stringDistance) Declare(p *udf.Parameters) {
	p.StringField(&f.field, "field", "The field whose text is compared.")
	p.String(&f.target, "target", "The text that it is compared with.")
	p.Uint32(&f.maxDistance, "max_distance", "How many edits still match.").Default(2)
}

func (f *stringDistance) Prepare() error {
	f.pattern = newPattern(f.target, int(f.maxDistance))
	return nil
}

func (f *stringDistance) Evaluate() (bool, error) {
	var found bool
	f.text, found = f.field.AppendTo(f.text[:0])
	return found && f.pattern.matches(f.text), nil
}

func init() {
	udf.Export(
		udf.Component{
			Name:        "string-distance",
			Version:     "0.1.0",
			Description: "Fuzzy matching of texts by edit distance.",
			Author:      "The Whittle authors",
		},
		udf.Define(
			"string_distance",
			"Tells whether a text is within a number of edits (insertions, deletions and substitutions"+
				" of characters) of a target. A document without the field does not match.",
			&stringDistance{},
		),
	)
}

func main() {}
