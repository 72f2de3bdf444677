package main

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// levenshtein is the textbook's table, a row at a time.
func levenshtein(target, text string) int {
	above := make([]int, utf8.RuneCountInString(text)+1)
	for column := range above {
		above[column] = column
	}
	for row, expected := range []rune(target) {
		diagonal := above[0]
		above[0] = row + 1
		for column, found := range []rune(text) {
			substituted := diagonal
			if expected != found {
				substituted++
			}
			diagonal = above[column+1]
			above[column+1] = min(substituted, above[column]+1, above[column+1]+1)
		}
	}
	return above[len(above)-1]
}

func agrees(t *testing.T, target, text string, maxDistance int) {
	t.Helper()
	expected := levenshtein(target, text) <= maxDistance
	pattern := newPattern(target, maxDistance)
	// Twice, since its columns are used again.
	for range 2 {
		if pattern.matches([]byte(text)) != expected {
			t.Fatalf("%q, %q, %d: it should be %t", target, text, maxDistance, expected)
		}
	}
}

// Few characters and few edits, or a match would be a rare thing; up to four blocks.
func TestItAgreesWithTheTextbookOnNearTexts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("abä中😀\u0301\x00")
	characters := func(most int) []rune {
		word := make([]rune, random.IntN(most+1))
		for index := range word {
			word[index] = alphabet[random.IntN(len(alphabet))]
		}
		return word
	}
	for range 3000 {
		target := characters(200)
		text := append([]rune(nil), target...)
		for range random.IntN(6) {
			at := random.IntN(len(text) + 1)
			rest := text[min(at+random.IntN(3), len(text)):]
			text = append(append(append([]rune(nil), text[:at]...), characters(2)...), rest...)
		}
		agrees(t, string(target), string(text), random.IntN(8))
	}
	for range 3000 {
		agrees(t, string(characters(80)), string(characters(80)), random.IntN(90))
	}
}

func TestTargetsAroundTheSizeOfABlockAgree(t *testing.T) {
	alphabet := strings.Repeat("abcdefghijklmnopqrstuvwxyz", 5)
	for _, length := range []int{1, 2, 63, 64, 65, 127, 128, 129} {
		target := alphabet[:length]
		for _, text := range []string{target, target[1:], target[:length-1], target + "z", "", "zyx"} {
			for _, maxDistance := range []int{0, 1, 2, length, math.MaxUint32} {
				agrees(t, target, text, maxDistance)
			}
		}
	}
}

func TestEmptyTextsAndNULAreTexts(t *testing.T) {
	for _, each := range []struct {
		target, text string
		maxDistance  int
		matches      bool
	}{
		{"", "", 0, true},
		{"", "ab", 2, true},
		{"", "abc", 2, false},
		{"a\x00b", "ab", 1, true},
		{"a\x00b", "ab", 0, false},
	} {
		if newPattern(each.target, each.maxDistance).matches([]byte(each.text)) != each.matches {
			t.Errorf("%q, %q, %d", each.target, each.text, each.maxDistance)
		}
	}
}

func TestATextAllocatesNothing(t *testing.T) {
	for _, target := range []string{"star wars", strings.Repeat("é", 100)} {
		pattern := newPattern(target, 2)
		for _, text := range []string{"star wart", target, strings.Repeat("é", 99)} {
			text := []byte(text)
			if allocations := testing.AllocsPerRun(10, func() { pattern.matches(text) }); allocations != 0 {
				t.Errorf("%q, %q: %v allocations", target, text, allocations)
			}
		}
	}
}

func BenchmarkMatches(b *testing.B) {
	pattern := newPattern("star wars", 2)
	text := []byte("stra wars")
	for b.Loop() {
		pattern.matches(text)
	}
}
