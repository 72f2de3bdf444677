module peers

go 1.24

require github.com/whittle-udf/whittle/guests/go/kit v0.0.0

replace github.com/whittle-udf/whittle/guests/go/kit => ../../../../../guests/go/kit
