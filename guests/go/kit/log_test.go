//go:build !wasip1

package udf

import (
	"slices"
	"strings"
	"testing"

	"github.com/whittle-udf/whittle/guests/go/kit/internal/fake"
)

func TestLinesAreLoggedWithTheirLevel(t *testing.T) {
	fake.Host = fake.State{}
	Trace("a")
	Debug("b")
	Info("c")
	Warn("d\xffe")
	Error("")
	expected := []string{
		"trace: a", "debug: b", "info: c", "warn: d\uFFFDe", "error: ",
	}
	if !slices.Equal(fake.Host.Log, expected) {
		t.Errorf("%q", fake.Host.Log)
	}
}

func TestWhatTheRuntimePrintsBecomesLines(t *testing.T) {
	fake.Host = fake.State{}
	var line printedLine
	for _, piece := range []string{
		"panic: ", "no good: é", "\n", "\ngoroutine ", "6", " [running]:\n", strings.Repeat("x", 600),
		"\n", "fatal error: ", "deadlock\n", "panic", "\n", "not printed yet",
	} {
		for index := range len(piece) {
			line.put(piece[index])
		}
	}
	expected := []string{
		"error: panic: no good: ??",
		"warn: goroutine 6 [running]:",
		"warn: " + strings.Repeat("x", 512),
		"warn: " + strings.Repeat("x", 88),
		"error: fatal error: deadlock",
		"warn: panic",
	}
	if !slices.Equal(fake.Host.Log, expected) {
		t.Errorf("%q", fake.Host.Log)
	}
}
