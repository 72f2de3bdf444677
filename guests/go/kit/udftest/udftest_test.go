package udftest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
	"github.com/whittle-udf/whittle/guests/go/kit/udftest"
)

// each describes what a field reads as each kind.
type each struct {
	path  string
	flag  udf.BoolField
	whole udf.Int64Field
	float udf.Float64Field
	text  udf.StringField
	at    udf.TimestampField
	json  udf.JSONField
}

func (f *each) Declare(p *udf.Parameters) { p.String(&f.path, "field", "The path.") }

func (f *each) Prepare() error {
	f.flag, f.whole = udf.NewBoolField(f.path), udf.NewInt64Field(f.path)
	f.float, f.text = udf.NewFloat64Field(f.path), udf.NewStringField(f.path)
	f.at, f.json = udf.NewTimestampField(f.path), udf.NewJSONField(f.path)
	return nil
}

func (f *each) Evaluate() (string, error) {
	var found []string
	add := func(value any, ok bool) {
		if ok {
			found = append(found, fmt.Sprint(value))
		} else {
			found = append(found, "-")
		}
	}
	flag, ok := f.flag.Get()
	add(flag, ok)
	whole, ok := f.whole.Get()
	add(whole, ok)
	float, ok := f.float.Get()
	add(float, ok)
	text, ok := f.text.Get()
	add(text, ok)
	at, ok := f.at.Get()
	add(int64(at), ok)
	json, ok := f.json.Get()
	add(json, ok)
	return strings.Join(found, " "), nil
}

// odd does what a number says.
type odd struct {
	number udf.Int64Field
	least  uint32
	since  udf.Timestamp
	given  bool
	seen   int
}

func (f *odd) Declare(p *udf.Parameters) {
	p.Int64Field(&f.number, "number", "The field that says what.").Default("number")
	p.Uint32(&f.least, "least", "The least number.").Default(0)
	p.Timestamp(&f.since, "since", "An instant.").Optional(&f.given)
}

func (f *odd) Evaluate() (float64, error) {
	f.seen++
	switch f.number.Or(int64(f.least)) {
	case 1:
		return 0, fmt.Errorf("one is odd")
	case 2:
		panic("two panics")
	case 3:
		udf.NewStringField("other")
	case 4:
		udf.Info(udf.DocumentID())
		return udf.DocumentScore(), nil
	case 5:
		return float64(f.seen), nil
	case 6:
		if f.given {
			return float64(f.since), nil
		}
	}
	return 0, udf.Null
}

type timestamp struct{ at udf.TimestampField }

func (f *timestamp) Declare(p *udf.Parameters) { p.TimestampField(&f.at, "at", "It.").Default("at") }

func (f *timestamp) Evaluate() (udf.Timestamp, error) { return f.at.Or(-1), nil }

func init() {
	udf.Export(
		udf.Component{Name: "tests", Version: "1.0.0"},
		udf.Define("each", "", &each{}),
		udf.Define("odd", "", &odd{}),
		udf.Define("timestamp", "", &timestamp{}),
	)
}

// read reads a field that has these values in a document each.
func read(t *testing.T, values ...any) []string {
	t.Helper()
	query := udftest.Bind(t, "each", udftest.Arguments{"field": "a.b"})
	var documents []udftest.Document
	for _, value := range values {
		documents = append(documents, udftest.Document{"a": map[string]any{"b": value}})
	}
	var found []string
	for _, result := range query.Values(documents...) {
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		found = append(found, result.Value.(string))
	}
	return found
}

func expect(t *testing.T, found []string, expected ...string) {
	t.Helper()
	if !slices.Equal(found, expected) {
		t.Errorf("%q, not %q", found, expected)
	}
}

func TestAFieldHasTheTypeThatItsValuesHaveTogether(t *testing.T) {
	expect(t, read(t, 1, 2.5, nil, "7"), "- - 1 - - 1", "- - 2.5 - - 2.5", "- - - - - -", `- - 7 - - "7"`)
	expect(t, read(t, 3, uint8(4)), "- 3 3 - - 3", "- 4 4 - - 4")
	expect(t, read(t, 10.0), "- - 10 - - 10.0")
	expect(t, read(t, true), "true - - - - true")
	expect(t, read(t, "2024-02-29"), `- - - - 1709164800000000 "2024-02-29"`)
	expect(t, read(t, "2024-02-29", "x"), `- - - 2024-02-29 1709164800000000 "2024-02-29"`, `- - - x - "x"`)
	expect(t, read(t, time.UnixMicro(1e6).UTC()), `- - - - 1000000 "1970-01-01T00:00:01Z"`)
	expect(t, read(t, []any{nil, []any{"ä"}, "b"}), `- - - ä - [null,["ä"],"b"]`)
	expect(t, read(t, udf.JSON(`[1.10, "x"]`)), `- - 1.1 - - [1.10,"x"]`)
}

