module github.com/whittle-udf/whittle/guests/go/kit

go 1.24
