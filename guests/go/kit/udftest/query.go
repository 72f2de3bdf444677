// Package udftest tests the functions of a component with go test, without building one.
//
//	func TestAFilmOfTwoHoursIsNotTooLong(t *testing.T) {
//		query := udftest.Bind(t, "too_long", udftest.Arguments{"field": "minutes"})
//		if value := query.Value(udftest.Document{"minutes": 120}); value != false {
//			t.Errorf("%v", value)
//		}
//	}
//
// The functions are those that package main exports, with its init functions: so a test is in package
// main. Documents are read as an index reads them: one field has one type, a text that is a date is a
// timestamp, and what a field cannot have is missing.
package udftest

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"testing"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
	"github.com/whittle-udf/whittle/guests/go/kit/internal/fake"
)

// Query is a function with its arguments. It can be used by one test after the other, and by parallel
// ones.
type Query struct {
	t        testing.TB
	function fake.Function
	given    []fake.Argument
	log      []string
}

// Result is what a function gave for a document: a value, nil for none, or an error with the message
// that the host gets.
type Result struct {
	// Value is a bool, int64, float64, string, [udf.Timestamp] or [udf.JSON], or nil.
	Value any
	Err   error
}

// panicked is the error of a document for which the function panicked.
type panicked struct{ message, place string }

func (p panicked) Error() string { return p.message }

// present is the query that is bound: a component has one at a time.
var present struct {
	sync.Mutex
	query *Query
}

// Bind prepares a function for a query. The test ends if the arguments are refused.
func Bind(t testing.TB, function string, arguments Arguments) *Query {
	t.Helper()
	query, err := TryBind(function, arguments)
	if err != nil {
		t.Fatal(err)
	}
	query.t = t
	return query
}

// TryBind is like [Bind], and returns the error of arguments that are refused: that of the host, or
// what Prepare returned.
func TryBind(function string, arguments Arguments) (*Query, error) {
	functions := fake.Kit.Functions()
	query := &Query{}
	for _, each := range functions {
		if each.Name == function {
			query.function = each
		}
	}
	if query.function.Name == "" {
		return nil, fmt.Errorf("unknown function `%s`: %s", function, didYouMean(function, functions))
	}
	given, err := checked(query.function, arguments)
	if err != nil {
		return nil, fmt.Errorf("function `%s`: %w", function, err)
	}
	query.given = given
	present.Lock()
	defer present.Unlock()
	return query, query.bind()
}

// bind makes the query the present one. Its fields are resolved anew.
func (q *Query) bind() error {
	present.query = nil
	fake.Host = fake.State{Phase: fake.Bind}
	err := fake.Kit.Bind(q.function.Name, q.given)
	q.leave()
	if fake.Host.Broken != nil {
		return fake.Host.Broken
	}
	if err == nil {
		present.query = q
	}
	return err
}

// leave keeps what was logged.
func (q *Query) leave() {
	fake.Host.Phase = fake.Outside
	q.log = append(q.log, fake.Host.Log...)
	fake.Host.Log = nil
}

// Log has the lines that the function has logged, each after its level: "info: so many words".
func (q *Query) Log() []string { return q.log }

// Value evaluates the function for a document: a bool, int64, float64, string, [udf.Timestamp] or
// [udf.JSON], or nil where there is no value. The test ends if the function fails.
func (q *Query) Value(document Document) any {
	if q.t != nil {
		q.t.Helper()
	}
	result := q.Try(document)
	if q.t == nil || result.Err == nil {
		return result.Value
	}
	if at, ok := result.Err.(panicked); ok {
		q.t.Fatalf("panic at %s: %s", at.place, at.message)
	} else {
		q.t.Fatal(result.Err)
	}
	return result.Value
}

// Try evaluates the function for a document.
func (q *Query) Try(document Document) Result {
	present.Lock()
	defer present.Unlock()
	if err := q.load([]Document{document}); err != nil {
		return Result{Err: err}
	}
	return q.one(0)
}

// Values evaluates the function for documents that are read together, in one batch. A document that
// gives something else alone has an error.
func (q *Query) Values(documents ...Document) []Result {
	present.Lock()
	defer present.Unlock()
	results := make([]Result, len(documents))
	if err := q.load(documents); err != nil {
		for index := range results {
			results[index].Err = err
		}
		return results
	}
	for index := range documents {
		results[index] = q.one(index)
	}
	lines := len(q.log)
	fake.Host.Phase = fake.Evaluate
	batch := fake.Kit.EvaluateBatch()
	q.leave()
	q.log = q.log[:lines]
	for index, each := range batch {
		if result := q.result(each); !alike(result, results[index]) {
			err := fmt.Errorf("in a batch it gives %v, and alone %v", result, results[index])
			results[index] = Result{Err: err}
		}
	}
	return results
}

// alike tells whether results are the same; NaN is like NaN.
func alike(one, other Result) bool {
	a, isFloat := one.Value.(float64)
	b, areFloats := other.Value.(float64)
	if isFloat && areFloats && math.Float64bits(a) == math.Float64bits(b) {
		return true
	}
	return one.Value == other.Value && fmt.Sprint(one.Err) == fmt.Sprint(other.Err)
}

func (q *Query) load(documents []Document) error {
	if present.query != q {
		if err := q.bind(); err != nil {
			return err
		}
	}
	host := &fake.Host
	host.IDs, host.Scores = nil, nil
	for position, document := range documents {
		id, known := document["_id"].(string)
		if !known {
			id = strconv.Itoa(position)
		}
		score := 1.0
		if given, err := float(document["_score"]); err == nil {
			score = given
		}
		host.IDs, host.Scores = append(host.IDs, id), append(host.Scores, score)
	}
	reader, err := newReader(documents)
	if err != nil {
		return err
	}
	for _, field := range host.Fields {
		field.Values = nil
		for _, document := range reader.documents {
			field.Values = append(field.Values, reader.read(document, field.Path, field.Kind))
		}
	}
	return nil
}

// one evaluates one of the documents alone.
func (q *Query) one(row int) Result {
	fake.Host.Row = row
	fake.Host.Phase = fake.Evaluate
	found := fake.Kit.Evaluate()
	q.leave()
	return q.result(found)
}

func (q *Query) result(found fake.Result) Result {
	switch {
	case fake.Host.Broken != nil:
		// The next use of the query binds it anew.
		present.query = nil
		return Result{Err: fake.Host.Broken}
	case found.Failed && found.Place != "":
		return Result{Err: panicked{found.Error, found.Place}}
	case found.Failed:
		return Result{Err: errors.New(found.Error)}
	case !found.Value.Found:
		return Result{}
	}
	bits := found.Value.Bits
	switch q.function.Returns {
	case fake.Boolean:
		return Result{Value: bits&0xff != 0}
	case fake.Int64:
		return Result{Value: int64(bits)}
	case fake.Float64:
		return Result{Value: math.Float64frombits(bits)}
	case fake.Timestamp:
		return Result{Value: udf.Timestamp(bits)}
	case fake.JSON:
		return Result{Value: udf.JSON(found.Value.Text)}
	default:
		return Result{Value: found.Value.Text}
	}
}
