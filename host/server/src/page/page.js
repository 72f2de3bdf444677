// The node's page: its functions, and a form that runs one of them, on sample documents or on an
// index. What comes from the node goes into the page as text, never as markup.
"use strict";

const at = (id) => document.getElementById(id);

/** An element with a class, and texts or elements inside. */
function element(name, kind, ...inside) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...inside);
  return made;
}

/** Sends a request to the node; an error of the node is thrown. */
async function ask(method, path, body) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(path, { method, ...sent });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.error.type}: ${answer.error.reason}`);
  return answer;
}

/** Parses the JSON of a box; `what` names it in the error. */
function read(box, what, empty) {
  if (box.value.trim() === "") return empty;
  try {
    return JSON.parse(box.value);
  } catch (error) {
    box.focus();
    throw new Error(`the ${what} are not valid JSON: ${error.message}`);
  }
}

const number = (value) => value.toLocaleString("en");
const milliseconds = (us) => (us / 1000).toLocaleString("en", { maximumFractionDigits: 1 });

/** A table with a header; a column whose name ends in `#` has numbers. */
function table(columns, rows) {
  const kind = (column) => (column.endsWith("#") ? "number" : "");
  const head = columns.map((column) => {
    const cell = element("th", kind(column), column.replace("#", ""));
    cell.scope = "col";
    return cell;
  });
  const lines = rows.map((row) => element("tr", "", ...row.map((cell, i) => (
    cell instanceof HTMLTableCellElement ? cell : element("td", kind(columns[i]), cell)
  ))));
  return element("div", "wide", element("table", "", element("thead", "", element("tr", "", ...head)),
    element("tbody", "", ...lines)));
}

// ---- The functions.

/** All functions of all versions, from their manifests, with what each has cost. */
let functions = [];

function parameters(list) {
  if (list.length === 0) return element("span", "quiet", "none");
  const described = list.flatMap((parameter) => {
    const optional = parameter.required ? "" : ", optional";
    const how = "default" in parameter ? ` = ${JSON.stringify(parameter.default)}` : optional;
    return [
      element("dt", "", `${parameter.name}: ${parameter.kind}${how}`),
      element("dd", "", parameter.description ?? ""),
    ];
  });
  const names = list.map((parameter) => parameter.name).join(", ");
  return element("details", "", element("summary", "", names), element("dl", "", ...described));
}

function errors(statistics) {
  return statistics ? Object.values(statistics.errors).reduce((sum, count) => sum + count, 0) : 0;
}

function row(of) {
  const { fn, udf, statistics } = of;
  const state = [];
  if (!udf.enabled) state.push(element("div", "bad", "disabled"));
  if (statistics && statistics.breaker.state !== "closed") state.push(element("div", "bad", "off: it failed too often"));
  const count = (value) => element("td", "number", value);
  return element("tr", "",
    element("td", "", element("code", "", fn.name), element("div", "quiet", fn.description ?? "")),
    element("td", "", `${udf.name}@${udf.version}`, ...state),
    element("td", "", element("code", "", fn.returns)),
    element("td", "", parameters(fn.parameters)),
    count(number(statistics?.queries ?? 0)),
    count(number(statistics?.documents ?? 0)),
    count(milliseconds(statistics?.time_us ?? 0)),
    count(number(errors(statistics))));
}

async function showFunctions() {
  const [{ udfs }, all] = await Promise.all([ask("GET", "/_udf"), ask("GET", "/_udf/_stats")]);
  const rows = [];
  functions = [];
  for (const udf of udfs) {
    if (!udf.manifest) {
      const why = element("td", "bad", udf.problem ?? "it cannot be used");
      why.colSpan = 7;
      rows.push(element("tr", "", element("td", "", `${udf.name}@${udf.version}`), why));
      continue;
    }
    for (const fn of udf.manifest.functions) {
      const statistics = all.functions.find((known) =>
        known.name === udf.name && known.version === udf.version && known.function === fn.name);
      functions.push({ fn, udf, statistics });
    }
  }
  rows.unshift(...functions.map(row));
  at("udfs").tBodies[0].replaceChildren(...rows);
  at("no-udfs").hidden = rows.length > 0;
  at("udfs").parentElement.hidden = rows.length === 0;
}

// ---- The form.

const chosen = () => functions[at("function").selectedIndex];

/** An example of a parameter's value. */
function example(parameter) {
  if ("default" in parameter) return parameter.default;
  return { boolean: true, int64: 1, float64: 1, timestamp: "2024-01-01T00:00:00Z", json: {} }[parameter.kind] ?? "";
}

function fill() {
  const of = chosen();
  if (!of) return;
  const needed = of.fn.parameters.filter((parameter) => parameter.required || "default" in parameter);
  const named = needed.map((parameter) => [parameter.name, example(parameter)]);
  at("params").value = JSON.stringify(Object.fromEntries(named), null, 2);
}

