// What the tests ask of every language's kit.
package main

import (
	"errors"
	"strconv"
	"strings"

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

// readKinds reads a field as each kind.
type readKinds struct {
	path      string
	boolean   udf.BoolField
	int64     udf.Int64Field
	float64   udf.Float64Field
	text      udf.StringField
	timestamp udf.TimestampField
	json      udf.JSONField
}

func (f *readKinds) Declare(p *udf.Parameters) {
	p.String(&f.path, "field", "The path that all fields have.")
}

func (f *readKinds) Prepare() error {
	f.boolean, f.int64 = udf.NewBoolField(f.path), udf.NewInt64Field(f.path)
	f.float64, f.text = udf.NewFloat64Field(f.path), udf.NewStringField(f.path)
	f.timestamp, f.json = udf.NewTimestampField(f.path), udf.NewJSONField(f.path)
	return nil
}

func (f *readKinds) Evaluate() (udf.JSON, error) {
	values := []string{"null", "null", "null", "null", "null", "null"}
	if value, found := f.boolean.Get(); found {
		values[0] = strconv.FormatBool(value)
	}
	if value, found := f.int64.Get(); found {
		values[1] = strconv.FormatInt(value, 10)
	}
	if value, found := f.float64.Get(); found {
		values[2] = strconv.FormatFloat(value, 'g', -1, 64)
	}
	if value, found := f.text.Get(); found {
		// The texts of the vectors need no more than this.
		values[3] = `"` + value + `"`
	}
	if value, found := f.timestamp.Get(); found {
		values[4] = strconv.FormatInt(int64(value), 10)
	}
	if value, found := f.json.Get(); found {
		values[5] = string(value)
	}
	return udf.JSON("[" + strings.Join(values, ",") + "]"), nil
}

func init() {
	udf.Export(
		udf.Component{Name: "probe", Version: "0.1.0", Description: "For tests."},
		udf.Define("throws", "Throws the text of a field, where there is one.", &throws{}),
		udf.Define("read_kinds", "What a field reads as each kind, in the contract's order.", &readKinds{}),
	)
}

func main() {}
