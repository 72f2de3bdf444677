package udf

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// every has a parameter of every kind and presence.
type every struct {
	boolean   bool
	integer   int
	int64     int64
	int32     int32
	uint32    uint32
	float64   float64
	text      string
	timestamp Timestamp
	json      JSON
	given     bool
	refuse    error
	result    func() (string, error)
}

func (f *every) Declare(p *Parameters) {
	p.Bool(&f.boolean, "boolean", "A boolean.").Default(true)
	p.Int(&f.integer, "integer", "An integer.").Default(-1)
	p.Int64(&f.int64, "int64", "An int64.").Optional(&f.given)
	p.Int32(&f.int32, "int32", "An int32.").Default(math.MinInt32)
	p.Uint32(&f.uint32, "uint32", "A uint32.").Default(math.MaxUint32)
	p.Float64(&f.float64, "float64", "A float64.").Default(0.5)
	p.String(&f.text, "text", "A text.")
	p.Timestamp(&f.timestamp, "timestamp", "An instant.").Default(7)
	p.JSON(&f.json, "json", "A JSON value.").Default(`{"é":1}`)
	p.StringField(new(StringField), "field", "A field.").Default("a.b")
}

func (f *every) Prepare() error { return f.refuse }

func (f *every) Evaluate() (string, error) { return f.result() }

// memory reads what was lowered as a host does, with addresses that begin at a base.
type memory struct {
	bytes []byte
	base  uint32
}

func (m memory) list(at uint32, size uint32) []uint32 {
	pointer, length := get32(m.bytes[at:])-m.base, get32(m.bytes[at+4:])
	var items []uint32
	for index := range length {
		items = append(items, pointer+index*size)
	}
	return items
}

func (m memory) text(at uint32) string {
	var text strings.Builder
	for _, char := range m.list(at, 1) {
		text.WriteByte(m.bytes[char])
	}
	return text.String()
}

func TestTheManifestIsLaidOutAsTheContractSays(t *testing.T) {
	const base = 0x1000
	component := Component{Name: "name", Version: "1.2.3", Description: "What it is.\xff"}
	functions := []Definition{
		Define("first", "The first.", &every{}),
		Define("second", "", &number{}),
	}
	lowered := manifest(component, functions)
	lowered.relocate(base)
	m := memory{lowered.bytes, base}

	for at, expected := range []string{"name", "1.2.3", "What it is.\uFFFD", ""} {
		if text := m.text(uint32(at) * 8); text != expected {
			t.Errorf("text %d is %q, not %q", at, text, expected)
		}
	}
	list := m.list(32, sizeFunction)
	if len(list) != 2 {
		t.Fatalf("%d functions", len(list))
	}
	first, second := list[0], list[1]
	if m.text(first) != "first" || m.text(first+8) != "The first." || m.bytes[first+24] != byte(kindText) {
		t.Error("the first function")
	}
	if m.text(second) != "second" || m.bytes[second+24] != byte(kindFloat64) || len(m.list(second+16, 1)) != 0 {
		t.Error("the second function")
	}

	expected := []struct {
		name     string
		kind     kind
		presence presence
		tag      tag
		bits     uint64
		text     string
	}{
		{"boolean", kindBoolean, defaulted, tagBoolean, 1, ""},
		{"integer", kindInt64, defaulted, tagInt64, math.MaxUint64, ""},
		{"int64", kindInt64, optional, tagNull, 0, ""},
		{"int32", kindInt64, defaulted, tagInt64, 0xffffffff80000000, ""},
		{"uint32", kindInt64, defaulted, tagInt64, math.MaxUint32, ""},
		{"float64", kindFloat64, defaulted, tagFloat64, math.Float64bits(0.5), ""},
		{"text", kindText, required, tagNull, 0, ""},
		{"timestamp", kindTimestamp, defaulted, tagTimestamp, 7, ""},
		{"json", kindJSON, defaulted, tagJSON, 0, `{"é":1}`},
		{"field", kindText, defaulted, tagText, 0, "a.b"},
	}
	parameters := m.list(first+16, sizeParameter)
	if len(parameters) != len(expected) {
		t.Fatalf("%d parameters", len(parameters))
	}
	for index, at := range parameters {
		expected := expected[index]
		if at%8 != 0 {
			t.Errorf("%s is not aligned", expected.name)
		}
		if m.text(at) != expected.name || m.bytes[at+16] != byte(expected.kind) ||
			m.bytes[at+24] != byte(expected.presence) || m.bytes[at+32] != byte(expected.tag) {
			t.Errorf("%s", expected.name)
		}
		switch expected.tag {
		case tagText, tagJSON:
			if text := m.text(at + 40); text != expected.text {
				t.Errorf("%s: %q", expected.name, text)
			}
		default:
			if bits := get64(m.bytes[at+40:]); bits != expected.bits {
				t.Errorf("%s: %x", expected.name, bits)
			}
		}
	}
}

