package udftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
	"github.com/whittle-udf/whittle/guests/go/kit/internal/fake"
)

// Document has the values of a document by path, as nested maps or as dotted keys. A value is nil, a
// bool, a number, a string, a [time.Time], a [udf.Timestamp], a [udf.JSON], a slice or a map. The key
// "_id" has the document's id, which is its position otherwise, and "_score" the score that the query
// gave it before the function, which is 1 otherwise.
type Document map[string]any

// reader reads documents that are given together, as an index of these alone does: a field has one
// type, which is taken from all its values.
type reader struct {
	// documents are of plain values: nil, bool, json.Number, string, time.Time, []any and
	// map[string]any.
	documents []map[string]any
	types     map[string]fieldType
}

type fieldType uint8

const (
	boolean fieldType = iota
	long
	double
	date
	slashes
	text
)

var readAs = map[fieldType][]fake.Kind{
	boolean: {fake.Boolean},
	long:    {fake.Int64, fake.Float64},
	double:  {fake.Float64},
	date:    {fake.Timestamp},
	slashes: {fake.Timestamp},
	text:    {fake.Text, fake.Timestamp},
}

func newReader(documents []Document) (*reader, error) {
	r := &reader{types: map[string]fieldType{}}
	for _, document := range documents {
		plain := map[string]any{}
		for key, value := range document {
			if key == "_id" || key == "_score" {
				continue
			}
			if err := checkKey(key); err != nil {
				return nil, err
			}
			made, err := plainly(value)
			if err != nil {
				return nil, fmt.Errorf("the field `%s`: %w", key, err)
			}
			plain[key] = made
		}
		r.documents = append(r.documents, plain)
		eachScalar(plain, "", func(path string, value any) {
			if shown, ok := typeOf(value); ok && r.hasRoom(path) {
				if known, there := r.types[path]; there {
					shown = widest(known, shown)
				}
				r.types[path] = shown
			}
		})
	}
	return r, nil
}

// hasRoom tells whether a field can be at a path: none is in another.
func (r *reader) hasRoom(path string) bool {
	if _, known := r.types[path]; known {
		return true
	}
	for known := range r.types {
		if strings.HasPrefix(known, path+".") || strings.HasPrefix(path, known+".") {
			return false
		}
	}
	return true
}

// plainly is a value as JSON has it, and instants. Numbers are as they are written.
func plainly(value any) (any, error) {
	switch value := value.(type) {
	case nil, bool, string, time.Time, json.Number:
		return value, nil
	case udf.Timestamp:
		return time.UnixMicro(int64(value)).UTC(), nil
	case udf.JSON:
		return parsed([]byte(value))
	case float64:
		// A float is one in JSON too: 10.0 makes a field of floats.
		if math.IsInf(value, 0) || math.IsNaN(value) {
			return nil, fmt.Errorf("JSON does not have %v", value)
		}
		text := strconv.FormatFloat(value, 'f', -1, 64)
		if !strings.Contains(text, ".") {
			text += ".0"
		}
		return json.Number(text), nil
	case []any:
		return each(value)
	case map[string]any:
		made := map[string]any{}
		for key, inner := range value {
			if err := checkKey(key); err != nil {
				return nil, err
			}
			plain, err := plainly(inner)
			if err != nil {
				return nil, err
			}
			made[key] = plain
		}
		return made, nil
	}
	// Other numbers, slices, maps and structs.
	written, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return parsed(written)
}

// checkKey refuses a key that no index takes.
func checkKey(key string) error {
	for _, name := range strings.Split(key, ".") {
		if strings.TrimSpace(name) == "" {
			return fmt.Errorf("a document cannot have the key `%s`: a part of it is empty", key)
		}
	}
	return nil
}

func each(values []any) (any, error) {
	made := make([]any, len(values))
	for index, value := range values {
		plain, err := plainly(value)
		if err != nil {
			return nil, err
		}
		made[index] = plain
	}
	return made, nil
}

