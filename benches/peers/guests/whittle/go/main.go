// The functions of `make peers` for which this repository has no UDF in Go.
package main

import (
	"encoding/json"
	"regexp"
	"strings"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
)

type noop struct{}

func (f *noop) Declare(p *udf.Parameters) {}

func (f *noop) Evaluate() (bool, error) { return true, nil }

type regexValue struct {
	field   udf.StringField
	pattern string
	regexp  *regexp.Regexp
	buffer  []byte
}

func (f *regexValue) Declare(p *udf.Parameters) {
	p.StringField(&f.field, "field", "The field whose text is searched.")
	p.String(&f.pattern, "pattern", "The regular expression.")
}

func (f *regexValue) Prepare() (err error) {
	f.regexp, err = regexp.Compile(f.pattern)
	return err
}

func (f *regexValue) Evaluate() (string, error) {
	var found bool
	if f.buffer, found = f.field.AppendTo(f.buffer[:0]); !found {
		return "", udf.Null
	}
	groups := f.regexp.FindSubmatchIndex(f.buffer)
	if groups == nil {
		return "", udf.Null
	}
	return string(f.buffer[groups[2]:groups[3]]), nil
}

// jsonPath follows member names, such as `$.seller.country`.
type jsonPath struct {
	field          udf.JSONField
	path, operator string
	value          udf.JSON
	names          []string
	expected       any
	buffer         []byte
}

func (f *jsonPath) Declare(p *udf.Parameters) {
	p.JSONField(&f.field, "field", "The field whose JSON value is searched.")
	p.String(&f.path, "path", "Member names, such as `$.seller.country`.")
	p.String(&f.operator, "operator", "`equals`.")
	p.JSON(&f.value, "value", "What the value is compared with.")
}

func (f *jsonPath) Prepare() error {
	f.names = strings.Split(strings.TrimPrefix(f.path, "$."), ".")
	return json.Unmarshal([]byte(f.value), &f.expected)
}

func (f *jsonPath) Evaluate() (bool, error) {
	var found bool
	if f.buffer, found = f.field.AppendTo(f.buffer[:0]); !found {
		return false, nil
	}
	var value any
	if err := json.Unmarshal(f.buffer, &value); err != nil {
		return false, err
	}
	for _, name := range f.names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value == f.expected, nil
}

type businessDays struct {
	start, end udf.Int64Field
}

func (f *businessDays) Declare(p *udf.Parameters) {
	p.Int64Field(&f.start, "start_field", "The field that holds the start.")
	p.Int64Field(&f.end, "end_field", "The field that holds the end.")
}

func (f *businessDays) Evaluate() (int64, error) {
	return weekdaysBefore(f.end.Or(0)) - weekdaysBefore(f.start.Or(0)), nil
}

// weekdaysBefore counts the weekdays before a day after 1970, from a day on that is the same for all.
func weekdaysBefore(day int64) int64 {
	// 1970-01-01 was a Thursday.
	day += 3
	return day/7*5 + min(day%7, 5)
}

func init() {
	udf.Export(
		udf.Component{Name: "peers", Version: "0.1.0", Description: "Functions for `make peers`."},
		udf.Define("noop", "Matches every document.", &noop{}),
		udf.Define("regex_value", "The first group of the first match.", &regexValue{}),
		udf.Define("json_path", "Tells whether a member is a value.", &jsonPath{}),
		udf.Define("business_days", "How many weekdays there are.", &businessDays{}),
	)
}

func main() {}
