package udftest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
	"github.com/whittle-udf/whittle/guests/go/kit/internal/fake"
)

// Arguments are those of a query, by the parameters' names. That of a field is its path. A timestamp
// is a [time.Time], a [udf.Timestamp] or a text, and JSON is any value that package encoding/json
// writes, or a [udf.JSON].
type Arguments map[string]any

// checked are the arguments as the host gives them: of the parameters' kinds, with the defaults.
func checked(function fake.Function, given Arguments) ([]fake.Argument, error) {
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		known := slices.ContainsFunc(function.Parameters, func(p fake.Parameter) bool { return p.Name == name })
		if !known {
			return nil, fmt.Errorf("unknown parameter `%s`: %s", name, didYouMean(name, function.Parameters))
		}
	}
	var arguments []fake.Argument
	for _, parameter := range function.Parameters {
		value, there := given[parameter.Name]
		if !there || (value == nil && parameter.Kind != fake.JSON) {
			switch parameter.Presence {
			case fake.Required:
				return nil, fmt.Errorf("missing parameter `%s` (%s): %s",
					parameter.Name, parameter.Kind, parameter.Description)
			case fake.Defaulted:
				arguments = append(arguments, fake.Argument{
					Name: parameter.Name, Kind: parameter.Kind, Value: parameter.Default,
				})
			}
			continue
		}
		converted := argument(parameter.Kind, value)
		if !converted.Found {
			forms := ""
			if parameter.Kind == fake.Timestamp {
				forms = timestampForms
			}
			return nil, fmt.Errorf("parameter `%s` is %s, but %s was given%s",
				parameter.Name, parameter.Kind, shown(value), forms)
		}
		arguments = append(arguments, fake.Argument{
			Name: parameter.Name, Kind: parameter.Kind, Value: converted,
		})
	}
	return arguments, nil
}

// timestampForms are the accepted forms of a timestamp.
const timestampForms = `: give a date and time such as "2024-01-31T12:00:00Z", a date such as ` +
	`"2024-01-31", or an integer, the microseconds since 1970-01-01T00:00:00Z`

// argument is a value of a kind; none if it is not of the kind.
func argument(kind fake.Kind, value any) fake.Value {
	switch kind {
	case fake.JSON:
		if text, ok := value.(udf.JSON); ok {
			return fake.Value{Found: json.Valid([]byte(text)), Text: string(text)}
		}
		text, err := json.Marshal(value)
		return fake.Value{Found: err == nil, Text: string(text)}
	case fake.Boolean:
		flag, ok := value.(bool)
		return fake.Value{Found: ok, Bits: bits(flag)}
	case fake.Text:
		text, ok := value.(string)
		return fake.Value{Found: ok, Text: text}
	case fake.Float64:
		number, err := float(value)
		return fake.Value{Found: err == nil, Bits: math.Float64bits(number)}
	case fake.Timestamp:
		switch value := value.(type) {
		case udf.Timestamp:
			return fake.Value{Found: true, Bits: uint64(value)}
		case time.Time:
			return fake.Value{Found: true, Bits: uint64(value.UnixMicro())}
		case string:
			micros, ok := iso(value)
			return fake.Value{Found: ok, Bits: uint64(micros)}
		}
	}
	number, ok := integer(value)
	return fake.Value{Found: ok, Bits: uint64(number)}
}

const shownBytes = 60

func shown(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprintf("a %T", value)
	}
	cut := string(text)
	if len(cut) > shownBytes {
		cut = cut[:shownBytes] + "..."
	}
	switch text[0] {
	case '"':
		return "the string " + cut
	case '[':
		return "the list " + cut
	case '{':
		return "the object " + cut
	}
	return cut
}

// didYouMean names the known names that are like a wrong one, or else all.
func didYouMean[T fake.Function | fake.Parameter](wrong string, known []T) string {
	var names []string
	for _, each := range known {
		switch each := any(each).(type) {
		case fake.Function:
			names = append(names, each.Name)
		case fake.Parameter:
			names = append(names, each.Name)
		}
	}
	var near []string
	for _, name := range names {
		if edits(wrong, name) <= max(len(name), len(wrong))/3 {
			near = append(near, name)
		}
	}
	sort.SliceStable(near, func(i, j int) bool {
		a, b := edits(wrong, near[i]), edits(wrong, near[j])
		return a < b || (a == b && near[i] < near[j])
	})
	listed := func(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }
	switch {
	case len(near) > 0:
		return "did you mean " + listed(near) + "?"
	case len(names) == 0:
		return "there are none"
	case len(names) == 1:
		return "expected " + listed(names)
	}
	return "expected one of " + listed(names)
}

// edits is how many edits make one name the other.
func edits(left, right string) int {
	row := make([]int, len(right)+1)
	for index := range row {
		row[index] = index
	}
	for i := range len(left) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(right) {
			substituted := diagonal
			if left[i] != right[j] {
				substituted++
			}
			diagonal = row[j+1]
			row[j+1] = min(substituted, row[j]+1, diagonal+1)
		}
	}
	return row[len(right)]
}
