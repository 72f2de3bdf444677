// Package udf is for writing Whittle UDFs in Go. A UDF is a struct with its parameters and one method.
//
//	package main
//
//	import udf "github.com/whittle-udf/whittle/guests/go/kit"
//
//	type tooLong struct {
//		minutes udf.Int64Field
//		enough  uint32
//	}
//
//	func (f *tooLong) Declare(p *udf.Parameters) {
//		p.Int64Field(&f.minutes, "field", "The field that holds the minutes.")
//		p.Uint32(&f.enough, "enough", "How many minutes are enough.").Default(120)
//	}
//
//	func (f *tooLong) Evaluate() (bool, error) {
//		return f.minutes.Or(0) > int64(f.enough), nil
//	}
//
//	func init() {
//		udf.Export(
//			udf.Component{Name: "too-long", Version: "1.0.0", Description: "About lengths."},
//			udf.Define("too_long", "Tells whether a film is longer than it should be.", &tooLong{}),
//		)
//	}
//
//	func main() {}
//
// Declare declares each parameter as package flag does: the variable for its value, its name and its
// description. A parameter is required unless [Parameter.Default] or [Parameter.Optional] follows.
// The argument of a field parameter is the path of a field; the path is resolved once per query, and
// the field is read for each document.
//
// Evaluate returns the result for one document: a bool filters, a float64 or an int64 scores, and a
// string, a [Timestamp] or a [JSON] is any other value. To return no value, return [Null] as the
// error. Any other error fails the document with the error's message, and so does a panic; the query
// decides what happens to failed documents. A panic in another goroutine, or a stack overflow, ends
// the query.
//
// To compute something once per query, add the method Prepare of [Preparer]. If it returns an error,
// the query fails because of its arguments.
//
// There is no clock, no randomness, no file and no network: package time counts how often it is
// called, and package math/rand returns a fixed sequence. The output of package log and of fmt.Print
// goes to the UDF's log; [Info] and the similar functions log with a level.
//
// A program that uses this package also compiles for other systems than WebAssembly, so that go vet
// and go test work: package udftest has documents for tests.
package udf
