package udf

// A fatal error of the runtime cannot be caught, and the runtime prints it in small pieces. They
// are made lines here, and the line that says what went wrong is logged as an error, which is what
// the host tells of a trap. This is called where neither the stack nor the heap may grow.

// printedLine is what the runtime has printed since the last line's end. A longer line is logged in
// parts.
type printedLine struct {
	bytes  [512]byte
	length int
}

//go:nosplit
func (l *printedLine) put(char byte) {
	if char == '\n' {
		l.log()
		return
	}
	// The log takes UTF-8 alone, and this may be half a character.
	if char >= 0x80 {
		char = '?'
	}
	l.bytes[l.length] = char
	l.length++
	if l.length == len(l.bytes) {
		l.log()
	}
}

//go:nosplit
func (l *printedLine) log() {
	if l.length == 0 {
		return
	}
	level := LevelWarn
	if l.begins("panic: ") || l.begins("fatal error: ") {
		level = LevelError
	}
	loggingLogBytes(level, &l.bytes, l.length)
	l.length = 0
}

//go:nosplit
func (l *printedLine) begins(with string) bool {
	for index := range len(with) {
		if index >= l.length || l.bytes[index] != with[index] {
			return false
		}
	}
	return true
}
