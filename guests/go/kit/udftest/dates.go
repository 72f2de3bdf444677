package udftest

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

const zone = `(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?`

var (
	// optionalTime is what makes a field of dates: OpenSearch's strict_date_optional_time.
	optionalTime = regexp.MustCompile(`^(?P<y>\d{4})(?:-(?P<m>\d\d)(?:-(?P<d>\d\d))?)?` +
		`(?:T(?P<h>\d\d)(?::(?P<min>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?)?)?` + zone + `)?$`)
	slashed = regexp.MustCompile(
		`^(?P<y>\d{4})/(?P<m>\d\d)/(?P<d>\d\d)(?: (?P<h>\d\d):(?P<min>\d\d):(?P<s>\d\d))?$`)
	// isoTime is what the contract has for a text that is read as a timestamp.
	isoTime = regexp.MustCompile(`^(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)` +
		`(?:[Tt ](?P<h>\d\d):(?P<min>\d\d):(?P<s>\d\d)(?:\.(?P<f>\d+))?\s*` + zone + `)?$`)
)

// iso reads a text in ISO 8601 form, in microseconds since 1970.
func iso(text string) (int64, bool) { return micros(isoTime, text) }

func micros(form *regexp.Regexp, text string) (int64, bool) {
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
	offset, ok := offsetSeconds(part("zone", "Z"))
	at := time.Date(year, time.Month(month), day, hour, minute, second, fraction*1000, time.UTC)
	// A date that there is not becomes another one.
	isDay := at.Year() == year && at.Month() == time.Month(month) && at.Day() == day
	if !ok || !isDay || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	return at.UnixMicro() - int64(offset)*1e6, true
}

func offsetSeconds(zone string) (int, bool) {
	if zone == "Z" || zone == "z" {
		return 0, true
	}
	digits := strings.ReplaceAll(zone[1:], ":", "") + "00"
	hours, _ := strconv.Atoi(digits[:2])
	minutes, _ := strconv.Atoi(digits[2:4])
	seconds := hours*3600 + minutes*60
	if zone[0] == '-' {
		seconds = -seconds
	}
	return seconds, hours <= 18 && minutes < 60
}
