package udf

import "strconv"

// Null is the error that Evaluate returns if a document has no result. It is not a failure.
var Null error = null{}

type null struct{}

func (null) Error() string { return "no value" }

// refusal is an error of the arguments.
type refusal string

func (text refusal) Error() string { return string(text) }

// failure is a panic in Prepare: not the query's fault.
type failure string

func (text failure) Error() string { return string(text) }

// panicText is what a panic says. Package fmt would say it of every type, and make each component
// a quarter larger.
func panicText(cause any) string {
	switch cause := cause.(type) {
	case error:
		return cause.Error()
	case interface{ String() string }:
		return cause.String()
	case string:
		return cause
	case bool:
		return strconv.FormatBool(cause)
	case int:
		return strconv.Itoa(cause)
	case int64:
		return strconv.FormatInt(cause, 10)
	case float64:
		return strconv.FormatFloat(cause, 'g', -1, 64)
	default:
		return "panic with a value that is not a string"
	}
}
