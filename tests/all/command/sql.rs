//! `whittle sql`: files as tables, formats of answers, errors with their positions, and the prompt.

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use whittle_tests::{Node, guest_path, whittle};

use super::{Desk, text};

const FILMS: &str = "title,year,rating
Star Wars,1977,8.6
Stir Wars,1978,2
\"Alien, the
first\",1979,8.5
Godfather,,9.2
";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("films.csv", FILMS);
    desk
}

impl Desk {
    fn sql(&self, flags: &str, statements: &str) -> Output {
        let mut command = self.command(&format!("sql {flags}"));
        command.args(["-c", statements]).stdin(Stdio::null());
        command.output().expect("the command runs")
    }

    /// The answer to statements that succeed without a warning.
    fn answer(&self, flags: &str, statements: &str) -> String {
        let output = self.sql(flags, statements);
        assert_eq!(
            (text(&output.stderr), output.status.code()),
            (String::new(), Some(0)),
            "{statements}"
        );
        text(&output.stdout)
    }

    /// The error of statements that fail, in one line.
    fn mistake(&self, flags: &str, statements: &str) -> String {
        let output = self.sql(flags, statements);
        assert_eq!(output.status.code(), Some(1), "{statements}");
        let error = text(&output.stderr);
        assert_eq!(error.lines().count(), 1, "{error}");
        error.trim_end().to_owned()
    }
}

