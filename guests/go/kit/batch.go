package udf

// Whole batches: the columns that the host has handed over, the loop over the rows, the results.

// row is the current row. The host reads it, after a trap too.
var row uint32

// place is the current row as an index. It is a variable of its own because a conversion would make
// the fields' methods too large to be inlined.
var place uint

// enter begins a row.
func enter(at int) {
	row = uint32(at)
	place = uint(at)
}

// source is where the values of a field are.
type source uint8

const (
	// host: there is no batch, or the host has kept the values.
	host source = iota
	// missing: no row has a value.
	missing
	// here: in the column.
	here
)

// column is a field that was resolved, and its values in the current batch.
type column struct {
	// handle is what the host calls the field.
	handle uint32
	values
}

// values are those of a field in the current batch.
type values struct {
	source source
	// floats, ints and flags are there if all rows have a value: then nothing else has to be looked
	// at.
	floats []float64
	ints   []int64
	flags  []bool
	// validity has a byte for each row; nil if all rows have a value.
	validity []byte
	// numbers are words or flags.
	words    []uint64
	booleans []bool
	// text has the texts one after the other, offsets where they begin, and the end of the last.
	text    string
	offsets []uint32
}

// columns are those of the fields that were resolved.
var columns []*column

func resolve(path string, kind kind) *column {
	handle := documentResolve(path, kind)
	if known := columnOf(handle); known != nil {
		return known
	}
	c := &column{handle: handle}
	columns = append(columns, c)
	return c
}

// columnOf is the column of a handle, or nil.
func columnOf(handle uint32) *column {
	for _, c := range columns {
		if c.handle == handle {
			return c
		}
	}
	return nil
}

// scores are those of the batch, in bits; nil if all are 1.
var scores []uint64

// inBatch tells whether there is a batch.
var inBatch bool

// valid tells whether the current row has a value, if the host has not kept the values.
func (c *column) valid() bool {
	return c.source == here && (c.validity == nil || c.validity[place] != 0)
}

// textAt is the current row's text.
func (c *column) textAt() string { return c.text[c.offsets[place]:c.offsets[place+1]] }

func (c *column) has() bool {
	if c.source == host {
		return documentHas(c.handle)
	}
	return c.valid()
}

// wordOr reads a number that is not a boolean, or else gives another.
func (c *column) wordOr(kind kind, otherwise uint64) uint64 {
	if place < uint(len(c.validity)) && place < uint(len(c.words)) {
		if c.validity[place] != 0 {
			return c.words[place]
		}
		return otherwise
	}
	if word, found := c.get(kind); found {
		return word
	}
	return otherwise
}

// get reads a number.
func (c *column) get(kind kind) (uint64, bool) {
	if c.source == host {
		return documentGet(c.handle, kind)
	}
	if !c.valid() {
		return 0, false
	}
	if kind == kindBoolean {
		return fromBool(c.booleans[place]), true
	}
	return c.words[place], true
}

// getText reads a text, in memory of its own: that of a batch is not used again.
func (c *column) getText(kind kind) (string, bool) {
	if c.source == host {
		text, ok := appendText(c.handle, kind, nil)
		return ownedString(text), ok
	}
	if !c.valid() {
		return "", false
	}
	return c.textAt(), true
}

func (c *column) appendTo(kind kind, buffer []byte) ([]byte, bool) {
	if c.source == host {
		return appendText(c.handle, kind, buffer)
	}
	if !c.valid() {
		return buffer, false
	}
	return append(buffer, c.textAt()...), true
}

func score() float64 {
	if !inBatch {
		return documentScore()
	}
	if scores == nil {
		return 1
	}
	return fromBits(scores[place])
}

// sizeColumn is that of the contract's record column: a handle, at 4 an option of a list, and at 16
// a variant of no, one or two lists.
const sizeColumn = 36

// The cases of the contract's variant values.
const (
	valuesMissing = iota
	valuesNumbers
	valuesTexts
)

