//go:build wasip1

// A weighted score of three numbers, without a kit: with bindings by hand, after version 0.1 of the
// contract alone. It shows the tests that such components keep running.
package main

import "unsafe"

//go:wasmimport whittle:udf/document@0.1.0 resolve
func resolve(path unsafe.Pointer, length uint32, kind uint32) uint32

//go:wasmimport whittle:udf/document@0.1.0 float64-or
func float64Or(field uint32, otherwise float64) float64

// The cases of the contract's kind, value and presence.
const (
	kindFloat64 = 2
	kindText    = 3

	valueFloat64 = 3
	valueText    = 4

	presenceDefault = 2
)

// The contract's records, as the canonical ABI lays them out.
type (
	list struct {
		at, length uint32
	}
	value struct {
		tag     uint64
		float64 float64
	}
	textValue struct {
		tag  uint64
		text list
	}
	parameter struct {
		name, description list
		kind              uint64
		presence          uint64
		fallback          value
	}
	function struct {
		name, description, parameters list
		returns                       uint32
	}
	manifest struct {
		name, version, description, author, functions list
	}
	argument struct {
		name  list
		value value
	}
	result struct {
		tag   uint64
		value value
	}
)

type weighted struct {
	weightName, fieldName, field string
	weight                       float64
}

var usual = [3]weighted{
	{"price_weight", "price_field", "price", 0.3},
	{"rating_weight", "rating_field", "rating", 0.5},
	{"popularity_weight", "popularity_field", "popularity", 0.2},
}

// What the host reads or writes is held here, so that it is not collected.
var (
	described  manifest
	functions  [1]function
	parameters [2 * len(usual)]parameter
	returned   result
	allocated  [][]uint64

	weights [len(usual)]float64
	fields  [len(usual)]uint32
)

func listOf[T any](from *T, length int) list {
	return list{uint32(uintptr(unsafe.Pointer(from))), uint32(length)}
}

func text(from string) list { return listOf(unsafe.StringData(from), len(from)) }

func (l list) pointer() unsafe.Pointer { return unsafe.Add(nil, l.at) }

func (l list) text() string { return unsafe.String((*byte)(l.pointer()), l.length) }

//go:wasmexport cabi_realloc
func reallocate(_ unsafe.Pointer, _, _, size uint32) unsafe.Pointer {
	memory := make([]uint64, size/8+1)
	allocated = append(allocated, memory)
	return unsafe.Pointer(unsafe.SliceData(memory))
}

//go:wasmexport whittle:udf/functions@0.1.0#describe
func describe() unsafe.Pointer {
	for index, usual := range usual {
		weight := &parameters[2*index]
		*weight = parameter{name: text(usual.weightName), kind: kindFloat64, presence: presenceDefault}
		weight.fallback = value{valueFloat64, usual.weight}
		field := &parameters[2*index+1]
		*field = parameter{name: text(usual.fieldName), kind: kindText, presence: presenceDefault}
		*(*textValue)(unsafe.Pointer(&field.fallback)) = textValue{valueText, text(usual.field)}
	}
	functions[0] = function{
		name:       text("custom_score"),
		parameters: listOf(&parameters, len(parameters)),
		returns:    kindFloat64,
	}
	described = manifest{
		name:      text("plain"),
		version:   text("0.1.0"),
		functions: listOf(&functions, len(functions)),
	}
	return unsafe.Pointer(&described)
}

//go:wasmexport whittle:udf/functions@0.1.0#bind
func bind(_ unsafe.Pointer, _ uint32, arguments unsafe.Pointer, length uint32) unsafe.Pointer {
	for _, given := range unsafe.Slice((*argument)(arguments), length) {
		for index, usual := range usual {
			switch given.name.text() {
			case usual.weightName:
				weights[index] = given.value.float64
			case usual.fieldName:
				path := (*textValue)(unsafe.Pointer(&given.value)).text
				fields[index] = resolve(path.pointer(), path.length, kindFloat64)
			}
		}
	}
	allocated = nil
	returned = result{}
	return unsafe.Pointer(&returned)
}

//go:wasmexport whittle:udf/functions@0.1.0#evaluate
func evaluate() unsafe.Pointer {
	sum := 0.0
	for index, field := range fields {
		sum += weights[index] * float64Or(field, 0)
	}
	returned = result{value: value{valueFloat64, sum}}
	return unsafe.Pointer(&returned)
}

func main() {}
