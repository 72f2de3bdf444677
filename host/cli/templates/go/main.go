// A score that halves with age.
package main

import (
	"errors"
	"math"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
)

type {{Type}} struct {
	date     udf.TimestampField
	now      udf.Timestamp
	halfLife float64
}

func (f *{{Type}}) Declare(p *udf.Parameters) {
	p.TimestampField(&f.date, "field", "The field that holds the date.").Default("date")
	p.Timestamp(&f.now, "now", "The date from which on a document scores 1.")
	p.Float64(&f.halfLife, "half_life_days", "The number of days after which the score is half.").Default(30)
}

// Prepare runs once per query. It returns an error if the arguments are wrong.
func (f *{{Type}}) Prepare() error {
	if !(f.halfLife > 0) {
		return errors.New("parameter `half_life_days` must be greater than 0")
	}
	return nil
}

// Evaluate runs once per document. To return no score, return udf.Null as the error.
func (f *{{Type}}) Evaluate() (float64, error) {
	date, found := f.date.Get()
	if !found {
		return 0, nil
	}
	// As floats, because the difference of distant dates overflows an int64.
	days := (float64(f.now) - float64(date)) / (24 * 60 * 60 * 1e6)
	return math.Exp2(-max(days, 0) / f.halfLife), nil
}

func init() {
	udf.Export(
		udf.Component{
			Name:        "{{name}}",
			Version:     "0.1.0",
			Description: "A score that halves with age.",
		},
		udf.Define(
			"{{function}}",
			"Scores a document by its date: 1 now, and half as much after each half-life. A document without a date scores 0.",
			&{{Type}}{},
		),
	)
}

// Go requires main, but it is never called: a component is used through its exports.
func main() {}
