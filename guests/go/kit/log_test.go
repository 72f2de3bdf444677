//go:build !wasip1

package udf

import (
	"slices"
	"strings"
	"testing"
)

func TestLinesAreLoggedWithTheirLevel(t *testing.T) {
	logged = nil
	Trace("a")
	Debug("b")
	Info("c")
	Warn("d\xffe")
	Error("")
	expected := []loggedLine{
		{LevelTrace, "a"}, {LevelDebug, "b"}, {LevelInfo, "c"}, {LevelWarn, "d\uFFFDe"}, {LevelError, ""},
	}
	if !slices.Equal(logged, expected) {
		t.Errorf("%v", logged)
	}
}

func TestWhatTheRuntimePrintsBecomesLines(t *testing.T) {
	logged = nil
	var line printedLine
	for _, piece := range []string{
		"panic: ", "no good: é", "\n", "\ngoroutine ", "6", " [running]:\n", strings.Repeat("x", 600),
		"\n", "fatal error: ", "deadlock\n", "panic", "\n", "not printed yet",
	} {
		for index := range len(piece) {
			line.put(piece[index])
		}
	}
	expected := []loggedLine{
		{LevelError, "panic: no good: ??"},
		{LevelWarn, "goroutine 6 [running]:"},
		{LevelWarn, strings.Repeat("x", 512)},
		{LevelWarn, strings.Repeat("x", 88)},
		{LevelError, "fatal error: deadlock"},
		{LevelWarn, "panic"},
	}
	if !slices.Equal(logged, expected) {
		t.Errorf("%v", logged)
	}
}
