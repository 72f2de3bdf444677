// The ways in which a function ends a query: the tests pin what an author reads.
package main

import (
	"os"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
)

// What the compiler must not know.
var zero, many = 0, 1_000_000_000

type fails struct{ field udf.StringField }

func (f *fails) Declare(p *udf.Parameters) {
	p.StringField(&f.field, "field", "The field that names the failure.")
}

func (f *fails) Evaluate() (bool, error) {
	what, _ := f.field.Get()
	result := 0
	switch what {
	case "divide":
		result = many / zero
	case "bounds":
		result = []int{1, 2, 3}[many]
	case "recurse":
		result = depth(many)
	case "loop":
		result = loop()
	case "exit":
		os.Exit(3)
	}
	return result == 0, nil
}

func depth(left int) int {
	if left == zero {
		return 0
	}
	return many / (depth(left-1) + 1)
}

func loop() int {
	turns := many
	for turns > 0 {
		turns = many - zero
	}
	return turns
}

func init() {
	udf.Export(
		udf.Component{Name: "failures", Version: "0.1.0", Description: "For tests."},
		udf.Define("fails", "Fails in the way that the field names.", &fails{}),
	)
}

func main() {}
