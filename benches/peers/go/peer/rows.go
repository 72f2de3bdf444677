package peer

import (
	"encoding/json"
	"fmt"
	"os"
)

// Rows are a work with its parameters and columns, as the runner writes them.
type Rows struct {
	Work       string
	Parameters json.RawMessage
	Columns    map[string]json.RawMessage
}

// Count is the number of rows.
func (rows *Rows) Count() (int, error) {
	for name := range rows.Columns {
		column, err := column[json.RawMessage](rows, name)
		return len(column), err
	}
	return 0, fmt.Errorf("no columns")
}

// Numbers is a column of numbers, and which of its rows have a value.
func (rows *Rows) Numbers(name string) (numbers []float64, valid []bool, err error) {
	column, err := column[*float64](rows, name)
	for _, number := range column {
		valid = append(valid, number != nil)
		if number == nil {
			number = new(float64)
		}
		numbers = append(numbers, *number)
	}
	return numbers, valid, err
}

// Integers is a column of integers without nulls.
func (rows *Rows) Integers(name string) ([]int64, error) { return column[int64](rows, name) }

// Texts is a column of texts without nulls.
func (rows *Rows) Texts(name string) ([]string, error) { return column[string](rows, name) }

func column[T any](rows *Rows, name string) ([]T, error) {
	var values []T
	if err := json.Unmarshal(rows.Columns[name], &values); err != nil {
		return nil, fmt.Errorf("column %s: %w", name, err)
	}
	return values, nil
}

func read(file string) (*Rows, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	rows := new(Rows)
	if err := json.Unmarshal(text, rows); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return rows, nil
}
