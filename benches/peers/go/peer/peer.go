// Package peer is the conversation between the runner and a peer in Go, as peer/src/lib.rs describes it.
package peer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Call is a work that an engine has prepared.
type Call interface {
	// Call evaluates the function for all rows.
	Call() error
	// Values are the results of the last call, as a slice.
	Values() any
}

type request struct {
	Prepare string
	Measure int64
}

// Serve answers the runner until it closes the standard input.
func Serve(prepare func(*Rows) (Call, error)) error {
	var call Call
	lines := bufio.NewScanner(os.Stdin)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var request request
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			return fmt.Errorf("the request %s: %w", lines.Bytes(), err)
		}
		var answer any
		if request.Prepare != "" {
			rows, err := read(request.Prepare)
			if err != nil {
				return err
			}
			if call, err = prepare(rows); err != nil {
				return err
			}
			if err := call.Call(); err != nil {
				return err
			}
			answer = map[string]any{"values": call.Values()}
		} else {
			calls, elapsed, err := measure(call, time.Duration(request.Measure)*time.Millisecond)
			if err != nil {
				return err
			}
			answer = map[string]int64{"calls": calls, "nanoseconds": elapsed.Nanoseconds()}
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// measure calls until the time is over. It looks at the clock after bursts of calls of a millisecond.
func measure(call Call, limit time.Duration) (int64, time.Duration, error) {
	var calls, burst int64 = 0, 1
	start := time.Now()
	for {
		before := time.Since(start)
		for range burst {
			if err := call.Call(); err != nil {
				return 0, 0, err
			}
		}
		calls += burst
		elapsed := time.Since(start)
		if elapsed >= limit {
			return calls, elapsed, nil
		}
		if elapsed-before < time.Millisecond {
			burst *= 2
		}
	}
}
