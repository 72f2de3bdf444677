//! What an expression gives for a document, computed in the plainest way.
//!
//! It follows what `expression` and the handbook state: PostgreSQL's meaning, null where that
//! would stop with an error, and the departures that are listed there. It knows nothing of tantivy.

use std::cmp::Ordering;
use std::ops::Range;

use super::tree::{Binary, Is, Pattern, Tree, Type, Unary};
use crate::expression::tests::index::{Cell, Row};

/// The value of an expression for a document, or nothing for null.
pub(super) fn evaluate(tree: &Tree, row: &Row) -> Option<Cell> {
    let value = |tree| evaluate(tree, row);
    match tree {
        Tree::Null => None,
        Tree::Boolean(value) => Some(Cell::Boolean(*value)),
        Tree::Long(value) => Some(Cell::Long(*value)),
        Tree::Double(value) => Some(Cell::Double(*value)),
        Tree::Text(text) => Some(Cell::Text(text.clone())),
        Tree::Date(_, _, micros) => Some(Cell::Date(*micros)),
        Tree::Column(path) => row.get(path)?.first().cloned(),
        Tree::Unary(Unary::Not, operand) => boolean(not(truth(value(operand)))),
        Tree::Unary(Unary::Plus, operand) => value(operand),
        Tree::Unary(Unary::Minus, operand) => match value(operand)? {
            Cell::Long(value) => value.checked_neg().map(Cell::Long),
            Cell::Double(value) => Some(Cell::Double(-value)),
            other => panic!("{other:?} has no sign"),
        },
        Tree::Binary(binary, left, right) => {
            let (one, other) = (value(left), value(right));
            match binary {
                Binary::And => boolean(and(truth(one), truth(other))),
                Binary::Or => boolean(or(truth(one), truth(other))),
                Binary::Concat => Some(Cell::Text(text(one?) + &text(other?))),
                Binary::Add
                | Binary::Subtract
                | Binary::Multiply
                | Binary::Divide
                | Binary::Remainder => arithmetic(*binary, tree.type_(), one?, other?),
                _ => boolean(compare(*binary, one, other)),
            }
        }
        Tree::Is(operand, is, negated) => {
            let value = value(operand);
            let holds = match is {
                Is::Null | Is::Unknown => value.is_none(),
                Is::True => value == Some(Cell::Boolean(true)),
                Is::False => value == Some(Cell::Boolean(false)),
            };
            Some(Cell::Boolean(holds != *negated))
        }
        Tree::Between(operands, negated) => {
            let [operand, low, high] = &**operands;
            let above = compare(Binary::GreaterOrEqual, value(operand), value(low));
            let below = compare(Binary::LessOrEqual, value(operand), value(high));
            boolean(negate(*negated, and(above, below)))
        }
        Tree::In(operand, list, negated) => {
            let mut found = Some(false);
            for item in list {
                found = or(found, compare(Binary::Equal, value(operand), value(item)));
            }
            boolean(negate(*negated, found))
        }
        Tree::Like(operand, pattern) => {
            let holds = like(&text(value(operand)?), pattern)?;
            Some(Cell::Boolean(holds != pattern.negated))
        }
        Tree::Case(operand, branches, otherwise) => {
            let chosen = branches.iter().find(|(condition, _)| {
                let found = value(condition);
                let condition = match operand {
                    None => truth(found),
                    Some(operand) => compare(Binary::Equal, value(operand), found),
                };
                condition == Some(true)
            });
            let chosen = chosen.map(|(_, value)| value);
            as_type(tree.type_(), value(chosen.or(otherwise.as_deref())?)?)
        }
        Tree::Call("nullif", arguments) => {
            let (one, other) = (value(&arguments[0]), value(&arguments[1]));
            let same = compare(Binary::Equal, one.clone(), other);
            one.filter(|_| same != Some(true))
        }
        Tree::Call(name, arguments) => {
            let values: Vec<_> = arguments.iter().map(value).collect();
            call(name, tree.type_(), &values)
        }
    }
}

fn boolean(truth: Option<bool>) -> Option<Cell> {
    truth.map(Cell::Boolean)
}

fn truth(cell: Option<Cell>) -> Option<bool> {
    match cell? {
        Cell::Boolean(value) => Some(value),
        other => panic!("{other:?} is not a boolean"),
    }
}

