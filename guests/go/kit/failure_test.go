package udf

import (
	"errors"
	"net"
	"net/url"
	"os"
	"testing"
	"time"
)

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

type silent struct{}

func (silent) Declare(*Parameters)     {}
func (silent) Evaluate() (bool, error) { return false, nil }
func (silent) Prepare()                {}

func TestPrepareMustReturnAnError(t *testing.T) {
	defer func() {
		expected := "udf: Prepare of function f returns nothing, and would never run: let it return an error"
		if found := recover(); found != expected {
			t.Errorf("%v", found)
		}
	}()
	Define("f", "F.", silent{})
}

func TestErrorsOfTheSystemSayWhatToDo(t *testing.T) {
	advice := ": a UDF has no files and no network: embed files with //go:embed, and put what it would load into the documents"
	_, missing := os.Open("/none")
	_, dialed := net.Dial("tcp", "127.0.0.1:0")
	for _, err := range []error{missing, dialed} {
		if found := errorText(err); found != err.Error()+advice {
			t.Error(found)
		}
	}
	if _, err := time.LoadLocation("Nowhere"); errorText(err) != `unknown time zone Nowhere: import _ "time/tzdata"` {
		t.Error(errorText(err))
	}
	_, parsed := url.Parse("%")
	for _, err := range []error{errors.New("own"), parsed} {
		if found := errorText(err); found != err.Error() {
			t.Error(found)
		}
	}
}
