package udf

import "testing"

func TestTheAuthorsFunctionsAreThoseOfModulesAndMain(t *testing.T) {
	for function, want := range map[string]bool{
		"main.(*F).Evaluate":        true,
		"example.com/words.Of":      true,
		"strings.Repeat":            false,
		"encoding/json.Unmarshal":   false,
		"runtime.gopanic":           false,
		kitPath + ".evaluateRows":   false,
		kitPath + ".Define[...].f4": false,
	} {
		if got := isAuthors(function); got != want {
			t.Errorf("%s: %v", function, got)
		}
	}
}
