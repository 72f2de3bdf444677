package udf

import "math"

// BoolField is a field of the documents that is read as boolean. To read its zero value panics, as
// for all fields.
type BoolField struct{ column *column }

// NewBoolField resolves a field whose path is not a parameter. Call it in Prepare only.
func NewBoolField(path string) BoolField { return BoolField{resolve(path, kindBoolean)} }

// Has tells whether the document has a value of the field's kind.
func (f BoolField) Has() bool { return f.column.has() }

// Get gives the value, and whether there is one.
func (f BoolField) Get() (bool, bool) {
	number, ok := f.column.get(kindBoolean)
	return number != 0, ok
}

// Or returns the value, or otherwise if the document has none. It is faster than Get.
func (f BoolField) Or(otherwise bool) bool {
	if plain := f.column.flags; place < uint(len(plain)) {
		return plain[place]
	}
	return f.or(otherwise)
}

//go:noinline
func (f BoolField) or(otherwise bool) bool {
	if number, found := f.column.get(kindBoolean); found {
		return number != 0
	}
	return otherwise
}

// Int64Field is a field of the documents that is read as int64.
type Int64Field struct{ column *column }

// NewInt64Field resolves a field whose path is not a parameter. Call it in Prepare only.
func NewInt64Field(path string) Int64Field { return Int64Field{resolve(path, kindInt64)} }

// Has tells whether the document has a value of the field's kind.
func (f Int64Field) Has() bool { return f.column.has() }

// Get gives the value, and whether there is one.
func (f Int64Field) Get() (int64, bool) {
	number, ok := f.column.get(kindInt64)
	return int64(number), ok
}

// Or returns the value, or otherwise if the document has none. It is faster than Get.
func (f Int64Field) Or(otherwise int64) int64 {
	if plain := f.column.ints; place < uint(len(plain)) {
		return plain[place]
	}
	return f.or(otherwise)
}

//go:noinline
func (f Int64Field) or(otherwise int64) int64 {
	return int64(f.column.wordOr(kindInt64, uint64(otherwise)))
}

// Float64Field is a field of the documents that is read as float64.
type Float64Field struct{ column *column }

// NewFloat64Field resolves a field whose path is not a parameter. Call it in Prepare only.
func NewFloat64Field(path string) Float64Field { return Float64Field{resolve(path, kindFloat64)} }

// Has tells whether the document has a value of the field's kind.
func (f Float64Field) Has() bool { return f.column.has() }

// Get gives the value, and whether there is one.
func (f Float64Field) Get() (float64, bool) {
	number, ok := f.column.get(kindFloat64)
	return math.Float64frombits(number), ok
}

// Or returns the value, or otherwise if the document has none. It is faster than Get.
func (f Float64Field) Or(otherwise float64) float64 {
	if plain := f.column.floats; place < uint(len(plain)) {
		return plain[place]
	}
	return f.or(otherwise)
}

//go:noinline
func (f Float64Field) or(otherwise float64) float64 {
	return math.Float64frombits(f.column.wordOr(kindFloat64, math.Float64bits(otherwise)))
}

// TimestampField is a field of the documents that is read as timestamp.
type TimestampField struct{ column *column }

// NewTimestampField resolves a field whose path is not a parameter. Call it in Prepare only.
func NewTimestampField(path string) TimestampField {
	return TimestampField{resolve(path, kindTimestamp)}
}

// Has tells whether the document has a value of the field's kind.
func (f TimestampField) Has() bool { return f.column.has() }

// Get gives the value, and whether there is one.
func (f TimestampField) Get() (Timestamp, bool) {
	number, ok := f.column.get(kindTimestamp)
	return Timestamp(number), ok
}

// Or returns the value, or otherwise if the document has none. It is faster than Get.
func (f TimestampField) Or(otherwise Timestamp) Timestamp {
	if plain := f.column.ints; place < uint(len(plain)) {
		return Timestamp(plain[place])
	}
	return f.or(otherwise)
}

//go:noinline
func (f TimestampField) or(otherwise Timestamp) Timestamp {
	return Timestamp(f.column.wordOr(kindTimestamp, uint64(otherwise)))
}

// StringField is a field of the documents that is read as text.
type StringField struct{ column *column }

// NewStringField resolves a field whose path is not a parameter. Call it in Prepare only.
func NewStringField(path string) StringField { return StringField{resolve(path, kindText)} }

// Has tells whether the document has a value of the field's kind.
func (f StringField) Has() bool { return f.column.has() }

// Get gives the value, in memory of its own, and whether there is one.
func (f StringField) Get() (string, bool) {
	return f.column.getText(kindText)
}

// AppendTo appends the value to a buffer, and tells whether there is one. With a buffer that is
// used again, as in
//
//	f.buffer, ok = f.title.AppendTo(f.buffer[:0])
//
// a document allocates nothing.
func (f StringField) AppendTo(buffer []byte) ([]byte, bool) {
	return f.column.appendTo(kindText, buffer)
}

// JSONField is a field of the documents that is read as json: any value has one, and several
// values are a list.
type JSONField struct{ column *column }

// NewJSONField resolves a field whose path is not a parameter. Call it in Prepare only.
func NewJSONField(path string) JSONField { return JSONField{resolve(path, kindJSON)} }

// Has tells whether the document has a value of the field's kind.
func (f JSONField) Has() bool { return f.column.has() }

// Get gives the value, in memory of its own, and whether there is one.
func (f JSONField) Get() (JSON, bool) {
	text, ok := f.column.getText(kindJSON)
	return JSON(text), ok
}

// AppendTo appends the value's text to a buffer, and tells whether there is one. It allocates
// nothing where the buffer has room.
func (f JSONField) AppendTo(buffer []byte) ([]byte, bool) {
	return f.column.appendTo(kindJSON, buffer)
}

// DocumentID gives the current document's id, unique within the query. In Evaluate alone: while a
// query is prepared there is no document.
func DocumentID() string { return documentID() }

// DocumentScore gives the score that the query gave the current document before this function, or
// 1 where it gave none. In Evaluate alone.
func DocumentScore() float64 { return score() }
