-- The good queries, for wrk: each thread goes round them, and counts the statuses of the answers.
-- The last line of the output is JSON.

local bodies = {
  {"/products/_search", '{"query": {"match": {"title": "cobalt camera"}}}'},
  {"/products/_search", '{"query": {"bool": {"must": [{"match": {"title": "silver"}}], "filter": [{"wasm_udf": {"function": "string_distance", "params": {"field": "title", "target": "Cobalt camera 4711 silver", "max_distance": 3}}}]}}}'},
  {"/products/_search", '{"query": {"expression": "price * (1 - discount) > 500 and sqrt(rating) >= 2"}, "size": 5}'},
  {"/products/_search", '{"query": {"expression_score": {"expression": "rating / price", "query": {"match": {"title": "lamp"}}}}}'},
  {"/products/_search", '{"query": {"wasm_udf": {"function": "custom_score", "query": {"match": {"title": "amber"}}}}}'},
  {"/products/_search", '{"query": {"wasm_udf": {"function": "f@^1", "query": {"range": {"price": {"lt": 50}}}}}, "size": 3}'},
  {"/products/_search", '{"size": 0, "aggs": {"mean": {"avg": {"field": "price"}}, "stars": {"histogram": {"field": "rating", "interval": 1}}}}'},
  {"/products/_count", '{"query": {"range": {"price": {"gte": 10, "lt": 20}}}}'},
  {"/written/_search", '{"query": {"match_all": {}}, "size": 1}'},
}

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  turn = 0
  statuses = {}
  failure = ""
end

function request()
  turn = turn + 1
  local chosen = bodies[turn % #bodies + 1]
  return wrk.format("POST", chosen[1], {["Content-Type"] = "application/json"}, chosen[2])
end

function response(status, headers, body)
  statuses[status] = (statuses[status] or 0) + 1
  if status ~= 200 and status ~= 429 then failure = body end
end

function done(summary, latency, requests)
  local all, failure = {}, ""
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("statuses")) do
      all[status] = (all[status] or 0) + count
    end
    if thread:get("failure") ~= "" then failure = thread:get("failure") end
  end
  local told = {}
  for status, count in pairs(all) do
    table.insert(told, string.format('"%d": %d', status, count))
  end
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\n{"statuses": {%s}, "p50": %d, "p90": %d, "p99": %d, "seconds": %.3f, "errors": %d, "failure": %q}\n',
    table.concat(told, ", "), latency:percentile(50), latency:percentile(90), latency:percentile(99),
    summary.duration / 1e6, errors, failure))
end
