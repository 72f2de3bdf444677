//! Expressions, documents, and the values that come out.

use super::index::{Cell, Row, Rows, parse};

fn row<const N: usize>(cells: [(&'static str, Cell); N]) -> Row {
    Row::from(cells.map(|(path, cell)| (path, vec![cell])))
}

fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Four documents, the last of which is empty.
fn rows() -> Rows {
    let rows = [
        row([
            ("a", Cell::Long(7)),
            ("b", Cell::Long(2)),
            ("x", Cell::Double(2.5)),
            ("y", Cell::Double(-0.5)),
            ("p", Cell::Boolean(true)),
            ("q", Cell::Boolean(false)),
            ("s", text("Éclair au café")),
            ("t", text("  padded ")),
            ("d", Cell::Date(DAY)),
            ("e", Cell::Date(2 * DAY)),
            ("Major Genre", text("Drama")),
            ("seller.price", Cell::Double(10.0)),
        ]),
        row([
            ("a", Cell::Long(-7)),
            ("b", Cell::Long(0)),
            ("x", Cell::Double(-4.0)),
            ("p", Cell::Boolean(false)),
            ("s", text("it's 100%")),
            ("d", Cell::Date(-DAY)),
            ("e", Cell::Date(-DAY)),
            ("Major Genre", text("Comedy")),
        ]),
        row([
            ("a", Cell::Long(1)),
            ("y", Cell::Double(1e200)),
            ("q", Cell::Boolean(true)),
            ("t", text("")),
            ("e", Cell::Date(0)),
            ("seller.price", Cell::Double(0.5)),
        ]),
        row([]),
    ];
    Rows::new(&rows, 2)
}

/// The documents that a filter keeps.
fn kept(rows: &Rows, expression: &str) -> String {
    let parsed = parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let digits = rows.kept(&parsed).into_iter().enumerate();
    digits
        .filter(|(_, kept)| *kept)
        .map(|(number, _)| number.to_string())
        .collect()
}

#[test]
fn filters_keep_what_is_true() {
    let rows = rows();
    for (expression, expected) in [
        // Comparisons.
        ("a = 7", "0"),
        ("a <> 7", "12"),
        ("a != 7", "12"),
        ("a < 1", "1"),
        ("a <= 1", "12"),
        ("a > 1", "0"),
        ("1 >= a", "12"),
        ("a = 7.0", "0"),
        ("a < x", "1"),
        ("x = -4", "1"),
        ("x > 2", "0"),
        ("s = 'it''s 100%'", "1"),
        ("s < 'j'", "1"),
        ("p = q", ""),
        ("p <> q", "0"),
        ("\"Major Genre\" = 'Drama'", "0"),
        ("seller.price >= 0.5", "02"),
        ("a + b > 8 AND NOT p IS NULL", "0"),
        // Three truth values.
        ("p", "0"),
        ("not p", "1"),
        ("p and q", ""),
        ("not (p and q)", "01"),
        ("p or q", "02"),
        ("not (p or q)", ""),
        ("(p and q) is null", "23"),
        ("(p or q) is null", "13"),
        ("(p and q) is not null", "01"),
        ("(p and q) = false", "01"),
        ("p is true", "0"),
        ("p is not true", "123"),
        ("p is false", "1"),
        ("p is not false", "023"),
        ("p is unknown", "23"),
        ("p is not unknown", "01"),
        ("b is null", "23"),
        ("b is not null", "01"),
        ("a = null", ""),
        ("not (a = null)", ""),
        ("(a = null) is null", "0123"),
        ("null is null", "0123"),
        ("not (a = 7 and null)", "12"),
        ("a = 7 or null", "0"),
        ("not (b = 2)", "1"),
        ("not not b = 2", "0"),
        // In and between.
        ("a in (1, 7)", "02"),
        ("a in (1, null)", "2"),
        ("a not in (1, 7)", "1"),
        ("a not in (1, null)", ""),
        ("(a in (1, null)) is null", "013"),
        ("a in (b, 7)", "0"),
        ("\"Major Genre\" in ('Drama', 'Horror')", "0"),
        ("a between 1 and 7", "02"),
        ("a not between 1 and 7", "1"),
        ("a between null and 0", ""),
        ("a not between null and 0", "02"),
        // Patterns.
        ("s like '%caf_'", "0"),
        ("s like 'É%'", "0"),
        ("s like 'é%'", ""),
        ("s ilike 'é%'", "0"),
        ("s not like '%café'", "1"),
        ("s like '%0\\%'", "1"),
        ("s like '%0!%' escape '!'", "1"),
        ("s like '%\\%' escape ''", ""),
        ("t like ''", "2"),
        ("s like '.*'", ""),
        ("s like null", ""),
        ("regexp_like(s, '^it.s')", "1"),
        ("regexp_like(s, 'CAFÉ', 'i')", "0"),
        ("not regexp_like(s, 'x')", "01"),
        // A line end is a character, unless the flags say otherwise.
        ("regexp_like('a\n\nb', '^a.*b$')", "0123"),
        ("regexp_like('a\n\nb', '^a.*b$', 'n')", ""),
        ("regexp_like('a\nb', '^b$')", ""),
        ("regexp_like('a\nb', '^b$', 'm')", "0123"),
        ("regexp_like('a\nb', 'a[^x]b', 's')", "0123"),
        ("regexp_like('a\nb', 'a[^x]b', 'n')", ""),
        ("regexp_like('a-b', 'a[^]x]b', 'n')", "0123"),
        ("regexp_like('a]b', 'a[^]x]b', 'n')", ""),
        ("regexp_like('A', 'a', 'ic')", ""),
        ("a is distinct from 7", "123"),
        ("a is not distinct from null", "3"),
        ("(b is distinct from null) and p", "0"),
        ("late_long is distinct from a", "012"),
        ("regexp_like(s, 'x') is null", "23"),
        // Arithmetic that cannot be done is null.
        ("a / b = 3", "0"),
        ("a / b is null", "123"),
        ("sqrt(x) is null", "123"),
        ("a / 0 is null", "0123"),
        ("y * y > 1", ""),
        ("not y * y > 1", "0"),
        ("y * y is null", "123"),
        ("1 / (y * y) >= 0", "0"),
        ("nullif(y * y, 0) is null", "123"),
        // Longs are compared to doubles as they are.
        ("a + 9007199254740992 = 0 * y + 9007199254740992.0", ""),
        ("a + 9007199254740992 > 0 * y + 9007199254740992.0", "02"),
        (
            "0 * y + 9223372036854775808.0 > a + 9223372036854775800",
            "02",
        ),
        ("a + 9007199254740992 = 9007199254740992.0", ""),
        ("a + 9007199254740992 > 9007199254740992.0", "02"),
        ("a > 0.5", "02"),
        ("0.5 >= a", "1"),
        ("a <= 6.5", "12"),
        ("a = 1.5", ""),
        ("a <> 1.5", "012"),
        ("a not in (1.5, 7.0)", "12"),
        ("a < 9223372036854775808", "012"),
        ("a > 9223372036854775808", ""),
        ("a >= -1e19", "012"),
        ("not a < -1e19", "012"),
        ("a = 1e19", ""),
        ("(a = 1e19) is null", "3"),
        // Case, and what is made of it.
        ("case when p then a = 7 when q then true end", "02"),
        ("not case when p then a <> 7 when q then false end", "02"),
        (
            "case a when 7 then 'seven' when 1 then 'one' end = 'one'",
            "2",
        ),
        ("coalesce(p, q)", "02"),
        ("not coalesce(p, q, false)", "13"),
        ("nullif(a, 7) is null", "03"),
        // Dates.
        ("d + interval '1 month' = '1970-02-02'", "0"),
        (
            "d + interval '1' month - interval '1 day' < '1970-02-01'",
            "1",
        ),
        ("d - '1 day'::interval = '1970-01-01'", "0"),
        ("d + '1 day' = e", "0"),
        ("e - d = interval '24 hours'", "0"),
        ("e - d >= '0 days'", "01"),
        ("e - date '1970-01-01' > interval '1 day'", "0"),
        ("interval '12 hours' * 2 + d = e", "0"),
        ("-interval '1 day' + e = d", "0"),
        ("interval '1 month' = interval '30 days'", "0123"),
        ("interval '1 day' < interval '25 hours'", "0123"),
        ("d::date + 1 = e::date", "0"),
        ("e::date - d::date = 1", "0"),
        ("date '2024-03-01' - date '2024-02-01' = 29", "0123"),
        ("date '2024-01-31 20:00' = date '2024-01-31'", "0123"),
        ("timestamp '2024-01-31 20:00'::date = '2024-01-31'", "0123"),
        ("d < now()", "01"),
        ("now() - interval '12 hours' = current_date", "0123"),
        (
            "now() = current_timestamp and now() = localtimestamp",
            "0123",
        ),
        ("now() + interval '1 year' = '2025-02-28T12:00'", "0123"),
        ("extract(year from d) = 1969", "1"),
        ("extract('dow' from d) = 5", "0"),
        ("date_part('day', d) = extract(day from d)", "01"),
        ("extract(epoch from e - d) = 86400", "0"),
        ("date_trunc('year', e) = '1970-01-01'", "02"),
        ("date_trunc('week', now()) = date '2024-02-26'", "0123"),
        ("to_timestamp(86400) = d", "0"),
        ("d + interval '290000 years' is null", "0123"),
        // Casts.
        ("s::text like '%100%'", "1"),
        ("cast(a as text) = '7'", "0"),
        ("cast('true' as boolean) and p", "0"),
        ("cast(' no ' as boolean)", ""),
        ("cast('maybe' as boolean) is null", "0123"),
        ("a::boolean", "012"),
        ("cast('1.5' as double precision) < x", "0"),
        ("cast('x' as bigint) is null", "0123"),
        ("'1970-01-02'::timestamp = d", "0"),
        ("cast('soon' as date) is null", "0123"),
        ("'epoch'::timestamp = '1970-01-01'", "0123"),
        ("'2020-1-2'::date = date '2020-01-02'", "0123"),
        ("timestamp '2020-1-2 3:4' = '2020-01-02T03:04'", "0123"),
        ("'20-1-2'::date is null", "0123"),
        ("'Jan 2 2020'::date is null", "0123"),
        ("1_000 = 1000 and 0x1F = 31 and 0xFF_FF = 65535", "0123"),
        ("3000000000::int is null", "0123"),
        ("x::text = '2.5'", "0"),
        ("d::text = '1970-01-02 00:00:00'", "0"),
        ("d::date::text = '1970-01-02'", "0"),
        // Functions of strings that are conditions.
        ("starts_with(s, 'it')", "1"),
        ("s ~ '^it' and s !~ 'x'", "1"),
        ("s ~* 'CAFÉ'", "0"),
        ("s !~* 'CAFÉ'", "1"),
        ("position('au' in s) = 8", "0"),
        ("position('x' in 'abc') = 0 and position(s in s) = 1", "01"),
        ("strpos(s, '') = 1", "01"),
        ("d = date '1970-01-02'", "0"),
        ("d < timestamp '1970-01-01 00:00:00'", "1"),
        ("d <> date '1970-01-02'", "1"),
        ("not d = date '1970-01-02'", "1"),
        ("d < e", "0"),
        ("d = e", "1"),
        ("d is null", "23"),
        ("d is not null and a = 7", "0"),
        ("(d < e) is not true", "123"),
        ("(d < e) is not false", "023"),
        ("e between date '1970-01-01' and date '1970-01-03'", "02"),
        ("e not between date '1970-01-01' and date '1970-01-03'", "1"),
        ("e in (date '1970-01-01', null)", "2"),
        ("d = date '1970-01-02' or a = 1 or x = -4", "012"),
        ("not (d = date '1970-01-02' or a = 1)", "1"),
        ("e >= timestamp '1970-01-01T01:00:00+01:00' and a > 0", "02"),
        ("date '2020-01-01' > date '2019-12-31'", "0123"),
        ("d = null", ""),
        ("d > '1969-12-31T12:00:00-12:00'", "0"),
        ("d = 86400000", "0"),
        ("d = '86400000'", "0"),
        ("d in ('1970-01-02', 0)", "0"),
        ("d between '1960' and '1970-01-01'", "1"),
        ("d < '9999-12-31' and d > '0001-01-01'", "01"),
        ("case when d > e then p else d = '1970-01-02' end", "0"),
        ("(d < e) = p", "01"),
        ("(d < e) is null", "23"),
        ("coalesce(d, e) = '1970-01-01'", "2"),
        ("greatest(d, e) = '1970-01-03'", "0"),
        ("nullif(d, e) is null", "123"),
        // Columns that no segment has.
        ("late_long is null", "0123"),
        ("late_long = 1", ""),
        ("not late_flag", ""),
        ("late_flag or a = 7", "0"),
        ("coalesce(late_flag, p)", "0"),
        ("coalesce(late_text, s) like 'it%'", "1"),
        (
            "case when late_flag then 'x' else late_text end is null",
            "0123",
        ),
        ("late_date is null and d is not null", "01"),
        ("late_date > d", ""),
        // Constants.
        ("true", "0123"),
        ("1 = 2", ""),
        ("null = 1", ""),
    ] {
        assert_eq!(kept(&rows, expression), expected, "{expression}");
    }
}

#[test]
fn numbers_are_computed() {
    let rows = rows();
    let none = None;
    for (expression, expected) in [
        ("a", [Some(7.0), Some(-7.0), Some(1.0), none]),
        ("-a", [Some(-7.0), Some(7.0), Some(-1.0), none]),
        ("- x", [Some(-2.5), Some(4.0), none, none]),
        ("a + b * 2", [Some(11.0), Some(-7.0), none, none]),
        ("a - 1 - 1", [Some(5.0), Some(-9.0), Some(-1.0), none]),
        ("a + 1 + b", [Some(10.0), Some(-6.0), none, none]),
        // Longs by longs are longs, truncated; with the dividend's sign.
        ("a / 2", [Some(3.0), Some(-3.0), Some(0.0), none]),
        ("a / -2", [Some(-3.0), Some(3.0), Some(0.0), none]),
        ("a / 2.0", [Some(3.5), Some(-3.5), Some(0.5), none]),
        ("a / 2 / 2", [Some(1.0), Some(-1.0), Some(0.0), none]),
        ("a % 4", [Some(3.0), Some(-3.0), Some(1.0), none]),
        ("a % -4", [Some(3.0), Some(-3.0), Some(1.0), none]),
        ("mod(x, 2)", [Some(0.5), Some(0.0), none, none]),
        ("a % b", [Some(1.0), none, none, none]),
        ("x / b", [Some(1.25), none, none, none]),
        ("7 / 2", [Some(3.0); 4]),
        ("7 / 2 * 1.0", [Some(3.0); 4]),
        ("2.0 * 3.0", [Some(6.0); 4]),
        ("1e19 + 1e19", [Some(2e19); 4]),
        (
            "9223372036854775808",
            [Some(9_223_372_036_854_775_808.0); 4],
        ),
        (
            "-9223372036854775808 + 0",
            [Some(-9_223_372_036_854_775_808.0); 4],
        ),
        // A double beside a long.
        (
            "9223372036854775807 * 2.0",
            [Some(18_446_744_073_709_551_616.0); 4],
        ),
        // The longs are added up before the double, and their sum is too large.
        (
            "9223372036854775807 + a + 0.5",
            [none, Some(9_223_372_036_854_775_808.0), none, none],
        ),
        (
            "9223372036854775807 - a - 9223372036854775800",
            [Some(0.0), none, Some(6.0), none],
        ),
        (
            "(a + 4611686018427387904) * 2",
            [none, Some(9_223_372_036_854_775_794.0), none, none],
        ),
        ("-9223372036854775808 / -1", [none; 4]),
        ("-9223372036854775808 % -1", [Some(0.0); 4]),
        ("abs(-9223372036854775808)", [none; 4]),
        (
            "-(a - 9223372036854775801)",
            [
                Some(9_223_372_036_854_775_794.0),
                none,
                Some(9_223_372_036_854_775_800.0),
                none,
            ],
        ),
        (
            "a / b / b / b / b / b / b / b / b / b / b / b / b / b",
            [Some(0.0), none, none, none],
        ),
        (
            "a / (b / (b / (b / (b / (b / (b / (b / (b / (b / (b / (b / (b / b))))))))))))",
            [Some(3.0), none, none, none],
        ),
        ("(a + b) * 1.5", [Some(13.5), Some(-10.5), none, none]),
        ("(a + b) * 2.0", [Some(18.0), Some(-14.0), none, none]),
        ("abs(a)", [Some(7.0), Some(7.0), Some(1.0), none]),
        ("abs(x)", [Some(2.5), Some(4.0), none, none]),
        ("abs(x - 3)", [Some(0.5), Some(7.0), none, none]),
        ("abs(a - 3)", [Some(4.0), Some(10.0), Some(2.0), none]),
        ("abs(-2.0)", [Some(2.0); 4]),
        ("sign(x)", [Some(1.0), Some(-1.0), none, none]),
        ("sign(a - 1)", [Some(1.0), Some(-1.0), Some(0.0), none]),
        ("trunc(x)", [Some(2.0), Some(-4.0), none, none]),
        ("trunc(x * 1.11, 1)", [Some(2.7), Some(-4.4), none, none]),
        ("trunc(a, -1)", [Some(0.0), Some(0.0), Some(0.0), none]),
        ("exp(0)", [Some(1.0); 4]),
        ("exp(a * 1000)", [none, Some(0.0), none, none]),
        ("ln(x)", [Some(2.5_f64.ln()), none, none, none]),
        ("ln(b)", [Some(2.0_f64.ln()), none, none, none]),
        ("log(100)", [Some(2.0); 4]),
        (
            "log(10, 1000) + log(2, 8) + log10(10) + log2(4)",
            [Some(9.0); 4],
        ),
        ("sin(0) + cos(0) + tan(0) + atan2(0, 1)", [Some(1.0); 4]),
        (
            "asin(a)",
            [none, none, Some(std::f64::consts::FRAC_PI_2), none],
        ),
        ("cbrt(-27)", [Some(-3.0); 4]),
        ("degrees(pi())", [Some(180.0); 4]),
        ("octet_length(s)", [Some(16.0), Some(9.0), none, none]),
        ("cast(x as bigint)", [Some(2.0), Some(-4.0), none, none]),
        (
            "cast(x * 1.4 as bigint)",
            [Some(4.0), Some(-6.0), none, none],
        ),
        ("(y * 10)::bigint", [Some(-5.0), none, none, none]),
        ("p::bigint + a", [Some(8.0), Some(-7.0), none, none]),
        (
            "a::double precision / 2",
            [Some(3.5), Some(-3.5), Some(0.5), none],
        ),
        ("cast(' 12 ' as bigint) + 1", [Some(13.0); 4]),
        (
            "extract(epoch from d)",
            [Some(86_400.0), Some(-86_400.0), none, none],
        ),
        (
            "extract(day from e - d)",
            [Some(1.0), Some(0.0), none, none],
        ),
        ("e::date - d::date", [Some(1.0), Some(0.0), none, none]),
        (
            "extract(year from now() - interval '1 year')",
            [Some(2023.0); 4],
        ),
        ("sqrt(a * 7)", [Some(7.0), none, Some(7.0_f64.sqrt()), none]),
        ("length(s)", [Some(14.0), Some(9.0), none, none]),
        ("char_length(t) + 1", [Some(10.0), none, Some(1.0), none]),
        ("floor(x)", [Some(2.0), Some(-4.0), none, none]),
        ("ceil(x)", [Some(3.0), Some(-4.0), none, none]),
        ("ceiling(y)", [Some(0.0), none, Some(1e200), none]),
        ("floor(x) / 4", [Some(0.5), Some(-1.0), none, none]),
        ("floor(x) + 0.5", [Some(2.5), Some(-3.5), none, none]),
        ("floor(a)", [Some(7.0), Some(-7.0), Some(1.0), none]),
        ("round(x)", [Some(2.0), Some(-4.0), none, none]),
        ("round(x + 1)", [Some(4.0), Some(-3.0), none, none]),
        ("round(2.675, 2)", [Some(2.68); 4]),
        ("round(y)", [Some(0.0), none, Some(1e200), none]),
        ("round(x / 3, 2)", [Some(0.83), Some(-1.33), none, none]),
        ("round(a, 2)", [Some(7.0), Some(-7.0), Some(1.0), none]),
        ("round(a, -1)", [Some(10.0), Some(-10.0), Some(0.0), none]),
        ("round(x * 10, -1)", [Some(30.0), Some(-40.0), none, none]),
        ("power(a, 2)", [Some(49.0), Some(49.0), Some(1.0), none]),
        ("pow(x, 0.5)", [Some(2.5_f64.sqrt()), none, none, none]),
        // The nulls among them do not count.
        ("least(a, b)", [Some(2.0), Some(-7.0), Some(1.0), none]),
        ("greatest(a, b)", [Some(7.0), Some(0.0), Some(1.0), none]),
        (
            "min(a, x, 0)",
            [Some(0.0), Some(-7.0), Some(0.0), Some(0.0)],
        ),
        ("max(a, x)", [Some(7.0), Some(-4.0), Some(1.0), none]),
        ("greatest(b, null)", [Some(2.0), Some(0.0), none, none]),
        (
            "greatest(x, 2.0) / 4",
            [Some(0.625), Some(0.5), Some(0.5), Some(0.5)],
        ),
        // What is not finite is null.
        ("y * y", [Some(0.25), none, none, none]),
        ("y * y - y * y", [Some(0.0), none, none, none]),
        ("1 / (y * y)", [Some(4.0), none, none, none]),
        ("2.0 % (y * y)", [Some(0.0), none, none, none]),
        ("power(y * y, 0)", [Some(1.0), none, none, none]),
        ("power(0.5, y * y * 4)", [Some(0.5), none, none, none]),
        (
            "coalesce(y * y, 0)",
            [Some(0.25), Some(0.0), Some(0.0), Some(0.0)],
        ),
        (
            "greatest(y * y, -1.0)",
            [Some(0.25), Some(-1.0), Some(-1.0), Some(-1.0)],
        ),
        (
            "case when p then 1 when q then 2.5 else 0 end",
            [Some(1.0), Some(0.0), Some(2.5), Some(0.0)],
        ),
        (
            "case when p then null else x end",
            [none, Some(-4.0), none, none],
        ),
        (
            "case when q then 3 else coalesce(a, x) end / 2.0",
            [Some(3.5), Some(-3.5), Some(1.5), none],
        ),
        (
            "case when q then floor(x) else case when p then a else x end end",
            [Some(7.0), Some(-4.0), none, none],
        ),
        (
            "case when p then 1.0 else 2.0 end / 4",
            [Some(0.25), Some(0.5), Some(0.5), Some(0.5)],
        ),
        (
            "case when p then a else null end",
            [Some(7.0), none, none, none],
        ),
        (
            "case when a > 0 then floor(x) else y end",
            [Some(2.0), none, none, none],
        ),
        (
            "case b when 2 then 10 when 0 then 20 end",
            [Some(10.0), Some(20.0), none, none],
        ),
        (
            "coalesce(b, x, 9)",
            [Some(2.0), Some(0.0), Some(9.0), Some(9.0)],
        ),
        ("coalesce(x, a)", [Some(2.5), Some(-4.0), Some(1.0), none]),
        ("nullif(b, 0)", [Some(2.0), none, none, none]),
        ("a / nullif(b, 0)", [Some(3.0), none, none, none]),
        (
            "coalesce(late_long, a)",
            [Some(7.0), Some(-7.0), Some(1.0), none],
        ),
        ("coalesce(late_double, 1)", [Some(1.0); 4]),
        (
            "case when late_flag then 1 else a end",
            [Some(7.0), Some(-7.0), Some(1.0), none],
        ),
        ("late_long + 1", [none; 4]),
        (
            "greatest(late_double, a)",
            [Some(7.0), Some(-7.0), Some(1.0), none],
        ),
        // Booleans are 1 and 0.
        ("a > 0", [Some(1.0), Some(0.0), Some(1.0), none]),
        ("p and q", [Some(0.0), Some(0.0), none, none]),
    ] {
        let parsed = parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert_eq!(rows.numbers(&parsed), expected, "{expression}");
    }
}

#[test]
fn texts_are_computed() {
    let rows = rows();
    for (expression, expected) in [
        ("upper(s)", &[("IT'S 100%", 1), ("ÉCLAIR AU CAFÉ", 1)][..]),
        ("lower(left(s, 2))", &[("it", 1), ("éc", 1)]),
        ("left(s, a)", &[("it", 1), ("Éclair ", 1)]),
        (
            "replace(s, 'a', '')",
            &[("it's 100%", 1), ("Éclir u cfé", 1)],
        ),
        ("reverse(left(s, 3))", &[("'ti", 1), ("lcÉ", 1)]),
        ("repeat(left(s, 1), 3)", &[("iii", 1), ("ÉÉÉ", 1)]),
        ("repeat(s, 1000000)", &[]),
        ("repeat(s, -1)", &[("", 2)]),
        ("lpad(left(s, 2), 4, '*-')", &[("*-it", 1), ("*-Éc", 1)]),
        ("rpad(left(s, 2), 4)", &[("it  ", 1), ("Éc  ", 1)]),
        ("lpad(s, 1)", &[("i", 1), ("É", 1)]),
        ("split_part(s, ' ', -1)", &[("100%", 1), ("café", 1)]),
        ("split_part(s, ' ', 2)", &[("100%", 1), ("au", 1)]),
        ("split_part(s, ' ', 0)", &[]),
        ("substring(s, length(s) - 1)", &[("0%", 1), ("fé", 1)]),
        (
            "s || ' ' || (d::date)",
            &[
                ("it's 100% 1969-12-31", 1),
                ("Éclair au café 1970-01-02", 1),
            ],
        ),
        ("left(s, 0)", &[("", 2)]),
        ("left(s, -8)", &[("i", 1), ("Éclair", 1)]),
        ("right(s, -7)", &[("0%", 1), ("au café", 1)]),
        ("substring(s, -1, 3)", &[("i", 1), ("É", 1)]),
        (
            "substring(s, 0)",
            &[("it's 100%", 1), ("Éclair au café", 1)],
        ),
        ("substring(s, -5, 2)", &[("", 2)]),
        ("least(\"Major Genre\", 'D')", &[("Comedy", 1), ("D", 3)]),
        // With a number in it, it is evaluated natively.
        (
            "case when a % 2 = 1 then upper(left(s, 2)) || '!' end",
            &[("ÉC!", 1)],
        ),
        (
            "case when a % 2 = -1 then trim(lower(s)) else concat(t, late_text) end",
            &[("", 2), ("  padded ", 1), ("it's 100%", 1)],
        ),
        ("left(s, 1000)", &[("it's 100%", 1), ("Éclair au café", 1)]),
        ("right(s, 2)", &[("0%", 1), ("fé", 1)]),
        ("substring(s, 2, 3)", &[("cla", 1), ("t's", 1)]),
        ("substring(s from 4 for 2)", &[("ai", 1), ("s ", 1)]),
        ("substr(s, 8)", &[("0%", 1), ("au café", 1)]),
        ("substring(s, 11, 9)", &[("", 1), ("café", 1)]),
        ("trim(t)", &[("", 1), ("padded", 1)]),
        ("ltrim(t)", &[("", 1), ("padded ", 1)]),
        ("rtrim(t)", &[("", 1), ("  padded", 1)]),
        ("trim(both ' pd' from t)", &[("", 1), ("adde", 1)]),
        ("trim(leading ' ' from t)", &[("", 1), ("padded ", 1)]),
        ("btrim(s, 'É%é')", &[("clair au caf", 1), ("it's 100", 1)]),
        (
            "\"Major Genre\" || '/' || \"Major Genre\"",
            &[("Comedy/Comedy", 1), ("Drama/Drama", 1)],
        ),
        (
            "concat(\"Major Genre\", '-', t)",
            &[("-", 2), ("Comedy-", 1), ("Drama-  padded ", 1)],
        ),
        ("a || '/' || b", &[("-7/0", 1), ("7/2", 1)]),
        ("'x' || x", &[("x-4", 1), ("x2.5", 1)]),
        ("p || ''", &[("false", 1), ("true", 1)]),
        (
            "concat(p, y)",
            &[("", 1), ("1e+200", 1), ("f", 1), ("t-0.5", 1)],
        ),
        (
            "1e15 || '/' || 0.0001 || '/' || 1.5e-7",
            &[("1e+15/0.0001/1.5e-07", 4)],
        ),
        ("substring(s for 2)", &[("it", 1), ("Éc", 1)]),
        ("trim(leading from t)", &[("", 1), ("padded ", 1)]),
        (
            "coalesce(t, 'none')",
            &[("", 1), ("  padded ", 1), ("none", 2)],
        ),
        ("case when p then null else 'no' end", &[("no", 3)]),
        ("case when p then 'yes' end", &[("yes", 1)]),
        ("nullif(t, '')", &[("  padded ", 1)]),
        ("coalesce(late_text, 'x')", &[("x", 4)]),
        ("late_text || 'x'", &[]),
    ] {
        let parsed = parse(expression).unwrap_or_else(|error| panic!("{expression}: {error}"));
        let found = rows.texts(&parsed);
        let found: Vec<_> = found
            .iter()
            .map(|(text, count)| (text.as_str(), *count))
            .collect();
        assert_eq!(found, expected, "{expression}");
    }
}

/// A test's thread has 2 MiB of stack, as a worker's.
#[test]
fn deeply_nested_expressions_are_evaluated() {
    let rows = rows();
    let chain = "- 1 ".repeat(100);
    let nested = format!("((a {chain}) {chain}) - 1");
    let parsed = parse(&nested).expect("it is not too deep");
    assert_eq!(
        rows.numbers(&parsed),
        [Some(-194.0), Some(-208.0), Some(-200.0), None]
    );
    assert_eq!(kept(&rows, &format!("{nested} = -194 - b + 2")), "0");
}

#[test]
fn conditions_that_an_index_can_answer_are_found() {
    let necessary = |text| {
        let (conditions, has_more) = parse(text).expect("an expression").necessary();
        format!("{conditions:?}, more: {has_more}")
    };
    insta::assert_snapshot!(necessary("a > 5 and s like 'x%'"), @r#"[Longs("c_a", 6, 9223372036854775807)], more: true"#);
    insta::assert_snapshot!(necessary("a = 2 + 3"), @r#"[Longs("c_a", 5, 5)], more: false"#);
    insta::assert_snapshot!(necessary("1.5 <= a and x < 2"), @r#"[Longs("c_a", 2, 9223372036854775807), Doubles("c_x", -1.7976931348623157e308, 2.0)], more: false"#);
    insta::assert_snapshot!(necessary("x = 0"), @r#"[Doubles("c_x", -0.0, 0.0)], more: false"#);
    insta::assert_snapshot!(necessary("x > 9007199254740993"), @r#"[Doubles("c_x", 9007199254740991.0, 1.7976931348623157e308)], more: false"#);
    insta::assert_snapshot!(necessary("d between '1970-01-01' and '1970-01-02' and p"), @r#"[Longs("c_d", 0, 9223372036854775807), Longs("c_d", -9223372036854775808, 86400000000)], more: true"#);
    insta::assert_snapshot!(necessary("s in ('x', 'y') and not a = 1"), @r#"[Texts("c_s", ["x", "y"])], more: true"#);
    insta::assert_snapshot!(necessary("s = 'x' or t = 'y'"), @"[], more: true");
    insta::assert_snapshot!(necessary("a <> 1"), @"[], more: true");
    insta::assert_snapshot!(necessary("a + 1 > 5 and upper(s) = 'X'"), @"[], more: true");
}