// parsed is a JSON text whose numbers keep their digits. A key that comes twice in an object is
// refused, as the host does.
func parsed(written []byte) (any, error) {
	if !json.Valid(written) {
		return nil, errors.New("it is not JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(written))
	decoder.UseNumber()
	return next(decoder)
}

func next(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := next(decoder)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := decoder.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		for decoder.More() {
			token, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			key, _ := token.(string)
			if _, twice := object[key]; twice {
				return nil, fmt.Errorf("duplicate key `%s`", key)
			}
			if err := checkKey(key); err != nil {
				return nil, err
			}
			if object[key], err = next(decoder); err != nil {
				return nil, err
			}
		}
		_, err := decoder.Token()
		return object, err
	}
	return token, nil
}

// eachScalar visits the values that are not objects or lists, with the path of each.
func eachScalar(value any, path string, visit func(path string, value any)) {
	switch value := value.(type) {
	case []any:
		for _, inner := range value {
			eachScalar(inner, path, visit)
		}
	case map[string]any:
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		// A map has no order, so that a dotted key comes before a nested one here.
		sort.Sort(sort.Reverse(sort.StringSlice(keys)))
		for _, key := range keys {
			at := key
			if path != "" {
				at = path + "." + key
			}
			eachScalar(value[key], at, visit)
		}
	default:
		visit(path, value)
	}
}

// read reads a field of a document as a kind.
func (r *reader) read(document map[string]any, path string, kind fake.Kind) fake.Value {
	if kind == fake.JSON {
		return jsonAt(document, path)
	}
	field, known := r.types[path]
	outer, isKeyword := strings.CutSuffix(path, ".keyword")
	if inner, there := r.types[outer]; isKeyword && !known && there && inner == text {
		path, field, known = outer, text, true
	} else {
		isKeyword = false
	}
	if !known || !slices.Contains(readAs[field], kind) {
		return fake.Value{}
	}
	var found fake.Value
	eachScalar(document, "", func(at string, value any) {
		if at != path || found.Found {
			return
		}
		found = converted(field, value)
		if isKeyword && len(utf16.Encode([]rune(found.Text))) > longestKeyword {
			found = fake.Value{}
		}
	})
	switch {
	case !found.Found:
	case kind == fake.Float64 && field == long:
		found.Bits = math.Float64bits(float64(int64(found.Bits)))
	case kind == fake.Timestamp && field == text:
		micros, ok := iso(found.Text)
		return fake.Value{Found: ok, Bits: uint64(micros)}
	}
	return found
}

// longestKeyword is how many units of UTF-16 the sub-field that a field of texts has takes in.
const longestKeyword = 256

var number = regexp.MustCompile(`(?i)^[+-]?(?:inf|infinity|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$`)

// typeOf is the type of field that a value makes.
func typeOf(value any) (fieldType, bool) {
	switch value := value.(type) {
	case bool:
		return boolean, true
	case time.Time:
		return date, true
	case json.Number:
		if _, err := strconv.ParseInt(string(value), 10, 64); err == nil {
			return long, true
		}
		return double, true
	case string:
		if number.MatchString(value) {
			return text, true
		}
		if _, ok := micros(optionalTime, value); ok {
			return date, true
		}
		if _, ok := micros(slashed, value); ok {
			return slashes, true
		}
		return text, true
	}
	return 0, false
}

// widest is the type of a field that has values of both types.
func widest(known, shown fieldType) fieldType {
	if known == long && shown == double {
		return double
	}
	isDate := func(field fieldType) bool { return field == date || field == slashes }
	if isDate(known) && known != shown && (isDate(shown) || shown == text) {
		return text
	}
	return known
}

// converted is a value as the type of its field.
func converted(field fieldType, value any) fake.Value {
	written, isWritten := digits(value)
	switch field {
	case boolean:
		flag, ok := value.(bool)
		if text, isText := value.(string); isText {
			flag, ok = text == "true", text == "true" || text == "false" || text == ""
		}
		return fake.Value{Found: ok, Bits: bits(flag)}
	case long:
		whole, ok := integer(value)
		return fake.Value{Found: ok, Bits: uint64(whole)}
	case double:
		float, err := float(value)
		return fake.Value{Found: err == nil, Bits: math.Float64bits(float)}
	case text:
		if flag, ok := value.(bool); ok {
			return fake.Value{Found: true, Text: strconv.FormatBool(flag)}
		}
		return fake.Value{Found: isWritten, Text: written}
	}
	if at, ok := value.(time.Time); ok {
		return fake.Value{Found: true, Bits: uint64(at.UnixMicro())}
	}
	form := optionalTime
	if field == slashes {
		form = slashed
	}
	if at, ok := micros(form, written); ok {
		return fake.Value{Found: true, Bits: uint64(at)}
	}
	at, ok := millis(written)
	return fake.Value{Found: ok, Bits: uint64(at)}
}

// digits are those of a number, or of a text that may be one.
func digits(value any) (string, bool) {
	switch value := value.(type) {
	case json.Number:
		return string(value), true
	case string:
		return value, true
	}
	return "", false
}

// integer is a whole number, without the fraction of a text or a number that has one.
func integer(value any) (int64, bool) {
	switch value := value.(type) {
	case int:
		return int64(value), true
	case int64:
		return value, true
	case int32:
		return int64(value), true
	case uint32:
		return int64(value), true
	}
	written, ok := digits(value)
	if whole, err := strconv.ParseInt(written, 10, 64); err == nil {
		return whole, true
	}
	// Larger exponents would take all memory.
	float, err := strconv.ParseFloat(written, 64)
	if !ok || err != nil || math.Abs(float) > 1e19 {
		return 0, false
	}
	if math.Abs(float) < 1 {
		return 0, number.MatchString(written)
	}
	ratio, ok := new(big.Rat).SetString(written)
	if !ok || !number.MatchString(written) {
		return 0, false
	}
	whole := new(big.Int).Quo(ratio.Num(), ratio.Denom())
	return whole.Int64(), whole.IsInt64()
}

// float is a finite number.
func float(value any) (float64, error) {
	if whole, ok := value.(float64); ok {
		return whole, nil
	}
	if written, ok := digits(value); ok {
		if !number.MatchString(written) {
			return 0, strconv.ErrSyntax
		}
		found, err := strconv.ParseFloat(written, 64)
		if err == nil && (math.IsInf(found, 0) || math.IsNaN(found)) {
			err = strconv.ErrRange
		}
		return found, err
	}
	whole, ok := integer(value)
	if !ok {
		return 0, strconv.ErrSyntax
	}
	return float64(whole), nil
}

func bits(flag bool) uint64 {
	if flag {
		return 1
	}
	return 0
}

// jsonAt is a field as JSON: the value as it was written, or all values at the path.
func jsonAt(document map[string]any, path string) fake.Value {
	var found []any
	throughList := collect(document, path, &found)
	if len(found) == 0 || (!throughList && found[0] == nil) {
		return fake.Value{}
	}
	var value any = found
	if !throughList {
		value = found[0]
	}
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return fake.Value{Found: err == nil, Text: strings.TrimSuffix(written.String(), "\n")}
}

// collect collects the values at a path, the longest key first. It tells whether a list leads to them.
func collect(value any, path string, found *[]any) bool {
	before := len(*found)
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			collect(element, path, found)
		}
		return len(*found) > before
	case map[string]any:
		if inner, ok := value[path]; ok {
			*found = append(*found, inner)
			return false
		}
		for dot := strings.LastIndex(path, "."); dot > 0; dot = strings.LastIndex(path[:dot], ".") {
			inner, ok := value[path[:dot]]
			if !ok {
				continue
			}
			throughList := collect(inner, path[dot+1:], found)
			if len(*found) > before {
				return throughList
			}
		}
	}
	return false
}
