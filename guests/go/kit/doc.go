// Package udf is for writing Whittle UDFs in Go: a struct, its parameters, one method.
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
// Declare names each parameter once, as package flag does: where its value goes, its name, its
// description. A parameter is required unless [Parameter.Default] or [Parameter.Optional] follows.
// A parameter that is a field is the path of a field of the documents; it is resolved once per
// query and read for each document.
//
// Evaluate gives the result for one document: a bool filters, a float64 or an int64 scores, a
// string, a [Timestamp] or a [JSON] is a value for others. It returns [Null] as its error for no
// value. Any other error fails the document with the error's text, and so does a panic; what then
// becomes of the query is for the query to say. A panic in another goroutine, or the stack's
// overflow, ends the query.
//
// What is made once per query and not once per document is made in the method Prepare, of
// [Preparer], which an author may add. Its error says that the arguments are wrong.
//
// There is no clock, no randomness, no file and no network: package time counts the looks at it,
// package math/rand gives one sequence. What package log, or fmt.Print, writes goes to the UDF's
// log; [Info] and its like do so with a level.
//
// On other systems than WebAssembly a program that uses this package compiles, so that go vet and
// go test work, but there is no document, and to read a field panics.
package udf
