// Package fake is what the kit and its test host know of each other: the contract, without memory.
//
// The kit asks [Host] for documents, and gives [Kit] to the package udftest, which fills the one and
// calls the other. It must not know how documents are read.
package fake

import "errors"

// Kind is the contract's enum of the same name.
type Kind uint8

// The kinds, in the contract's order.
const (
	Boolean Kind = iota
	Int64
	Float64
	Text
	Timestamp
	JSON
)

func (k Kind) String() string {
	return [...]string{"boolean", "int64", "float64", "text", "timestamp", "json"}[k]
}

// Value is a value of a kind that is known elsewhere, or none.
type Value struct {
	Found bool
	// Bits are those of a value that is not a text.
	Bits uint64
	Text string
}

// Presence is the case of the contract's variant of the same name.
type Presence uint8

// The cases, in the contract's order.
const (
	Required Presence = iota
	Optional
	Defaulted
)

// Parameter is a parameter of a function.
type Parameter struct {
	Name, Description string
	Kind              Kind
	Presence          Presence
	Default           Value
}

// Function is a function of the component.
type Function struct {
	Name       string
	Returns    Kind
	Parameters []Parameter
}

// Argument is a parameter's value in a query.
type Argument struct {
	Name  string
	Kind  Kind
	Value Value
}

// Result is what a function gave for a document: a value, or why it failed.
type Result struct {
	Value  Value
	Failed bool
	Error  string
	// Place is where the function panicked, as a file and a line; empty if it did not.
	Place string
}

// Phase is what the host is doing.
type Phase uint8

// The phases.
const (
	Outside Phase = iota
	Bind
	Evaluate
)

// Field is a field that a function has resolved, and its values in the documents.
type Field struct {
	Path   string
	Kind   Kind
	Values []Value
}

// State is what the host knows of a query.
type State struct {
	Phase  Phase
	Fields []*Field
	IDs    []string
	Scores []float64
	// Row is the current document. The kit has one of its own while it evaluates a batch.
	Row int
	Log []string
	// Broken is set by a call that the host does not allow at that time. It ends the query, whether
	// the function recovers or not.
	Broken error
}

// Host is the state of the present query.
var Host State

func (s *State) misuse(reason string) {
	s.Broken = errors.New("the guest broke the contract: " + reason)
	panic(s.Broken)
}

// Evaluating ends the query if no document is being evaluated.
func (s *State) Evaluating() {
	if s.Phase != Evaluate {
		s.misuse("it read a document outside of `evaluate`, where there is none: `prepare` sees only the parameters")
	}
}

// Resolve gives a field's handle.
func (s *State) Resolve(path string, kind Kind) uint32 {
	if s.Phase != Bind {
		s.misuse("it looked up a field outside of `prepare`: look up all fields there, before the first document")
	}
	for index, field := range s.Fields {
		if field.Path == path && field.Kind == kind {
			return uint32(index)
		}
	}
	s.Fields = append(s.Fields, &Field{Path: path, Kind: kind})
	return uint32(len(s.Fields) - 1)
}

// Read reads a field of the current document.
func (s *State) Read(handle uint32) Value {
	s.Evaluating()
	return s.Fields[handle].Values[s.Row]
}

// Kit is the component, as the kit gives it.
var Kit struct {
	Functions func() []Function
	// Bind prepares a function for a query. Fields that an earlier query resolved are gone.
	Bind     func(function string, arguments []Argument) error
	Evaluate func() Result
	// EvaluateBatch evaluates all documents of the host at once.
	EvaluateBatch func() []Result
}
