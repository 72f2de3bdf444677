// A session of the official Go client with a node: go run . URL. Ends at the first wrong answer, with
// a status other than 0. The node has the UDF string-distance.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"
)

const index = "films-go"

type film struct {
	Title    string  `json:"title"`
	Genre    string  `json:"genre"`
	Year     int     `json:"year"`
	Rating   float64 `json:"rating"`
	Released string  `json:"released"`
	Awarded  bool    `json:"awarded"`
}

var films = []film{
	{"Titanic", "drama", 1997, 7.5, "1997-12-19", true},
	{"The Matrix", "action", 1999, 8.75, "1999-03-31", true},
	{"Alien", "horror", 1979, 8.5, "1979-05-25", true},
	{"Aliens", "action", 1986, 8.25, "1986-07-18", true},
	{"Alien 3", "horror", 1992, 6.5, "1992-05-22", false},
}

var (
	ctx    = context.Background()
	client *opensearchapi.Client
)

func main() {
	var err error
	client, err = opensearchapi.NewClient(opensearchapi.Config{
		Client: opensearch.Config{Addresses: []string{os.Args[1]}, CompressRequestBody: true},
	})
	check(err)
	for _, step := range []struct {
		name string
		run  func() string
	}{
		{"node", node}, {"create", create}, {"write", write}, {"read", read}, {"query", query},
		{"pages", pages}, {"aggregations", aggregations}, {"udf", udf}, {"failures", failures},
		{"remove", remove},
	} {
		fmt.Printf("go: %s: %s\n", step.name, step.run())
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func equal(expected, found any) {
	if !reflect.DeepEqual(expected, found) {
		panic(fmt.Sprintf("expected %#v, but found %#v", expected, found))
	}
}

func body(value any) *strings.Reader {
	written, err := json.Marshal(value)
	check(err)
	return strings.NewReader(string(written))
}

type object = map[string]any

func node() string {
	info, err := client.Info(ctx, nil)
	check(err)
	equal("opensearch", info.Version.Distribution)
	health, err := client.Cluster.Health(ctx, nil)
	check(err)
	equal("green", health.Status)
	equal(100.0, health.ActiveShardsPercentAsNumber)
	return fmt.Sprintf("%s %s, %s", info.Version.Distribution, info.Version.Number, health.Status)
}

func create() string {
	properties := object{
		"title":    object{"type": "text", "fields": object{"keyword": object{"type": "keyword"}}},
		"genre":    object{"type": "keyword"},
		"year":     object{"type": "integer"},
		"rating":   object{"type": "double"},
		"released": object{"type": "date"},
		"awarded":  object{"type": "boolean"},
	}
	mappings := object{"properties": properties}
	created, err := client.Indices.Create(ctx, opensearchapi.IndicesCreateReq{
		Index: index, Body: body(object{"mappings": mappings}),
	})
	check(err)
	equal(true, created.Acknowledged)
	equal(index, created.Index)
	got, err := client.Indices.Mapping.Get(ctx, &opensearchapi.MappingGetReq{Indices: []string{index}})
	check(err)
	var found object
	check(json.Unmarshal(got.GetIndices()[index].Mappings, &found))
	equal(mappings, found)
	return fmt.Sprintf("%d fields", len(properties))
}

func write() string {
	var lines strings.Builder
	encoder := json.NewEncoder(&lines)
	for number, film := range films {
		check(encoder.Encode(object{"index": object{"_id": fmt.Sprint(number)}}))
		check(encoder.Encode(film))
	}
	check(encoder.Encode(object{"create": object{"_id": "0"}}))
	check(encoder.Encode(films[0]))
	written, err := client.Bulk(ctx, opensearchapi.BulkReq{
		Index: index, Body: strings.NewReader(lines.String()), Params: opensearchapi.BulkParams{Refresh: "true"},
	})
	check(err)
	equal(len(films)+1, len(written.Items))
	for number := range films {
		equal("created", written.Items[number]["index"].Result)
	}
	equal(true, written.Errors)
	conflict := written.Items[len(films)]["create"]
	equal(409, conflict.Status)
	equal("version_conflict_engine_exception", conflict.Error.Type)
	return fmt.Sprintf("%d documents, and a conflict", len(films))
}

func read() string {
	one, err := client.Document.Get(ctx, opensearchapi.DocumentGetReq{Index: index, DocumentID: "1"})
	check(err)
	var read film
	check(json.Unmarshal(one.Source, &read))
	equal(films[1], read)
	equal(1, one.Version)
	counted, err := client.Indices.Count(ctx, &opensearchapi.IndicesCountReq{Indices: []string{index}})
	check(err)
	equal(len(films), counted.Count)
	return read.Title
}

func search(request object) *opensearchapi.SearchResp {
	found, err := client.Search(ctx, &opensearchapi.SearchReq{Indices: []string{index}, Body: body(request)})
	check(err)
	return found
}

func ids(found *opensearchapi.SearchResp) []string {
	ids := []string{}
	for _, hit := range found.Hits.Hits {
		ids = append(ids, hit.ID)
	}
	return ids
}

func query() string {
	found := search(object{"query": object{"bool": object{
		"must":   object{"match": object{"title": "alien aliens"}},
		"filter": object{"range": object{"released": object{"lt": "1990-01-01"}}},
	}}})
	equal(2, found.Hits.Total.Value)
	equal("eq", found.Hits.Total.Relation)
	equal([]string{"2", "3"}, slices.Sorted(slices.Values(ids(found))))
	return fmt.Sprintf("%d hits", found.Hits.Total.Value)
}

func pagesBy(sort ...object) [][]string {
	var pages [][]string
	request := object{"size": 2, "sort": sort}
	for {
		page := search(request)
		if len(page.Hits.Hits) == 0 {
			return pages
		}
		pages = append(pages, ids(page))
		request["search_after"] = page.Hits.Hits[len(page.Hits.Hits)-1].Sort
	}
}

func pages() string {
	equal([][]string{{"3", "1"}, {"0", "4"}, {"2"}}, pagesBy(object{"genre": "asc"}, object{"_id": "desc"}))
	equal([][]string{{"1", "0"}, {"4", "3"}, {"2"}}, pagesBy(object{"released": "desc"}))
	return "by _id, by date"
}

func aggregations() string {
	found := search(object{"size": 0, "aggs": object{
		"genres":  object{"terms": object{"field": "genre"}, "aggs": object{"best": object{"max": object{"field": "rating"}}}},
		"decades": object{"histogram": object{"field": "year", "interval": 10}},
		"rating":  object{"stats": object{"field": "rating"}},
	}})
	var read struct {
		Genres struct {
			Buckets []struct {
				Key   string
				Count int `json:"doc_count"`
				Best  struct{ Value float64 }
			}
		}
		Decades struct {
			Buckets []struct {
				Key   float64
				Count int `json:"doc_count"`
			}
		}
		Rating struct {
			Count              int
			Min, Max, Avg, Sum float64
		}
	}
	check(json.Unmarshal(found.Aggregations, &read))
	equal("action 2 8.75", fmt.Sprint(read.Genres.Buckets[0].Key, " ", read.Genres.Buckets[0].Count, " ", read.Genres.Buckets[0].Best.Value))
	equal(3, len(read.Genres.Buckets))
	equal("[{1970 1} {1980 1} {1990 3}]", fmt.Sprint(read.Decades.Buckets))
	equal("{5 6.5 8.75 7.9 39.5}", fmt.Sprint(read.Rating))
	return "genres, decades, rating"
}

func udf() string {
	params := object{"field": "title", "target": "Alian", "max_distance": 2}
	found := search(object{
		"query": object{"wasm_udf": object{"function": "string_distance", "params": params}},
		"sort":  []string{"year"},
	})
	equal([]string{"2", "3"}, ids(found))
	return fmt.Sprintf("string_distance found %d", len(found.Hits.Hits))
}

func fails(status int, kind string, err error) {
	var failure *opensearch.StructError
	if !errors.As(err, &failure) {
		panic(fmt.Sprintf("expected the error %s, but found %v", kind, err))
	}
	equal(status, failure.Status)
	equal(kind, failure.Err.Type)
}

func failures() string {
	_, err := client.Search(ctx, &opensearchapi.SearchReq{Indices: []string{"none"}})
	fails(404, "index_not_found_exception", err)
	_, err = client.Search(ctx, &opensearchapi.SearchReq{
		Indices: []string{index}, Body: strings.NewReader(`{"size": -1}`),
	})
	fails(400, "illegal_argument_exception", err)
	_, err = client.Document.Create(ctx, opensearchapi.DocumentCreateReq{
		Index: index, DocumentID: "0", Body: body(films[0]),
	})
	fails(409, "version_conflict_engine_exception", err)
	return "as StructError"
}

func remove() string {
	one, err := client.Document.Delete(ctx, opensearchapi.DocumentDeleteReq{Index: index, DocumentID: "0"})
	check(err)
	equal("deleted", one.Result)
	deleted, err := client.Indices.Delete(ctx, opensearchapi.IndicesDeleteReq{Indices: []string{index}})
	check(err)
	equal(true, deleted.Acknowledged)
	exists, err := client.Indices.Exists(ctx, opensearchapi.IndicesExistsReq{Indices: []string{index}})
	if err == nil {
		panic("the index should not exist")
	}
	equal(404, exists.StatusCode)
	return index
}
