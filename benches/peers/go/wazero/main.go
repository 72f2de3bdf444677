// wazero runs a core module, compiled from Rust, in a host in Go. One call of the module for each document, which
// reads its fields through host functions: by the field's name, as many hosts have it, or by a handle.
//
//	peer-wazero name|handle|handle-limited MODULE
//
// Host functions and calls use the stack of numbers that wazero recommends where speed matters, instead of
// reflection. A limit on memory is always active, and one on time with handle-limited: wazero's own, which
// checks the context of a call in each loop and function of the module.
package main

import (
	"log"
	"os"

	"whittle/peers/peer"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: peer-wazero name|handle|handle-limited MODULE")
	}
	engine, err := newEngine(os.Args[1], os.Args[2])
	if err == nil {
		err = peer.Serve(engine.prepare)
	}
	if err != nil {
		log.Fatal(err)
	}
}