#[test]
fn a_file_is_a_table_named_after_it() {
    insta::assert_snapshot!(desk().answer("films.csv", "SELECT * FROM films"), @r#"
    +------------+------+--------+
    | title      | year | rating |
    +------------+------+--------+
    | Star Wars  | 1977 | 8.6    |
    | Stir Wars  | 1978 | 2.0    |
    | Alien, the | 1979 | 8.5    |
    | first      |      |        |
    | Godfather  | NULL | 9.2    |
    +------------+------+--------+
    (4 rows)
    "#);
}

#[test]
fn answers_are_printed_in_the_format_that_is_asked_for() {
    let desk = desk();
    let query =
        "SELECT title, year FROM films WHERE rating > 8.5 ORDER BY year; SELECT 1 AS one LIMIT 0";
    let answers = ["csv", "tsv", "json", "ndjson", "table"].map(|format| {
        let answer = desk.answer(&format!("films.csv --format {format}"), query);
        format!("{format}:\n{answer}")
    });
    insta::assert_snapshot!(answers.concat().replace('\t', "<tab>"), @r#"
    csv:
    title,year
    Star Wars,1977
    Godfather,
    one
    tsv:
    title<tab>year
    Star Wars<tab>1977
    Godfather<tab>
    one
    json:
    [{"title":"Star Wars","year":1977},
    {"title":"Godfather","year":null}]
    []
    ndjson:
    {"title":"Star Wars","year":1977}
    {"title":"Godfather","year":null}
    table:
    +-----------+------+
    | title     | year |
    +-----------+------+
    | Star Wars | 1977 |
    | Godfather | NULL |
    +-----------+------+
    (2 rows)
    +-----+
    | one |
    +-----+
    +-----+
    (0 rows)
    "#);
}

#[test]
fn files_of_all_formats_have_the_same_rows() {
    let desk = desk();
    let copies = "COPY films TO 'films.parquet'; COPY films TO 'films.arrow'; \
                  COPY films TO 'films.ndjson' STORED AS JSON; \
                  COPY films TO 'parts' STORED AS PARQUET PARTITIONED BY (year)";
    desk.answer("films.csv", copies);
    let array = desk.answer("films.csv --format json", "SELECT * FROM films");
    desk.write("array.json", array);
    let rows = |from: &str| {
        let query = format!("SELECT title, rating FROM {from} ORDER BY rating");
        desk.answer("--format ndjson", &query)
    };
    let expected = rows("'films.csv'");
    assert_eq!(expected.lines().count(), 4);
    for file in [
        "films.parquet",
        "films.arrow",
        "films.ndjson",
        "array.json",
        "parts",
    ] {
        assert_eq!(rows(&format!("'{file}'")), expected, "{file}");
    }
    let counts =
        "SELECT count(*) AS n FROM a UNION ALL SELECT count(*) FROM parts WHERE year = '1977'";
    let counts = desk.answer("--table a=films.parquet parts --format csv", counts);
    assert_eq!(counts.lines().count(), 3, "{counts}");
    assert!(
        counts.contains("\n4\n") && counts.contains("\n1\n"),
        "{counts}"
    );
}

#[test]
fn statements_come_from_files_and_standard_input() {
    let desk = desk();
    desk.write(
        "make.sql",
        "CREATE VIEW old AS -- ;\nSELECT * FROM films WHERE year < 1979;\n",
    );
    let answer = desk.answer(
        "films.csv -f make.sql --format csv",
        "SELECT count(*) AS n FROM old",
    );
    assert_eq!(answer, "n\n2\n");

    let mut command = desk.command("sql films.csv --format csv");
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().expect("the command runs");
    let mut stdin = process.stdin.take().expect("it is piped");
    stdin
        .write_all(b"SELECT 1 AS a;\nSELECT 2 AS b")
        .expect("written");
    drop(stdin);
    let output = process.wait_with_output().expect("it ends");
    assert_eq!(text(&output.stdout), "a\n1\nb\n2\n");
}

#[test]
fn mistakes_have_their_position_and_the_nearest_name() {
    let desk = desk();
    let mistake = |statements: &str| desk.mistake("films.csv", statements);
    insta::assert_snapshot!(
        mistake("SELECT 1; SELECT title FORM films"),
        @"error: line 1, column 29: expected end of statement, found: films"
    );
    insta::assert_snapshot!(
        mistake("SELECT titel\nFROM films"),
        @"error: line 1, column 8: No field named titel. Did you mean 'films.title'? Valid fields are films.title, films.year, films.rating."
    );
    insta::assert_snapshot!(
        mistake("SELECT title\nFROM film"),
        @"error: line 2, column 6: there is no table `film`: did you mean `films`?"
    );
    insta::assert_snapshot!(
        mistake("SELECT 5 # 3"),
        @"error: line 1, column 10: the operator `#` is not supported"
    );
    insta::assert_snapshot!(
        mistake("SELECT title FROM 'film.csv'"),
        @"error: film.csv: No such file or directory (os error 2)"
    );
    insta::assert_snapshot!(
        desk.mistake("", "SELECT * FROM films"),
        @"error: line 1, column 15: there is no table `films`: the session has no tables; name files on the command line, or in the statement as `FROM 'films.parquet'`"
    );
    desk.write("q.sql", "SELECT 1 AS a;\n\nSELECT nope FROM films;");
    let output = desk.run("sql films.csv -f q.sql --format csv");
    assert_eq!(text(&output.stdout), "a\n1\n");
    insta::assert_snapshot!(
        text(&output.stderr).trim_end(),
        @"error: q.sql:3:8: No field named nope. Valid fields are films.title, films.year, films.rating."
    );
}

#[test]
fn files_that_are_no_tables_are_named() {
    let desk = desk();
    desk.write("bad.json", "[{\"a\": 1},");
    desk.write("bad.parquet", "nonsense");
    desk.write("twice.csv", "a,b,a\n1,2,3\n");
    desk.write("cut.ndjson", "{\"a\": 1}\n\n{\"a\":\n");
    desk.write("word.ndjson", "{\"a\": 1}\nnonsense\n");
    desk.write("list.ndjson", "{\"a\": 1}\n[1]\n");
    desk.write(
        "mixed.ndjson",
        "{\"a\": 1}\n{\"a\": 2}\n{\"a\": {\"b\": 1}}\n",
    );
    for (flags, expected) in [
        (
            "none.csv",
            "none.csv: No such file or directory (os error 2)",
        ),
        (
            "bad.json",
            "bad.json: EOF while parsing a value at line 1 column 10",
        ),
        (
            "twice.csv",
            "twice.csv: two columns of the header have the name `a`: rename one",
        ),
        (
            "cut.ndjson",
            "cut.ndjson: line 3, column 5: the object is not complete in its line",
        ),
        (
            "word.ndjson",
            "word.ndjson: line 2, column 2: expected ident",
        ),
        (
            "list.ndjson",
            "list.ndjson: line 2: it is not a JSON object",
        ),
        (
            "mixed.ndjson",
            "mixed.ndjson: line 3: a field has another type than in the lines before: Expected object json \
             type, found: Scalar({Int64})",
        ),
        (
            "bad.parquet",
            "bad.parquet: Parquet error: Invalid Parquet file. Corrupt footer",
        ),
        (
            "string-distance.wasm",
            "string-distance.wasm: unknown format: the extension must be `.parquet`, `.csv`, `.tsv`, \
             `.json`, `.ndjson`, `.jsonl` or `.arrow`; for other files use `CREATE EXTERNAL TABLE t \
             STORED AS CSV LOCATION 'file'`",
        ),
        (
            "films.csv --table films=films.csv",
            "there are two tables `films`: name one, as in `--table other=films.csv`",
        ),
    ] {
        assert_eq!(
            desk.mistake(flags, "SELECT 1"),
            format!("error: {expected}")
        );
    }
}

#[test]
fn mistakes_after_the_rows_that_types_come_from_name_the_line() {
    let desk = desk();
    let lines = |first: &str, line: &str, last: &str| {
        let lines = vec![line; 100_000].join("\n");
        format!("{first}{lines}\n{last}\n")
    };
    desk.write("cut.ndjson", lines("", "{\"a\": 1}", "{\"a\":"));
    desk.write("word.ndjson", lines("", "{\"a\": 1}", "{\"a\": \"x\"}"));
    desk.write("word.csv", lines("b,a\n", "0,1", "0,x"));
    desk.write("short.csv", lines("b,a\n", "0,1", "0"));
    let mistake = |file: &str| {
        let statement = format!("SELECT sum(a) FROM '{file}'");
        let output = desk.sql("", &statement);
        let error = text(&output.stderr);
        error.lines().last().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!(mistake("cut.ndjson"), @"error: cut.ndjson: line 100001, column 5: the object is not complete in its line");
    insta::assert_snapshot!(mistake("word.ndjson"), @r#"error: word.ndjson: line 100001: whilst decoding field 'a': failed to parse "x" as Int64"#);
    insta::assert_snapshot!(mistake("word.csv"), @"error: word.csv: Error while parsing value 'x' as type 'Int64' for column `a` at line 100001. Row data: '[0,x]'");
    insta::assert_snapshot!(mistake("short.csv"), @"error: short.csv: incorrect number of fields for line 100002, expected 2 got 1");
}

#[test]
fn functions_take_columns_constants_and_documents() {
    let desk = desk();
    let near = "SELECT title FROM films WHERE string_distance(lower(title), 'star wars', 1); \
        SELECT count(*) AS n FROM films WHERE \"string-distance\".string_distance( \
            title, max_distance => 9, target => 'Godfather'); \
        SELECT \"string_distance@^0.1\"('Alien', 'Aliens') AS constant";
    let flags = "--udf string-distance.wasm films.csv --format csv";
    assert_eq!(
        desk.answer(flags, near),
        "title\nStar Wars\nStir Wars\nn\n3\nconstant\ntrue\n"
    );
    let score = "SELECT custom_score(rating_weight => 1.0, document => named_struct('rating', rating)) \
        AS score FROM films";
    let scores = desk.sql("--udf custom-score.wasm films.csv --format csv", score);
    let scores = text(&scores.stdout);
    assert_eq!(scores, "score\n8.6\n2.0\n8.5\n9.2\n");
}

#[test]
fn fields_that_no_document_has_are_warnings() {
    let desk = desk();
    let flags = "--udf custom-score.wasm films.csv --format csv";
    let warnings = |document: &str| {
        let statement = format!("SELECT custom_score(document => {document}) AS score FROM films");
        let output = desk.sql(flags, &statement);
        assert_eq!(output.status.code(), Some(0), "{document}");
        text(&output.stderr).trim_end().to_owned()
    };
    insta::assert_snapshot!(warnings("named_struct('rating', rating)"), @"
    warning: function `custom_score` read the field `popularity`, of which no document had a value
    warning: function `custom_score` read the field `price`, of which no document had a value
    ");
    let complete = "named_struct('rating', rating, 'price', 1.0, 'popularity', 2.0)";
    insta::assert_snapshot!(warnings(complete), @"");
}

#[test]
fn functions_are_made_replaced_and_dropped() {
    let desk = desk();
    let make = "CREATE FUNCTION string_distance LANGUAGE wasm AS 'string-distance.wasm'";
    let call = "SELECT string_distance(title, 'Alien') FROM films LIMIT 0";
    desk.answer(
        "films.csv",
        &format!(
            "{make}; {call}; CREATE OR REPLACE {}",
            &make["CREATE ".len()..]
        ),
    );
    let listed = desk.answer(
        "--format csv",
        &format!("{make}; SHOW FUNCTIONS LIKE 'string_dist%'"),
    );
    assert!(listed.contains("string_distance,boolean,"), "{listed}");
    let mistake = |statements: &str| desk.mistake("films.csv", statements);
    insta::assert_snapshot!(
        mistake(&format!("{make}; {make}")),
        @"error: line 1, column 90: function `string_distance` exists already: use `CREATE OR REPLACE FUNCTION`"
    );
    insta::assert_snapshot!(
        mistake(&format!("{make}; DROP FUNCTION string_distance; DROP FUNCTION string_distance")),
        @"error: line 1, column 119: unknown function `string_distance`"
    );
    insta::assert_snapshot!(
        mistake("CREATE FUNCTION f LANGUAGE wasm AS 'string-distance.wasm'"),
        @"error: line 1, column 17: string-distance.wasm: there is no function `f` in the component: it has `string_distance`"
    );
    insta::assert_snapshot!(
        mistake("CREATE FUNCTION abs LANGUAGE wasm AS 'string-distance.wasm'"),
        @"error: line 1, column 17: string-distance.wasm: there is no function `abs` in the component: it has `string_distance`"
    );
    insta::assert_snapshot!(
        mistake("CREATE FUNCTION string_distance LANGUAGE wasm IMMUTABLE AS 'string-distance.wasm'"),
        @"error: `CREATE FUNCTION` takes no `IMMUTABLE` or `VOLATILE` here: write `LANGUAGE wasm AS 'file.wasm'` alone"
    );
    insta::assert_snapshot!(
        mistake(&format!("{make}; DROP FUNCTION string_distance CASCADE")),
        @"error: `DROP FUNCTION` takes no `CASCADE`: views keep the function"
    );
    insta::assert_snapshot!(
        mistake(&format!("{make}; DROP FUNCTION string_distance, nope")),
        @"error: line 1, column 105: unknown function `nope`"
    );
    let both = format!("{make}; DROP FUNCTION IF EXISTS nope, String_Distance; {call}");
    insta::assert_snapshot!(
        mistake(&both),
        @"error: line 1, column 128: unknown function `string_distance`: did you mean `cosine_distance`?"
    );
}

#[test]
fn functions_come_from_a_registry() {
    let desk = desk();
    desk.good("registry add string-distance.wasm --registry udfs");
    let flags = "--registry udfs films.csv --format csv";
    let call = "SELECT count(*) AS n FROM films WHERE string_distance(title, 'Star Wars')";
    assert_eq!(desk.answer(flags, call), "n\n2\n");
    insta::assert_snapshot!(
        desk.mistake(flags, "DROP FUNCTION string_distance"),
        @"error: line 1, column 15: function `string_distance` belongs to a registry: `whittle registry remove` deletes it there"
    );
    insta::assert_snapshot!(
        desk.mistake(flags, r#"SELECT "string_distance@^2"(title, 'x') FROM films"#),
        @"error: line 1, column 8: no version matches `string_distance@^2`: registered are 0.1.0"
    );
}

#[test]
fn mistakes_in_calls_name_the_function_and_the_parameter() {
    let desk = desk();
    fs::copy(guest_path("rust", "probe"), desk.path("probe.wasm")).expect("make guests");
    let flags = "--udf string-distance.wasm --udf probe.wasm films.csv";
    let mistake = |call: &str| desk.mistake(flags, &format!("SELECT {call} FROM films"));
    insta::assert_snapshot!(
        mistake("string_distanc(title, 'x')"),
        @"error: line 1, column 8: unknown function `string_distanc`: did you mean `string_distance`?"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, targt => 'x')"),
        @"error: line 1, column 31: function `string_distance`: unknown parameter `targt`: did you mean `target`?"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, 'x', year)"),
        @"error: line 1, column 36: function `string_distance`: parameter `max_distance` (int64) takes a constant, but a column was given"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, title)"),
        @"error: line 1, column 31: function `string_distance`: parameter `target` does not name a field: it takes a constant string"
    );
    insta::assert_snapshot!(
        mistake("string_distance(year, '1977')"),
        @"error: line 1, column 24: function `string_distance`: parameter `field` takes a column of kind text, but Int64 was given: cast it"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title)"),
        @"error: line 1, column 8: function `string_distance`: missing parameter `target` (text)"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, max_distance => 1)"),
        @"error: line 1, column 8: function `string_distance`: missing parameter `target` (text)"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, NULL)"),
        @"error: line 1, column 31: function `string_distance`: parameter `target` (text) is required, but null was given"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, 'x', 'y')"),
        @"error: line 1, column 36: function `string_distance`: parameter `max_distance` is int64, but Utf8 was given"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, 'x', 1 / 0)"),
        @"error: line 1, column 36: function `string_distance`: parameter `max_distance` cannot be evaluated: Divide by zero error"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, 'x'), string_distance(title, 'x', -1)"),
        @r#"error: line 1, column 37: function `string_distance`: refused its arguments: "parameter `max_distance` must be between 0 and 4294967295, not -1" (columns are given for `field`; a parameter that does not name a field takes a constant)"#
    );
    insta::assert_snapshot!(
        mistake("string_distance(*)"),
        @"error: line 1, column 8: function `string_distance`: `*` is not an argument: name columns or constants"
    );
    insta::assert_snapshot!(
        desk.mistake(flags, "SELECT year FROM films WHERE fail_on(title, 'Stir')"),
        @"error: line 1, column 30: Cannot create filter with non-boolean predicate 'fail_on(films.title, Utf8(\"Stir\"))' returning Utf8"
    );
    insta::assert_snapshot!(
        mistake("fail_on(title, 'Stir')"),
        @r#"error: line 1, column 8: function `fail_on` failed for row 1: "found Stir in 1""#
    );
}

