package udf

import "math"

// Component is what a component says of itself.
type Component struct {
	// Name has letters, digits, - and _.
	Name string
	// Version is a semantic version, such as 1.4.0.
	Version string
	// Description is one or two sentences on what the functions are for.
	Description string
	// Author is who answers for it. It may be empty.
	Author string
}

// Result is what a function may give for a document.
type Result interface {
	bool | int64 | float64 | string | Timestamp | JSON
}

// Function is what an author writes: the parameters, and the result for a document.
type Function[T Result] interface {
	// Declare names the parameters. It runs before each query, and when the component is
	// described.
	Declare(p *Parameters)
	// Evaluate is the result for the current document, or [Null], or an error.
	Evaluate() (T, error)
}

// Preparer is a [Function] that has something to prepare once per query.
type Preparer interface {
	// Prepare runs once per query, when the parameters have their values. Its error is reported to
	// the author of the query, whose arguments are wrong.
	Prepare() error
}

// Definition is one function of a component, as [Define] makes it.
type Definition struct {
	name, description string
	returns           kind
	declare           func(*Parameters)
	prepare           func() error
	evaluate          func(*outcome)
	// evaluateRows evaluates the rows of a batch from the current one on.
	evaluateRows func(*results)
	// function is what the author wrote. A test makes it as good as new for each query.
	function any
}

// Define makes a function known under a name: letters, digits and _, not beginning with a digit.
// The description is one or two sentences for the author of a query.
func Define[T Result](name, description string, function Function[T]) Definition {
	definition := Definition{
		name: name, description: description, declare: function.Declare, function: function,
	}
	switch preparer := function.(type) {
	case Preparer:
		definition.prepare = preparer.Prepare
	case interface{ Prepare() }:
		panic("udf: Prepare of function " + name + " returns nothing, and would never run: let it return an error")
	}
	// The calls are made here, each for its kind, so that a document costs no conversion.
	switch function := any(function).(type) {
	case Function[bool]:
		definition.returns = kindBoolean
		definition.evaluateRows = func(r *results) {
			flags := r.flags
			for at := int(row); at < len(flags); at++ {
				enter(at)
				value, err := function.Evaluate()
				if err != nil {
					value = false
					r.none(row, err)
				}
				flags[at] = byte(fromBool(value))
			}
		}
		definition.evaluate = func(to *outcome) {
			value, err := function.Evaluate()
			to.set(tagBoolean, fromBool(value), err)
		}
	case Function[int64]:
		definition.returns = kindInt64
		definition.evaluateRows = integerRows(function)
		definition.evaluate = func(to *outcome) {
			value, err := function.Evaluate()
			to.set(tagInt64, uint64(value), err)
		}
	case Function[float64]:
		definition.returns = kindFloat64
		definition.evaluateRows = func(r *results) {
			floats := floatsOf(r.words)
			for at := int(row); at < len(floats); at++ {
				enter(at)
				value, err := function.Evaluate()
				if err != nil {
					value = 0
					r.none(row, err)
				}
				floats[at] = value
			}
		}
		definition.evaluate = func(to *outcome) {
			value, err := function.Evaluate()
			to.set(tagFloat64, math.Float64bits(value), err)
		}
	case Function[string]:
		definition.returns = kindText
		definition.evaluateRows = textRows(function)
		definition.evaluate = func(to *outcome) {
			value, err := function.Evaluate()
			to.setText(tagText, value, err)
		}
	case Function[Timestamp]:
		definition.returns = kindTimestamp
		definition.evaluateRows = integerRows(function)
		definition.evaluate = func(to *outcome) {
			value, err := function.Evaluate()
			to.set(tagTimestamp, uint64(value), err)
		}
	case Function[JSON]:
		definition.returns = kindJSON
		definition.evaluateRows = textRows(function)
		definition.evaluate = func(to *outcome) {
			value, err := function.Evaluate()
			to.setText(tagJSON, string(value), err)
		}
	}
	return definition
}

// integerRows evaluates the rows of a batch. One function for all kinds of results would convert each
// by a call.
func integerRows[T int64 | Timestamp](function Function[T]) func(*results) {
	return func(r *results) {
		words := r.words
		for at := int(row); at < len(words); at++ {
			enter(at)
			value, err := function.Evaluate()
			if err != nil {
				value = 0
				r.none(row, err)
			}
			words[at] = uint64(value)
		}
	}
}

// textRows is the same for texts.
func textRows[T string | JSON](function Function[T]) func(*results) {
	return func(r *results) {
		for at := int(row); at < int(r.rows); at++ {
			enter(at)
			value, err := function.Evaluate()
			if err != nil {
				value = ""
				r.none(row, err)
			}
			r.text = append(r.text, valid(string(value))...)
			r.addText(row)
		}
	}
}

// parameters are those of a function, as the manifest has them. The author of a default that is out of
// its bounds reads that when the component is built, or in the first test.
func (d Definition) parameters() []declared {
	var parameters Parameters
	d.declare(&parameters)
	for _, parameter := range parameters.declared {
		if parameter.presence != defaulted || parameter.check == nil {
			continue
		}
		if err := parameter.check(parameter.fallback); err != nil {
			panic("udf: the default of function `" + d.name + "`: " + err.Error())
		}
	}
	return parameters.declared
}

// exported is what [Export] was given.
var exported struct {
	component Component
	functions []Definition
}

// Export makes functions a component. It is called once, in an init function of package main:
// the function main does not run.
func Export(component Component, functions ...Definition) {
	if len(functions) == 0 {
		panic("udf: Export got no function: give it the results of udf.Define")
	}
	if exported.functions != nil {
		panic("udf: Export was called twice: call it once, with all functions")
	}
	exported.component = component
	exported.functions = functions
}

// bound is the function of the query. An instance is bound once, and is gone after its query.
var bound Definition

// bind prepares a function for a query.
func bind(function string, arguments []argument) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			text := panicText(cause)
			logPanic(text)
			err = failure(text)
		}
	}()
	for _, definition := range exported.functions {
		if definition.name != function {
			continue
		}
		parameters := Parameters{arguments: arguments}
		definition.declare(&parameters)
		if err := parameters.take(); err != nil {
			return err
		}
		if definition.prepare != nil {
			if err := definition.prepare(); err != nil {
				return err
			}
		}
		bound = definition
		return nil
	}
	return refusal("there is no function `" + function + "`")
}

// evaluate leaves the bound function's result for the current document.
func evaluate(to *outcome) {
	defer func() {
		if cause := recover(); cause != nil {
			text := panicText(cause)
			logPanic(text)
			to.fail(text)
		}
	}()
	bound.evaluate(to)
}