// lowerArguments is what a host does.
func lowerArguments(arguments []argument) (list []byte, text func(pointer, length uint32) string) {
	var l lowering
	records := l.room(len(arguments)*sizeArgument, 8)
	for index, argument := range arguments {
		at := records + index*sizeArgument
		l.putText(at, argument.name)
		l.putValue(at+8, argument.value)
		if argument.value.tag == tagBoolean {
			// What the ABI leaves open.
			l.bytes[at+17] = 0xee
		}
	}
	text = func(pointer, length uint32) string { return string(l.bytes[pointer : pointer+length]) }
	return l.bytes[:len(arguments)*sizeArgument], text
}

func TestArgumentsAreLiftedAsTheContractSays(t *testing.T) {
	arguments := []argument{
		{"a", value{tag: tagNull}},
		{"bc", value{tag: tagBoolean, number: 1}},
		{"d", value{tag: tagInt64, number: math.MaxUint64}},
		{"e", value{tag: tagFloat64, number: math.Float64bits(-0.5)}},
		{"f", value{tag: tagText, text: "é\x00"}},
		{"g", value{tag: tagText}},
		{"h", value{tag: tagTimestamp, number: 5}},
		{"i", value{tag: tagJSON, text: "[1]"}},
	}
	lifted := lift(lowerArguments(arguments))
	if len(lifted) != len(arguments) {
		t.Fatalf("%d arguments", len(lifted))
	}
	for index, argument := range arguments {
		if lifted[index] != argument {
			t.Errorf("%v, not %v", lifted[index], argument)
		}
	}
}

type number struct {
	value float64
	err   error
}

func (*number) Declare(*Parameters) {}

func (f *number) Evaluate() (float64, error) { return f.value, f.err }

// exporting runs a test with functions of its own.
func exporting(t *testing.T, functions ...Definition) {
	t.Helper()
	before := exported
	t.Cleanup(func() { exported = before })
	exported.functions = nil
	Export(Component{}, functions...)
}

func TestArgumentsGoWhereTheyWereDeclared(t *testing.T) {
	declared := &every{int64: 3}
	parameters := Parameters{}
	declared.Declare(&parameters)
	// The field's own, which a host resolves.
	parameters.declared = parameters.declared[:len(parameters.declared)-1]
	parameters.arguments = []argument{
		{"boolean", value{tag: tagBoolean, number: 1}},
		{"integer", value{tag: tagInt64, number: 1 << 40}},
		{"int32", value{tag: tagInt64, number: math.MaxUint64}},
		{"uint32", value{tag: tagInt64, number: 9}},
		{"float64", value{tag: tagFloat64, number: math.Float64bits(1.5)}},
		{"text", value{tag: tagText, text: "x"}},
		{"timestamp", value{tag: tagTimestamp, number: math.MaxUint64}},
		{"json", value{tag: tagJSON, text: "1"}},
	}
	if err := parameters.take(); err != nil {
		t.Fatal(err)
	}
	if !declared.boolean || declared.integer != 1<<40 || declared.int64 != 3 || declared.given ||
		declared.int32 != -1 || declared.uint32 != 9 || declared.float64 != 1.5 ||
		declared.text != "x" || declared.timestamp != -1 || declared.json != "1" {
		t.Errorf("%+v", declared)
	}

	parameters.arguments = append(parameters.arguments, argument{"int64", value{tag: tagInt64}})
	if err := parameters.take(); err != nil || !declared.given || declared.int64 != 0 {
		t.Errorf("%v, %+v", err, declared)
	}
}

