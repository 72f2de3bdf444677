package main

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero/api"
)

const timeLimit = 10 * time.Second

// function is an exported function that is called for each document. Its results keep their memory.
type function[R any] struct {
	engine   *engine
	exported api.Function
	decode   func(uint64) (R, error)
	results  []R
}

func newFunction[R any](
	engine *engine, instance api.Module, name string, decode func(uint64) (R, error),
) *function[R] {
	return &function[R]{engine: engine, exported: instance.ExportedFunction(name), decode: decode}
}

// Call evaluates the function for all rows.
func (function *function[R]) Call() error {
	ctx := context.Background()
	if function.engine.limited {
		limited, cancel := context.WithTimeout(ctx, timeLimit)
		defer cancel()
		ctx = limited
	}
	documents := &function.engine.documents
	function.results = function.results[:0]
	var stack [1]uint64
	for row := range documents.count {
		documents.row = row
		if err := function.exported.CallWithStack(ctx, stack[:]); err != nil {
			return err
		}
		result, err := function.decode(stack[0])
		if err != nil {
			return err
		}
		function.results = append(function.results, result)
	}
	return nil
}

// Values are the results of the last call.
func (function *function[R]) Values() any { return function.results }