fn text(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => text,
        other => panic!("{other:?} is not a text"),
    }
}

fn not(truth: Option<bool>) -> Option<bool> {
    truth.map(|truth| !truth)
}

fn negate(negated: bool, truth: Option<bool>) -> Option<bool> {
    truth.map(|truth| truth != negated)
}

fn and(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    not(and(not(one), not(other)))
}

/// A number as a double.
#[expect(
    clippy::cast_precision_loss,
    reason = "SQL rounds longs beside doubles"
)]
fn double(cell: &Cell) -> f64 {
    match cell {
        Cell::Long(value) => *value as f64,
        Cell::Double(value) => *value,
        other => panic!("{other:?} is not a number"),
    }
}

/// A value where one of a type is due.
fn as_type(type_: Type, cell: Cell) -> Option<Cell> {
    Some(match (type_, &cell) {
        (Type::Double, Cell::Long(_)) => Cell::Double(double(&cell)),
        _ => cell,
    })
}

/// A double, or null where PostgreSQL would stop.
fn finite(value: f64) -> Option<Cell> {
    value.is_finite().then_some(Cell::Double(value))
}

/// Compares two values, without rounding.
fn compare(comparison: Binary, one: Option<Cell>, other: Option<Cell>) -> Option<bool> {
    let ordering = match (one?, other?) {
        (Cell::Long(one), Cell::Double(other)) => long_to_double(one, other),
        (Cell::Double(one), Cell::Long(other)) => long_to_double(other, one).reverse(),
        (one, other) => order(&one, &other),
    };
    Some(match comparison {
        Binary::Equal => ordering.is_eq(),
        Binary::NotEqual => ordering.is_ne(),
        Binary::Less => ordering.is_lt(),
        Binary::LessOrEqual => ordering.is_le(),
        Binary::Greater => ordering.is_gt(),
        Binary::GreaterOrEqual => ordering.is_ge(),
        other => panic!("{other:?} is not a comparison"),
    })
}

fn order(one: &Cell, other: &Cell) -> Ordering {
    match (one, other) {
        (Cell::Boolean(one), Cell::Boolean(other)) => one.cmp(other),
        (Cell::Long(one), Cell::Long(other)) | (Cell::Date(one), Cell::Date(other)) => {
            one.cmp(other)
        }
        (Cell::Text(one), Cell::Text(other)) => one.as_bytes().cmp(other.as_bytes()),
        (one, other) => double(one)
            .partial_cmp(&double(other))
            .expect("doubles are finite"),
    }
}

/// Compares without rounding: whole numbers first, then what is behind the point.
#[expect(
    clippy::cast_possible_truncation,
    reason = "beyond its range, order is the same"
)]
fn long_to_double(long: i64, double: f64) -> Ordering {
    let whole = double.trunc() as i128;
    let fraction = double.fract();
    i128::from(long)
        .cmp(&whole)
        .then(0.0.partial_cmp(&fraction).expect("it is finite"))
}

fn arithmetic(binary: Binary, type_: Type, one: Cell, other: Cell) -> Option<Cell> {
    if let (Type::Long, Cell::Long(one), Cell::Long(other)) = (type_, &one, &other) {
        let (one, other) = (i128::from(*one), i128::from(*other));
        let exact = match binary {
            Binary::Add => one + other,
            Binary::Subtract => one - other,
            Binary::Multiply => one * other,
            Binary::Divide | Binary::Remainder if other == 0 => return None,
            Binary::Divide => one / other,
            Binary::Remainder => one % other,
            other => panic!("{other:?} is not an arithmetic operator"),
        };
        return i64::try_from(exact).ok().map(Cell::Long);
    }
    let (one, other) = (double(&one), double(&other));
    match binary {
        Binary::Add => finite(one + other),
        Binary::Subtract => finite(one - other),
        Binary::Multiply => finite(one * other),
        Binary::Divide if other == 0.0 => None,
        Binary::Divide => finite(one / other),
        Binary::Remainder if other == 0.0 => None,
        Binary::Remainder => finite(one % other),
        other => panic!("{other:?} is not an arithmetic operator"),
    }
}

