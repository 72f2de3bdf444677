//go:build wasip1

package udf

import (
	"slices"
	"unsafe"
)

//lint:file-ignore U1000 the host calls what is exported

// The world's imports and exports, and the memory that crosses them. All unsafe code is here and in
// words.go.
//
// What it rests on: Go's collector does not move what it allocates, an address fits in 32 bits
// here, and what a package variable refers to is not collected. So memory whose address goes out
// is held by a variable until the host is done with it, which is at the latest when it next calls
// an export. What goes out is never on the stack: a stack moves as it grows, and it may grow in
// reallocate, which the host calls within an import.

//go:wasmimport whittle:udf/document@0.1.0 resolve
func importResolve(path unsafe.Pointer, length uint32, kind uint32) uint32

//go:wasmimport whittle:udf/document@0.1.0 has
func documentHas(field uint32) bool

//go:wasmimport whittle:udf/document@0.1.0 get-boolean
func importGetBoolean(field uint32, to unsafe.Pointer)

//go:wasmimport whittle:udf/document@0.1.0 get-int64
func importGetInt64(field uint32, to unsafe.Pointer)

//go:wasmimport whittle:udf/document@0.1.0 get-float64
func importGetFloat64(field uint32, to unsafe.Pointer)

//go:wasmimport whittle:udf/document@0.1.0 get-timestamp
func importGetTimestamp(field uint32, to unsafe.Pointer)

//go:wasmimport whittle:udf/document@0.1.0 get-text
func importGetText(field uint32, to unsafe.Pointer)

//go:wasmimport whittle:udf/document@0.1.0 get-json
func importGetJSON(field uint32, to unsafe.Pointer)

//go:wasmimport whittle:udf/document@0.1.0 id
func importID(to unsafe.Pointer)

//go:wasmimport whittle:udf/document@0.1.0 score
func documentScore() float64

//go:wasmimport whittle:udf/logging@0.1.0 log
func importLog(level uint32, message unsafe.Pointer, length uint32)

//go:wasmimport whittle:batch/results@0.2.0 watch
func importWatch(row unsafe.Pointer, length uint32)

//go:wasmimport whittle:batch/results@0.2.0 fail
func importFail(row, variant uint32, message unsafe.Pointer, length uint32)

//go:wasmimport whittle:batch/results@0.2.0 put
func importPut(
	hasValidity uint32, validity unsafe.Pointer, validityLength uint32,
	values unsafe.Pointer, valuesLength uint32,
	hasOffsets uint32, offsets unsafe.Pointer, offsetsLength uint32,
)

// resultsFail says that the document of a row failed.
func resultsFail(row uint32, message string) {
	importFail(row, failed, unsafe.Pointer(unsafe.StringData(message)), uint32(len(message)))
}

// resultsPut gives the host results, of texts if there are offsets.
func resultsPut(validity, values []byte, offsets []uint32) {
	importPut(
		uint32(fromBool(validity != nil)), data(validity), uint32(len(validity)),
		data(values), uint32(len(values)),
		uint32(fromBool(offsets != nil)), data(offsets), uint32(len(offsets)*4),
	)
}

func documentResolve(path string, kind kind) uint32 {
	return importResolve(unsafe.Pointer(unsafe.StringData(path)), uint32(len(path)), uint32(kind))
}

func loggingLog(level Level, message string) {
	importLog(uint32(level), unsafe.Pointer(unsafe.StringData(message)), uint32(len(message)))
}

//go:nosplit
func loggingLogBytes(level Level, message *[512]byte, length int) {
	importLog(uint32(level), unsafe.Pointer(message), uint32(length))
}

// overrideWrite is where the runtime prints. It keeps the variable, and its type, for such uses: see
// runtime/time_nofake.go and go.dev/issue/67401.
//
//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite func(fd uintptr, text unsafe.Pointer, length int32) int32

func init() { overrideWrite = printed }

var line printedLine

// printed is given what the runtime prints: fatal errors, panics of other goroutines, and what the
// builtin println prints.
//
//go:nosplit
func printed(_ uintptr, text unsafe.Pointer, length int32) int32 {
	for index := range length {
		line.put(*(*byte)(unsafe.Add(text, index)))
	}
	return length
}

// returned is where imports leave a result that is not flat: an option's tag, then at 4 a text's
// pointer and length or at 8 a number. A text alone begins at 0.
var returned [2]uint64

