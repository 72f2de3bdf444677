//! What is refused, and the words of the errors.

use std::time::{Duration, Instant};

use super::index::{parse, scope};
use crate::expression::{ColumnType, Columns, Expression};

/// The error that an expression is refused with.
fn error(text: &str) -> String {
    match parse(text) {
        Ok(_) => panic!("`{text}` was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn rejects_text_that_is_not_an_expression() {
    insta::assert_snapshot!(error(""), @"expression, column 1: expected: an expression, found the end");
    insta::assert_snapshot!(error("a +"), @"expression, column 4: expected: an expression, found the end");
    insta::assert_snapshot!(error("a b"), @"expression, column 3: unexpected `b` after the expression: join the two with an operator");
    insta::assert_snapshot!(error("a > 1; drop table t"), @"expression, column 6: unexpected `;` after the expression: join the two with an operator");
    insta::assert_snapshot!(error("a > 1,"), @"expression, column 6: unexpected `,` after the expression: join the two with an operator");
    insta::assert_snapshot!(error("(a > 1"), @"expression, column 7: expected: ), found the end");
    insta::assert_snapshot!(error("a > 1)"), @"expression, column 6: unexpected `)` after the expression: join the two with an operator");
    insta::assert_snapshot!(error("s = 'open"), @"expression, column 5: unterminated string literal");
    insta::assert_snapshot!(error("s = \"open"), @r#"expression, column 5: expected close delimiter '"' before EOF"#);
    insta::assert_snapshot!(error("a >\n  and b"), @"expression, line 2, column 7: unexpected `b` after the expression: join the two with an operator");
    insta::assert_snapshot!(error("case when p then 1"), @"expression, column 19: expected: END, found the end");
    insta::assert_snapshot!(error("a in ()"), @"expression, column 7: expected: an expression, found: )");
    insta::assert_snapshot!(error("select a from t"), @"expression, column 8: unexpected `a` after the expression: join the two with an operator");
    insta::assert_snapshot!(error("5 # 3"), @"expression, column 3: `#` is not supported: use `+ - * / % || = <> < <= > >= ~ and or not`, `is null`, `is true`, `is false`, `is distinct from`, `between`, `in`, `like`, `ilike`, `case` and `cast`");
    insta::assert_snapshot!(error("a << 1"), @"expression, column 3: `<<` is not supported: use `+ - * / % || = <> < <= > >= ~ and or not`, `is null`, `is true`, `is false`, `is distinct from`, `between`, `in`, `like`, `ilike`, `case` and `cast`");
    insta::assert_snapshot!(error("@ a"), @"expression, column 1: `@` is not supported: write `abs(x)`");
    insta::assert_snapshot!(error("x'1F' = 31"), @"expression, column 1: `X'1F'` is not a supported literal: write numbers as `1` or `1.5`, and strings as `'it''s'`");
    insta::assert_snapshot!(error("1_ + 2"), @"expression, column 2: unexpected `_` after the expression: join the two with an operator");
    insta::assert_snapshot!(error("a as b"), @"expression, column 3: unexpected `as` after the expression: join the two with an operator");
    insta::assert_snapshot!(error("*"), @"expression, column 1: expected: an expression, found: *");
    insta::assert_snapshot!(error("\u{0}"), @"expression, column 1: expected: an expression, found: �");
}

#[test]
fn rejects_unknown_names_with_the_nearest_known_one() {
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
        Expression::parse(text, scope(&Few(count)))
            .expect_err("it is refused")
            .to_string()
    };
    insta::assert_snapshot!(error("a = 1 and prize > 3"), @"expression, column 11: unknown column `prize`: did you mean `price`?");
    insta::assert_snapshot!(error("Price > 3"), @"expression, column 1: unknown column `Price`: did you mean `price`?");
    insta::assert_snapshot!(error("seller.prise > 3"), @"expression, column 1: unknown column `seller.prise`: did you mean `seller.price`?");
    insta::assert_snapshot!(error("\"major genre\" = 'x'"), @"expression, column 1: unknown column `major genre`: did you mean `Major Genre`?");
    insta::assert_snapshot!(error("a +\n zebra"), @"expression, line 2, column 2: unknown column `zebra`: the columns are `Major Genre`, `a`, `b`, `d`, `discount`, `e`, `late_date`, `late_double`, `late_flag`, `late_long`, `late_text`, `p`, `price`, `q`, `rating`, `s`, `seller.price`, `t`, `title`, `x` and 1 more");
    insta::assert_snapshot!(of_few(0, "zebra"), @"expression, column 1: unknown column `zebra`: the index has no columns");
    insta::assert_snapshot!(of_few(2, "zebra"), @"expression, column 1: unknown column `zebra`: the columns are `column_0`, `column_1`");
    insta::assert_snapshot!(of_few(0, "1 = \"INFO\""), @"expression, column 5: unknown column `INFO`: the index has no columns; a string is written 'INFO'");
    insta::assert_snapshot!(of_few(0, "1 in (INFO)"), @"expression, column 7: unknown column `INFO`: the index has no columns; a string is written 'INFO'");
    insta::assert_snapshot!(of_few(30, "zebra"), @"expression, column 1: unknown column `zebra`: the columns are `column_0`, `column_1`, `column_10`, `column_11`, `column_12`, `column_13`, `column_14`, `column_15`, `column_16`, `column_17`, `column_18`, `column_19`, `column_2`, `column_20`, `column_21`, `column_22`, `column_23`, `column_24`, `column_25`, `column_26` and 10 more");
    insta::assert_snapshot!(error("1 + sqr(a)"), @"expression, column 5: unknown function `sqr`: did you mean `sqrt`?");
    insta::assert_snapshot!(error("lengt(s) > 1"), @"expression, column 1: unknown function `lengt`: did you mean `length`?");
    insta::assert_snapshot!(error("zebra(s) > 1"), @"expression, column 1: unknown function `zebra`: the functions are `abs`, `acos`, `acosh`, `asin`, `asinh`, `atan`, `atan2`, `atanh`, `btrim`, `cbrt`, `ceil`, `ceiling`, `char_length`, `character_length`, `coalesce`, `concat`, `cos`, `cosh`, `cot`, `current_date` and 52 more");
    insta::assert_snapshot!(error("my.sqrt(a)"), @"expression, column 1: unknown function `my.sqrt`: did you mean `sqrt`?");
}

#[test]
fn rejects_arguments_that_do_not_fit() {
    insta::assert_snapshot!(error("sqrt()"), @"expression, column 1: `sqrt` takes 1 argument, but has 0");
    insta::assert_snapshot!(error("sqrt(a, b)"), @"expression, column 1: `sqrt` takes 1 argument, but has 2");
    insta::assert_snapshot!(error("round(a, 1, 2)"), @"expression, column 1: `round` takes 1 or 2 arguments, but has 3");
    insta::assert_snapshot!(error("coalesce()"), @"expression, column 1: `coalesce` takes at least 1 argument, but has 0");
    insta::assert_snapshot!(error("max(a)"), @"expression, column 1: `max` takes at least 2 arguments, but has 1");
    insta::assert_snapshot!(error("round(x, a)"), @"expression, column 10: `round` takes its number of decimal places as a literal from -300 to 300");
    insta::assert_snapshot!(error("trim(a)"), @"expression, column 6: `a` is a number, but `trim` takes a string");
    insta::assert_snapshot!(error("s like t"), @"expression, column 8: `like` takes its pattern as a literal string");
    insta::assert_snapshot!(error("s like 'a\\'"), @r#"expression, column 8: the pattern ends in `\`, which escapes nothing: double it"#);
    insta::assert_snapshot!(error("s like 'a' escape 'ab'"), @"expression, column 19: `escape` takes one character, such as `'!'`");
    insta::assert_snapshot!(error("s like any ('a')"), @"expression, column 1: `any` and `all` are not supported: join comparisons by `or` or `and`");
    insta::assert_snapshot!(error("regexp_like(s, '(a')"), @"expression, column 16: the pattern is not a valid regular expression: unclosed group");
    insta::assert_snapshot!(error("regexp_like(s, 'a', 'g')"), @"expression, column 21: the flags of `regexp_like` are `c`, `i`, `m`, `n`, `s` and `x`");
    insta::assert_snapshot!(error("regexp_like(s, t)"), @"expression, column 16: `regexp_like` takes its pattern as a literal string");
    insta::assert_snapshot!(error("regexp_like(s, '(a{1000}){1000}')"), @"expression, column 16: the pattern is not a valid regular expression: compiled regex exceeds size limit of 10485760 bytes");
    insta::assert_snapshot!(error("a = 1e999"), @"expression, column 5: the number is out of range: doubles go up to 1.7e308");
    insta::assert_snapshot!(error("d = date '2020-02-30'"), @"expression, column 10: `2020-02-30` is not a valid date: write it as `date '2020-01-31'`");
    insta::assert_snapshot!(error("d = timestamp 'noon'"), @"expression, column 15: `noon` is not a valid date: write it as `timestamp '2020-01-31 12:00:00'`");
    insta::assert_snapshot!(error("d = time '12:00'"), @"expression, column 10: literals of type `TIME` are not supported: write `date '2020-01-31'` or `timestamp '2020-01-31 12:00:00'`");
}

#[test]
fn types_that_do_not_fit() {
    insta::assert_snapshot!(error("title + 1"), @"expression, column 1: `title` is text, but `+` takes numbers");
    insta::assert_snapshot!(error("1 - upper(title)"), @"expression, column 5: this is text, but `-` takes numbers");
    insta::assert_snapshot!(error("-p"), @"expression, column 2: `p` is a boolean, but `-` takes numbers");
    insta::assert_snapshot!(error("p + 1"), @"expression, column 1: `p` is a boolean, but `+` takes numbers");
    insta::assert_snapshot!(error("sqrt(s)"), @"expression, column 6: `s` is text, but `sqrt` takes numbers");
    insta::assert_snapshot!(error("greatest(a, s)"), @"expression, column 13: `s` is text, but `greatest` gives a number before: its values must be of one type");
    insta::assert_snapshot!(error("a || b"), @"expression, column 1: `a` is a number, but one side of `||` must be a string");
    insta::assert_snapshot!(error("upper(a)"), @"expression, column 7: `a` is a number, but `upper` takes a string");
    insta::assert_snapshot!(error("a and p"), @"expression, column 1: `a` is a number, but `and` takes booleans");
    insta::assert_snapshot!(error("not a"), @"expression, column 5: `a` is a number, but `not` takes a boolean");
    insta::assert_snapshot!(error("a is true"), @"expression, column 1: `a` is a number, but `is true` takes a boolean");
    insta::assert_snapshot!(error("s is not false"), @"expression, column 1: `s` is text, but `is not false` takes a boolean");
    insta::assert_snapshot!(error("a = '1'"), @"expression, column 1: `a` is a number, but `'1'`, to which `=` compares it, is text");
    insta::assert_snapshot!(error("p = 1"), @"expression, column 1: `p` is a boolean, but `1`, to which `=` compares it, is a number");
    insta::assert_snapshot!(error("p < q"), @"expression, column 1: `p` is a boolean, but `<` has no order of booleans: use `=` or `<>`");
    insta::assert_snapshot!(error("a in (1, 'x')"), @"expression, column 1: `a` is a number, but `'x'`, to which `in` compares it, is text");
    insta::assert_snapshot!(error("s between 1 and 2"), @"expression, column 1: `s` is text, but `1`, to which `between` compares it, is a number");
    insta::assert_snapshot!(error("case when a then 1 end"), @"expression, column 11: `a` is a number, but `when` takes a boolean");
    insta::assert_snapshot!(error("case when p then 1 else 'x' end"), @"expression, column 25: `'x'` is text, but `case` gives a number before: its values must be of one type");
    insta::assert_snapshot!(error("case s when 1 then 1 end"), @"expression, column 6: `s` is text, but `1`, to which `case` compares it, is a number");
    insta::assert_snapshot!(error("coalesce(a, s)"), @"expression, column 13: `s` is text, but `coalesce` gives a number before: its values must be of one type");
    insta::assert_snapshot!(error("nullif(a, s)"), @"expression, column 8: `a` is a number, but `s`, to which `nullif` compares it, is text");
    insta::assert_snapshot!(error("a like 'x'"), @"expression, column 1: `a` is a number, but `like` takes a string");
    insta::assert_snapshot!(error("d + 1"), @"expression, column 5: `1` is a number, but `+` adds an interval to a date: write `interval '1 day'`");
    insta::assert_snapshot!(error("d + e"), @"expression, column 5: `e` is a date, but `+` adds no dates: subtract them for the time between them");
    insta::assert_snapshot!(error("1 + d"), @"expression, column 1: `1` is a number, but `+` adds an interval to a date: write `interval '1 day'`");
    insta::assert_snapshot!(error("d - 1.5"), @"expression, column 5: `1.5` is a number, but `-` takes an interval or a date from a date: write `interval '1 day'`");
    insta::assert_snapshot!(error("d * 2"), @"expression, column 5: `2` is a number, but `*` does not take a date beside it");
    insta::assert_snapshot!(error("d + interval '1 moon'"), @"expression, column 14: `1 moon` is not a valid interval: write it as `interval '1 month'` or `interval '2 days 03:04:05'`");
    insta::assert_snapshot!(error("d + 'soon'"), @"expression, column 5: `soon` is not a valid interval: write it as `interval '1 month'` or `interval '2 days 03:04:05'`");
    insta::assert_snapshot!(error("e - d"), @"expression, column 1: no value of a document is an interval: write `extract(epoch from …)` for its seconds");
    insta::assert_snapshot!(error("e - d > 1"), @"expression, column 1: this is an interval, but `1`, to which `>` compares it, is a number");
    insta::assert_snapshot!(error("cast(a as date)"), @"expression, column 6: `a` is a number, but it cannot be cast to `date`: write `to_timestamp(seconds)`");
    insta::assert_snapshot!(error("d::bigint"), @"expression, column 1: `d` is a date, but it cannot be cast to `bigint`: write `extract(epoch from …)` for its seconds");
    insta::assert_snapshot!(error("a::numeric"), @"expression, column 1: casts to `numeric` are not supported: cast to `bigint`, `integer`, `double precision`, `text`, `boolean`, `timestamp`, `date` or `interval`");
    insta::assert_snapshot!(error("extract(yaer from d)"), @"expression, column 9: `extract` knows no field `yaer`: did you mean `year`?");
    insta::assert_snapshot!(error("date_trunc('mont', d)"), @"expression, column 12: `date_trunc` knows no field `mont`: did you mean `month`?");
    insta::assert_snapshot!(error("date_trunc('dow', d)"), @"expression, column 12: `date_trunc` cuts to a unit of time, such as `'month'`");
    insta::assert_snapshot!(error("extract(year from a)"), @"expression, column 19: `a` is a number, but `extract` takes a date or an interval");
    insta::assert_snapshot!(error("left(s, 2.5)"), @"expression, column 9: `2.5` is a number, but `left` takes a whole number");
    insta::assert_snapshot!(error("replace(s, 'a')"), @"expression, column 1: `replace` takes 3 arguments, but has 2");
    insta::assert_snapshot!(error("now(1)"), @"expression, column 1: `now` takes no arguments, but has 1");
    insta::assert_snapshot!(error("position('a', s)"), @"expression, column 1: unknown function `position`: did you mean `position(part in text)`?");
    insta::assert_snapshot!(error("s ~ t"), @"expression, column 5: `~` takes its pattern as a literal string");
    insta::assert_snapshot!(error("s ~ '('"), @"expression, column 5: the pattern is not a valid regular expression: unclosed group");
    insta::assert_snapshot!(error("d at time zone 'UTC'"), @"expression, column 1: time zones are not supported: dates are in UTC: add an interval, such as `interval '2 hours'`");
    insta::assert_snapshot!(error("null"), @"expression, column 1: the expression is null in every document: name a column");
    insta::assert_snapshot!(error("coalesce(null, null)"), @"expression, column 1: the expression is null in every document: name a column");
}

#[test]
fn rejects_unsupported_sql_with_an_alternative() {
    insta::assert_snapshot!(error("a = (select 1)"), @"expression, column 6: subqueries are not supported: an expression sees one document's columns only");
    insta::assert_snapshot!(error("exists (select 1)"), @"expression, column 9: subqueries are not supported: an expression sees one document's columns only");
    insta::assert_snapshot!(error("a in (select 1)"), @"expression, column 1: subqueries are not supported: an expression sees one document's columns only");
    insta::assert_snapshot!(error("sum(a) > 3"), @"expression, column 1: `sum` is an aggregate function: an expression sees one document's columns only: use an aggregation");
    insta::assert_snapshot!(error("count(*)"), @"expression, column 1: `count` is an aggregate function: an expression sees one document's columns only: use an aggregation");
    insta::assert_snapshot!(error("sum(distinct a)"), @"expression, column 1: `sum` is an aggregate function: an expression sees one document's columns only: use an aggregation");
    insta::assert_snapshot!(error("abs(a) over ()"), @"expression, column 1: window functions are not supported: an expression sees one document's columns only");
    insta::assert_snapshot!(error("abs(distinct a)"), @"expression, column 1: this form of `abs` is not supported: call `abs(…)` with plain values");
    insta::assert_snapshot!(error("a = ?"), @"expression, column 5: parameters such as `?` are not supported: write the value itself");
    insta::assert_snapshot!(error("a = $1"), @"expression, column 5: parameters such as `$1` are not supported: write the value itself");
    insta::assert_snapshot!(error("a = :name"), @"expression, column 5: parameters such as `:name` are not supported: write the value itself");
    insta::assert_snapshot!(error("(a, b) = (1, 2)"), @"expression, column 2: lists are supported after `in` only: write one value");
    insta::assert_snapshot!(error("s similar to 'x'"), @"expression, column 1: this operator is not supported: call `regexp_like(text, 'pattern')`");
    insta::assert_snapshot!(error("a & 1"), @"expression, column 1: the operator `&` is not supported: use `+ - * / % || = <> < <= > >= ~ and or not`, `is null`, `is true`, `is false`, `is distinct from`, `between`, `in`, `like`, `ilike`, `case` and `cast`");
    insta::assert_snapshot!(error("a ^ 2"), @"expression, column 1: the operator `^` is not supported: use `+ - * / % || = <> < <= > >= ~ and or not`, `is null`, `is true`, `is false`, `is distinct from`, `between`, `in`, `like`, `ilike`, `case` and `cast`");
    insta::assert_snapshot!(error("~a"), @"expression, column 2: this part of SQL is not supported: use `+ - * / % || = <> < <= > >= ~ and or not`, `is null`, `is true`, `is false`, `is distinct from`, `between`, `in`, `like`, `ilike`, `case` and `cast`");
    insta::assert_snapshot!(error("s = x'00'"), @"expression, column 5: `X'00'` is not a supported literal: write numbers as `1` or `1.5`, and strings as `'it''s'`");
    insta::assert_snapshot!(error("a is distinct from p and p"), @"expression, column 1: `is distinct from` before `and` or `or` needs parentheses: write `(a is distinct from b) and c`");
    insta::assert_snapshot!(error("a == 1"), @"expression, column 3: `==` is not supported: write `=`");
    insta::assert_snapshot!(error("a === 1"), @"expression, column 3: `==` is not supported: write `=`");
    insta::assert_snapshot!(error("a = 1 && p"), @"expression, column 7: `&&` is not supported: write `and`");
    insta::assert_snapshot!(error("a[1]"), @"expression, column 1: this part of SQL is not supported: use `+ - * / % || = <> < <= > >= ~ and or not`, `is null`, `is true`, `is false`, `is distinct from`, `between`, `in`, `like`, `ilike`, `case` and `cast`");
    insta::assert_snapshot!(error("s collate \"de\""), @"expression, column 1: this part of SQL is not supported: use `+ - * / % || = <> < <= > >= ~ and or not`, `is null`, `is true`, `is false`, `is distinct from`, `between`, `in`, `like`, `ilike`, `case` and `cast`");
}

#[test]
fn rejects_invalid_dates_with_their_position() {
    insta::assert_snapshot!(error("d > '2020-02-30'"), @"expression, column 5: `2020-02-30` is not a valid date: write it as `2020-01-31`");
    insta::assert_snapshot!(error("d > date '20-1-1'"), @"expression, column 10: `20-1-1` is not a valid date: write it as `date '2020-01-31'`");
    insta::assert_snapshot!(error("a = 1 or 9223372036854775807 > d"), @"expression, column 10: 9223372036854775807 milliseconds since 1970 is out of the range of dates");
    insta::assert_snapshot!(error("d > s"), @"expression, column 5: `s` is text, but `d`, to which `>` compares it, is a date: write `'2020-01-31'` or `timestamp '2020-01-31 12:00:00'`");
    insta::assert_snapshot!(error("d > 1.5"), @"expression, column 5: `1.5` is a number, but `d`, to which `>` compares it, is a date: write `'2020-01-31'` or `timestamp '2020-01-31 12:00:00'`");
}

#[test]
fn rejects_an_expression_of_the_wrong_type_for_its_place() {
    insta::assert_snapshot!(parse("a + 1").expect("an expression").predicate().expect_err("it is refused"), @"expression: it gives a number, but a filter takes a boolean, such as a comparison");
    insta::assert_snapshot!(parse("s").expect("an expression").predicate().expect_err("it is refused"), @"expression: it gives text, but a filter takes a boolean, such as a comparison");
}

#[test]
fn expressions_have_the_types_of_sql() {
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
        ("d", ColumnType::Date),
        ("greatest(d, e)", ColumnType::Date),
        ("a = 1", ColumnType::Boolean),
        ("null = 1", ColumnType::Boolean),
        ("1e0", ColumnType::Double),
        ("d + interval '1 day'", ColumnType::Date),
        ("d::date", ColumnType::Date),
        ("d::date - date '2020-01-01'", ColumnType::Long),
        ("extract(year from d)", ColumnType::Double),
        ("strpos(s, 'a')", ColumnType::Long),
        ("a::text", ColumnType::Text),
    ] {
        assert_eq!(
            parse(text).expect("an expression").returns(),
            expected,
            "{text}"
        );
    }
}

/// Refused or taken, but neither slow nor deep: a test's thread has 2 MiB of stack.
#[test]
fn long_and_deep_expressions_are_bounded() {
    let chain = |part: &str, times: usize| vec!["a = 1"; times].join(part);
    insta::assert_snapshot!(error(&chain(" or ", 5000)), @"expression: it has 44996 bytes, but at most 16384 are allowed: shorten it");
    insta::assert_snapshot!(error(&format!("{}a", "(".repeat(10_000))), @"expression, column 33: it is nested more than 32 levels deep: flatten it");
    insta::assert_snapshot!(error(&"a+".repeat(8000)), @"expression: it has 16000 words and signs, but at most 4096 are allowed: shorten it");
    insta::assert_snapshot!(error(&format!("a{}", "+a".repeat(2048))), @"expression: it has 4097 words and signs, but at most 4096 are allowed: shorten it");
    insta::assert_snapshot!(error(&format!("{}a{}", "(".repeat(33), ")".repeat(33))), @"expression, column 33: it is nested more than 32 levels deep: flatten it");
    insta::assert_snapshot!(error(&format!("{}p", "not ".repeat(4000))), @"expression, column 1: it is nested more than 64 levels deep: flatten it");
    insta::assert_snapshot!(error(&format!("{}a", "- ".repeat(4000))), @"expression, column 127: it is nested more than 64 levels deep: flatten it");
    insta::assert_snapshot!(error(&format!("p{}", " is null".repeat(2000))), @"expression, column 1: it is nested more than 64 levels deep: flatten it");
    insta::assert_snapshot!(error(&format!("p{}", " is true".repeat(2000))), @"expression, column 1: it is nested more than 64 levels deep: flatten it");
    insta::assert_snapshot!(error(&format!("a{}", "-a".repeat(2000))), @"expression, column 259: it is nested more than 128 levels deep: flatten it");
    insta::assert_snapshot!(error(&format!("a{}", "::int".repeat(2000))), @"expression, column 1: it is nested more than 64 levels deep: flatten it");
    insta::assert_snapshot!(error(&format!("a{}", "[1]".repeat(1300))), @"expression, column 1: this part of SQL is not supported: use `+ - * / % || = <> < <= > >= ~ and or not`, `is null`, `is true`, `is false`, `is distinct from`, `between`, `in`, `like`, `ilike`, `case` and `cast`");
    insta::assert_snapshot!(error(&format!("s{}", " collate x".repeat(1500))), @"expression, column 13: unexpected `collate` after the expression: join the two with an operator");
    assert!(
        parse(&format!(
            "({}) in (1{})",
            vec!["a"; 300].join("+"),
            ",1".repeat(300)
        ))
        .is_ok()
    );
    let equal = (0..25).fold("p".to_owned(), |inner, _| format!("({inner} and q) = q"));
    assert!(parse(&equal).is_ok());
    let nested = (0..30).fold("a".to_owned(), |inner, _| format!("a / ({inner})"));
    assert!(parse(&nested).is_ok());
    let chains = (0..20).fold("a".to_owned(), |inner, _| {
        format!("({inner}){}", "-a".repeat(20))
    });
    insta::assert_snapshot!(error(&chains), @"expression, column 21: it is nested more than 256 levels deep: flatten it");
    assert!(parse(&format!("case {} end", "when p then 1 ".repeat(800))).is_ok());
    assert!(parse(&chain(" or ", 700)).is_ok());
    assert!(parse(&vec!["p"; 2000].join(" or ")).is_ok());
    assert!(parse(&format!("a{}", "+a".repeat(2000))).is_ok());
    assert!(parse(&format!("a in (0{})", ",1".repeat(2000))).is_ok());
    assert!(parse(&format!("{}a{}", "(".repeat(28), ")".repeat(28))).is_ok());
    assert!(parse(&"x".repeat(17_000)).is_err());
}

/// The parser tries again what it could not read, which may not multiply.
#[test]
fn the_parser_never_backtracks_for_long() {
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
        let started = Instant::now();
        for closing in ["", ")", " end", "1", "a"] {
            let text = format!("{}{closing}", opening.repeat(4000 / opening.len()));
            assert!(parse(&text).is_err(), "{opening}");
            let text = format!("{}{closing}", opening.repeat(24));
            let _ = parse(&text);
        }
        let took = started.elapsed();
        assert!(took < Duration::from_secs(5), "`{opening}` took {took:?}");
    }
}
