package udf

import (
	"math"
	"strconv"
)

// Parameters is what a function's Declare names its parameters to. Each method takes where the
// value goes, the parameter's name (letters, digits and _, not beginning with a digit) and one or
// two sentences for the author of a query.
type Parameters struct {
	declared []declared
	// arguments are those of the query; there are none while the component is described.
	arguments []argument
}

// argument is a parameter's value in a query.
type argument struct {
	name  string
	value value
}

// presence is the case of the contract's variant of the same name.
type presence uint8

const (
	required presence = iota
	optional
	defaulted
)

// declared is one parameter, as the manifest has it.
type declared struct {
	name, description string
	kind              kind
	presence          presence
	fallback          value
	given             *bool
	// store puts a query's value, which is of the kind, where the author wants it.
	store func(value) error
}

// Parameter is a parameter that was named just now, of which more may be said.
type Parameter[T any] struct {
	parameters *Parameters
	index      int
	value      func(T) value
}

// Default lets a query leave the parameter out, which then has this value.
func (p Parameter[T]) Default(fallback T) {
	parameter := &p.parameters.declared[p.index]
	parameter.presence = defaulted
	parameter.fallback = p.value(fallback)
}

// Optional lets a query leave the parameter out. Whether it was given is stored in given; where it
// was not, its variable is left alone, and a field is one that may not be read.
func (p Parameter[T]) Optional(given *bool) {
	parameter := &p.parameters.declared[p.index]
	parameter.presence = optional
	parameter.given = given
}

func declare[T any](
	p *Parameters, name, description string, kind kind, toValue func(T) value, store func(value) error,
) Parameter[T] {
	p.declared = append(p.declared, declared{
		name: name, description: description, kind: kind, store: store,
	})
	return Parameter[T]{parameters: p, index: len(p.declared) - 1, value: toValue}
}

// take stores the query's arguments. The host has checked them against the manifest and filled in
// the defaults.
func (p *Parameters) take() error {
	for _, parameter := range p.declared {
		argument := p.argument(parameter.name)
		if parameter.given != nil {
			*parameter.given = argument != nil
		}
		if argument == nil {
			if parameter.presence != optional {
				return refusal("parameter `" + parameter.name + "` has no value")
			}
			continue
		}
		if err := parameter.store(argument.value); err != nil {
			return err
		}
	}
	return nil
}

func (p *Parameters) argument(name string) *argument {
	for index := range p.arguments {
		if p.arguments[index].name == name {
			return &p.arguments[index]
		}
	}
	return nil
}

// Bool names a parameter of kind boolean.
func (p *Parameters) Bool(to *bool, name, description string) Parameter[bool] {
	toValue := func(b bool) value { return value{tag: tagBoolean, number: fromBool(b)} }
	return declare(p, name, description, kindBoolean, toValue, func(v value) error {
		*to = v.number != 0
		return nil
	})
}

// integer names a parameter of kind int64 whose values are within a type's range.
func integer[T int | int32 | int64 | uint32](
	p *Parameters, to *T, name, description string, least, most int64,
) Parameter[T] {
	toValue := func(i T) value { return value{tag: tagInt64, number: uint64(i)} }
	return declare(p, name, description, kindInt64, toValue, func(v value) error {
		number := int64(v.number)
		if number < least || number > most {
			return refusal("parameter `" + name + "`: " + strconv.FormatInt(number, 10) +
				" is not between " + strconv.FormatInt(least, 10) + " and " + strconv.FormatInt(most, 10))
		}
		*to = T(number)
		return nil
	})
}

// Int names a parameter of kind int64. In a component an int has 64 bits.
func (p *Parameters) Int(to *int, name, description string) Parameter[int] {
	return integer(p, to, name, description, math.MinInt, math.MaxInt)
}

// Int64 names a parameter of kind int64.
func (p *Parameters) Int64(to *int64, name, description string) Parameter[int64] {
	return integer(p, to, name, description, math.MinInt64, math.MaxInt64)
}

// Int32 names a parameter of kind int64 that is refused outside its type's range.
func (p *Parameters) Int32(to *int32, name, description string) Parameter[int32] {
	return integer(p, to, name, description, math.MinInt32, math.MaxInt32)
}

// Uint32 names a parameter of kind int64 that is refused outside its type's range.
func (p *Parameters) Uint32(to *uint32, name, description string) Parameter[uint32] {
	return integer(p, to, name, description, 0, math.MaxUint32)
}

// Float64 names a parameter of kind float64.
func (p *Parameters) Float64(to *float64, name, description string) Parameter[float64] {
	toValue := func(f float64) value { return value{tag: tagFloat64, number: math.Float64bits(f)} }
	return declare(p, name, description, kindFloat64, toValue, func(v value) error {
		*to = math.Float64frombits(v.number)
		return nil
	})
}

// String names a parameter of kind text.
func (p *Parameters) String(to *string, name, description string) Parameter[string] {
	return declare(p, name, description, kindText, fromString, func(v value) error {
		*to = v.text
		return nil
	})
}

func fromString(text string) value { return value{tag: tagText, text: text} }

// Timestamp names a parameter of kind timestamp.
func (p *Parameters) Timestamp(to *Timestamp, name, description string) Parameter[Timestamp] {
	toValue := func(t Timestamp) value { return value{tag: tagTimestamp, number: uint64(t)} }
	return declare(p, name, description, kindTimestamp, toValue, func(v value) error {
		*to = Timestamp(v.number)
		return nil
	})
}

// JSON names a parameter of kind json.
func (p *Parameters) JSON(to *JSON, name, description string) Parameter[JSON] {
	toValue := func(json JSON) value { return value{tag: tagJSON, text: string(json)} }
	return declare(p, name, description, kindJSON, toValue, func(v value) error {
		*to = JSON(v.text)
		return nil
	})
}

// field names a parameter of kind text that is the path of a field.
func field[T any](
	p *Parameters, to *T, name, description string, resolve func(path string) T,
) Parameter[string] {
	return declare(p, name, description, kindText, fromString, func(v value) error {
		*to = resolve(v.text)
		return nil
	})
}

// BoolField names a parameter that is the path of a field, which is read as boolean.
func (p *Parameters) BoolField(to *BoolField, name, description string) Parameter[string] {
	return field(p, to, name, description, NewBoolField)
}

// Int64Field names a parameter that is the path of a field, which is read as int64.
func (p *Parameters) Int64Field(to *Int64Field, name, description string) Parameter[string] {
	return field(p, to, name, description, NewInt64Field)
}

// Float64Field names a parameter that is the path of a field, which is read as float64.
func (p *Parameters) Float64Field(to *Float64Field, name, description string) Parameter[string] {
	return field(p, to, name, description, NewFloat64Field)
}

// StringField names a parameter that is the path of a field, which is read as text.
func (p *Parameters) StringField(to *StringField, name, description string) Parameter[string] {
	return field(p, to, name, description, NewStringField)
}

// TimestampField names a parameter that is the path of a field, which is read as timestamp.
func (p *Parameters) TimestampField(to *TimestampField, name, description string) Parameter[string] {
	return field(p, to, name, description, NewTimestampField)
}

// JSONField names a parameter that is the path of a field, which is read as json.
func (p *Parameters) JSONField(to *JSONField, name, description string) Parameter[string] {
	return field(p, to, name, description, NewJSONField)
}
