package udf

import "unicode/utf8"

// Level is how much a line of the log matters.
type Level uint8

// The levels, from the least to the most.
const (
	LevelTrace Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
)

// Log logs one line for the people who look after the UDF. It counts against the query's budget.
func Log(level Level, message string) { loggingLog(level, valid(message)) }

// Trace logs one line at [LevelTrace].
func Trace(message string) { Log(LevelTrace, message) }

// Debug logs one line at [LevelDebug].
func Debug(message string) { Log(LevelDebug, message) }

// Info logs one line at [LevelInfo].
func Info(message string) { Log(LevelInfo, message) }

// Warn logs one line at [LevelWarn].
func Warn(message string) { Log(LevelWarn, message) }

// Error logs one line at [LevelError].
func Error(message string) { Log(LevelError, message) }

// valid is a text as the host must have it: a string of Go may be no UTF-8.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	// Each invalid byte becomes a replacement character.
	return string([]rune(text))
}