func TestAValueIsAsTheHostGetsIt(t *testing.T) {
	query := udftest.Bind(t, "odd", nil)
	results := query.Values(
		udftest.Document{"number": 1},
		udftest.Document{"number": 2},
		udftest.Document{"number": 4, "_id": "four", "_score": 2.5},
		udftest.Document{},
	)
	for index, message := range []string{"one is odd", "two panics"} {
		if err := results[index].Err; err == nil || err.Error() != message {
			t.Errorf("%v, not %s", err, message)
		}
	}
	if results[2] != (udftest.Result{Value: 2.5}) || results[3] != (udftest.Result{}) {
		t.Errorf("%v", results[2:])
	}
	if !slices.Equal(query.Log(), []string{"info: four"}) {
		t.Errorf("%q", query.Log())
	}
	at := udftest.Bind(t, "timestamp", nil)
	if value := at.Value(udftest.Document{"at": "1970-01-01T00:00:01Z"}); value != udf.Timestamp(1e6) {
		t.Errorf("%v", value)
	}
}

func TestAQueryIsAsGoodAsAFreshInstance(t *testing.T) {
	five := udftest.Document{"number": 5}
	for range 2 {
		query := udftest.Bind(t, "odd", nil)
		if value := query.Value(five); value != 1.0 {
			t.Errorf("%v", value)
		}
	}
	since := udftest.Bind(t, "odd", udftest.Arguments{"since": time.UnixMicro(8)})
	without := udftest.Bind(t, "odd", nil)
	if a, b := since.Value(udftest.Document{"number": 6}), without.Value(udftest.Document{"number": 6}); a != 8.0 || b != nil {
		t.Errorf("%v, %v", a, b)
	}
}

func TestABatchThatDiffersFromSingleDocumentsHasAnError(t *testing.T) {
	results := udftest.Bind(t, "odd", nil).Values(udftest.Document{"number": 5})
	if err := results[0].Err; err == nil || !strings.HasPrefix(err.Error(), "in a batch it gives {2 <nil>}") {
		t.Errorf("%v", err)
	}
}

func TestACallThatTheHostDoesNotAllowEndsTheQuery(t *testing.T) {
	query := udftest.Bind(t, "odd", nil)
	result := query.Try(udftest.Document{"number": 3})
	if fmt.Sprint(result.Err) != "the guest broke the contract: it looked up a field outside of `prepare`: look up all fields there, before the first document" {
		t.Errorf("%v", result)
	}
	if value := query.Value(udftest.Document{}); value != nil {
		t.Errorf("%v", value)
	}
}

func TestArgumentsAreCheckedAsTheHostDoes(t *testing.T) {
	for _, each := range []struct {
		function  string
		arguments udftest.Arguments
		expected  string
	}{
		{"odd", udftest.Arguments{"nomber": "a"}, "function `odd`: unknown parameter `nomber`: did you mean `number`?"},
		{"odd", udftest.Arguments{"number": 3}, "function `odd`: parameter `number` is text, but 3 was given"},
		{"odd", udftest.Arguments{"since": "soon"}, "function `odd`: parameter `since` is timestamp, but" +
			` the string "soon" was given: give a date and time such as "2024-01-31T12:00:00Z", a date such as` +
			` "2024-01-31", or an integer, the microseconds since 1970-01-01T00:00:00Z`},
		{"odd", udftest.Arguments{"least": -1}, "parameter `least` must be between 0 and 4294967295, not -1"},
		{"each", nil, "function `each`: missing parameter `field` (text): The path."},
		{"ood", nil, "unknown function `ood`: did you mean `odd`?"},
	} {
		if _, err := udftest.TryBind(each.function, each.arguments); fmt.Sprint(err) != each.expected {
			t.Errorf("%v, not %s", err, each.expected)
		}
	}
}

// stop is a test that is told to end, and goes on.
type stop struct {
	testing.TB
	said string
}

func (s *stop) Helper() {}

func (s *stop) Fatal(words ...any) { s.said = fmt.Sprint(words...) }

func (s *stop) Fatalf(form string, words ...any) { s.said = fmt.Sprintf(form, words...) }

func TestAPanicIsToldWithItsPlace(t *testing.T) {
	told := &stop{TB: t}
	udftest.Bind(told, "odd", nil).Value(udftest.Document{"number": 2})
	if !strings.HasPrefix(told.said, "panic at udftest_test.go:") || !strings.HasSuffix(told.said, ": two panics") {
		t.Errorf("%q", told.said)
	}
	udftest.Bind(told, "odd", nil).Value(udftest.Document{"number": 1})
	if told.said != "one is odd" {
		t.Errorf("%q", told.said)
	}
}