/// A call of values that may be null.
fn call(name: &str, type_: Type, values: &[Option<Cell>]) -> Option<Cell> {
    // Some functions do not mind nulls.
    match name {
        "coalesce" => return as_type(type_, values.iter().flatten().next()?.clone()),
        "concat" => {
            return Some(Cell::Text(
                values.iter().flatten().cloned().map(text).collect(),
            ));
        }
        "least" | "min" | "greatest" | "max" => {
            let wins = match name {
                "least" | "min" => Ordering::Less,
                _ => Ordering::Greater,
            };
            return values
                .iter()
                .flatten()
                .filter_map(|value| as_type(type_, value.clone()))
                .reduce(|best, value| {
                    if order(&value, &best) == wins {
                        value
                    } else {
                        best
                    }
                });
        }
        _ => {}
    }
    let values: Vec<Cell> = values.iter().cloned().collect::<Option<_>>()?;
    let first = values[0].clone();
    match (name, first) {
        ("abs", Cell::Long(value)) => value.checked_abs().map(Cell::Long),
        ("abs", Cell::Double(value)) => Some(Cell::Double(value.abs())),
        ("floor" | "ceil" | "ceiling", Cell::Long(value)) => Some(Cell::Long(value)),
        ("floor", Cell::Double(value)) => finite(value.floor()),
        ("ceil" | "ceiling", Cell::Double(value)) => finite(value.ceil()),
        ("round", first) => round(first, values.get(1).map_or(0, count)),
        ("sign", Cell::Long(value)) => Some(Cell::Long(value.signum())),
        ("sign", Cell::Double(0.0)) => Some(Cell::Double(0.0)),
        ("sign", Cell::Double(value)) => Some(Cell::Double(1.0_f64.copysign(value))),
        ("trunc", Cell::Long(value)) => Some(Cell::Long(value)),
        ("trunc", Cell::Double(value)) => Some(Cell::Double(value - value % 1.0)),
        ("exp", first) => finite(double(&first).exp()),
        ("ln", first) => finite(double(&first).ln()),
        ("atan2", first) => finite(double(&first).atan2(double(&values[1]))),
        ("to_text", first) => Some(Cell::Text(written(&first))),
        ("to_long", Cell::Long(value)) => Some(Cell::Long(value)),
        ("to_long", Cell::Double(value)) => {
            let whole = value.round_ties_even();
            #[expect(
                clippy::cast_possible_truncation,
                reason = "what is out of range saturates"
            )]
            i64::try_from(whole as i128).ok().map(Cell::Long)
        }
        ("to_long", Cell::Text(text)) => text.trim().parse().ok().map(Cell::Long),
        ("sqrt", first) => finite(double(&first).sqrt()),
        ("pow" | "power", first) => finite(double(&first).powf(double(&values[1]))),
        ("mod", first) => arithmetic(Binary::Remainder, type_, first, values[1].clone()),
        (_, Cell::Text(text)) => of_text(name, &text, &values[1..]),
        (_, other) => panic!("`{name}` does not take {other:?}"),
    }
}

/// A value as a cast to text writes it.
fn written(cell: &Cell) -> String {
    match cell {
        Cell::Boolean(value) => value.to_string(),
        Cell::Long(value) => value.to_string(),
        Cell::Text(text) => text.clone(),
        other => panic!("{other:?} is not cast here"),
    }
}

fn count(cell: &Cell) -> i64 {
    match cell {
        Cell::Long(value) => *value,
        other => panic!("{other:?} counts nothing"),
    }
}

/// Halves are rounded away from zero, but those of doubles that are rounded to whole numbers to the
/// even one.
fn round(value: Cell, places: i64) -> Option<Cell> {
    match value {
        Cell::Long(value) if places >= 0 => Some(Cell::Long(value)),
        Cell::Long(value) => {
            let digits = round_digits(&value.to_string(), places);
            digits.parse().ok().map(Cell::Long)
        }
        Cell::Double(value) if places == 0 => {
            let (below, above) = (value.floor(), value.ceil());
            Some(Cell::Double(if value - below < above - value {
                below
            } else if value - below > above - value || below % 2.0 != 0.0 {
                above
            } else {
                below
            }))
        }
        Cell::Double(value) => {
            let text = format!("{value:.14e}");
            let exponent = text
                .split_once('e')
                .map(|(_, exponent)| exponent.parse::<i64>());
            let exponent = exponent.expect("it has one").expect("it is a number");
            // Beyond the digits that count, nothing is rounded.
            if exponent - 14 >= -places {
                return Some(Cell::Double(value));
            }
            let digits = fifteen_digits(value);
            let rounded = round_digits(&digits, places);
            finite(rounded.parse().expect("it is a number"))
        }
        other => panic!("{other:?} is not a number"),
    }
}

