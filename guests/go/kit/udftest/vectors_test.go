package udftest

import (
	"strings"
	"testing"
	"time"

	"github.com/whittle-udf/whittle/guests/go/kit/internal/fake"
)

func TestALineHasTheResultsOfACase(t *testing.T) {
	const vectors = `[{"function": "odd", "cases": [
		{"documents": [{"number": 1}, {}], "values": [null, null]},
		{"documents": [{"number": 1}]},
		{"documents": [{"number": 2}], "values": [null]},
		{"documents": [{"_id": "b", "_score": 2.5, "_source": {"number": 4}}], "values": [2.5]},
		{"documents": [{"number": 3}], "values": [null]},
		{"params": {"least": -1}, "documents": []},
		{"params": {"least": 2.5}, "documents": []},
		{"params": {"numbers": "a"}, "documents": []},
		{"documents": [], "mapping": {"properties": {}}}
	]}, {"function": "timestamp", "cases": [
		{"documents": [{"at": "1970-01-02"}], "values": ["1970-01-02T00:00:00Z"]}
	]}, {"function": "od", "cases": [{"documents": []}]}]`
	const expected = `{"values":[null,null],"errors":{"0":"one is odd"},"logs":[]}
{"error":"function ` + "`odd` failed for document `0`" + `: \"one is odd\"","logs":[]}
{"values":[null],"errors":{"0":"two panics"},"logs":["warn: two panics (udftest_test.go:79)"]}
{"values":[2.5],"logs":["info: b"]}
{"error":"function ` + "`odd` was stopped: the guest broke the contract: it looked up a field outside of `prepare`: look up all fields there, before the first document" + `","logs":[]}
{"error":"function ` + "`odd` refused its arguments: \\\"parameter `least`" + ` must be between 0 and 4294967295, not -1\"","logs":[]}
{"error":"function ` + "`odd`: parameter `least`" + ` is int64, but 2.5 was given","logs":[]}
{"error":"function ` + "`odd`: unknown parameter `numbers`: did you mean `number`" + `?","logs":[]}
{"skipped":"the case has a mapping, which only the host reads documents with","logs":[]}
{"values":[86400000000],"logs":[]}
{"error":"unknown function ` + "`od`: did you mean `odd`" + `?","logs":[]}
`
	var results strings.Builder
	if err := runVectors([]byte(vectors), &results, 0); err != nil {
		t.Fatal(err)
	}
	fake.Host = fake.State{}
	found, wanted := strings.Split(results.String(), "\n"), strings.Split(expected, "\n")
	for index, line := range found {
		if index >= len(wanted) || line != wanted[index] {
			t.Errorf("line %d: %s", index, line)
		}
	}
	if len(found) != len(wanted) {
		t.Errorf("%d lines", len(found))
	}
}

func TestATimeLimitSaysWhereTheProgramIs(t *testing.T) {
	const stacks = "goroutine 7 [running]:\nmain.other()\n\t/a/other.go:9 +0x1\n\n" +
		"goroutine 1 [runnable, locked to thread]:\nstrings.Index(...)\n\t/go/strings.go:5\n" +
		"example.com/words.Split({0x1, 0x2})\n\t/a/words.go:12 +0x1\n" +
		"main.(*Udf).Evaluate(0x3)\n\t/a/main.go:31 +0x2\n\ngoroutine 2"
	if place := placeIn(stacks); place != " at words.go:12" {
		t.Errorf("%q", place)
	}
	small := strings.ReplaceAll(stacks, "words.go:12", "words.go:1")
	if place := placeIn(small); place != " in example.com/words.Split" {
		t.Errorf("%q", place)
	}
	over := make(chan string)
	watch(time.Millisecond, func(text string) { over <- text })
	if text := <-over; !strings.HasPrefix(text, "the time limit of 1 ms is over") {
		t.Errorf("%q", text)
	}
	watch(time.Millisecond, func(text string) { t.Errorf("%q", text) })()
	time.Sleep(10 * time.Millisecond)
}
