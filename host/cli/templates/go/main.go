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
	p.Timestamp(&f.now, "now", "The date that scores 1, and all later ones with it.")
	p.Float64(&f.halfLife, "half_life_days", "After how many days the score is half.").Default(30)
}

// Prepare runs once per query. Its error says that the arguments are wrong.
func (f *{{Type}}) Prepare() error {
	if !(f.halfLife > 0) {
		return errors.New("parameter `half_life_days` is not above 0")
	}
	return nil
}

// Evaluate runs once per document. For no score it would return udf.Null as its error.
func (f *{{Type}}) Evaluate() (float64, error) {
	date, found := f.date.Get()
	if !found {
		return 0, nil
	}
	// As numbers, since the difference of far dates is no int64.
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
			"Scores a document by its date: 1 for now, half of it after each half-life. No date scores 0.",
			&{{Type}}{},
		),
	)
}

// A component has no main: its exports are called. Go asks for it all the same.
func main() {}