#[test]
fn what_belongs_to_aggregates_is_refused_at_calls() {
    let desk = desk();
    let flags = "--udf string-distance.wasm films.csv";
    for (call, extra) in [
        ("string_distance(DISTINCT title, 'x')", "DISTINCT"),
        ("string_distance(ALL title, 'x')", "ALL"),
        ("string_distance(title, 'x' ORDER BY title)", "ORDER BY"),
        (
            "string_distance(title, 'x') FILTER (WHERE year > 3)",
            "FILTER",
        ),
        ("string_distance(title, 'x') IGNORE NULLS", "IGNORE NULLS"),
        ("string_distance(title, 'x') OVER ()", "OVER"),
        (
            "string_distance(title, 'x') WITHIN GROUP (ORDER BY title)",
            "WITHIN GROUP",
        ),
    ] {
        assert_eq!(
            desk.mistake(flags, &format!("SELECT\n {call} FROM films")),
            format!(
                "error: line 2, column 2: function `string_distance`: it is a scalar function, which takes \
                 no `{extra}`"
            )
        );
    }
    insta::assert_snapshot!(
        desk.mistake(flags, "SELECT lower(title) OVER () FROM films"),
        @"error: line 1, column 8: function `lower`: it is a scalar function, which takes no `OVER`"
    );
}