async function showChoices() {
  const options = functions.map(({ fn, udf }) => element("option", "", `${udf.name}.${fn.name}@${udf.version}`));
  at("function").replaceChildren(...options);
  const indexes = await ask("GET", "/_cat/indices?format=json");
  const samples = element("option", "", "sample documents");
  samples.value = "";
  const named = indexes.map(({ index }) => {
    const option = element("option", "", `the index ${index}`);
    option.value = index;
    return option;
  });
  at("target").replaceChildren(samples, ...named);
  at("documents").value = '[\n  {"title": "Star Wars"},\n  {"title": "Alien"}\n]';
}

function toggle() {
  const onIndex = at("target").value !== "";
  at("documents-label").hidden = onIndex;
  at("query-label").hidden = !onIndex;
}

// ---- The answers.

const json = (value) => element("span", "value", JSON.stringify(value));

function cost(udf) {
  const numbers = Object.entries(udf).filter(([, value]) => typeof value === "number");
  return table(["what", "value#"], numbers.map(([name, value]) => [name.replaceAll("_", " "), number(value)]));
}

function tested(answer) {
  const results = answer.results.map((result) => [
    result._id,
    "error" in result ? element("td", "bad", result.error) : json(result.value),
  ]);
  const parts = [element("h3", "", "Values"), table(["document", answer.function], results)];
  if (answer.stopped) parts.push(element("p", "bad", "The function was stopped: documents after that one were not tried."));
  parts.push(element("h3", "", "Log"));
  const lines = answer.logs.map(({ level, message }) => `${level.padEnd(5)} ${message}`);
  parts.push(lines.length ? element("pre", "", lines.join("\n")) : element("p", "quiet", "It logged nothing."));
  parts.push(element("h3", "", "Cost"), cost(answer.udf));
  return parts;
}

function found(answer) {
  const { hits, total } = answer.hits;
  const rows = hits.map((hit) => [
    hit._id,
    hit._score === null ? "-" : hit._score.toFixed(4),
    json(hit.fields ? { ...hit.fields, ...hit._source } : hit._source),
  ]);
  const parts = [
    element("h3", "", `${number(total.value)} ${total.value === 1 ? "hit" : "hits"} in ${number(answer.took)} ms`),
    table(["document", "score#", "source"], rows),
  ];
  for (const udf of answer.udf ?? []) {
    parts.push(element("h3", "", udf.function), cost(udf));
    for (const { field, similar } of udf.unmapped_fields ?? []) {
      const hint = similar.length ? `; did you mean ${similar.join(" or ")}?` : "";
      parts.push(element("p", "bad", `No document has the field ${field}${hint}`));
    }
    for (const { field, type, wanted } of udf.mistyped_fields ?? []) {
      parts.push(element("p", "bad", `The field ${field} has type ${type}, and the function reads ${wanted}.`));
    }
    if (udf.error_samples.length) {
      parts.push(table(["document", "error"], udf.error_samples.map((one) => [one._id, one.message])));
    }
  }
  const { clauses, budget } = answer.profile;
  parts.push(element("h3", "", "Profile"));
  parts.push(table(["clause", "ms#", "in#", "out#"], clauses.map((clause) => [
    clause.path, milliseconds(clause.time_us), number(clause.documents_in), number(clause.documents_out),
  ])));
  parts.push(table(["limit", "used#", "allowed#", "unit"], budget.map((one) => [
    one.limit.replaceAll("_", " "), number(one.used), number(one.allowed), one.unit,
  ])));
  return parts;
}

async function run() {
  const { fn, udf } = chosen();
  const params = read(at("params"), "parameters", {});
  const index = at("target").value;
  if (index === "") {
    const documents = read(at("documents"), "documents", []);
    const test = { version: udf.version, function: fn.name, params, documents };
    return tested(await ask("POST", `/_udf/${encodeURIComponent(udf.name)}/_test`, test));
  }
  const clause = { function: `${udf.name}.${fn.name}@${udf.version}`, params };
  const candidates = read(at("query"), "candidates", undefined);
  if (candidates !== undefined) clause.query = candidates;
  // A function of strings or JSON cannot score: its value is shown with each hit.
  const asQuery = ["boolean", "int64", "float64"].includes(fn.returns);
  const { query, ...computed } = clause;
  const body = asQuery
    ? { query: { wasm_udf: clause }, profile: true }
    : { query: query ?? { match_all: {} }, fields: { [fn.name]: { wasm_udf: computed } }, profile: true };
  return found(await ask("POST", `/${encodeURIComponent(index)}/_search`, body));
}

at("run").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter ?? at("run").querySelector("button");
  button.disabled = true;
  try {
    at("answer").replaceChildren(...await run());
  } catch (error) {
    at("answer").replaceChildren(element("p", "bad", error.message));
  } finally {
    button.disabled = false;
  }
  await showFunctions().catch(() => {});
});
at("function").addEventListener("change", fill);
at("target").addEventListener("change", toggle);

async function begin() {
  at("here").textContent = location.origin;
  await showFunctions();
  await showChoices();
  fill();
  at("run").querySelector("button").disabled = functions.length === 0;
}

begin().catch((error) => at("answer").replaceChildren(element("p", "bad", error.message)));
