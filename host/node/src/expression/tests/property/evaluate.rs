//! What an expression gives for a document, computed in the plainest way.
//!
//! It follows what `expression` and the handbook state: PostgreSQL's meaning, null where that
//! would stop with an error, and the departures that are listed there. It knows nothing of the
//! engine.

use super::tree::{Binary, Is, Pattern, Tree, Type, Unary};
use crate::expression::tests::index::{Cell, Row};

/// Above it, not every long is a double, and quotients of longs need not be exact.
const EXACT: u64 = 1 << 53;

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
            Cell::Long(value) => Some(Cell::Long(value.wrapping_neg())),
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
            let operand = value(operand);
            let above = compare(Binary::GreaterOrEqual, operand.clone(), value(low));
            let below = compare(Binary::LessOrEqual, operand, value(high));
            boolean(negate(*negated, and(above, below)))
        }
        Tree::In(operand, list, negated) => {
            let operand = value(operand);
            let mut found = Some(false);
            for item in list {
                found = or(found, compare(Binary::Equal, operand.clone(), value(item)));
            }
            boolean(negate(*negated, found))
        }
        Tree::Like(operand, pattern) => {
            let holds = like(&text(value(operand)?), pattern)?;
            Some(Cell::Boolean(holds != pattern.negated))
        }
        Tree::Case(operand, branches, otherwise) => {
            let operand = operand.as_ref().map(|operand| value(operand));
            let chosen = branches.iter().find(|(condition, _)| {
                let condition = value(condition);
                let condition = match operand.clone() {
                    None => truth(condition),
                    Some(operand) => compare(Binary::Equal, operand, condition),
                };
                condition == Some(true)
            });
            let chosen = chosen.map(|(_, value)| value);
            as_type(tree.type_(), value(chosen.or(otherwise.as_deref())?)?)
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
        other => panic!("{other:?} is no boolean"),
    }
}

