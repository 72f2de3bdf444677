package udf

// The layouts of the canonical ABI for the contract's records: lowered into memory that the host
// reads, lifted from memory that it wrote. Pointers and lengths have four bytes, a record is
// aligned as its most aligned part, all is little-endian. No unsafe code is here: memory.go does
// the last step, from offsets to addresses.

// Sizes of records, in bytes.
const (
	sizeManifest  = 40
	sizeFunction  = 28
	sizeParameter = 48
	// sizeArgument is that of a name, then a value: its tag, and eight bytes later its payload.
	sizeArgument = 24
)

// lowering is a tree of records in one piece of memory. Pointers in it are offsets until relocated.
type lowering struct {
	bytes    []byte
	pointers []int
}

// room reserves a record or a list.
func (l *lowering) room(size, align int) int {
	for len(l.bytes)%align != 0 {
		l.bytes = append(l.bytes, 0)
	}
	at := len(l.bytes)
	l.bytes = append(l.bytes, make([]byte, size)...)
	return at
}

func (l *lowering) put32(at int, number uint32) {
	to := l.bytes[at : at+4]
	to[0], to[1], to[2], to[3] = byte(number), byte(number>>8), byte(number>>16), byte(number>>24)
}

func (l *lowering) put64(at int, number uint64) {
	l.put32(at, uint32(number))
	l.put32(at+4, uint32(number>>32))
}

func get32(from []byte) uint32 {
	return uint32(from[0]) | uint32(from[1])<<8 | uint32(from[2])<<16 | uint32(from[3])<<24
}

func get64(from []byte) uint64 { return uint64(get32(from)) | uint64(get32(from[4:]))<<32 }

// putList puts the pointer and the length of a list.
func (l *lowering) putList(at, list, length int) {
	l.put32(at, uint32(list))
	l.put32(at+4, uint32(length))
	l.pointers = append(l.pointers, at)
}

func (l *lowering) putText(at int, text string) {
	text = valid(text)
	list := l.room(len(text), 1)
	copy(l.bytes[list:], text)
	l.putList(at, list, len(text))
}

func (l *lowering) putValue(at int, value value) {
	l.bytes[at] = byte(value.tag)
	switch value.tag {
	case tagText, tagJSON:
		l.putText(at+8, value.text)
	default:
		l.put64(at+8, value.number)
	}
}

// relocate turns offsets into addresses, given the address of the first byte.
func (l *lowering) relocate(base uint32) {
	for _, at := range l.pointers {
		l.put32(at, base+get32(l.bytes[at:]))
	}
	l.pointers = nil
}

// manifest lowers what the component says of itself. It begins with the record.
func manifest(component Component, functions []Definition) lowering {
	var l lowering
	record := l.room(sizeManifest, 8)
	l.putText(record, component.Name)
	l.putText(record+8, component.Version)
	l.putText(record+16, component.Description)
	l.putText(record+24, component.Author)
	list := l.room(len(functions)*sizeFunction, 4)
	l.putList(record+32, list, len(functions))
	for index, function := range functions {
		l.putFunction(list+index*sizeFunction, function)
	}
	return l
}

func (l *lowering) putFunction(at int, function Definition) {
	parameters := function.parameters()
	l.putText(at, function.name)
	l.putText(at+8, function.description)
	list := l.room(len(parameters)*sizeParameter, 8)
	l.putList(at+16, list, len(parameters))
	l.bytes[at+24] = byte(function.returns)
	for index, parameter := range parameters {
		l.putParameter(list+index*sizeParameter, parameter)
	}
}

func (l *lowering) putParameter(at int, parameter declared) {
	l.putText(at, parameter.name)
	l.putText(at+8, parameter.description)
	l.bytes[at+16] = byte(parameter.kind)
	l.bytes[at+24] = byte(parameter.presence)
	if parameter.presence == defaulted {
		l.putValue(at+32, parameter.fallback)
	}
}

// lift reads a list of arguments. text finds a text by its pointer and length.
func lift(list []byte, text func(pointer, length uint32) string) []argument {
	liftText := func(at []byte) string {
		return text(get32(at), get32(at[4:]))
	}
	arguments := make([]argument, 0, len(list)/sizeArgument)
	for ; len(list) >= sizeArgument; list = list[sizeArgument:] {
		lifted := argument{name: liftText(list), value: value{tag: tag(list[8])}}
		switch payload := list[16:]; lifted.value.tag {
		case tagNull:
		case tagBoolean:
			// One byte; those after it may be anything.
			lifted.value.number = uint64(payload[0])
		case tagText, tagJSON:
			lifted.value.text = liftText(payload)
		default:
			lifted.value.number = get64(payload)
		}
		arguments = append(arguments, lifted)
	}
	return arguments
}

// The cases of the contract's result and of its variant error.
const (
	ok  = 0
	err = 1

	invalidArgument = 0
	failed          = 1
)

// outcome is what evaluate returns: result<value, error>, whose tag, payload's tag and payload
// begin a word of eight bytes each.
type outcome struct {
	words [3]uint64
	// text is what the words point to. It must outlive the call.
	text string
}

// set is called for each document, and is small enough to be inlined.
func (o *outcome) set(tag tag, number uint64, cause error) {
	o.words = [3]uint64{ok, uint64(tag), number}
	if cause != nil {
		o.setError(cause)
	}
}

func (o *outcome) setText(tag tag, text string, cause error) {
	if cause != nil {
		o.setError(cause)
		return
	}
	o.text = valid(text)
	o.words = [3]uint64{ok, uint64(tag), uint64(addressOf(o.text)) | uint64(len(o.text))<<32}
}

func (o *outcome) setError(cause error) {
	if cause == Null {
		o.words = [3]uint64{ok, uint64(tagNull), 0}
		return
	}
	o.fail(errorText(cause))
}

// fail makes it an error. That variant has the alignment of a text: its pointer follows its tag.
func (o *outcome) fail(message string) {
	o.text = valid(message)
	o.words = [3]uint64{err, failed | uint64(addressOf(o.text))<<32, uint64(len(o.text))}
}

// refused is what bind returns: result<_, error>, in words of four bytes.
type refused struct {
	words [4]uint32
	// text is what the words point to. It must outlive the call.
	text string
}

func (r *refused) set(cause error) {
	if cause == nil {
		r.words = [4]uint32{}
		return
	}
	var tag uint32 = invalidArgument
	if _, panicked := cause.(failure); panicked {
		tag = failed
	}
	r.text = valid(errorText(cause))
	r.words = [4]uint32{err, tag, addressOf(r.text), uint32(len(r.text))}
}
