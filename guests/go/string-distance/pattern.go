package main

import (
	"math/bits"
	"unicode/utf8"
)

// pattern is a text to compare many others with, bit-parallel, and the largest distance that still
// matches. The distance is Levenshtein's: insertions, deletions and substitutions of Unicode scalar
// values.
//
// The table of the textbook algorithm has a column for each character of the text. Here a column is
// two bits a row, the differences from row to row, and 64 rows are one step of a few instructions:
// Myers, "A fast bit-vector algorithm for approximate string matching" (1999), as restated for the
// distance of whole texts by Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau
// edit distances" (2003).
type pattern struct {
	// length is that of the target, in scalar values.
	length      int
	maxDistance int
	// blocks are the target, 64 scalar values each; the last may have fewer.
	blocks []block
	// columns has one for each block, used again for each text.
	columns []column
	// characters are those of a text that is not ASCII, or is compared with several blocks; its
	// memory is used again.
	characters []rune
}

// rows is how many rows a block has: bits in a word.
const rows = 64

// block tells where each character stands in up to 64 characters of the target.
type block struct {
	// last is the last row of the block.
	last uint
	// low is for the scalar values below 256.
	low [256]uint64
	// high is for the others. It is nil where there are none.
	high map[rune]uint64
}

// column is a block's rows in one column of the table: a bit where the distance is one more, or one
// less, than in the row above.
type column struct{ up, down uint64 }

func newPattern(target string, maxDistance int) *pattern {
	characters := []rune(target)
	p := &pattern{length: len(characters), maxDistance: maxDistance}
	for start := 0; start < len(characters); start += rows {
		p.blocks = append(p.blocks, newBlock(characters[start:min(start+rows, len(characters))]))
	}
	p.columns = make([]column, len(p.blocks))
	return p
}

func newBlock(target []rune) block {
	b := block{last: uint(len(target) - 1)}
	for row, character := range target {
		if character < 256 {
			b.low[character] |= 1 << row
			continue
		}
		if b.high == nil {
			b.high = make(map[rune]uint64)
		}
		b.high[character] |= 1 << row
	}
	return b
}

func (b *block) rowsOf(character rune) uint64 {
	if character < 256 {
		return b.low[character]
	}
	return b.high[character]
}

// matches tells whether a text is within the distance of the target.
func (p *pattern) matches(text []byte) bool {
	if p.length-len(text) > p.maxDistance {
		// A scalar value has at least a byte.
		return false
	}
	if isASCII(text) && len(p.blocks) == 1 {
		return len(text)-p.length <= p.maxDistance && p.matchesASCII(text)
	}
	// A range over string(text) would copy it.
	p.characters = p.characters[:0]
	for len(text) > 0 {
		character, size := utf8.DecodeRune(text)
		p.characters = append(p.characters, character)
		text = text[size:]
	}
	if distance := p.length - len(p.characters); max(distance, -distance) > p.maxDistance {
		return false
	}
	return len(p.blocks) == 0 || p.matchesCharacters(p.characters)
}

// isASCII looks at eight bytes a turn.
func isASCII(text []byte) bool {
	var all uint64
	for ; len(text) >= 8; text = text[8:] {
		all |= uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
			uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
	}
	for _, char := range text {
		all |= uint64(char)
	}
	return all&0x8080808080808080 == 0
}

// matchesASCII is for a target of one block. Each turn of a loop pays for a look at the clock and
// for Go's way of jumping in WebAssembly, so it goes four characters a turn, without a branch
// between them.
func (p *pattern) matchesASCII(text []byte) bool {
	block := &p.blocks[0]
	at := column{up: ^uint64(0)}
	read := 0
	for ; len(text) >= 4; text = text[4:] {
		at = at.next(block.low[text[0]])
		at = at.next(block.low[text[1]])
		at = at.next(block.low[text[2]])
		at = at.next(block.low[text[3]])
		read += 4
		// Each further character lessens the distance by one at most.
		if read+at.sum(block.last)-(len(text)-4) > p.maxDistance {
			return false
		}
	}
	for _, char := range text {
		at = at.next(block.low[char])
		read++
	}
	return read+at.sum(block.last) <= p.maxDistance
}

// next goes on to the column of the text's next character, in a target's only block: in the row
// above it the distance is the number of the column. It is given the rows that hold the character.
// It is small enough to be inlined.
func (c column) next(equal uint64) column {
	diagonal := ((equal & c.up) + c.up) ^ c.up | equal
	up := (c.down|^(diagonal|c.up))<<1 | 1
	down := (c.up & diagonal) << 1
	return column{up: down | ^(equal | c.down | up), down: up & (equal | c.down)}
}

// sum is by how much the distance in a row is more than in the row above the block.
func (c column) sum(row uint) int {
	unused := rows - 1 - row
	return bits.OnesCount64(c.up<<unused) - bits.OnesCount64(c.down<<unused)
}

// matchesCharacters is for any text and any target that is not empty.
func (p *pattern) matchesCharacters(text []rune) bool {
	for index := range p.columns {
		p.columns[index] = column{up: ^uint64(0)}
	}
	distance := p.length
	for index, character := range text {
		// In the row above the first, the distance is the number of the column.
		up, down := uint64(1), uint64(0)
		for index := range p.columns {
			up, down = p.columns[index].advance(&p.blocks[index], character, up, down)
		}
		distance += int(up) - int(down)
		if distance-(len(text)-1-index) > p.maxDistance {
			return false
		}
	}
	return true
}

// advance is next for one of several blocks. It is given whether the distance in the row above the
// block is one more, or one less, than in the column before, as 0 or 1, and gives the same for the
// block's last row.
func (c *column) advance(block *block, character rune, aboveUp, aboveDown uint64) (uint64, uint64) {
	equal := block.rowsOf(character)
	vertical := equal | c.down
	equal |= aboveDown
	diagonal := ((equal & c.up) + c.up) ^ c.up | equal
	up := c.down | ^(diagonal | c.up)
	down := c.up & diagonal
	lastUp, lastDown := up>>(block.last&63)&1, down>>(block.last&63)&1
	up = up<<1 | aboveUp
	down = down<<1 | aboveDown
	c.up = down | ^(vertical | up)
	c.down = up & vertical
	return lastUp, lastDown
}
