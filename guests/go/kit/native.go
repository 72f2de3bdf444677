//go:build !wasip1

package udf

// Outside of a component there is no host. So that authors can test what does not read documents,
// and this package its own logic, the imports are there and panic.

const noHost = "udf: documents are available only inside a component"

func documentResolve(string, kind) uint32            { panic(noHost) }
func documentHas(uint32) bool                        { panic(noHost) }
func documentGet(uint32, kind) (uint64, bool)        { panic(noHost) }
func appendText(uint32, kind, []byte) ([]byte, bool) { panic(noHost) }
func documentID() string                             { panic(noHost) }
func documentScore() float64                         { panic(noHost) }

func wordsOf([]byte) []uint64            { panic(noHost) }
func floatsOf([]uint64) []float64        { panic(noHost) }
func intsOf([]uint64) []int64            { panic(noHost) }
func flagsOf([]byte) []bool              { panic(noHost) }
func offsetsOf([]byte) []uint32          { panic(noHost) }
func bytesOf([]uint64) []byte            { panic(noHost) }
func resultsFail(uint32, string)         { panic(noHost) }
func resultsPut(_, _ []byte, _ []uint32) { panic(noHost) }

// logged has the lines of the log, so that tests can look at them.
var logged []loggedLine

type loggedLine struct {
	level   Level
	message string
}

func loggingLog(level Level, message string) {
	logged = append(logged, loggedLine{level, message})
}

func loggingLogBytes(level Level, message *[512]byte, length int) {
	loggingLog(level, string(message[:length]))
}

func ownedString(bytes []byte) string { return string(bytes) }

// addressOf is one for every text: there is nobody to read it.
func addressOf(string) uint32 { return 0xadd7e55 }
