package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"whittle/peers/peer"
)

// The memory of an instance, in pages of 64 KiB.
const pages = 1024

// engine holds the compiled module.
type engine struct {
	access    string
	limited   bool
	runtime   wazero.Runtime
	compiled  wazero.CompiledModule
	documents documents
}

// newEngine compiles the module, or takes it from the cache beside it.
func newEngine(variant, file string) (*engine, error) {
	engine := new(engine)
	switch variant {
	case "name", "handle":
		engine.access = variant
	case "handle-limited":
		engine.access, engine.limited = "handle", true
	default:
		return nil, fmt.Errorf("unknown variant %q: expected name, handle or handle-limited", variant)
	}
	cache, err := wazero.NewCompilationCacheWithDir(filepath.Join(filepath.Dir(file), "wazero-cache"))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	engine.runtime = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler().
		WithCompilationCache(cache).
		WithMemoryLimitPages(pages).
		WithCloseOnContextDone(engine.limited))
	if err := engine.documents.export(ctx, engine.runtime); err != nil {
		return nil, err
	}
	module, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	engine.compiled, err = engine.runtime.CompileModule(ctx, module)
	return engine, err
}

// prepare makes an instance with the function of a work.
func (engine *engine) prepare(rows *peer.Rows) (peer.Call, error) {
	if err := engine.documents.read(rows); err != nil {
		return nil, err
	}
	ctx := context.Background()
	// Instances without a name may be many.
	config := wazero.NewModuleConfig().WithName("")
	instance, err := engine.runtime.InstantiateModule(ctx, engine.compiled, config)
	if err != nil {
		return nil, err
	}
	request, err := json.Marshal(map[string]any{
		"access": engine.access, "work": rows.Work, "parameters": rows.Parameters,
	})
	if err != nil {
		return nil, err
	}
	length := uint64(len(request))
	address, err := instance.ExportedFunction("allocate").Call(ctx, length)
	if err != nil {
		return nil, err
	}
	if !instance.Memory().Write(uint32(address[0]), request) {
		return nil, errors.New("allocate gave no memory")
	}
	if _, err := instance.ExportedFunction("prepare").Call(ctx, address[0], length); err != nil {
		return nil, err
	}
	switch rows.Work {
	case "noop", "distance", "json":
		return newFunction(engine, instance, "evaluate_bool", func(result uint64) (bool, error) {
			return result != 0, nil
		}), nil
	case "score", "score-nulls":
		return newFunction(engine, instance, "evaluate_number", func(result uint64) (float64, error) {
			return api.DecodeF64(result), nil
		}), nil
	case "business-days":
		return newFunction(engine, instance, "evaluate_integer", func(result uint64) (int64, error) {
			return int64(result), nil
		}), nil
	case "regex":
		return newFunction(engine, instance, "evaluate_text", textIn(instance.Memory())), nil
	}
	return nil, fmt.Errorf("no such work: %s", rows.Work)
}

// textIn reads a text result: its address and its length, or -1 for null.
func textIn(memory api.Memory) func(uint64) (*string, error) {
	return func(result uint64) (*string, error) {
		if int64(result) == -1 {
			return nil, nil
		}
		bytes, ok := memory.Read(uint32(result>>32), uint32(result))
		if !ok {
			return nil, errors.New("the text is not in the module's memory")
		}
		text := string(bytes)
		return &text, nil
	}
}
