package udf

import "unsafe"

// A fatal error of the runtime cannot be caught, and it prints in small pieces. They are made lines
// here, and the line that says what went wrong is logged as an error, which the host then tells.

// The runtime has this variable for such uses, and keeps its type: see runtime/time_nofake.go and
// go.dev/issue/67401. It is called where neither the stack nor the heap may grow.
//
//go:linkname overrideWrite runtime.overrideWrite
var overrideWrite func(fd uintptr, text unsafe.Pointer, length int32) int32

func init() { overrideWrite = printed }

// line is what was printed since the last line's end. A longer one is logged in parts.
var line struct {
	bytes  [512]byte
	length int
}

// printed is given what the runtime prints: fatal errors, panics of other goroutines, and what the
// builtin println prints.
//
//go:nosplit
func printed(_ uintptr, text unsafe.Pointer, length int32) int32 {
	for index := range length {
		char := *(*byte)(unsafe.Add(text, index))
		// The log takes UTF-8 alone, and this may be half a character.
		if char >= 0x80 {
			char = '?'
		}
		if char != '\n' {
			line.bytes[line.length] = char
			line.length++
		}
		if char == '\n' || line.length == len(line.bytes) {
			logLine()
		}
	}
	return length
}

//go:nosplit
func logLine() {
	if line.length == 0 {
		return
	}
	level := LevelWarn
	if begins("panic: ") || begins("fatal error: ") {
		level = LevelError
	}
	importLog(uint32(level), unsafe.Pointer(&line.bytes), uint32(line.length))
	line.length = 0
}

//go:nosplit
func begins(with string) bool {
	for index := range len(with) {
		if index >= line.length || line.bytes[index] != with[index] {
			return false
		}
	}
	return true
}