#[test]
fn calls_with_positions_have_the_names_of_their_functions() {
    let desk = desk();
    let flags = "--udf string-distance.wasm films.csv --format csv";
    let grouped = "SELECT string_distance(title, 'Alien'), count(*) AS n FROM films \
        GROUP BY string_distance(title, 'Alien') HAVING NOT string_distance(title, 'Alien')";
    insta::assert_snapshot!(desk.answer(flags, grouped), @r#"
    "string_distance(films.title,Utf8(""Alien""))",n
    false,4
    "#);
    let view = "CREATE VIEW near AS SELECT string_distance(title, target => 'Alien') FROM films";
    let definition = "SELECT definition FROM information_schema.views WHERE definition IS NOT NULL";
    let shown = desk.answer(flags, &format!("{view}; {definition}"));
    assert_eq!(shown, format!("definition\n\"{view}\"\n"));
    let plan = desk.answer(
        flags,
        "EXPLAIN VERBOSE SELECT string_distance(title, 'Alien') FROM films",
    );
    assert!(!plan.contains(" at 1:"), "{plan}");
    let later = "PREPARE near AS SELECT title FROM films WHERE string_distance(title, $1); \
        EXECUTE near('Star Wars')";
    assert_eq!(desk.answer(flags, later), "title\nStar Wars\nStir Wars\n");
}

#[test]
fn an_interrupt_stops_a_function() {
    let desk = desk();
    fs::copy(guest_path("rust", "probe"), desk.path("probe.wasm")).expect("make guests");
    let mut terminal = Terminal::start(&desk, "--udf probe.wasm films.csv");
    terminal.keys("SELECT endless_evaluate() FROM films;\r");
    terminal.until("films;\u{1b}[?2004l");
    thread::sleep(Duration::from_secs(1));
    terminal.keys("\u{3}");
    terminal.until("error: cancelled");
    terminal.until("sql> ");
    terminal.keys("SELECT read_text(title) FROM films WHERE year = 1977;\r");
    terminal.until("| Star Wars ");
    terminal.quit();
}

#[test]
fn the_indexes_of_a_node_are_tables() {
    let desk = desk();
    desk.write(
        "docs.json",
        r#"{"title": "Star Wars", "year": 1977, "studio": {"name": "Lucasfilm"}}
           {"title": "Alien", "year": 1979, "released": "1979-05-25"}
           {"title": 1941}"#,
    );
    desk.good("index --data data films --docs docs.json --id-field title");
    let films = "SELECT * FROM films ORDER BY _id; \
                 SELECT count(*) AS n FROM films WHERE year BETWEEN 1977 AND 1978";
    insta::assert_snapshot!(desk.answer("--data data --format csv", films), @r#"
    _id,released,studio.name,title,year
    1941,,,1941,
    Alien,1979-05-25T00:00:00Z,,Alien,1979
    Star Wars,,Lucasfilm,Star Wars,1977
    n
    1
    "#);
    let plan =
        "EXPLAIN FORMAT INDENT SELECT title FROM films WHERE year > 1977 AND title LIKE 'A%'";
    let plan = desk.answer("--data data --format ndjson", plan);
    assert!(
        plan.contains(r#"IndexScan: index=films, query={\"range\":{\"year\":{\"gte\":1977}}}"#),
        "{plan}"
    );
    let node = Node::start_at(desk.folder.path(), &[]);
    assert_eq!(
        desk.mistake("--data data", "SELECT 1"),
        "error: the directory `data` is in use by another process (a node?): stop it, or use a copy"
    );
    drop(node);
}

/// A data directory with an index of documents that lack some fields.
fn indexed() -> Desk {
    let desk = Desk::new();
    desk.write(
        "docs.json",
        r#"{"id": "1", "title": "Alien", "year": 1979, "seen": true, "cast": [{"name": "Weaver"}]}
           {"id": "2", "title": "Aliens", "year": 1986, "seen": false}
           {"id": "3", "year": 1990}
           {"id": "4", "title": null, "year": 1991, "seen": null}
           {"id": "5", "title": ["Star Wars", "Alien"], "year": 1977, "seen": true}"#,
    );
    desk.good("index --data data films --docs docs.json --id-field id");
    fs::copy(guest_path("rust", "probe"), desk.path("probe.wasm")).expect("make guests");
    desk
}

#[test]
fn a_filter_with_a_function_runs_in_the_search() {
    let desk = indexed();
    let flags = "--data data --udf string-distance.wasm --format tsv";
    let near = "string_distance(title, 'Alien', 2)";
    let statement = format!("SELECT _id, title FROM films WHERE {near} AND year > 1980");
    assert_eq!(desk.answer(flags, &statement), "_id\ttitle\n2\tAliens\n");
    let plan = |filter: &str| {
        let explained = format!("EXPLAIN FORMAT INDENT SELECT _id FROM films WHERE {filter}");
        let plan = desk.answer(flags, &explained).replace("\"\"", "\"");
        let physical = plan
            .split("physical_plan")
            .nth(1)
            .expect("it has two plans");
        let mut lines = physical.lines();
        let line = lines.find(|line| line.contains("string_distance"));
        let line = line.expect("the function is in the plan").trim();
        line.trim_start_matches(['\t', '"']).to_owned()
    };
    insta::assert_snapshot!(
        plan(&format!("{near} AND year > 1980")),
        @r#"IndexScan: index=films, query={"bool":{"filter":[{"range":{"year":{"gte":1980}}},{"wasm_udf":{"function":"string-distance.string_distance@0.1.0","params":{"field":"title","target":"Alien","max_distance":2}}}]}}"#
    );
    insta::assert_snapshot!(
        plan(&format!("{near} OR string_distance(title, target => 'Star Wars')")),
        @r#"IndexScan: index=films, query={"bool":{"should":[{"wasm_udf":{"function":"string-distance.string_distance@0.1.0","params":{"field":"title","target":"Alien","max_distance":2}}},{"wasm_udf":{"function":"string-distance.string_distance@0.1.0","params":{"field":"title","target":"Star Wars"}}}]}}"#
    );
    for filter in [
        &format!("{near} OR year > 1980"),
        &format!("NOT {near}"),
        "string_distance(lower(title), 'alien')",
        "string_distance(title, 'title')",
        // A column in SQL, and no field of the documents.
        "string_distance(_id, '1', 0)",
    ] {
        let line = plan(filter);
        assert!(line.starts_with("FilterExec: "), "{filter}: {line}");
    }
    let of_id = "SELECT _id FROM films WHERE string_distance(_id, '4', 0)";
    assert_eq!(desk.answer(flags, of_id), "_id\n4\n");
}

#[test]
fn a_search_and_the_engine_keep_the_same_rows() {
    let desk = indexed();
    let flags = "--udf string-distance.wasm --udf probe.wasm --format csv";
    desk.good("export --data data films films");
    for filter in [
        "string_distance(title, 'Alien', 2)",
        "NOT string_distance(title, 'Alien', 2)",
        "string_distance(title, 'Alien', 2) OR string_distance(title, 'Star Wars')",
        "string_distance(title, 'Alien', 2) OR year = 1990",
        "read_boolean(seen)",
        "NOT read_boolean(seen)",
        "read_boolean(seen) IS TRUE",
        "read_boolean(seen) IS NOT TRUE",
        "read_boolean(seen) IS NULL",
        "read_boolean(seen) AND NOT string_distance(title, 'Alien', 2)",
        "read_boolean(seen) OR string_distance(title, 'Alien', 2)",
        "(read_boolean(seen) AND year < 1980) OR NOT read_boolean(seen)",
        "read_boolean(seen) = string_distance(title, 'Alien', 2)",
    ] {
        let statement = format!("SELECT _id FROM films WHERE {filter} ORDER BY _id");
        let by_engine = desk.answer(&format!("films {flags}"), &statement);
        let by_search = desk.answer(&format!("--data data {flags}"), &statement);
        assert_eq!(by_search, by_engine, "{filter}");
    }
}

#[test]
fn a_function_that_fails_in_the_search_names_the_document() {
    let desk = indexed();
    let fails = "SELECT _id FROM films WHERE trap_on(title, 'Star')";
    let output = desk.sql("--data data --udf probe.wasm --log error", fails);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    insta::assert_snapshot!(
        error.lines().last().unwrap_or_default(),
        @r#"error: function `whittle-probe.trap_on` was stopped at document `5`: the guest panicked: "panicked at probe/src/answer.rs:85:9: found Star in 5""#
    );
}

#[test]
fn the_source_of_a_document_is_a_column_that_a_star_leaves_out() {
    let desk = indexed();
    let flags = "--data data --udf string-distance.wasm --format tsv";
    assert_eq!(
        desk.answer(flags, "SELECT * FROM films LIMIT 0"),
        "_id\tcast.name\tid\tseen\ttitle\tyear\n"
    );
    let nested = "SELECT _id FROM films WHERE \
        string_distance('cast.name', 'Weaver', document => _source)";
    assert_eq!(desk.answer(flags, nested), "_id\n1\n");
    let source = "SELECT _source FROM films WHERE year = 1990";
    assert_eq!(
        desk.answer("--data data --format json", source),
        "[{\"_source\":\"{\\\"id\\\": \\\"3\\\", \\\"year\\\": 1990}\"}]\n"
    );
}

#[test]
fn an_index_is_exported_whole_or_not_at_all() {
    let desk = indexed();
    let written = desk.good("export --data data films out");
    assert!(written.starts_with("5 rows, 1 file, "), "{written}");
    assert!(written.ends_with(" bytes in out\n"), "{written}");
    let files = |folder: &str| {
        let entries = fs::read_dir(desk.path(folder)).expect("it is there");
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into()).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(files("out"), "part-00000.parquet");
    let rows = "SELECT title, _source FROM out WHERE _id = '1'";
    insta::assert_snapshot!(
        desk.answer("out --format ndjson", rows).trim_end(),
        @r#"{"title":"Alien","_source":"{\"id\": \"1\", \"title\": \"Alien\", \"year\": 1979, \"seen\": true, \"cast\": [{\"name\": \"Weaver\"}]}"}"#
    );

    let failed = |flags: &str| {
        let output = desk.run(&format!("export --data data {flags}"));
        assert_eq!(output.status.code(), Some(1), "{flags}");
        text(&output.stderr).trim_end().to_owned()
    };
    insta::assert_snapshot!(
        failed("films out"),
        @"error: `out` exists: name another directory, or use `--force` to replace it"
    );
    insta::assert_snapshot!(
        failed("film other"),
        @"error: there is no index `film`: did you mean `films`?"
    );
    insta::assert_snapshot!(
        failed("films other --columns titel"),
        @r#"error: `--columns`: No field named titel. Did you mean 'films.title'? Valid fields are films._id, films."cast.name", films.id, films.seen, films.title, films.year, films._source."#
    );
    insta::assert_snapshot!(
        failed("films other --where year>"),
        @"error: `--where`: line 1, column 6: expected an expression, found: EOF"
    );
    let filtered = |filter: &str| {
        let flags = "export --data data films other --udf string-distance.wasm --where";
        let mut command = desk.command(flags);
        let output = command.arg(filter).output().expect("the command runs");
        assert_eq!(output.status.code(), Some(1), "{filter}");
        text(&output.stderr).trim_end().to_owned()
    };
    insta::assert_snapshot!(
        filtered("year > 1\n AND titel = ''"),
        @r#"error: `--where`: line 2, column 6: No field named titel. Did you mean 'films.title'? Valid fields are films._id, films."cast.name", films.id, films.seen, films.title, films.year, films._source."#
    );
    insta::assert_snapshot!(
        filtered("year + 1"),
        @"error: `--where`: Cannot create filter with non-boolean predicate 'films.year + Int64(1)' returning Int64"
    );
    insta::assert_snapshot!(
        filtered("year / 0 = 1"),
        @"error: `--where`: Divide by zero error"
    );
    insta::assert_snapshot!(
        filtered("string_distance(title)"),
        @"error: `--where`: line 1, column 1: function `string_distance`: missing parameter `target` (text)"
    );
    insta::assert_snapshot!(
        failed("films data/indexes/new/one"),
        @"error: `data/indexes/new/one` is in the data directory `data`, which is the node's alone: name a directory outside of it"
    );
    assert!(!desk.path("data/indexes/new").exists());
    let mut unnamed = desk.command("export --data data films other --columns _id,,title");
    let error = text(&unnamed.output().expect("the command runs").stderr);
    insta::assert_snapshot!(
        error.lines().next().unwrap_or_default(),
        @"error: invalid value '' for '--columns <NAMES>': the name of a column is empty"
    );
    insta::assert_snapshot!(
        failed("films data --force"),
        @"error: `data` is in the data directory `data`, which is the node's alone: name a directory outside of it"
    );
    fs::create_dir(desk.path("mixed")).expect("it is made");
    desk.write("mixed/other.txt", "");
    insta::assert_snapshot!(
        failed("films mixed --force"),
        @"error: `mixed` has `other.txt`, which is not a Parquet file: `--force` would delete it, so name another directory"
    );
    let fails = "films other --udf probe.wasm --log error --where trap_on(title,'Star')";
    let error = failed(fails);
    assert!(error.contains("was stopped at document `5`"), "{error}");
    assert!(!desk.path("other").exists());
    let hidden = files(".")
        .split(' ')
        .filter(|name| name.starts_with('.'))
        .count();
    assert_eq!(hidden, 0, "{}", files("."));

    desk.good("export --data data films out --force --partitions 3 --columns title,year");
    assert_eq!(
        files("out"),
        "part-00000.parquet part-00001.parquet part-00002.parquet"
    );
    let counts = desk.answer(
        "out --format csv",
        "SELECT count(*) AS n, max(year) AS y FROM out",
    );
    assert_eq!(counts, "n,y\n5,1991\n");
    let some = "export --data data films some --rows-per-file 2 --udf string-distance.wasm";
    let mut some = desk.command(some);
    some.args([
        "--where",
        "string_distance(title, 'Alien') OR year > 1989 -- old",
    ]);
    let written = text(&some.output().expect("the command runs").stdout);
    assert!(written.starts_with("4 rows, 2 files, "), "{written}");
}

#[test]
fn a_copy_has_the_format_of_its_extension() {
    let desk = desk();
    let copy = |target: &str| {
        desk.answer("films.csv", &format!("COPY films TO '{target}'"));
        fs::read_to_string(desk.path(target)).expect("it is written")
    };
    assert!(copy("films.tsv").starts_with("title\tyear\trating\n"));
    assert!(copy("films.jsonl").starts_with("{\"title\":"));
    let sums = ["'films.csv'", "'films.tsv'", "'films.jsonl'"].map(|table| {
        let sum = format!("SELECT sum(year) AS y FROM {table}");
        desk.answer("--format csv", &sum)
    });
    assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
    let mistake = |copy: &str| desk.mistake("films.csv", &format!("COPY films TO {copy}"));
    insta::assert_snapshot!(mistake("'films.txt'"), @"error: unknown format in `films.txt`: the extension must be `.parquet`, `.csv`, `.tsv`, `.json`, `.ndjson`, `.jsonl` or `.arrow`; for other names add `STORED AS PARQUET`, `CSV`, `JSON` or `ARROW`");
    insta::assert_snapshot!(mistake("'films'"), @"error: unknown format in `films`: the extension must be `.parquet`, `.csv`, `.tsv`, `.json`, `.ndjson`, `.jsonl` or `.arrow`; for other names add `STORED AS PARQUET`, `CSV`, `JSON` or `ARROW`");
    insta::assert_snapshot!(mistake("'films.csv' STORED AS xml"), @"error: unknown format in `STORED AS XML`: the extension must be `.parquet`, `.csv`, `.tsv`, `.json`, `.ndjson`, `.jsonl` or `.arrow`; for other names add `STORED AS PARQUET`, `CSV`, `JSON` or `ARROW`");
}

#[test]
fn a_copy_that_fails_leaves_the_file_as_it_was() {
    let desk = desk();
    fs::copy(guest_path("rust", "probe"), desk.path("probe.wasm")).expect("make guests");
    let copy = |what: &str| format!("COPY ({what}) TO 'copy.parquet'");
    let count = |rows: &str| {
        let counted = desk.answer(
            "copy.parquet --format csv",
            "SELECT count(*) AS n FROM copy",
        );
        assert_eq!(counted, format!("n\n{rows}\n"));
    };
    desk.answer("films.csv", &copy("SELECT * FROM films"));
    count("4");
    let fails = copy("SELECT title, fail_on(title, 'Stir') AS f FROM films");
    let error = desk.mistake("films.csv --udf probe.wasm", &fails);
    assert!(error.contains("`fail_on` failed for row 1"), "{error}");
    count("4");
    // Even if it is the file that the statement reads.
    desk.answer("copy.parquet", &copy("SELECT * FROM copy LIMIT 3"));
    count("3");
    let entries = fs::read_dir(desk.folder.path()).expect("a directory");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let left: Vec<_> = names
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_statement_ends_at_its_time_limit() {
    let endless = "SELECT count(*) FROM generate_series(1, 1000000000) AS a (x), \
                   generate_series(1, 1000000) AS b (y) WHERE x * y % 7 = 3";
    assert_eq!(
        desk().mistake("--timeout 100", endless),
        "error: the statement reached the time limit of 100 ms, which `--timeout` sets"
    );
}

/// The command at a terminal.
struct Terminal {
    process: Child,
    keyboard: ChildStdin,
    screen: Receiver<Vec<u8>>,
    /// What has been shown and not been waited for.
    shown: String,
}

impl Terminal {
    fn start(desk: &Desk, flags: &str) -> Self {
        // The shell gives way to the command: an interrupt would end the shell, and with its status.
        let command = format!("exec {} sql {flags}", whittle().display());
        let mut process = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .current_dir(desk.folder.path())
            .env("TERM", "xterm")
            .env("XDG_STATE_HOME", desk.path("state"))
            .env("WHITTLE_CACHE", desk.path("cache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("`script` runs, of the package util-linux");
        let mut output = process.stdout.take().expect("it is piped");
        let (send, screen) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut terminal = Self {
            keyboard: process.stdin.take().expect("it is piped"),
            process,
            screen,
            shown: String::new(),
        };
        terminal.until("sql> ");
        terminal
    }

    fn keys(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("it runs");
        self.keyboard.flush().expect("it runs");
    }

    /// Waits until the screen has shown this.
    fn until(&mut self, expected: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.shown.contains(expected) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!(
                    "expected `{expected}`, and the screen shows:\n{}",
                    self.shown
                ),
            }
        }
        let end = self.shown.find(expected).expect("it is shown") + expected.len();
        self.shown.drain(..end).collect()
    }

    fn quit(mut self) {
        self.keys("\\q\r");
        let ended = self.process.wait().expect("it ends");
        assert!(ended.success(), "{ended}");
    }
}

#[test]
fn the_prompt_answers_completes_and_survives_mistakes() {
    let desk = desk();
    let mut terminal = Terminal::start(&desk, "films.csv");
    terminal.keys("\\d\r");
    terminal.until("| films | BASE TABLE |");
    terminal.keys("SELECT nope;\r");
    terminal.until("error: line 1, column 8: No field named nope");
    terminal.keys("SELECT ti\t");
    terminal.until("SELECT title");
    terminal.keys("\rFROM film\t");
    terminal.until("FROM films");
    terminal.keys(" WHERE year = 1978;\r");
    terminal.until("| Stir Wars |");
    terminal.keys("\\x\r");
    terminal.until("error: there is no command `\\x`");
    terminal.quit();

    let history = fs::read_to_string(desk.path("state/whittle/sql-history"));
    let history = history.expect("it is kept");
    assert!(
        history.contains("SELECT title\\nFROM films WHERE year = 1978;"),
        "{history}"
    );
}

#[test]
fn an_interrupt_cancels_a_statement_and_not_the_session() {
    let desk = desk();
    let mut terminal = Terminal::start(&desk, "");
    terminal.keys(
        "SELECT count(*) FROM generate_series(1, 1000000000) AS a (x), \
         generate_series(1, 1000000) AS b (y) WHERE x * y % 7 = 3;\r",
    );
    terminal.until("= 3;\u{1b}[?2004l");
    // The signal may come before the statement runs, and then changes nothing.
    let cancelled = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(100));
        terminal.keys("\u{3}");
        while let Ok(bytes) = terminal.screen.try_recv() {
            terminal.shown.push_str(&String::from_utf8_lossy(&bytes));
        }
        terminal.shown.contains("error: cancelled")
    });
    assert!(cancelled, "{}", terminal.shown);
    // What is typed with an interrupt that came late is lost with it.
    thread::sleep(Duration::from_millis(500));
    terminal.keys("SELECT 6 * 7 AS answer;\r");
    terminal.until("| 42     |");
    terminal.quit();
}