// documentGet reads a number.
func documentGet(field uint32, kind kind) (number uint64, ok bool) {
	to := unsafe.Pointer(&returned)
	switch kind {
	case kindBoolean:
		importGetBoolean(field, to)
		// Its payload has one byte, right after the tag.
		returned[1] = returned[0] >> 8 & 0xff
	case kindInt64:
		importGetInt64(field, to)
	case kindFloat64:
		importGetFloat64(field, to)
	default:
		importGetTimestamp(field, to)
	}
	if returned[0]&0xff == 0 {
		return 0, false
	}
	return returned[1], true
}

func documentID() string {
	importID(unsafe.Pointer(&returned))
	return ownedString(taken(uint32(returned[0]), uint32(returned[0]>>32)))
}

// appendText reads a text to the end of a buffer.
func appendText(field uint32, kind kind, buffer []byte) ([]byte, bool) {
	if kind == kindJSON {
		importGetJSON(field, unsafe.Pointer(&returned))
	} else {
		importGetText(field, unsafe.Pointer(&returned))
	}
	if returned[0]&0xff == 0 {
		return buffer, false
	}
	text := taken(uint32(returned[0]>>32), uint32(returned[1]))
	if buffer == nil {
		return text, true
	}
	return append(buffer, text...), true
}

// ownedString is a text of bytes that nobody writes to any more.
func ownedString(bytes []byte) string {
	return unsafe.String(unsafe.SliceData(bytes), len(bytes))
}

// received is what the host has been given memory for and nobody has taken yet.
var received [][]byte

// reallocate is how the host gets memory for what it passes in. It never has old memory: the
// contract's texts and lists are written in one go.
//
//go:wasmexport cabi_realloc
func reallocate(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	if size == 0 {
		return nil
	}
	memory := spareOf(int(size))
	if oldSize > 0 {
		copy(memory, unsafe.Slice((*byte)(old), min(oldSize, size)))
	}
	received = append(received, memory)
	return data(memory)
}

// spareOf is memory that is used again, or fresh memory.
func spareOf(size int) []byte {
	for index, memory := range spare {
		if size <= cap(memory) && cap(memory) <= 2*size {
			spare = slices.Delete(spare, index, index+1)
			return memory[:size]
		}
	}
	return aligned(size)
}

// aligned is fresh memory, aligned to eight bytes, the most that the contract needs.
func aligned(size int) []byte {
	words := make([]uint64, (size+7)/8)
	return bytesOf(words)[:size]
}

// taken is what the host has put at an address, which from here on is the caller's.
func taken(address, length uint32) []byte {
	if length == 0 {
		return nil
	}
	for index, memory := range received {
		if addressOf(ownedString(memory)) == address && len(memory) == int(length) {
			received = slices.Delete(received, index, index+1)
			return memory
		}
	}
	panic("udf: the host passed memory that it was not given")
}

// addressOf is where a text is.
func addressOf(text string) uint32 {
	return uint32(uintptr(unsafe.Pointer(unsafe.StringData(text))))
}

// described is held while the host reads it.
var described lowering

//go:wasmexport whittle:udf/functions@0.1.0#describe
func exportDescribe() unsafe.Pointer {
	if exported.functions == nil {
		panic("udf: no component is declared: call udf.Export in an init function of package main")
	}
	described = manifest(exported.component, exported.functions)
	bytes := aligned(len(described.bytes))
	copy(bytes, described.bytes)
	described.bytes = bytes
	described.relocate(addressOf(ownedString(bytes)))
	return data(bytes)
}

// boundResult is held while the host reads it.
var boundResult refused

//go:wasmexport whittle:udf/functions@0.1.0#bind
func exportBind(function, functionLength, arguments, length uint32) unsafe.Pointer {
	importWatch(unsafe.Pointer(&row), 1)
	text := func(pointer, length uint32) string { return ownedString(taken(pointer, length)) }
	name := text(function, functionLength)
	lifted := lift(taken(arguments, length*sizeArgument), text)
	boundResult.set(bind(name, lifted))
	return unsafe.Pointer(&boundResult.words)
}

// result is held while the host reads it.
var result outcome

//go:wasmexport whittle:udf/functions@0.1.0#evaluate
func exportEvaluate() unsafe.Pointer {
	evaluate(&result)
	return unsafe.Pointer(&result.words)
}

//go:wasmexport whittle:batch/functions@0.2.0#evaluate
func exportEvaluateBatch(rows, columns, length, hasScores, scoresAt, scoresLength uint32) {
	open(taken(columns, length*sizeColumn), taken)
	if hasScores != 0 {
		scores = wordsOf(recycled(taken(scoresAt, scoresLength)))
	}
	evaluateBatch(rows)
}
