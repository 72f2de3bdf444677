//! What is refused, and how it is told.

use super::index::{TestColumns, parse};
use crate::expression::{ColumnType, Columns, Expression};

/// The error that an expression is refused with.
fn error(text: &str) -> String {
    eprintln!("TRY {}", &text[..text.len().min(30)]);
    match parse(text) {
        Ok(_) => panic!("`{text}` was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn texts_that_are_no_expression() {
    insta::assert_snapshot!(error(""), @"");
    insta::assert_snapshot!(error("a +"), @"");
    insta::assert_snapshot!(error("a b"), @"");
    insta::assert_snapshot!(error("a > 1; drop table t"), @"");
    insta::assert_snapshot!(error("a > 1,"), @"");
    insta::assert_snapshot!(error("(a > 1"), @"");
    insta::assert_snapshot!(error("a > 1)"), @"");
    insta::assert_snapshot!(error("s = 'open"), @"");
    insta::assert_snapshot!(error("s = \"open"), @"");
    insta::assert_snapshot!(error("a >\n  and b"), @"");
    insta::assert_snapshot!(error("case when p then 1"), @"");
    insta::assert_snapshot!(error("a in ()"), @"");
    insta::assert_snapshot!(error("select a from t"), @"");
    insta::assert_snapshot!(error("a as b"), @"");
    insta::assert_snapshot!(error("*"), @"");
    insta::assert_snapshot!(error("\u{0}"), @"");
}

#[test]
fn names_that_are_unknown() {
    struct Few(usize);
    impl Columns for Few {
        fn column(&self, _: &str) -> Option<(String, ColumnType)> {
            None
        }

        fn paths(&self) -> Vec<String> {
            (0..self.0)
                .map(|number| format!("column_{number}"))
                .collect()
        }
    }
    let of_few = |count, text| {
        Expression::parse(text, &Few(count))
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(error("a = 1 and prize > 3"), @"");
    insta::assert_snapshot!(error("Price > 3"), @"");
    insta::assert_snapshot!(error("seller.prise > 3"), @"");
    insta::assert_snapshot!(error("\"major genre\" = 'x'"), @"");
    insta::assert_snapshot!(error("a +\n zebra"), @"");
    insta::assert_snapshot!(of_few(0, "zebra"), @"");
    insta::assert_snapshot!(of_few(2, "zebra"), @"");
    insta::assert_snapshot!(of_few(30, "zebra"), @"");
    insta::assert_snapshot!(error("1 + sqr(a)"), @"");
    insta::assert_snapshot!(error("length(s) > 1"), @"");
    insta::assert_snapshot!(error("strpos(s, 'a') > 1"), @"");
    insta::assert_snapshot!(error("my.sqrt(a)"), @"");
}

#[test]
fn arguments_that_do_not_fit() {
    insta::assert_snapshot!(error("sqrt()"), @"");
    insta::assert_snapshot!(error("sqrt(a, b)"), @"");
    insta::assert_snapshot!(error("round(a, 1, 2)"), @"");
    insta::assert_snapshot!(error("coalesce()"), @"");
    insta::assert_snapshot!(error("max(a)"), @"");
    insta::assert_snapshot!(error("round(x, a)"), @"");
    insta::assert_snapshot!(error("left(s, -1)"), @"");
    insta::assert_snapshot!(error("left(s, 1001)"), @"");
    insta::assert_snapshot!(error("substring(s, 0)"), @"");
    insta::assert_snapshot!(error("substring(s for 2)"), @"");
    insta::assert_snapshot!(error("trim(a)"), @"");
    insta::assert_snapshot!(error("trim(t from s)"), @"");
    insta::assert_snapshot!(error("s like t"), @"");
    insta::assert_snapshot!(error("s like 'a\\'"), @"");
    insta::assert_snapshot!(error("s like 'a' escape 'ab'"), @"");
    insta::assert_snapshot!(error("s like any ('a')"), @"");
    insta::assert_snapshot!(error("regexp_like(s, '(a')"), @"");
    insta::assert_snapshot!(error("regexp_like(s, 'a', 'g')"), @"");
    insta::assert_snapshot!(error("regexp_like(s, t)"), @"");
    insta::assert_snapshot!(error("regexp_like(s, '(a{1000}){1000}')"), @"");
    insta::assert_snapshot!(error("a = 1e999"), @"");
    insta::assert_snapshot!(error("d = date '2020-02-30'"), @"");
    insta::assert_snapshot!(error("d = timestamp 'noon'"), @"");
    insta::assert_snapshot!(error("d = time '12:00'"), @"");
}

#[test]
fn types_that_do_not_fit() {
    insta::assert_snapshot!(error("title + 1"), @"");
    insta::assert_snapshot!(error("1 - upper(title)"), @"");
    insta::assert_snapshot!(error("-p"), @"");
    insta::assert_snapshot!(error("p + 1"), @"");
    insta::assert_snapshot!(error("sqrt(s)"), @"");
    insta::assert_snapshot!(error("greatest(a, s)"), @"");
    insta::assert_snapshot!(error("a || s"), @"");
    insta::assert_snapshot!(error("upper(a)"), @"");
    insta::assert_snapshot!(error("a and p"), @"");
    insta::assert_snapshot!(error("not a"), @"");
    insta::assert_snapshot!(error("a is true"), @"");
    insta::assert_snapshot!(error("s is not false"), @"");
    insta::assert_snapshot!(error("a = '1'"), @"");
    insta::assert_snapshot!(error("p = 1"), @"");
    insta::assert_snapshot!(error("p < q"), @"");
    insta::assert_snapshot!(error("a in (1, 'x')"), @"");
    insta::assert_snapshot!(error("s between 1 and 2"), @"");
    insta::assert_snapshot!(error("case when a then 1 end"), @"");
    insta::assert_snapshot!(error("case when p then 1 else 'x' end"), @"");
    insta::assert_snapshot!(error("case s when 1 then 1 end"), @"");
    insta::assert_snapshot!(error("coalesce(a, s)"), @"");
    insta::assert_snapshot!(error("nullif(a, s)"), @"");
    insta::assert_snapshot!(error("a like 'x'"), @"");
    insta::assert_snapshot!(error("d > '2020-01-01'"), @"");
    insta::assert_snapshot!(error("'2020-01-01' < d"), @"");
    insta::assert_snapshot!(error("d + 1"), @"");
    insta::assert_snapshot!(error("null"), @"");
    insta::assert_snapshot!(error("coalesce(null, null)"), @"");
}

#[test]
fn what_sql_has_and_expressions_do_not() {
    insta::assert_snapshot!(error("a = (select 1)"), @"");
    insta::assert_snapshot!(error("exists (select 1)"), @"");
    insta::assert_snapshot!(error("a in (select 1)"), @"");
    insta::assert_snapshot!(error("sum(a) > 3"), @"");
    insta::assert_snapshot!(error("count(*)"), @"");
    insta::assert_snapshot!(error("sum(distinct a)"), @"");
    insta::assert_snapshot!(error("abs(a) over ()"), @"");
    insta::assert_snapshot!(error("abs(distinct a)"), @"");
    insta::assert_snapshot!(error("a = ?"), @"");
    insta::assert_snapshot!(error("a = $1"), @"");
    insta::assert_snapshot!(error("a = :name"), @"");
    insta::assert_snapshot!(error("cast(a as text)"), @"");
    insta::assert_snapshot!(error("a::text"), @"");
    insta::assert_snapshot!(error("(a, b) = (1, 2)"), @"");
    insta::assert_snapshot!(error("s similar to 'x'"), @"");
    insta::assert_snapshot!(error("s ~ 'x'"), @"");
    insta::assert_snapshot!(error("a & 1"), @"");
    insta::assert_snapshot!(error("a ^ 2"), @"");
    insta::assert_snapshot!(error("~a"), @"");
    insta::assert_snapshot!(error("s = x'00'"), @"");
    insta::assert_snapshot!(error("a is distinct from b"), @"");
    insta::assert_snapshot!(error("extract(year from d)"), @"");
    insta::assert_snapshot!(error("d > interval '1' day"), @"");
    insta::assert_snapshot!(error("a[1]"), @"");
    insta::assert_snapshot!(error("current_date"), @"");
    insta::assert_snapshot!(error("position('a' in s)"), @"");
    insta::assert_snapshot!(error("s collate \"de\""), @"");
}

#[test]
fn dates_that_cannot_be_evaluated() {
    insta::assert_snapshot!(error("d"), @"");
    insta::assert_snapshot!(error("a = 1 and case when d > date '2020-01-01' then p end"), @"");
    insta::assert_snapshot!(error("case when p then d end = date '2020-01-01'"), @"");
    insta::assert_snapshot!(error("(d < e) = p"), @"");
    insta::assert_snapshot!(error("(d < e) is null"), @"");
    let filter = parse("d < e").unwrap();
    insta::assert_snapshot!(filter.values().unwrap_err(), @"");
    assert!(filter.predicate().is_ok());
}

#[test]
fn values_in_the_wrong_place() {
    insta::assert_snapshot!(parse("a + 1").unwrap().predicate().unwrap_err(), @"");
    insta::assert_snapshot!(parse("s").unwrap().predicate().unwrap_err(), @"");
}

#[test]
fn types_of_what_is_given() {
    for (text, expected) in [
        ("a", ColumnType::Long),
        ("a + 1", ColumnType::Long),
        ("a / 2", ColumnType::Long),
        ("a + 1.0", ColumnType::Double),
        ("a + null", ColumnType::Long),
        ("sqrt(4)", ColumnType::Double),
        ("floor(x)", ColumnType::Double),
        ("floor(a)", ColumnType::Long),
        ("round(x)", ColumnType::Double),
        ("coalesce(a, x)", ColumnType::Double),
        ("case when p then null else 1 end", ColumnType::Long),
        ("s || 'x'", ColumnType::Text),
        ("a = 1", ColumnType::Boolean),
        ("null = 1", ColumnType::Boolean),
        ("1e0", ColumnType::Double),
    ] {
        assert_eq!(parse(text).unwrap().returns(), expected, "{text}");
    }
}

/// Refused or taken, but neither slow nor deep: a test's thread has 2 MiB of stack.
#[test]
fn long_and_deep_expressions_end() {
    let chain = |part: &str, times: usize| vec!["a = 1"; times].join(part);
    insta::assert_snapshot!(error(&chain(" or ", 5000)), @"");
    insta::assert_snapshot!(error(&format!("{}a", "(".repeat(10_000))), @"");
    insta::assert_snapshot!(error(&"a+".repeat(8000)), @"");
    insta::assert_snapshot!(error(&format!("a{}", "+a".repeat(2048))), @"");
    insta::assert_snapshot!(error(&format!("{}a{}", "(".repeat(33), ")".repeat(33))), @"");
    insta::assert_snapshot!(error(&format!("{}p", "not ".repeat(4000))), @"");
    insta::assert_snapshot!(error(&format!("{}a", "- ".repeat(4000))), @"");
    insta::assert_snapshot!(error(&format!("p{}", " is null".repeat(2000))), @"");
    insta::assert_snapshot!(error(&format!("p{}", " is true".repeat(2000))), @"");
    insta::assert_snapshot!(error(&format!("a{}", "-a".repeat(2000))), @"");
    insta::assert_snapshot!(error(&format!("a{}", "::int".repeat(2000))), @"");
    insta::assert_snapshot!(error(&format!("a{}", "[1]".repeat(1300))), @"");
    insta::assert_snapshot!(error(&format!("s{}", " collate x".repeat(1500))), @"");
    insta::assert_snapshot!(error(&format!("case {} end", "when p then 1 ".repeat(800))), @"");
    insta::assert_snapshot!(error(&format!("({}) in (1{})", chain(" + ", 1).replace("a = 1", &vec!["a"; 300].join("+")), ",1".repeat(300))), @"");
    let equal = (0..25).fold("p".to_owned(), |inner, _| format!("({inner} and q) = q"));
    insta::assert_snapshot!(error(&equal), @"");
    assert!(parse(&chain(" or ", 700)).is_ok());
    assert!(parse(&vec!["p"; 2000].join(" or ")).is_ok());
    assert!(parse(&format!("a{}", "+a".repeat(2000))).is_ok());
    assert!(parse(&format!("a in (0{})", ",1".repeat(2000))).is_ok());
    assert!(parse(&format!("{}a{}", "(".repeat(28), ")".repeat(28))).is_ok());
    assert!(Expression::parse(&"x".repeat(17_000), &TestColumns).is_err());
}

/// The parser tries again what it could not read, which may not multiply.
#[test]
fn the_parser_ends_soon() {
    for opening in [
        "(",
        "not ",
        "- ",
        "case ",
        "case when ",
        "case when p then ",
        "cast(",
        "trim(",
        "left(",
        "substring(",
        "interval ",
        "date ",
        "extract(",
        "exists(",
        "array[",
        "struct(",
        "position(",
        "a in (",
        "a between ",
        "[",
        "{",
        "x -> ",
        "(x, y) -> ",
        "select ",
        "(select ",
        "f(x => ",
        "prior ",
        "convert(",
        "overlay(",
        "ceil(",
        "all(",
        "any(",
        "a = any(",
        "map {",
        "unnest(",
        "match (",
        "listagg(",
        "distinct ",
        "a[",
        "a.",
        "row(",
        "values (",
        "with x as (",
        "try_cast(",
        "grouping sets(",
        "timestamp ",
        "coalesce(case ",
        "not case ",
        "(case ",
        "(not ",
    ] {
        let started = std::time::Instant::now();
        for closing in ["", ")", " end", "1", "a"] {
            let text = format!("{}{closing}", opening.repeat(4000 / opening.len()));
            assert!(parse(&text).is_err(), "{opening}");
            let text = format!("{}{closing}", opening.repeat(24));
            let _ = parse(&text);
        }
        let took = started.elapsed();
        assert!(took.as_secs() < 5, "`{opening}` took {took:?}");
    }
}
