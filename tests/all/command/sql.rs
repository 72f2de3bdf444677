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
    let scores = desk.answer("--udf custom-score.wasm films.csv --format csv", score);
    assert_eq!(scores, "score\n8.6\n2.0\n8.5\n9.2\n");
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
        @"error: there is a function `string_distance` already: use `CREATE OR REPLACE FUNCTION`"
    );
    insta::assert_snapshot!(
        mistake(&format!("{make}; DROP FUNCTION string_distance; DROP FUNCTION string_distance")),
        @"error: the session has no function `string_distance`"
    );
    insta::assert_snapshot!(
        mistake("CREATE FUNCTION f LANGUAGE wasm AS 'string-distance.wasm'"),
        @"error: string-distance.wasm: there is no function `f` in the component: it has `string_distance`"
    );
    insta::assert_snapshot!(
        mistake("CREATE FUNCTION abs LANGUAGE wasm AS 'string-distance.wasm'"),
        @"error: `abs` is a function of DataFusion"
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
        @"error: `string_distance` is a function of a registry: `whittle registry remove` deletes it"
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
        @"error: line 1, column 8: there is no function `string_distanc`: did you mean `string_distance`?"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, targt => 'x')"),
        @"error: line 1, column 8: `string_distance` has no parameter `targt`: expected one of `field`, `target`, `max_distance`"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, 'x', year)"),
        @"error: parameter `max_distance` of `string_distance`: expected a constant, not a column"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title, title)"),
        @"error: parameter `target` of `string_distance`: expected a constant string"
    );
    insta::assert_snapshot!(
        mistake("string_distance(year, '1977')"),
        @"error: parameter `field` of `string_distance`: it is read as text, and the column has the type Int64: use `CAST`"
    );
    insta::assert_snapshot!(
        mistake("string_distance(title)"),
        @"error: function `string_distance`: missing parameter `target` (text): The text that it is compared with."
    );
    insta::assert_snapshot!(
        mistake("fail_on(title, 'Stir')"),
        @r#"error: function `fail_on` failed for document `1`: "found Stir in 1""#
    );
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
        "error: the directory `data` is in use by another process (a node?): stop it, or query a copy"
    );
    drop(node);
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
        let command = format!("{} sql {flags}", whittle().display());
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
