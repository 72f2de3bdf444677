package main

import "unicode/utf8"

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
	length := utf8.RuneCount(text)
	if distance := p.length - length; max(distance, -distance) > p.maxDistance {
		return false
	}
	switch len(p.blocks) {
	case 0:
		return true
	case 1:
		return p.matchesShort(text, length)
	default:
		return p.matchesLong(text, length)
	}
}

// matchesShort is for a target of one block. It is advance, written out, with the row above known.
func (p *pattern) matchesShort(text []byte, remaining int) bool {
	block := &p.blocks[0]
	isASCII := remaining == len(text)
	last := block.last & (rows - 1)
	up, down := ^uint64(0), uint64(0)
	distance := p.length
	for at := 0; at < len(text); {
		var equal uint64
		if isASCII {
			equal = block.low[text[at]]
			at++
		} else {
			character, size := utf8.DecodeRune(text[at:])
			equal = block.rowsOf(character)
			at += size
		}
		vertical := equal | down
		diagonal := ((equal & up) + up) ^ up | equal
		above := down | ^(diagonal | up)
		below := up & diagonal
		distance += int(above>>last&1) - int(below>>last&1)
		remaining--
		// Each further character lessens the distance by one at most.
		if distance-remaining > p.maxDistance {
			return false
		}
		above = above<<1 | 1
		below <<= 1
		up = below | ^(vertical | above)
		down = above & vertical
	}
	return true
}

// matchesLong is for a target of several blocks.
func (p *pattern) matchesLong(text []byte, remaining int) bool {
	for index := range p.columns {
		p.columns[index] = column{up: ^uint64(0)}
	}
	distance := p.length
	for len(text) > 0 {
		character, size := utf8.DecodeRune(text)
		text = text[size:]
		// In the row above the first, the distance is the number of the column.
		up, down := uint64(1), uint64(0)
		for index := range p.columns {
			up, down = p.columns[index].advance(&p.blocks[index], character, up, down)
		}
		distance += int(up) - int(down)
		remaining--
		if distance-remaining > p.maxDistance {
			return false
		}
	}
	return true
}

// advance goes on to the column of the text's next character. It is given whether the distance in
// the row above the block is one more, or one less, than in the column before, as 0 or 1, and gives
// the same for the block's last row.
func (c *column) advance(block *block, character rune, aboveUp, aboveDown uint64) (uint64, uint64) {
	equal := block.rowsOf(character)
	vertical := equal | c.down
	equal |= aboveDown
	diagonal := ((equal & c.up) + c.up) ^ c.up | equal
	up := c.down | ^(diagonal | c.up)
	down := c.up & diagonal
	last := block.last & (rows - 1)
	lastUp, lastDown := up>>last&1, down>>last&1
	up = up<<1 | aboveUp
	down = down<<1 | aboveDown
	c.up = down | ^(vertical | up)
	c.down = up & vertical
	return lastUp, lastDown
}