func TestIntegersAreCheckedAgainstTheirRange(t *testing.T) {
	for _, each := range []struct {
		name    string
		number  int64
		message string
	}{
		{"int32", math.MaxInt32, ""},
		{"int32", math.MaxInt32 + 1, "parameter `int32` must be between -2147483648 and 2147483647, not 2147483648"},
		{"int32", math.MinInt32 - 1, "parameter `int32` must be between -2147483648 and 2147483647, not -2147483649"},
		{"uint32", math.MaxUint32, ""},
		{"uint32", -1, "parameter `uint32` must be between 0 and 4294967295, not -1"},
		{"int64", math.MinInt64, ""},
	} {
		var parameters Parameters
		(&every{}).Declare(&parameters)
		for _, declared := range parameters.declared {
			if declared.name != each.name {
				continue
			}
			err := declared.check(value{tag: tagInt64, number: uint64(each.number)})
			message := ""
			if err != nil {
				message = err.Error()
			}
			if message != each.message {
				t.Errorf("%q, not %q", message, each.message)
			}
		}
	}
}

type withBounds struct {
	share   float64
	shift   int64
	count   uint32
	atMost  int
	given   bool
	invalid bool
}

func (f *withBounds) Declare(p *Parameters) {
	p.Float64(&f.share, "share", "A share.").Minimum(0.5).Maximum(100).Default(50)
	p.Int64(&f.shift, "shift", "A shift.").Minimum(-1).Optional(&f.given)
	p.Uint32(&f.count, "count", "A count.").Minimum(1)
	if f.invalid {
		p.Int(&f.atMost, "at_most", "Too much.").Maximum(9).Default(10)
	}
}

func (f *withBounds) Evaluate() (float64, error) { return f.share, nil }

func TestNumbersAreCheckedAgainstTheirBounds(t *testing.T) {
	float := func(number float64) value { return value{tag: tagFloat64, number: math.Float64bits(number)} }
	integer := func(number int64) value { return value{tag: tagInt64, number: uint64(number)} }
	for _, each := range []struct {
		name    string
		value   value
		message string
	}{
		{"share", float(0.5), ""},
		{"share", float(100), ""},
		{"share", float(0.25), "parameter `share` must be between 0.5 and 100, not 0.25"},
		{"share", float(math.NaN()), "parameter `share` must be between 0.5 and 100, not NaN"},
		{"shift", integer(-1), ""},
		{"shift", integer(-2), "parameter `shift` must be at least -1, not -2"},
		{"count", integer(0), "parameter `count` must be between 1 and 4294967295, not 0"},
	} {
		arguments := []argument{{"share", float(1)}, {"count", integer(1)}}
		arguments = append([]argument{{each.name, each.value}}, arguments...)
		parameters := Parameters{arguments: arguments}
		(&withBounds{}).Declare(&parameters)
		message := ""
		if err := parameters.take(); err != nil {
			message = err.Error()
		}
		if message != each.message {
			t.Errorf("%q, not %q", message, each.message)
		}
	}
	defer func() {
		cause := recover()
		if cause != "udf: the default of function `f`: parameter `at_most` must be at most 9, not 10" {
			t.Errorf("%v", cause)
		}
	}()
	Define("f", "", &withBounds{invalid: true}).parameters()
}