// open lifts a list of columns. list finds a list of bytes by its pointer and length.
func open(records []byte, list func(pointer, length uint32) []byte) {
	at := func(from []byte) []byte { return list(get32(from), get32(from[4:])) }
	for ; len(records) >= sizeColumn; records = records[sizeColumn:] {
		var v values
		if records[4] != 0 {
			v.validity = recycled(at(records[8:]))
		}
		switch records[16] {
		case valuesMissing:
			v.source = missing
		case valuesNumbers:
			v.source = here
			bytes := recycled(at(records[20:]))
			v.words, v.booleans = wordsOf(bytes), flagsOf(bytes)
		case valuesTexts:
			v.source = here
			v.offsets = offsetsOf(recycled(at(records[20:])))
			v.text = ownedString(at(records[28:]))
		}
		if v.validity == nil {
			v.floats, v.ints, v.flags = floatsOf(v.words), intsOf(v.words), v.booleans
		}
		if c := columnOf(get32(records)); c != nil {
			c.values = v
		}
	}
}

// used is memory of the current batch that the next one may have.
var used [][]byte

// spare is memory that was used for a batch before, and may be used for this one.
var spare [][]byte

func recycled(memory []byte) []byte {
	if cap(memory) > 0 {
		used = append(used, memory)
	}
	return memory
}

// closeBatch forgets the columns, whose memory is used again.
func closeBatch() {
	for _, c := range columns {
		c.values = values{}
	}
	scores = nil
	inBatch = false
	spare = append(spare[:0], used...)
	clear(used)
	used = used[:0]
}

// results are those of the batch. Their memory is used again.
type results struct {
	rows uint32
	// given is how many of them the host has.
	given uint32
	words []uint64
	flags []byte
	// text has the texts that the host does not have yet, offsets where they begin and end.
	text    []byte
	offsets []uint32
	// nulls tells whether validity, which has a byte for each row, has a 0.
	nulls    bool
	validity []byte
}

var batch results

// textBytes is when texts are given to the host before the batch is over.
const textBytes = 1 << 16

func (r *results) begin(rows uint32, kind kind) {
	r.rows, r.given, r.nulls = rows, 0, false
	switch kind {
	case kindBoolean:
		r.flags = resized(r.flags, rows)
	case kindText, kindJSON:
		r.text, r.offsets = r.text[:0], append(r.offsets[:0], 0)
	default:
		r.words = resized(r.words, rows)
	}
}

func resized[T any](slice []T, length uint32) []T {
	if uint32(cap(slice)) < length {
		return make([]T, length)
	}
	return slice[:length]
}

// none says that a row has no value: it is null, or failed.
func (r *results) none(row uint32, cause error) {
	if !r.nulls {
		r.nulls = true
		r.validity = resized(r.validity, r.rows)
		for index := range r.validity {
			r.validity[index] = 1
		}
	}
	r.validity[row] = 0
	if cause != Null {
		resultsFail(row, valid(errorText(cause)))
	}
}

// addText ends a row whose text has been appended, if it has one.
func (r *results) addText(row uint32) {
	r.offsets = append(r.offsets, uint32(len(r.text)))
	if len(r.text) >= textBytes {
		r.putTexts(row + 1)
	}
}

// putTexts gives the host the texts of the rows before a row.
func (r *results) putTexts(end uint32) {
	if end > r.given {
		resultsPut(r.flagsOf(r.given, end), r.text, r.offsets)
		r.given = end
		r.text, r.offsets = r.text[:0], append(r.offsets[:0], 0)
	}
}

func (r *results) flagsOf(start, end uint32) []byte {
	if !r.nulls {
		return nil
	}
	return r.validity[start:end]
}

// put gives the host the results that it does not have yet.
func (r *results) put(kind kind) {
	switch kind {
	case kindBoolean:
		resultsPut(r.flagsOf(0, r.rows), r.flags, nil)
	case kindText, kindJSON:
		r.putTexts(r.rows)
	default:
		resultsPut(r.flagsOf(0, r.rows), bytesOf(r.words), nil)
	}
}

// evaluateBatch evaluates the bound function for each row.
func evaluateBatch(rows uint32) {
	inBatch = true
	batch.begin(rows, bound.returns)
	enter(0)
	evaluateRows()
	for row+1 < rows {
		enter(int(row) + 1)
		evaluateRows()
	}
	batch.put(bound.returns)
	closeBatch()
}

// evaluateRows evaluates the rows from the current one on, until one panics, which has failed.
func evaluateRows() {
	defer func() {
		if cause := recover(); cause != nil {
			text := panicText(cause)
			logPanic(text)
			batch.none(row, failure(text))
			switch bound.returns {
			case kindBoolean:
				batch.flags[row] = 0
			case kindText, kindJSON:
				batch.addText(row)
			}
		}
	}()
	bound.evaluateRows(&batch)
}
