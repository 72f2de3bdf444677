package main

import (
	"context"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"whittle/peers/peer"
)

// documents are the columns that the host's functions read, and the row of the current document.
type documents struct {
	columns []column
	handles map[string]uint32
	count   int
	row     int
}

type column struct {
	numbers  []float64
	valid    []bool
	integers []int64
	texts    []string
}

// read takes the columns of a work.
func (documents *documents) read(rows *peer.Rows) error {
	count, err := rows.Count()
	if err != nil {
		return err
	}
	documents.columns, documents.handles, documents.count = nil, map[string]uint32{}, count
	for name := range rows.Columns {
		var column column
		switch rows.Work {
		case "distance", "regex", "json":
			column.texts, err = rows.Texts(name)
		case "business-days":
			column.integers, err = rows.Integers(name)
		default:
			column.numbers, column.valid, err = rows.Numbers(name)
		}
		if err != nil {
			return err
		}
		documents.handles[name] = uint32(len(documents.columns))
		documents.columns = append(documents.columns, column)
	}
	return nil
}

// export offers the functions of the module "host". A handle that does not exist, a name that does not, and an
// address outside the memory end the call: wazero makes an error of a panic.
func (documents *documents) export(ctx context.Context, runtime wazero.Runtime) error {
	const i32, i64, f64 = api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF64
	builder := runtime.NewHostModuleBuilder("host")
	export := func(name string, function api.GoModuleFunc, result api.ValueType, parameters ...api.ValueType) {
		builder.NewFunctionBuilder().
			WithGoModuleFunction(function, parameters, []api.ValueType{result}).
			Export(name)
	}
	export("field", func(_ context.Context, guest api.Module, stack []uint64) {
		stack[0] = uint64(documents.handle(guest, stack[0], stack[1]))
	}, i32, i32, i32)
	export("number", func(_ context.Context, _ api.Module, stack []uint64) {
		stack[0] = documents.number(uint32(stack[0]), stack[1])
	}, f64, i32, f64)
	export("integer", func(_ context.Context, _ api.Module, stack []uint64) {
		stack[0] = documents.integer(uint32(stack[0]))
	}, i64, i32, i64)
	export("text", func(_ context.Context, guest api.Module, stack []uint64) {
		stack[0] = documents.text(guest, uint32(stack[0]), stack[1], stack[2])
	}, i32, i32, i32, i32)
	export("number_of", func(_ context.Context, guest api.Module, stack []uint64) {
		stack[0] = documents.number(documents.handle(guest, stack[0], stack[1]), stack[2])
	}, f64, i32, i32, f64)
	export("integer_of", func(_ context.Context, guest api.Module, stack []uint64) {
		stack[0] = documents.integer(documents.handle(guest, stack[0], stack[1]))
	}, i64, i32, i32, i64)
	export("text_of", func(_ context.Context, guest api.Module, stack []uint64) {
		field := documents.handle(guest, stack[0], stack[1])
		stack[0] = documents.text(guest, field, stack[2], stack[3])
	}, i32, i32, i32, i32, i32)
	_, err := builder.Instantiate(ctx)
	return err
}

// handle finds the field of a name in the guest's memory.
func (documents *documents) handle(guest api.Module, address, length uint64) uint32 {
	name, ok := guest.Memory().Read(uint32(address), uint32(length))
	if !ok {
		panic("the name is not in the module's memory")
	}
	handle, ok := documents.handles[string(name)]
	if !ok {
		panic("no field " + string(name))
	}
	return handle
}

// number is the bits of a number, or those of the default.
func (documents *documents) number(field uint32, otherwise uint64) uint64 {
	column := &documents.columns[field]
	if !column.valid[documents.row] {
		return otherwise
	}
	return api.EncodeF64(column.numbers[documents.row])
}

func (documents *documents) integer(field uint32) uint64 {
	return uint64(documents.columns[field].integers[documents.row])
}

// text copies a text into a buffer of the guest if it fits, and gives its length.
func (documents *documents) text(guest api.Module, field uint32, buffer, capacity uint64) uint64 {
	text := documents.columns[field].texts[documents.row]
	if uint64(len(text)) <= capacity && !guest.Memory().WriteString(uint32(buffer), text) {
		panic("the buffer is not in the module's memory")
	}
	return uint64(len(text))
}
