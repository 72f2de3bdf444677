// Uses each library that docs/LIBRARIES.md lists for Go, so that vectors.json tests the list.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"

	"golang.org/x/text/unicode/norm"

	udf "github.com/whittle-udf/whittle/guests/go/kit"
)

// What libraries see that look at the clock and ask for random numbers while they load.
var loading = fmt.Sprint(time.Now().UnixNano(), rand.Uint64())

type library struct {
	name string
	text udf.StringField
}

func (f *library) Declare(p *udf.Parameters) {
	p.String(&f.name, "name", "The name of the library.")
	p.StringField(&f.text, "field", "The field with the text.").Default("text")
}

func (f *library) Evaluate() (string, error) {
	text, _ := f.text.Get()
	use, found := uses[f.name]
	if !found {
		return "", errors.New("unknown library " + f.name)
	}
	return use(text)
}

var uses = map[string]func(string) (string, error){
	"encoding/json": func(text string) (string, error) {
		var object struct{ A []int }
		err := json.Unmarshal([]byte(text), &object)
		return fmt.Sprint(object.A), err
	},
	"golang.org/x/text": func(text string) (string, error) {
		return norm.NFC.String(text), nil
	},
	"goroutines": func(text string) (string, error) {
		words := strings.Fields(text)
		var group sync.WaitGroup
		for i := range words {
			group.Add(1)
			go func() {
				defer group.Done()
				words[i] = strings.ToUpper(words[i])
			}()
		}
		group.Wait()
		return strings.Join(words, " "), nil
	},
	"math/big": func(text string) (string, error) {
		number, _ := new(big.Int).SetString(text, 10)
		return number.Mul(number, number).String(), nil
	},
	"math/rand/v2": func(text string) (string, error) {
		seed, err := strconv.ParseUint(text, 10, 64)
		return strconv.Itoa(rand.New(rand.NewPCG(seed, 0)).IntN(1000)), err
	},
	"regexp": func(text string) (string, error) {
		return regexp.MustCompile(`\b\d{4}\b`).FindString(text), nil
	},
	"sort": func(text string) (string, error) {
		words := strings.Fields(text)
		sort.Strings(words)
		return strings.Join(words, " "), nil
	},
	"strings": func(text string) (string, error) {
		return strings.Repeat(strings.TrimSpace(text), 2), nil
	},
	"text/template": func(text string) (string, error) {
		var out strings.Builder
		err := template.Must(template.New("").Parse("<{{.}}>")).Execute(&out, text)
		return out.String(), err
	},
	"time": func(text string) (string, error) {
		instant, err := time.Parse(time.RFC3339, text)
		return instant.AddDate(0, 0, 1).UTC().Format("Monday, 2 January 2006 15:04"), err
	},

	"loading":  func(string) (string, error) { return loading, nil },
	"time.Now": func(string) (string, error) { return strconv.Itoa(time.Now().Year()), nil },
	"time.LoadLocation": func(text string) (string, error) {
		location, err := time.LoadLocation(text)
		return fmt.Sprint(location), err
	},
	"net": func(text string) (string, error) {
		_, err := net.Dial("tcp", text)
		return "", err
	},
	"os": func(text string) (string, error) {
		_, err := os.ReadFile(text)
		return "", err
	},
}

func init() {
	udf.Export(
		udf.Component{
			Name:        "libraries",
			Version:     "0.1.0",
			Description: "Uses the libraries that docs/LIBRARIES.md lists for Go.",
			Author:      "The Whittle authors",
		},
		udf.Define("library", "What a library makes of the document's text.", &library{}),
	)
}

func main() {}
