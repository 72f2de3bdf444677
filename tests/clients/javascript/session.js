// A session of the official JavaScript client with a node: `node session.js URL`. Exits with a status
// other than 0 at the first wrong answer. The node has the UDF `string-distance`.

import assert from "node:assert/strict";
import { Client, errors } from "@opensearch-project/opensearch";

const INDEX = "films-javascript";
const FILMS = [
  { title: "Titanic", genre: "drama", year: 1997, rating: 7.5, released: "1997-12-19", awarded: true },
  { title: "The Matrix", genre: "action", year: 1999, rating: 8.75, released: "1999-03-31", awarded: true },
  { title: "Alien", genre: "horror", year: 1979, rating: 8.5, released: "1979-05-25", awarded: true },
  { title: "Aliens", genre: "action", year: 1986, rating: 8.25, released: "1986-07-18", awarded: true },
  { title: "Alien 3", genre: "horror", year: 1992, rating: 6.5, released: "1992-05-22", awarded: false },
];

const client = new Client({ node: process.argv[2], compression: "gzip" });

async function search(body) {
  return (await client.search({ index: INDEX, body })).body;
}

const ids = (found) => found.hits.hits.map((hit) => hit._id);

async function node() {
  const info = (await client.info()).body;
  assert.equal(info.version.distribution, "opensearch");
  const health = (await client.cluster.health({ wait_for_status: "yellow", timeout: "10s" })).body;
  assert.equal(health.status, "green");
  return `${info.version.distribution} ${info.version.number}, ${health.status}`;
}

async function create() {
  const properties = {
    title: { type: "text", fields: { keyword: { type: "keyword" } } },
    genre: { type: "keyword" },
    year: { type: "integer" },
    rating: { type: "double" },
    released: { type: "date" },
    awarded: { type: "boolean" },
  };
  const created = (await client.indices.create({ index: INDEX, body: { mappings: { properties } } })).body;
  assert.deepEqual(created, { acknowledged: true, shards_acknowledged: true, index: INDEX });
  const mapping = (await client.indices.getMapping({ index: INDEX })).body;
  assert.deepEqual(mapping[INDEX].mappings.properties, properties);
  return Object.keys(properties).join(", ");
}

async function write() {
  const written = await client.helpers.bulk({
    datasource: FILMS.map((film, number) => ({ number, film })),
    onDocument: ({ number, film }) => [{ index: { _index: INDEX, _id: String(number) } }, film],
    refresh: true,
  });
  assert.deepEqual([written.successful, written.failed], [FILMS.length, 0]);
  const again = (await client.bulk({ index: INDEX, body: [{ create: { _id: "0" } }, FILMS[0]] })).body;
  assert.equal(again.errors, true);
  assert.equal(again.items[0].create.status, 409);
  assert.equal(again.items[0].create.error.type, "version_conflict_engine_exception");
  return `${written.successful} documents, and a conflict`;
}

async function read() {
  const one = (await client.get({ index: INDEX, id: "1" })).body;
  assert.deepEqual([one.found, one._version, one._source], [true, 1, FILMS[1]]);
  const several = (await client.mget({ index: INDEX, body: { ids: ["2", "none"] } })).body;
  assert.deepEqual(several.docs.map((document) => document.found), [true, false]);
  assert.equal((await client.count({ index: INDEX })).body.count, FILMS.length);
  return one._source.title;
}

async function query() {
  const found = await search({
    query: { bool: { must: { match: { title: "alien aliens" } }, filter: { range: { released: { lt: "1990-01-01" } } } } },
    _source: ["title"],
  });
  assert.deepEqual(found.hits.total, { value: 2, relation: "eq" });
  assert.deepEqual(ids(found).sort(), ["2", "3"]);
  assert.deepEqual(found.hits.hits[0]._source, { title: FILMS[ids(found)[0]].title });
  return ids(found).length + " hits";
}

async function pagesBy(sort) {
  const pages = [];
  let after = {};
  for (;;) {
    const page = await search({ size: 2, sort, ...after });
    if (page.hits.hits.length === 0) return pages;
    pages.push(ids(page));
    after = { search_after: page.hits.hits.at(-1).sort };
  }
}

async function pages() {
  assert.deepEqual(await pagesBy([{ genre: "asc" }, { _id: "desc" }]), [["3", "1"], ["0", "4"], ["2"]]);
  assert.deepEqual(await pagesBy([{ released: "desc" }]), [["1", "0"], ["4", "3"], ["2"]]);
  return "by _id, by date";
}

async function aggregations() {
  const { aggregations } = await search({
    size: 0,
    aggs: {
      genres: { terms: { field: "genre" }, aggs: { best: { max: { field: "rating" } } } },
      decades: { histogram: { field: "year", interval: 10 } },
      days: { date_histogram: { field: "released", fixed_interval: "1d", min_doc_count: 1 } },
      ratings: { range: { field: "rating", ranges: [{ to: 8 }, { from: 8 }] } },
      rating: { stats: { field: "rating" } },
      awarded: { sum: { field: "awarded" } },
      titles: { cardinality: { field: "title.keyword" } },
    },
  });
  const buckets = (name) => aggregations[name].buckets.map((bucket) => [bucket.key, bucket.doc_count]);
  assert.deepEqual(buckets("genres"), [["action", 2], ["horror", 2], ["drama", 1]]);
  assert.deepEqual(aggregations.genres.buckets.map((bucket) => bucket.best.value), [8.75, 8.5, 7.5]);
  assert.deepEqual(buckets("decades"), [[1970, 1], [1980, 1], [1990, 3]]);
  assert.deepEqual(aggregations.days.buckets[0].key_as_string, "1979-05-25T00:00:00.000Z");
  assert.deepEqual(buckets("ratings"), [["*-8.0", 2], ["8.0-*", 3]]);
  assert.deepEqual(aggregations.rating, { count: 5, min: 6.5, max: 8.75, avg: 7.9, sum: 39.5 });
  assert.equal(aggregations.awarded.value, 4);
  assert.equal(aggregations.titles.value, 5);
  return Object.keys(aggregations).join(", ");
}

async function udf() {
  const params = { field: "title", target: "Alian", max_distance: 2 };
  const found = await search({ query: { wasm_udf: { function: "string_distance", params } }, sort: ["year"] });
  assert.deepEqual(ids(found), ["2", "3"]);
  return "string_distance found " + ids(found).length;
}

async function failures() {
  const is = (status, type) => (error) => {
    assert.ok(error instanceof errors.ResponseError, error);
    assert.deepEqual([error.statusCode, error.body.error.type], [status, type]);
    return true;
  };
  await assert.rejects(client.search({ index: "none" }), is(404, "index_not_found_exception"));
  await assert.rejects(search({ query: { match: { title: { nonsense: 1 } } } }), is(400, "parsing_exception"));
  await assert.rejects(client.get({ index: INDEX, id: "none" }), (error) => error.body.found === false);
  await assert.rejects(
    client.index({ index: INDEX, id: "0", op_type: "create", body: FILMS[0] }),
    is(409, "version_conflict_engine_exception"),
  );
  return "as ResponseError";
}

async function remove() {
  const one = (await client.delete({ index: INDEX, id: "0", refresh: true })).body;
  assert.deepEqual([one.result, one._version], ["deleted", 2]);
  assert.equal((await client.indices.delete({ index: INDEX })).body.acknowledged, true);
  assert.equal((await client.indices.exists({ index: INDEX })).body, false);
  return INDEX;
}

for (const step of [node, create, write, read, query, pages, aggregations, udf, failures, remove]) {
  console.log(`javascript: ${step.name}: ${await step()}`);
}
await client.close();
