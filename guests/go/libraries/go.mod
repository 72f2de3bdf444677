module libraries

go 1.24.0

require (
	github.com/whittle-udf/whittle/guests/go/kit v0.0.0
	golang.org/x/text v0.34.0
)

replace github.com/whittle-udf/whittle/guests/go/kit => ../kit
