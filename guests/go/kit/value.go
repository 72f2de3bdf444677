package udf

import "math"

// Timestamp is an instant: microseconds since 1970-01-01T00:00:00 UTC, negative before it. As a
// [time.Time] it is time.UnixMicro(int64(t)).UTC(). This package does not import time, which makes
// a component an eighth larger.
type Timestamp int64

// JSON is the text of one JSON value.
type JSON string

// kind is the contract's enum of the same name.
type kind uint8

const (
	kindBoolean kind = iota
	kindInt64
	kindFloat64
	kindText
	kindTimestamp
	kindJSON
)

// tag is the case of the contract's variant value.
type tag uint8

const (
	tagNull tag = iota
	tagBoolean
	tagInt64
	tagFloat64
	tagText
	tagTimestamp
	tagJSON
)

// value is the contract's variant of the same name.
type value struct {
	tag tag
	// number holds the bits of a value that is not a text.
	number uint64
	text   string
}

func fromBits(bits uint64) float64 { return math.Float64frombits(bits) }

func fromBool(value bool) uint64 {
	if value {
		return 1
	}
	return 0
}
