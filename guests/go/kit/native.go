//go:build !wasip1

package udf

import (
	"math"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/whittle-udf/whittle/guests/go/kit/internal/fake"
)

// Outside of a component the host is a fake one, so that functions can be tested: package udftest
// has the documents, and calls what is given to it here.

func init() {
	fake.Kit.Functions = nativeFunctions
	fake.Kit.Bind = nativeBind
	fake.Kit.Evaluate = nativeEvaluate
	fake.Kit.EvaluateBatch = nativeEvaluateBatch
}

func documentResolve(path string, kind kind) uint32 {
	return fake.Host.Resolve(path, fake.Kind(kind))
}

func documentHas(field uint32) bool { return fake.Host.Read(field).Found }

func documentGet(field uint32, _ kind) (uint64, bool) {
	value := fake.Host.Read(field)
	return value.Bits, value.Found
}

func appendText(field uint32, _ kind, buffer []byte) ([]byte, bool) {
	value := fake.Host.Read(field)
	return append(buffer, value.Text...), value.Found
}

func documentID() string {
	fake.Host.Evaluating()
	if inBatch {
		return fake.Host.IDs[row]
	}
	return fake.Host.IDs[fake.Host.Row]
}

func documentScore() float64 {
	fake.Host.Evaluating()
	return fake.Host.Scores[fake.Host.Row]
}

func loggingLog(level Level, message string) {
	names := [...]string{"trace", "debug", "info", "warn", "error"}
	fake.Host.Log = append(fake.Host.Log, names[level]+": "+message)
}

func loggingLogBytes(level Level, message *[512]byte, length int) {
	loggingLog(level, string(message[:length]))
}

func ownedString(bytes []byte) string { return string(bytes) }

// addressOf is one for every text: there is nobody to read it.
func addressOf(string) uint32 { return 0xadd7e55 }

// batchResults are those of the batch so far.
var batchResults []fake.Result

// batchErrors are those of the batch so far, by row.
var batchErrors map[uint32]string

func resultsFail(row uint32, message string) { batchErrors[row] = message }

func resultsPut(validity, values []byte, offsets []uint32) {
	put := func(index int, value fake.Value) {
		row := uint32(len(batchResults))
		if message, failed := batchErrors[row]; failed {
			batchResults = append(batchResults, fake.Result{Failed: true, Error: message})
			return
		}
		if validity != nil && validity[index] == 0 {
			value = fake.Value{}
		}
		batchResults = append(batchResults, fake.Result{Value: value})
	}
	switch bound.returns {
	case kindText, kindJSON:
		for index := range len(offsets) - 1 {
			text := string(values[offsets[index]:offsets[index+1]])
			put(index, fake.Value{Found: true, Text: text})
		}
	case kindBoolean:
		for index, flag := range values {
			put(index, fake.Value{Found: true, Bits: uint64(flag)})
		}
	default:
		for index, word := range wordsOf(values) {
			put(index, fake.Value{Found: true, Bits: word})
		}
	}
}

func nativeFunctions() []fake.Function {
	var functions []fake.Function
	for _, definition := range exported.functions {
		function := fake.Function{Name: definition.name, Returns: fake.Kind(definition.returns)}
		for _, declared := range definition.parameters() {
			fallback := declared.fallback
			function.Parameters = append(function.Parameters, fake.Parameter{
				Name:        declared.name,
				Description: declared.description,
				Kind:        fake.Kind(declared.kind),
				Presence:    fake.Presence(declared.presence),
				Default:     fake.Value{Found: true, Bits: fallback.number, Text: fallback.text},
			})
		}
		functions = append(functions, function)
	}
	return functions
}

// pristine are the authors' structs as they were exported, by their function's name.
var pristine = map[string]reflect.Value{}

// nativeBind binds as an instance does that has had no query before.
func nativeBind(function string, given []fake.Argument) error {
	for _, definition := range exported.functions {
		if definition.name == function {
			renew(definition)
		}
	}
	columns = nil
	arguments := make([]argument, len(given))
	for index, each := range given {
		lifted := value{tag: tag(each.Kind) + tagBoolean, number: each.Value.Bits, text: each.Value.Text}
		arguments[index] = argument{name: each.Name, value: lifted}
	}
	return bind(function, arguments)
}

func renew(definition Definition) {
	pointer := reflect.ValueOf(definition.function)
	if pointer.Kind() != reflect.Pointer {
		return
	}
	first, known := pristine[definition.name]
	if !known {
		first = reflect.New(pointer.Type().Elem()).Elem()
		first.Set(pointer.Elem())
		pristine[definition.name] = first
	}
	pointer.Elem().Set(first)
}

func nativeEvaluate() (result fake.Result) {
	var found outcome
	defer func() {
		if cause := recover(); cause != nil {
			result = fake.Result{Failed: true, Error: valid(panicText(cause)), Place: panicPlace()}
		}
	}()
	bound.evaluate(&found)
	switch {
	case found.words[0] != ok:
		return fake.Result{Failed: true, Error: found.text}
	case tag(found.words[1]) == tagNull:
		return fake.Result{}
	}
	return fake.Result{Value: fake.Value{Found: true, Bits: found.words[2], Text: found.text}}
}

// panicPlace is the innermost line that panicked, outside of the runtime and of the kit.
func panicPlace() string {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers[:])])
	panicked := false
	for {
		frame, more := frames.Next()
		panicked = panicked || frame.Function == "runtime.gopanic"
		isOurs := strings.HasPrefix(frame.Function, reflect.TypeFor[Definition]().PkgPath()+".")
		if panicked && !isOurs && !strings.HasPrefix(frame.Function, "runtime.") {
			return filepath.Base(frame.File) + ":" + strconv.Itoa(frame.Line)
		}
		if !more {
			return ""
		}
	}
}

// nativeEvaluateBatch hands over the columns, as the host does.
func nativeEvaluateBatch() []fake.Result {
	batchResults, batchErrors = nil, map[uint32]string{}
	for index, field := range fake.Host.Fields {
		if c := columnOf(uint32(index)); c != nil {
			c.values = valuesOf(field)
		}
	}
	for _, score := range fake.Host.Scores {
		if score != 1 {
			scores = nil
			for _, each := range fake.Host.Scores {
				scores = append(scores, math.Float64bits(each))
			}
			break
		}
	}
	evaluateBatch(uint32(len(fake.Host.IDs)))
	return batchResults
}

func valuesOf(field *fake.Field) values {
	v := values{source: missing}
	var validity []byte
	var text strings.Builder
	v.offsets = []uint32{0}
	all := true
	for _, value := range field.Values {
		validity = append(validity, byte(fromBool(value.Found)))
		all = all && value.Found
		if value.Found {
			v.source = here
		}
		v.words = append(v.words, value.Bits)
		v.booleans = append(v.booleans, value.Bits != 0)
		text.WriteString(value.Text)
		v.offsets = append(v.offsets, uint32(text.Len()))
	}
	v.text = text.String()
	if !all {
		v.validity = validity
		return v
	}
	v.floats, v.ints, v.flags = floatsOf(v.words), intsOf(v.words), v.booleans
	return v
}