/// A double as PostgreSQL casts it to `numeric`, without an exponent.
fn fifteen_digits(value: f64) -> String {
    let text = format!("{value:.14e}");
    let (digits, exponent) = text.split_once('e').expect("it has an exponent");
    let exponent: usize = match exponent.parse::<i32>().expect("it is a number") {
        exponent @ 0.. => usize::try_from(exponent).expect("it is positive"),
        exponent => {
            let zeros = usize::try_from(-exponent - 1).expect("it is positive");
            let (sign, digits) = match digits.strip_prefix('-') {
                Some(digits) => ("-", digits),
                None => ("", digits),
            };
            return format!("{sign}0.{}{}", "0".repeat(zeros), digits.replace('.', ""));
        }
    };
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits.replace('.', "")),
        None => ("", digits.replace('.', "")),
    };
    if exponent >= 14 {
        format!("{sign}{digits}{}", "0".repeat(exponent - 14))
    } else {
        format!("{sign}{}.{}", &digits[..=exponent], &digits[exponent + 1..])
    }
}

/// Rounds a number that is written without an exponent, as one does by hand.
fn round_digits(text: &str, places: i64) -> String {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => ("-", text),
        None => ("", text),
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    // With zeros before it, so that there is a digit for every place.
    let mut digits: Vec<u8> = format!("{whole:0>330}{decimals}").into_bytes();
    let point = digits.len() - decimals.len();
    let first_dropped = usize::try_from(330.max(whole.len()) as i64 + places).expect("it is there");
    if first_dropped < digits.len() {
        let carries = digits[first_dropped] >= b'5';
        digits[first_dropped..].fill(b'0');
        if carries {
            for digit in digits[..first_dropped].iter_mut().rev() {
                if *digit < b'9' {
                    *digit += 1;
                    break;
                }
                *digit = b'0';
            }
        }
    }
    let digits = String::from_utf8(digits).expect("they are digits");
    if decimals.is_empty() {
        format!("{sign}{digits}")
    } else {
        format!("{sign}{}.{}", &digits[..point], &digits[point..])
    }
}

