package udf

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
)

// kitPath is the path of this package.
const kitPath = "github.com/whittle-udf/whittle/guests/go/kit"

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

// Panicked tells package udftest.
func (text failure) Panicked() {}

// panicText is what a panic says. Package fmt would say it of every type, and make each component
// a quarter larger.
func panicText(cause any) string {
	switch cause := cause.(type) {
	case error:
		return errorText(cause)
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

// errorText is what an error says. If it comes from the system, which a component does not have, the
// text says what to do: "bad file number" does not.
func errorText(cause error) string {
	text := cause.Error()
	innermost := cause
	for inner := errors.Unwrap(cause); inner != nil; inner = errors.Unwrap(inner) {
		innermost = inner
	}
	// Numbers of the system's errors have this method, and errors of package net.
	_, isOfSystem := innermost.(interface{ Temporary() bool })
	switch {
	case isOfSystem:
		return text + ": a UDF has no files and no network: embed files with //go:embed, and put what it would load into the documents"
	case strings.HasPrefix(text, "unknown time zone "):
		return text + `: import _ "time/tzdata"`
	}
	return text
}

// panicLogged is whether a panic's lines have been logged: the first one's are enough.
var panicLogged bool

// logPanic logs where a panic comes from: the author's lines, the innermost first. Call it in the
// function that recovers.
func logPanic(text string) {
	if panicLogged {
		return
	}
	panicLogged = true
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	lines := ""
	for {
		frame, more := frames.Next()
		if isAuthors(frame.Function) {
			if lines != "" {
				lines += ", "
			}
			lines += baseName(frame.File) + ":" + strconv.Itoa(frame.Line)
		}
		if !more {
			break
		}
	}
	if lines != "" {
		Warn(text + " (" + lines + ")")
	}
}

// isAuthors is whether a function is of the author's modules, whose paths have a dot before the
// first slash, or of package main. Those of the standard library have none.
func isAuthors(function string) bool {
	if strings.HasPrefix(function, "main.") {
		return true
	}
	domain, _, _ := strings.Cut(function, "/")
	return domain != function && strings.Contains(domain, ".") && !strings.HasPrefix(function, kitPath)
}

func baseName(file string) string {
	return file[strings.LastIndexByte(file, '/')+1:]
}