fn text(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => text,
        other => panic!("{other:?} is no text"),
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
        other => panic!("{other:?} is no number"),
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

fn compare(comparison: Binary, one: Option<Cell>, other: Option<Cell>) -> Option<bool> {
    let ordering = match (one?, other?) {
        (Cell::Boolean(one), Cell::Boolean(other)) => one.cmp(&other),
        (Cell::Long(one), Cell::Long(other)) | (Cell::Date(one), Cell::Date(other)) => {
            one.cmp(&other)
        }
        (Cell::Text(one), Cell::Text(other)) => one.as_bytes().cmp(other.as_bytes()),
        (one, other) => double(&one)
            .partial_cmp(&double(&other))
            .expect("doubles are finite"),
    };
    Some(match comparison {
        Binary::Equal => ordering.is_eq(),
        Binary::NotEqual => ordering.is_ne(),
        Binary::Less => ordering.is_lt(),
        Binary::LessOrEqual => ordering.is_le(),
        Binary::Greater => ordering.is_gt(),
        Binary::GreaterOrEqual => ordering.is_ge(),
        other => panic!("{other:?} is no comparison"),
    })
}

fn arithmetic(binary: Binary, type_: Type, one: Cell, other: Cell) -> Option<Cell> {
    if let (Type::Long, Cell::Long(one), Cell::Long(other)) = (type_, &one, &other) {
        let (one, other) = (*one, *other);
        return match binary {
            Binary::Add => Some(one.wrapping_add(other)),
            Binary::Subtract => Some(one.wrapping_sub(other)),
            Binary::Multiply => Some(one.wrapping_mul(other)),
            Binary::Divide => divide(one, other),
            Binary::Remainder => remainder(one, other),
            other => panic!("{other:?} is no arithmetic"),
        }
        .map(Cell::Long);
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
        other => panic!("{other:?} is no arithmetic"),
    }
}

fn are_exact(one: i64, other: i64) -> bool {
    one.unsigned_abs() < EXACT && other.unsigned_abs() < EXACT
}

/// Where it is not exact, it is what doubles give.
#[expect(clippy::cast_precision_loss, reason = "a departure that is stated")]
fn divide(one: i64, other: i64) -> Option<i64> {
    if other == 0 {
        None
    } else if are_exact(one, other) {
        Some(one / other)
    } else {
        long((one as f64 / other as f64).trunc())
    }
}

/// Where it is not exact, it is what doubles give.
#[expect(clippy::cast_precision_loss, reason = "a departure that is stated")]
fn remainder(one: i64, other: i64) -> Option<i64> {
    if other == 0 {
        None
    } else if are_exact(one, other) {
        Some(one % other)
    } else {
        long(one as f64 % other as f64)
    }
}

/// A double without decimal places as a long, if it is one.
#[expect(clippy::cast_possible_truncation, reason = "it is in range")]
fn long(value: f64) -> Option<i64> {
    let end = 2_f64.powi(63);
    (-end <= value && value < end).then_some(value as i64)
}

/// A double without decimal places, null where it is no long: a departure that is stated.
fn whole(value: f64) -> Option<Cell> {
    long(value).map(|_| Cell::Double(value))
}

/// A call of values that may be null.
fn call(name: &str, type_: Type, values: &[Option<Cell>]) -> Option<Cell> {
    // Some functions do not mind nulls.
    match name {
        "coalesce" => return as_type(type_, values.iter().flatten().next()?.clone()),
        "nullif" => {
            let same = compare(Binary::Equal, values[0].clone(), values[1].clone());
            return if same == Some(true) {
                None
            } else {
                values[0].clone()
            };
        }
        "concat" => {
            return Some(Cell::Text(
                values.iter().flatten().cloned().map(text).collect(),
            ));
        }
        "least" | "min" | "greatest" | "max" => {
            let wins = match name {
                "least" | "min" => Binary::Less,
                _ => Binary::Greater,
            };
            return values
                .iter()
                .flatten()
                .filter_map(|value| as_type(type_, value.clone()))
                .reduce(|best, value| {
                    if compare(wins, Some(value.clone()), Some(best.clone())) == Some(true) {
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
        ("abs", Cell::Long(value)) => Some(Cell::Long(value.wrapping_abs())),
        ("abs", Cell::Double(value)) => Some(Cell::Double(value.abs())),
        ("floor" | "ceil" | "ceiling", Cell::Long(value)) => Some(Cell::Long(value)),
        ("floor", Cell::Double(value)) => whole(value.floor()),
        ("ceil" | "ceiling", Cell::Double(value)) => whole(value.ceil()),
        ("round", first) => round(first, values.get(1).map_or(0, count)),
        ("sqrt", first) => finite(double(&first).sqrt()),
        ("pow" | "power", first) => finite(double(&first).powf(double(&values[1]))),
        ("mod", first) => arithmetic(Binary::Remainder, type_, first, values[1].clone()),
        (_, Cell::Text(text)) => of_text(name, &text, &values[1..]),
        (_, other) => panic!("`{name}` does not take {other:?}"),
    }
}

fn count(cell: &Cell) -> i64 {
    match cell {
        Cell::Long(value) => *value,
        other => panic!("{other:?} counts nothing"),
    }
}

/// Halves are rounded away from zero.
fn round(value: Cell, places: i64) -> Option<Cell> {
    let tens = 10_f64.powi(i32::try_from(places.abs()).expect("places are few"));
    match value {
        Cell::Long(value) if places >= 0 => Some(Cell::Long(value)),
        Cell::Long(value) => {
            let Ok(places) = u32::try_from(-places) else {
                return None;
            };
            // No long reaches half of it.
            let Some(unit) = 10_i128.checked_pow(places) else {
                return Some(Cell::Long(0));
            };
            let magnitude = (i128::from(value.unsigned_abs()) + unit / 2) / unit * unit;
            let rounded = magnitude * i128::from(value.signum());
            i64::try_from(rounded).ok().map(Cell::Long)
        }
        Cell::Double(value) if places == 0 => whole(value.round()),
        // Doubles have no decimal places: this is the nearest that is said of them.
        Cell::Double(value) if places > 0 => match value * tens {
            scaled if scaled.is_finite() => Some(Cell::Double(scaled.round() / tens)),
            _ => Some(Cell::Double(value)),
        },
        Cell::Double(value) => whole((value / tens).round() * tens),
        other => panic!("{other:?} is no number"),
    }
}

/// A function of a text and literals.
fn of_text(name: &str, text: &str, literals: &[Cell]) -> Option<Cell> {
    let characters: Vec<char> = text.chars().collect();
    let counts: Vec<usize> = literals
        .iter()
        .filter(|literal| matches!(literal, Cell::Long(_)))
        .map(|literal| usize::try_from(count(literal)).expect("counts are positive"))
        .collect();
    let words: Vec<&str> = literals
        .iter()
        .filter_map(|literal| match literal {
            Cell::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let of = |characters: &[char]| Some(Cell::Text(characters.iter().collect()));
    let length = characters.len();
    let removed = |character: char| words.first().unwrap_or(&" ").contains(character);
    match name {
        "upper" => Some(Cell::Text(map(text, char::to_uppercase))),
        "lower" => Some(Cell::Text(map(text, char::to_lowercase))),
        "left" => of(&characters[..counts[0].min(length)]),
        "right" => of(&characters[length - counts[0].min(length)..]),
        "substr" | "substring" => {
            let start = (counts[0] - 1).min(length);
            let kept = counts.get(1).map_or(length, |count| *count);
            of(&characters[start..(start + kept).min(length)])
        }
        "trim" | "btrim" => Some(Cell::Text(text.trim_matches(removed).to_owned())),
        "ltrim" => Some(Cell::Text(text.trim_start_matches(removed).to_owned())),
        "rtrim" => Some(Cell::Text(text.trim_end_matches(removed).to_owned())),
        "regexp_like" => Some(Cell::Boolean(match *words {
            ["^a"] => text.starts_with('a'),
            ["é$"] => text.ends_with('é'),
            ["a.b", "s"] => {
                (0..length).any(|at| characters[at] == 'a' && characters.get(at + 2) == Some(&'b'))
            }
            ["[AB]", "i"] => text.contains(['a', 'b', 'A', 'B']),
            ref other => panic!("{other:?} is known to nobody"),
        })),
        other => panic!("`{other}` is no function"),
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
