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
	// check refuses a value of the kind that is out of a number's bounds. Other kinds have none.
	check func(value) error
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

// Number is a parameter with bounds, which are named before [Parameter.Default] and
// [Parameter.Optional]:
//
//	p.Float64(&f.share, "share", "The share in percent.").Minimum(0).Maximum(100).Default(50)
type Number[T any] struct {
	Parameter[T]
	minimum, maximum func(T)
}

// Minimum has a query refused whose value is less.
func (n Number[T]) Minimum(least T) Number[T] {
	n.minimum(least)
	return n
}

// Maximum has a query refused whose value is greater.
func (n Number[T]) Maximum(most T) Number[T] {
	n.maximum(most)
	return n
}

// bounds are the least and the greatest value of a number, both included; nil without bounds.
type bounds[T int64 | float64] struct {
	least, most *T
	text        func(T) string
}

// problem is what is wrong with a value. NaN is out of every bound.
func (b *bounds[T]) problem(number T) string {
	if (b.least == nil || number >= *b.least) && (b.most == nil || number <= *b.most) {
		return ""
	}
	allowed := "between "
	switch {
	case b.most == nil:
		allowed = "at least " + b.text(*b.least)
	case b.least == nil:
		allowed = "at most " + b.text(*b.most)
	default:
		allowed += b.text(*b.least) + " and " + b.text(*b.most)
	}
	return " must be " + allowed + ", not " + b.text(number)
}

// bounded adds bounds to a parameter, which has the numbers of a kind.
func bounded[T int | int32 | int64 | uint32 | float64, W int64 | float64](
	parameter Parameter[T], bounds *bounds[W], number func(value) W,
) Number[T] {
	declared := &parameter.parameters.declared[parameter.index]
	name := declared.name
	declared.check = func(v value) error {
		if problem := bounds.problem(number(v)); problem != "" {
			return refusal("parameter `" + name + "`" + problem)
		}
		return nil
	}
	return Number[T]{
		Parameter: parameter,
		minimum:   func(least T) { bounds.least = new(W); *bounds.least = W(least) },
		maximum:   func(most T) { bounds.most = new(W); *bounds.most = W(most) },
	}
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
		if parameter.check != nil {
			if err := parameter.check(argument.value); err != nil {
				return err
			}
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

// integer names a parameter of kind int64 whose values are within bounds.
func integer[T int | int32 | int64 | uint32](
	p *Parameters, to *T, name, description string, least, most *int64,
) Number[T] {
	toValue := func(i T) value { return value{tag: tagInt64, number: uint64(i)} }
	parameter := declare(p, name, description, kindInt64, toValue, func(v value) error {
		*to = T(v.number)
		return nil
	})
	text := func(number int64) string { return strconv.FormatInt(number, 10) }
	limits := &bounds[int64]{least: least, most: most, text: text}
	return bounded(parameter, limits, func(v value) int64 { return int64(v.number) })
}

// Int names a parameter of kind int64. In a component an int has 64 bits.
func (p *Parameters) Int(to *int, name, description string) Number[int] {
	return integer(p, to, name, description, nil, nil)
}

// Int64 names a parameter of kind int64.
func (p *Parameters) Int64(to *int64, name, description string) Number[int64] {
	return integer(p, to, name, description, nil, nil)
}

// Int32 names a parameter of kind int64 that is refused outside its type's range.
func (p *Parameters) Int32(to *int32, name, description string) Number[int32] {
	least, most := int64(math.MinInt32), int64(math.MaxInt32)
	return integer(p, to, name, description, &least, &most)
}

// Uint32 names a parameter of kind int64 that is refused outside its type's range.
func (p *Parameters) Uint32(to *uint32, name, description string) Number[uint32] {
	least, most := int64(0), int64(math.MaxUint32)
	return integer(p, to, name, description, &least, &most)
}

// Float64 names a parameter of kind float64.
func (p *Parameters) Float64(to *float64, name, description string) Number[float64] {
	toValue := func(f float64) value { return value{tag: tagFloat64, number: math.Float64bits(f)} }
	number := func(v value) float64 { return math.Float64frombits(v.number) }
	parameter := declare(p, name, description, kindFloat64, toValue, func(v value) error {
		*to = number(v)
		return nil
	})
	text := func(number float64) string { return strconv.FormatFloat(number, 'g', -1, 64) }
	return bounded(parameter, &bounds[float64]{text: text}, number)
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
