package udf

import "unsafe"

// Memory as numbers of another size. A component and a test read it in the same way: both are
// little-endian.

func data[T any](slice []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(slice)) }

// wordsOf is memory of the host's as numbers; all that it gets is aligned to eight bytes.
func wordsOf(bytes []byte) []uint64 {
	return unsafe.Slice((*uint64)(data(bytes)), len(bytes)/8)
}

// floatsOf is the same numbers.
func floatsOf(words []uint64) []float64 {
	return unsafe.Slice((*float64)(data(words)), len(words))
}

// intsOf is the same numbers.
func intsOf(words []uint64) []int64 { return unsafe.Slice((*int64)(data(words)), len(words)) }

// flagsOf is memory of the host's as booleans, each of which is 0 or 1.
func flagsOf(bytes []byte) []bool {
	return unsafe.Slice((*bool)(data(bytes)), len(bytes))
}

// offsetsOf is memory of the host's as offsets.
func offsetsOf(bytes []byte) []uint32 {
	return unsafe.Slice((*uint32)(data(bytes)), len(bytes)/4)
}

// bytesOf is the memory of numbers.
func bytesOf(words []uint64) []byte {
	return unsafe.Slice((*byte)(data(words)), len(words)*8)
}