/// A function of a text and literals.
fn of_text(name: &str, text: &str, literals: &[Cell]) -> Option<Cell> {
    let characters: Vec<char> = text.chars().collect();
    let counts: Vec<i64> = literals
        .iter()
        .filter(|literal| matches!(literal, Cell::Long(_)))
        .map(count)
        .collect();
    let words: Vec<&str> = literals
        .iter()
        .filter_map(|literal| match literal {
            Cell::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let length = characters.len();
    // The characters at some of the positions that are counted from 1.
    let at = |positions: Range<i64>| {
        let places = characters.iter().zip(1..);
        let kept = places.filter(|(_, place)| positions.contains(place));
        Some(Cell::Text(kept.map(|(character, _)| character).collect()))
    };
    let end = i64::try_from(length).expect("it is short") + 1;
    let removed = |character: char| words.first().unwrap_or(&" ").contains(character);
    match name {
        "upper" => Some(Cell::Text(map(text, char::to_uppercase))),
        "lower" => Some(Cell::Text(map(text, char::to_lowercase))),
        "left" if counts[0] < 0 => at(1..end + counts[0]),
        "left" => at(1..1 + counts[0]),
        "right" if counts[0] < 0 => at(1 - counts[0]..end),
        "right" => at(end - counts[0]..end),
        "substr" | "substring" => {
            let kept = counts.get(1).map_or(end, |count| counts[0] + count);
            at(counts[0]..kept)
        }
        "trim" | "btrim" => Some(Cell::Text(text.trim_matches(removed).to_owned())),
        "ltrim" => Some(Cell::Text(text.trim_start_matches(removed).to_owned())),
        "rtrim" => Some(Cell::Text(text.trim_end_matches(removed).to_owned())),
        "reverse" => Some(Cell::Text(characters.iter().rev().collect())),
        "repeat" => Some(Cell::Text(
            (0..counts[0]).flat_map(|_| text.chars()).collect(),
        )),
        "replace" if words[0].is_empty() => Some(Cell::Text(text.to_owned())),
        "replace" => Some(Cell::Text(text.replace(words[0], words[1]))),
        "strpos" => {
            let part: Vec<char> = words[0].chars().collect();
            let found = (0..=length).find(|at| characters[*at..].starts_with(&part));
            let found = found.map_or(0, |at| at + 1);
            i64::try_from(found).ok().map(Cell::Long)
        }
        "length" => i64::try_from(length).ok().map(Cell::Long),
        "octet_length" => i64::try_from(text.len()).ok().map(Cell::Long),
        "starts_with" => Some(Cell::Boolean(text.starts_with(words[0]))),
        "lpad" | "rpad" => {
            let wanted = usize::try_from(counts[0]).unwrap_or(0);
            let kept: String = characters.iter().take(wanted).collect();
            let fill = words.first().copied().unwrap_or(" ");
            let missing = wanted.saturating_sub(length);
            let padding: String = fill.chars().cycle().take(missing).collect();
            Some(Cell::Text(if name == "lpad" {
                padding + &kept
            } else {
                kept + &padding
            }))
        }
        "split_part" => {
            let parts: Vec<&str> = if words[0].is_empty() {
                vec![text]
            } else {
                text.split(words[0]).collect()
            };
            let at = match counts[0] {
                0 => return None,
                number @ 1.. => number - 1,
                number => i64::try_from(parts.len()).expect("they are few") + number,
            };
            let part = usize::try_from(at).ok().and_then(|at| parts.get(at));
            Some(Cell::Text(part.copied().unwrap_or_default().to_owned()))
        }
        "regexp_like" => Some(Cell::Boolean(match *words {
            ["^a"] => text.starts_with('a'),
            ["é$"] => text.ends_with('é'),
            ["a.b", "s"] => {
                (0..length).any(|at| characters[at] == 'a' && characters.get(at + 2) == Some(&'b'))
            }
            ["[AB]", "i"] => text.contains(['a', 'b', 'A', 'B']),
            ref other => panic!("unknown pattern {other:?}"),
        })),
        other => panic!("unknown function `{other}`"),
    }
}

/// Characters that become several stay as they are.
fn map<I: ExactSizeIterator<Item = char>>(text: &str, to: impl Fn(char) -> I) -> String {
    let one = |letter| match (to(letter).len(), to(letter).next()) {
        (1, Some(mapped)) => mapped,
        _ => letter,
    };
    text.chars().map(one).collect()
}

/// Whether a text is like a pattern, which may be null.
fn like(text: &str, pattern: &Pattern) -> Option<bool> {
    let mut parts = Vec::new();
    let escape = pattern
        .escape
        .map_or(Some('\\'), |escape| escape.chars().next());
    let mut characters = pattern.text.as_ref()?.chars();
    while let Some(character) = characters.next() {
        parts.push(match character {
            _ if Some(character) == escape => {
                Part::Character(characters.next().expect("something is escaped"))
            }
            '%' => Part::Any,
            '_' => Part::One,
            _ => Part::Character(character),
        });
    }
    let text: Vec<char> = text.chars().collect();
    Some(is_like(&text, &parts, pattern.folds))
}

enum Part {
    Any,
    One,
    Character(char),
}

fn is_like(text: &[char], parts: &[Part], folds: bool) -> bool {
    let Some((part, parts)) = parts.split_first() else {
        return text.is_empty();
    };
    match (part, text) {
        (Part::Any, _) => (0..=text.len()).any(|from| is_like(&text[from..], parts, folds)),
        (_, []) => false,
        (Part::One, [_, rest @ ..]) => is_like(rest, parts, folds),
        (Part::Character(wanted), [found, rest @ ..]) => {
            let same = if folds {
                wanted.to_lowercase().eq(found.to_lowercase())
            } else {
                wanted == found
            };
            same && is_like(rest, parts, folds)
        }
    }
}
