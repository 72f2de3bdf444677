//go:build !wasip1

package main

// Outside of a component there is no host, and nothing to run.
func main() {}
