package udftest

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	zone  = `(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?`
	years = `(?P<y>\d{4}|[+-]\d{4,6})`
)

var (
	// optionalTime is what makes a field of dates: OpenSearch's strict_date_optional_time.
	optionalTime = regexp.MustCompile(`^` + years + `(?:-(?P<m>\d\d)(?:-(?P<d>\d\d))?)?` +
		`(?:T(?P<h>\d\d)(?::(?P<min>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?)?)?` + zone + `)?$`)
	slashed = regexp.MustCompile(
		`^` + years + `/(?P<m>\d\d)/(?P<d>\d\d)(?: (?P<h>\d\d):(?P<min>\d\d):(?P<s>\d\d))?$`)
	// isoTime is what the contract has for a text that is read as a timestamp. A time without colons
	// has no fraction, and a blank before its offset.
	isoTime = regexp.MustCompile(`^(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)` +
		`(?:[Tt ](?P<h>\d\d):(?P<min>\d\d):(?P<s>\d\d)(?:\.(?P<f>\d+))?` + isoZone + `)?$`)
	isoTimeOfDigits = regexp.MustCompile(`^(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)` +
		`[Tt ](?P<h>\d\d)(?P<min>\d\d)(?P<s>\d\d)(?P<zone>[Zz]|\s+[+-]\d\d(?::?\d\d)?)?$`)
	wholeMillis = regexp.MustCompile(`^(-?\d+)(?:\.\d+)?$`)
)

const isoZone = `(?P<zone>[Zz]|\s*[+-]\d\d(?::?\d\d)?)?`

// The first and the last year that the host has.
const firstYear, lastYear = -262143, 262142

// iso reads a text in ISO 8601 form, in microseconds since 1970. A leap second is the first second of
// the next minute, and an offset is less than a day.
func iso(text string) (int64, bool) {
	for _, form := range []*regexp.Regexp{isoTime, isoTimeOfDigits} {
		if at, ok := microsOf(form, text, 60, 24*3600-1); ok {
			return at, true
		}
	}
	return 0, false
}

// micros reads a date that makes a field of dates.
func micros(form *regexp.Regexp, text string) (int64, bool) {
	return microsOf(form, text, 59, 18*3600+59*60)
}

func microsOf(form *regexp.Regexp, text string, lastSecond, mostOffset int) (int64, bool) {
	found := form.FindStringSubmatch(text)
	if found == nil {
		return 0, false
	}
	part := func(name, otherwise string) string {
		index := form.SubexpIndex(name)
		if index < 0 || found[index] == "" {
			return otherwise
		}
		return found[index]
	}
	number := func(name, otherwise string) int {
		number, _ := strconv.Atoi(part(name, otherwise))
		return number
	}
	year, month, day := number("y", "0"), number("m", "1"), number("d", "1")
	hour, minute, second := number("h", "0"), number("min", "0"), number("s", "0")
	fraction, _ := strconv.Atoi((part("f", "") + "000000")[:6])
	offset, minutes := offsetSeconds(strings.TrimSpace(part("zone", "Z")))
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	// A date that there is not becomes another one.
	isDay := at.Year() == year && at.Month() == time.Month(month) && at.Day() == day
	isDay = isDay && year >= firstYear && year <= lastYear
	isOffset := max(offset, -offset) <= mostOffset && (minutes < 60 || lastSecond == 60)
	if !isDay || hour > 23 || minute > 59 || second > lastSecond || !isOffset {
		return 0, false
	}
	seconds := at.Unix() + int64(hour*3600+minute*60+second-offset)
	return seconds*1e6 + int64(fraction), true
}

// offsetSeconds are those of a zone from UTC, and its minutes as they are written.
func offsetSeconds(zone string) (seconds, minutes int) {
	if zone == "Z" || zone == "z" {
		return 0, 0
	}
	digits := strings.ReplaceAll(zone[1:], ":", "") + "00"
	hours, _ := strconv.Atoi(digits[:2])
	minutes, _ = strconv.Atoi(digits[2:4])
	seconds = hours*3600 + minutes*60
	if zone[0] == '-' {
		seconds = -seconds
	}
	return seconds, minutes
}

// millis reads milliseconds since 1970, whose fraction is left out, as microseconds.
func millis(digits string) (int64, bool) {
	found := wholeMillis.FindStringSubmatch(digits)
	if found == nil {
		return 0, false
	}
	whole, err := strconv.ParseInt(found[1], 10, 64)
	micros := whole * 1000
	return micros, err == nil && micros/1000 == whole
}