func TestWhatBindRefuses(t *testing.T) {
	bad := errors.New("parameter `text` is not good")
	for _, each := range []struct {
		function string
		refuse   func() error
		message  string
		panicked bool
	}{
		{"other", nil, "there is no function `other`", false},
		{"bare", func() error { return nil }, "", false},
		{"bare", func() error { return bad }, "parameter `text` is not good", false},
		{"bare", func() error { panic("oh no") }, "oh no", true},
	} {
		exporting(t, Define("bare", "", &bare{each.refuse}))
		err := bind(each.function, nil)
		_, panicked := err.(failure)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if message != each.message || panicked != each.panicked {
			t.Errorf("%q, %t, not %q, %t", message, panicked, each.message, each.panicked)
		}
		var lowered refused
		lowered.set(err)
		switch words := lowered.words; {
		case each.message == "" && words != [4]uint32{}:
			t.Errorf("%v for no error", words)
		case each.message != "" && (words[0] != 1 || words[1] != uint32(fromBool(panicked)) ||
			words[2] != addressOf(lowered.text) || words[3] != uint32(len(each.message))):
			t.Errorf("%v for %q", words, each.message)
		}
	}
}

func TestOutcomesAreLaidOutAsTheContractSays(t *testing.T) {
	var none []int
	for _, each := range []struct {
		function Definition
		words    [3]uint64
		text     string
	}{
		{Define("f", "", &number{value: -0.5}), [3]uint64{0, 3, math.Float64bits(-0.5)}, ""},
		{Define("f", "", &number{err: Null}), [3]uint64{0, 0, 0}, ""},
		{Define("f", "", &number{err: errors.New("no\xff")}), [3]uint64{1, 1}, "no\uFFFD"},
		{Define("f", "", of(true)), [3]uint64{0, 1, 1}, ""},
		{Define("f", "", of(int64(-1))), [3]uint64{0, 2, math.MaxUint64}, ""},
		{Define("f", "", of(Timestamp(-2))), [3]uint64{0, 5, math.MaxUint64 - 1}, ""},
		{Define("f", "", of("é")), [3]uint64{0, 4, 2 << 32}, "é"},
		{Define("f", "", of("")), [3]uint64{0, 4, 0}, ""},
		{Define("f", "", of(JSON("[]"))), [3]uint64{0, 6, 2 << 32}, "[]"},
		{Define("f", "", panics{"no good"}), [3]uint64{1, 1}, "no good"},
		{Define("f", "", panics{errors.New("an error")}), [3]uint64{1, 1}, "an error"},
		{Define("f", "", panics{3}), [3]uint64{1, 1}, "3"},
		{Define("f", "", panics{struct{}{}}), [3]uint64{1, 1}, "panic with a value that is not a string"},
		{
			Define("f", "", panics{func() { none[2] = 1 }}), [3]uint64{1, 1},
			"runtime error: index out of range [2] with length 0",
		},
	} {
		exporting(t, each.function)
		if err := bind("f", nil); err != nil {
			t.Fatal(err)
		}
		var found outcome
		evaluate(&found)
		// What comes of the text is the same for all.
		switch {
		case each.words[0] == 1:
			each.words[1] |= uint64(addressOf(found.text)) << 32
			each.words[2] = uint64(len(each.text))
		case each.words[1] == uint64(tagText), each.words[1] == uint64(tagJSON):
			each.words[2] |= uint64(addressOf(found.text))
		}
		if found.words != each.words || found.text != each.text {
			t.Errorf("%x %q, not %x %q", found.words, found.text, each.words, each.text)
		}
	}
}

type constant[T Result] struct{ value T }

func of[T Result](value T) constant[T] { return constant[T]{value} }

func (constant[T]) Declare(*Parameters)    {}
func (f constant[T]) Evaluate() (T, error) { return f.value, nil }

// panics with its cause, or in it.
type panics struct{ cause any }

func (panics) Declare(*Parameters) {}

func (f panics) Evaluate() (bool, error) {
	if cause, ok := f.cause.(func()); ok {
		cause()
	}
	panic(f.cause)
}

type bare struct{ prepare func() error }

func (f *bare) Declare(*Parameters)     {}
func (f *bare) Prepare() error          { return f.prepare() }
func (f *bare) Evaluate() (bool, error) { return true, nil }
