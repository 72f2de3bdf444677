package udftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
	"github.com/whittle-udf/whittle/guests/go/kit/internal/fake"
)

// suite has the vectors of one function, and oneCase is one of its cases. docs/VECTORS.md in Whittle's
// repository has the format.
type suite struct {
	Function string
	Mapping  any
	Cases    []oneCase
}

type oneCase struct {
	Params    map[string]any
	Documents []any
	Values    any
	Mapping   any
}

// found is what a case gave, as whittle dev reads it.
type found struct {
	Values  []any          `json:"values,omitempty"`
	Errors  map[int]string `json:"errors,omitempty"`
	Error   string         `json:"error,omitempty"`
	Skipped string         `json:"skipped,omitempty"`
	Logs    []string       `json:"logs"`
}

// loading stops the watch of what runs before the vectors: the author's init functions.
var loading = func() {}

func init() {
	if limit := milliseconds("WHITTLE_LOADING_MS"); limit > 0 {
		fmt.Println("started")
		loading = watch(limit, func(text string) {
			fmt.Fprintln(os.Stderr, "loading the project: "+text)
			os.Exit(1)
		})
	}
}

// RunVectors runs the test vectors on standard input, and ends the program. It prints an empty line,
// and then a line of JSON for each case: what it gave, and not whether that was expected. whittle dev
// calls it, because building a component takes longer.
func RunVectors() {
	loading()
	// A component's stack is smaller still.
	debug.SetMaxStack(1 << 24)
	results := os.Stdout
	// What the functions print is not a result.
	os.Stdout = os.Stderr
	fmt.Fprintln(results)
	text, err := io.ReadAll(os.Stdin)
	if err == nil {
		err = runVectors(text, results, milliseconds("WHITTLE_TIMEOUT_MS"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runVectors(text []byte, results io.Writer, limit time.Duration) (err error) {
	suites := make([]suite, 1)
	if text = bytes.TrimSpace(text); bytes.HasPrefix(text, []byte("[")) {
		err = decode(text, &suites)
	} else {
		err = decode(text, &suites[0])
	}
	for _, suite := range suites {
		for _, each := range suite.Cases {
			if each.Mapping == nil {
				each.Mapping = suite.Mapping
			}
			stop := watch(limit, func(text string) {
				text = fmt.Sprintf("function `%s` was stopped: %s", suite.Function, text)
				found{Error: text, Logs: []string{}}.write(results)
				os.Exit(0)
			})
			each.run(suite.Function).write(results)
			stop()
		}
	}
	return err
}

func (f found) write(to io.Writer) {
	written, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(to, string(written))
}

func milliseconds(variable string) time.Duration {
	count, _ := strconv.Atoi(os.Getenv(variable))
	return time.Duration(count) * time.Millisecond
}

// watch calls a function when the time is over, with a text that says where the program is.
func watch(limit time.Duration, over func(text string)) (stop func()) {
	if limit == 0 {
		return func() {}
	}
	timer := time.AfterFunc(limit, func() {
		stacks := make([]byte, 1<<16)
		stacks = stacks[:runtime.Stack(stacks, true)]
		over(fmt.Sprintf("the time limit of %d ms is over%s", limit.Milliseconds(), placeIn(string(stacks))))
	})
	return func() { timer.Stop() }
}

// placeIn is the author's innermost line in goroutine 1, which runs the cases. Paths of the author's
// packages have a dot before the first slash, as those of the kit, or are of package main.
func placeIn(stacks string) string {
	_, stack, _ := strings.Cut(stacks, "goroutine 1 [")
	stack, _, _ = strings.Cut(stack, "\n\n")
	lines := strings.Split(stack, "\n")
	for index := 1; index+1 < len(lines); index += 2 {
		domain, _, isLong := strings.Cut(lines[index], "/")
		isAuthors := isLong && strings.Contains(domain, ".") && !strings.HasPrefix(lines[index], kitPath)
		if isAuthors || strings.HasPrefix(domain, "main.") {
			place, _, _ := strings.Cut(strings.TrimSpace(lines[index+1]), " ")
			if strings.HasSuffix(place, ".go:1") {
				// The compiler gives a small loop no line.
				return " in " + lines[index][:strings.LastIndexByte(lines[index], '(')]
			}
			return " at " + filepath.Base(place)
		}
	}
	return ""
}

var kitPath = reflect.TypeFor[udf.Component]().PkgPath()

func (c oneCase) run(function string) found {
	if c.Mapping != nil {
		const why = "the case has a mapping, which only the host reads documents with"
		return found{Skipped: why, Logs: []string{}}
	}
	query, err := bindVector(function, c.Params)
	if query == nil {
		return found{Error: err.Error(), Logs: []string{}}
	}
	if err != nil {
		return found{Error: err.Error(), Logs: query.lines()}
	}
	documents := make([]Document, len(c.Documents))
	for index, each := range c.Documents {
		documents[index] = documentOf(index, expanded(each))
	}
	all := found{Errors: map[int]string{}, Values: make([]any, len(documents))}
	for index, result := range query.Values(documents...) {
		if text, ok := result.Value.(udf.JSON); ok && !json.Valid([]byte(text)) {
			result.Err = fmt.Errorf("returned a text that is not JSON: \"%s\"", text)
		}
		if result.Err == nil {
			all.Values[index] = plainResult(result.Value)
			continue
		}
		message := oneLine(result.Err.Error())
		var panicked panicked
		// A component logs its first panic.
		if len(all.Errors) == 0 && errors.As(result.Err, &panicked) {
			query.log = append(query.log, fmt.Sprintf("warn: %s (%s)", message, panicked.place))
		}
		if strings.HasPrefix(message, "the guest broke the contract: ") {
			text := fmt.Sprintf("function `%s` was stopped: %s", function, message)
			return found{Error: text, Logs: query.lines()}
		}
		if c.Values == nil {
			text := fmt.Sprintf("function `%s` failed for document `%s`: \"%s\"",
				function, documents[index]["_id"], message)
			return found{Error: text, Logs: query.lines()}
		}
		all.Errors[index] = message
	}
	all.Logs = query.lines()
	return all
}

// lines are the log, and not nil if it is empty.
func (q *Query) lines() []string { return append([]string{}, q.log...) }

// bindVector is [TryBind] with the whole errors of the host, and with what was logged in any case.
func bindVector(name string, given map[string]any) (*Query, error) {
	arguments := Arguments{}
	for _, function := range fake.Kit.Functions() {
		if function.Name == name {
			for key, value := range given {
				arguments[key] = argumentOf(function, key, expanded(value))
			}
		}
	}
	query, err := TryBind(name, arguments)
	switch {
	case err == nil || query == nil:
		return query, err
	case fake.Host.Broken != nil:
		return query, fmt.Errorf("function `%s` was stopped: %w", name, err)
	}
	verb := "refused its arguments"
	if _, panicked := err.(interface{ Panicked() }); panicked {
		verb = "failed in `prepare`"
	}
	return query, fmt.Errorf("function `%s` %s: \"%s\"", name, verb, oneLine(err.Error()))
}

// argumentOf is an argument as a test gives it: JSON keeps the digits of its numbers.
func argumentOf(function fake.Function, name string, value any) any {
	for _, parameter := range function.Parameters {
		if parameter.Name == name && parameter.Kind == fake.JSON {
			return value
		}
	}
	number, isNumber := value.(json.Number)
	if !isNumber {
		return value
	}
	if whole, err := strconv.ParseInt(string(number), 10, 64); err == nil {
		return whole
	}
	float, err := number.Float64()
	if err != nil {
		return value
	}
	return float
}

// documentOf is a document of the vectors: its fields, or an object of _id, _score and _source.
func documentOf(position int, given any) Document {
	document := Document{}
	fields, _ := given.(map[string]any)
	source, isWhole := fields["_source"].(map[string]any)
	for key := range fields {
		isWhole = isWhole && (key == "_id" || key == "_score" || key == "_source")
	}
	if !isWhole {
		source = fields
	}
	for key, value := range source {
		document[key] = value
	}
	document["_id"] = strconv.Itoa(position)
	if isWhole {
		if id := fields["_id"]; id != nil {
			document["_id"] = fmt.Sprint(id)
		}
		document["_score"] = fields["_score"]
	}
	return document
}

// plainResult is a value as JSON has it.
func plainResult(value any) any {
	switch value := value.(type) {
	case float64:
		switch {
		case math.IsNaN(value):
			return "NaN"
		case math.IsInf(value, 1):
			return "Infinity"
		case math.IsInf(value, -1):
			return "-Infinity"
		}
	case udf.JSON:
		return json.RawMessage(value)
	case udf.Timestamp:
		return int64(value)
	}
	return value
}

// expanded writes out the strings that are written as a repetition.
func expanded(value any) any {
	switch value := value.(type) {
	case []any:
		for index, each := range value {
			value[index] = expanded(each)
		}
	case map[string]any:
		text, isText := value["repeat"].(string)
		times, isNumber := value["times"].(json.Number)
		if count, err := strconv.Atoi(string(times)); isText && isNumber && err == nil && len(value) == 2 {
			return strings.Repeat(text, count)
		}
		for key, each := range value {
			value[key] = expanded(each)
		}
	}
	return value
}

func oneLine(text string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(text)
}

// decode reads JSON whose numbers keep their digits.
func decode(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(to)
}
