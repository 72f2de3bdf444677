//! Random expressions whose types fit, and random documents for them.
//!
//! The simplest comes first everywhere, so that what fails shrinks to it.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::tree::{Binary, Is, Pattern, Tree, Unary};
use crate::expression::ColumnType;
use crate::expression::tests::index::{COLUMNS, Cell, Row};

/// How deep operators lie in each other.
const DEPTH: usize = 4;

/// Longs at which something changes.
const LONGS: &[i64] = &[
    0,
    1,
    -1,
    2,
    3,
    7,
    -7,
    10,
    // A product of two is beyond the range, a quotient or a sum near its ends.
    3_037_000_500,
    -3_037_000_500,
    4_294_967_296,
    -4_294_967_297,
    9_007_199_254_740_991,
    9_007_199_254_740_992,
    9_007_199_254_740_993,
    -9_007_199_254_740_995,
    i64::MAX / 2,
    i64::MIN / 2,
    i64::MAX - 1023,
    i64::MAX - 1,
    i64::MAX,
    i64::MIN + 1,
    i64::MIN,
];

/// Doubles at which something changes.
const DOUBLES: &[f64] = &[
    0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.5,
    -7.25,
    0.1,
    -0.0,
    1e-200,
    5e-324,
    1.5,
    3.5,
    2.675,
    -1.005,
    9_007_199_254_740_992.0,
    9_223_372_036_854_774_784.0,
    9_223_372_036_854_775_808.0,
    -9_223_372_036_854_775_808.0,
    9.3e18,
    -9.3e18,
    1e200,
    -1e200,
    f64::MAX,
    f64::MIN,
];

/// What texts are made of.
const LETTERS: &[char] = &[
    'a', 'b', 'A', 'B', 'é', 'É', 'ß', ' ', '%', '_', '\\', '\'', '\n', '日', '.', ']', '-', '^',
];

/// Dates, as they may be written.
const DATES: &[(&str, &str, i64)] = &[
    ("date", "1970-01-01", 0),
    ("date", "1969-12-31", -86_400_000_000),
    ("timestamp", "1970-01-01", 0),
    ("timestamp", "1970-01-01 00:00:00.000001", 1),
    ("timestamp", "1970-01-01T01:00:00+01:00", 0),
    ("timestamp", "1969-12-31 23:59:59.999999", -1),
    ("timestamp", "2020-02-29 12:30:00", 1_582_979_400_000_000),
    ("date", "9999-12-31", 253_402_214_400_000_000),
    ("date", "0001-01-01", -62_135_596_800_000_000),
];

type Trees = BoxedStrategy<Tree>;

/// Expressions of each type that are so deep at most.
#[derive(Clone)]
struct Level {
    boolean: Trees,
    long: Trees,
    double: Trees,
    text: Trees,
}

/// Expressions of any type.
pub(super) fn values() -> Trees {
    prop_oneof![8 => deepest().any(), 1 => chosen_dates()].boxed()
}

/// Dates that are one of several.
fn chosen_dates() -> Trees {
    let date = dates();
    let extremes = select(vec!["least", "greatest"]);
    prop_oneof![
        column(ColumnType::Date),
        alternatives(&Level::leaves(), &date, &date),
        (extremes, [date.clone(), date]).prop_map(|(name, both)| Tree::Call(name, both.into())),
    ]
    .boxed()
}

/// Booleans in which dates are compared.
pub(super) fn conditions() -> Trees {
    let mut deepest = compared_dates();
    let plain = Level::leaves().next().boolean;
    for _ in 1..DEPTH {
        let lower = prop_oneof![3 => deepest.clone(), 1 => plain.clone()].boxed();
        let is = select(vec![Is::True, Is::False]);
        deepest = prop_oneof![
            deepest,
            lower.clone().prop_map(|tree| unary(Unary::Not, tree)),
            (lower.clone(), is, any::<bool>()).prop_map(|(tree, is, negated)| Tree::Is(
                Box::new(tree),
                is,
                negated
            )),
            (junctions(), lower.clone(), lower)
                .prop_map(|(binary, left, right)| self::binary(binary, left, right)),
        ]
        .boxed();
    }
    deepest
}

fn deepest() -> Level {
    (1..DEPTH).fold(Level::leaves(), |level, _| level.next())
}

/// Documents.
pub(super) fn rows() -> impl Strategy<Value = Vec<Row>> {
    let columns: Vec<_> = COLUMNS
        .iter()
        .filter(|(path, _)| !path.starts_with("late_"))
        .map(|(path, type_)| {
            let cell = match type_ {
                ColumnType::Boolean => any::<bool>().prop_map(Cell::Boolean).boxed(),
                ColumnType::Long => longs().prop_map(Cell::Long).boxed(),
                ColumnType::Double => doubles().prop_map(Cell::Double).boxed(),
                ColumnType::Text => texts().prop_map(Cell::Text).boxed(),
                ColumnType::Date => select(DATES)
                    .prop_map(|(_, _, micros)| Cell::Date(micros))
                    .boxed(),
            };
            let cells = prop_oneof![
                4 => vec(cell.clone(), 0..=1),
                2 => vec(cell.clone(), 1),
                1 => vec(cell, 2..=3),
            ];
            cells.prop_map(move |cells| (*path, cells))
        })
        .collect();
    vec(
        columns.prop_map(|cells| {
            let present = cells.into_iter().filter(|(_, cells)| !cells.is_empty());
            present.collect()
        }),
        1..12,
    )
}

fn longs() -> BoxedStrategy<i64> {
    prop_oneof![
        6 => select(LONGS),
        2 => -20_i64..20,
        1 => -1_i64 << 54..1 << 54,
        1 => any::<i64>(),
    ]
    .boxed()
}

fn doubles() -> BoxedStrategy<f64> {
    let any_finite = any::<f64>().prop_filter("it is finite", |value| value.is_finite());
    prop_oneof![6 => select(DOUBLES), 2 => -100.0..100.0, 1 => any_finite].boxed()
}

fn texts() -> BoxedStrategy<String> {
    vec(select(LETTERS), 0..5)
        .prop_map(|letters| letters.into_iter().collect())
        .boxed()
}

fn column(of: ColumnType) -> impl Strategy<Value = Tree> {
    let paths: Vec<_> = COLUMNS
        .iter()
        .filter(|(_, type_)| *type_ == of)
        .map(|(path, _)| *path)
        .collect();
    select(paths).prop_map(Tree::Column)
}

fn unary(unary: Unary, operand: Tree) -> Tree {
    Tree::Unary(unary, Box::new(operand))
}

fn binary(binary: Binary, left: Tree, right: Tree) -> Tree {
    Tree::Binary(binary, Box::new(left), Box::new(right))
}

fn junctions() -> impl Strategy<Value = Binary> {
    select(vec![Binary::And, Binary::Or])
}

fn comparisons() -> impl Strategy<Value = Binary> {
    select(vec![
        Binary::Equal,
        Binary::NotEqual,
        Binary::Less,
        Binary::LessOrEqual,
        Binary::Greater,
        Binary::GreaterOrEqual,
    ])
}

/// Comparisons of two operands, `between` and `in`.
fn compared(operand: &Trees) -> Trees {
    let operand = operand.clone();
    prop_oneof![
        (comparisons(), operand.clone(), operand.clone())
            .prop_map(|(comparison, left, right)| binary(comparison, left, right)),
        (
            [operand.clone(), operand.clone(), operand.clone()],
            any::<bool>()
        )
            .prop_map(|(operands, negated)| Tree::Between(Box::new(operands), negated)),
        listed(&operand),
    ]
    .boxed()
}

fn listed(operand: &Trees) -> Trees {
    (operand.clone(), vec(operand.clone(), 1..4), any::<bool>())
        .prop_map(|(value, list, negated)| Tree::In(Box::new(value), list, negated))
        .boxed()
}

fn dates() -> Trees {
    let literal = select(DATES).prop_map(|(word, text, micros)| Tree::Date(word, text, micros));
    let column = column(ColumnType::Date);
    prop_oneof![4 => column, 4 => literal, 1 => Just(Tree::Null)].boxed()
}

/// Conditions on dates, each of which has a date.
fn compared_dates() -> Trees {
    let date = dates();
    let absent = (date.clone(), any::<bool>())
        .prop_map(|(date, negated)| Tree::Is(Box::new(date), Is::Null, negated));
    prop_oneof![4 => compared(&date), 1 => absent].boxed()
}

/// The forms that take values of any type: `case`, `coalesce` and `nullif`.
fn alternatives(level: &Level, value: &Trees, other: &Trees) -> Trees {
    let branches = |condition: &Trees| vec((condition.clone(), other.clone()), 1..3);
    let otherwise = option::of(value.clone());
    let chosen = |operand: Option<&Trees>| -> Trees {
        let branches = branches(operand.unwrap_or(&level.boolean));
        let operand = match operand {
            None => Just(None).boxed(),
            Some(operand) => operand.clone().prop_map(Some).boxed(),
        };
        (operand, branches, otherwise.clone())
            .prop_map(|(operand, branches, otherwise)| {
                Tree::Case(operand.map(Box::new), branches, otherwise.map(Box::new))
            })
            .boxed()
    };
    let several = (value.clone(), vec(other.clone(), 0..3)).prop_map(|(first, mut rest)| {
        rest.insert(0, first);
        Tree::Call("coalesce", rest)
    });
    prop_oneof![
        several,
        [value.clone(), other.clone()].prop_map(|both| Tree::Call("nullif", both.into())),
        chosen(None),
        chosen(Some(&level.number())),
        chosen(Some(&level.text)),
        chosen(Some(&level.boolean)),
    ]
    .boxed()
}

/// Arithmetic whose result is of the type of the first operand, or a double where another is.
fn arithmetic(value: &Trees, other: &Trees) -> Trees {
    let operators = select(vec![
        Binary::Add,
        Binary::Subtract,
        Binary::Multiply,
        Binary::Divide,
        Binary::Remainder,
    ]);
    let extremes = select(vec!["least", "min", "greatest", "max"]);
    let whole = select(vec![
        "floor", "ceil", "ceiling", "round", "abs", "sign", "trunc",
    ]);
    prop_oneof![
        6 => (operators.clone(), value.clone(), other.clone())
            .prop_map(|(operator, left, right)| binary(operator, left, right)),
        2 => (operators, other.clone(), value.clone())
            .prop_map(|(operator, left, right)| binary(operator, left, right)),
        1 => (select(vec![Unary::Minus, Unary::Plus]), value.clone())
            .prop_map(|(sign, operand)| unary(sign, operand)),
        1 => [value.clone(), other.clone()].prop_map(|both| Tree::Call("mod", both.into())),
        2 => (extremes, value.clone(), vec(other.clone(), 1..3)).prop_map(
            |(name, first, mut rest)| {
                rest.push(first);
                Tree::Call(name, rest)
            }
        ),
        2 => (whole, value.clone()).prop_map(|(name, value)| Tree::Call(name, vec![value])),
        1 => (value.clone(), -25_i64..25)
            .prop_map(|(value, places)| Tree::Call("round", vec![value, Tree::Long(places)])),
    ]
    .boxed()
}

/// Doubles most of which are not finite, which would be rare otherwise.
fn overflowing(number: &Trees) -> Trees {
    let large = || select(vec![1e200, -1e200, f64::MAX]).prop_map(Tree::Double);
    (number.clone(), large(), large())
        .prop_map(|(number, one, other)| {
            let product = binary(Binary::Multiply, number, one);
            binary(Binary::Multiply, product, other)
        })
        .boxed()
}

/// Texts made of texts.
fn cut(text: &Trees) -> Trees {
    let text = || text.clone();
    let count = || (0_i64..6).prop_map(Tree::Long);
    let number = || (-3_i64..6).prop_map(Tree::Long);
    let set = prop_oneof![4 => texts().prop_map(Tree::Text), 1 => Just(Tree::Null)];
    prop_oneof![
        2 => [text(), text()].prop_map(|[left, right]| binary(Binary::Concat, left, right)),
        1 => vec(text(), 1..4).prop_map(|texts| Tree::Call("concat", texts)),
        1 => [text(), text(), text()].prop_map(|all| Tree::Call("replace", all.into())),
        1 => (text(), number()).prop_map(|(text, times)| Tree::Call("repeat", vec![text, times])),
        1 => (text(), text(), number())
            .prop_map(|(text, part, number)| Tree::Call("split_part", vec![text, part, number])),
        1 => (select(vec!["lpad", "rpad"]), text(), number(), option::of(text())).prop_map(
            |(name, text, length, fill)| {
                let mut arguments = vec![text, length];
                arguments.extend(fill);
                Tree::Call(name, arguments)
            }
        ),
        1 => (select(vec!["upper", "lower", "reverse"]), text())
            .prop_map(|(name, text)| Tree::Call(name, vec![text])),
        1 => (select(vec!["left", "right"]), text(), (-3_i64..6).prop_map(Tree::Long))
            .prop_map(|(name, text, count)| Tree::Call(name, vec![text, count])),
        1 => (
            select(vec!["substr", "substring"]),
            text(),
            (-3_i64..6).prop_map(Tree::Long),
            option::of(count()),
        )
            .prop_map(|(name, text, start, length)| {
                let mut arguments = vec![text, start];
                arguments.extend(length);
                Tree::Call(name, arguments)
            }),
        1 => (
            select(vec!["trim", "btrim", "ltrim", "rtrim"]),
            text(),
            option::of(set),
        )
            .prop_map(|(name, text, set)| {
                let mut arguments = vec![text];
                arguments.extend(set);
                Tree::Call(name, arguments)
            }),
    ]
    .boxed()
}

/// `like` and `regexp_like`.
fn matched(text: &Trees) -> Trees {
    let part = prop_oneof![
        select(LETTERS).prop_map(Some),
        Just(Some('%')),
        Just(Some('_')),
        // Escapes what follows.
        Just(None),
    ];
    let escape = select(vec![None, Some("!"), Some("")]);
    let pattern = (vec(part, 0..6), escape, any::<bool>(), any::<bool>(), 0..12).prop_map(
        |(parts, escape, folds, negated, null)| {
            let character = escape.map_or(Some('\\'), |escape: &str| escape.chars().next());
            let mut text = String::new();
            for part in parts {
                match (part, character) {
                    (Some(part), Some(character)) if part == character => {
                        text.extend([part, part]);
                    }
                    (Some(part), _) => text.push(part),
                    (None, Some(character)) => text.extend([character, '%']),
                    (None, None) => {}
                }
            }
            Pattern {
                text: (null != 11).then_some(text),
                escape,
                folds,
                negated,
            }
        },
    );
    let regex = select(vec![
        ("^a", None),
        ("é$", None),
        ("a.b", Some("s")),
        ("[AB]", Some("i")),
    ]);
    prop_oneof![
        3 => (text.clone(), pattern)
            .prop_map(|(text, pattern)| Tree::Like(Box::new(text), pattern)),
        1 => (text.clone(), regex).prop_map(|(text, (regex, flags))| {
            let literal = |text: &str| Tree::Text(text.to_owned());
            let mut arguments = vec![text, literal(regex)];
            arguments.extend(flags.map(literal));
            Tree::Call("regexp_like", arguments)
        }),
    ]
    .boxed()
}

impl Level {
    fn leaves() -> Self {
        let leaves = |type_, literal: BoxedStrategy<Tree>| -> Trees {
            prop_oneof![8 => column(type_), 4 => literal, 1 => Just(Tree::Null)].boxed()
        };
        let booleans = any::<bool>().prop_map(Tree::Boolean).boxed();
        Self {
            boolean: leaves(ColumnType::Boolean, booleans),
            long: leaves(ColumnType::Long, longs().prop_map(Tree::Long).boxed()),
            double: leaves(ColumnType::Double, doubles().prop_map(Tree::Double).boxed()),
            text: leaves(ColumnType::Text, texts().prop_map(Tree::Text).boxed()),
        }
    }

    fn number(&self) -> Trees {
        prop_oneof![self.long.clone(), self.double.clone()].boxed()
    }

    fn any(&self) -> Trees {
        prop_oneof![self.boolean.clone(), self.number(), self.text.clone()].boxed()
    }

    /// The level above.
    fn next(&self) -> Self {
        let number = self.number();
        let roots = prop_oneof![
            1 => number.clone().prop_map(|value| Tree::Call("sqrt", vec![value])),
            1 => (select(vec!["exp", "ln"]), number.clone())
                .prop_map(|(name, value)| Tree::Call(name, vec![value])),
            1 => (select(vec!["pow", "power", "atan2"]), number.clone(), number.clone())
                .prop_map(|(name, base, exponent)| Tree::Call(name, vec![base, exponent])),
        ];
        let of_text = prop_oneof![
            (select(vec!["length", "octet_length"]), self.text.clone())
                .prop_map(|(name, text)| Tree::Call(name, vec![text])),
            [self.text.clone(), self.text.clone()]
                .prop_map(|both| Tree::Call("strpos", both.into())),
            prop_oneof![self.text.clone(), self.number()]
                .prop_map(|value| Tree::Call("to_long", vec![value])),
        ];
        let as_text = prop_oneof![self.long.clone(), self.boolean.clone()]
            .prop_map(|value| Tree::Call("to_text", vec![value]));
        let is = select(vec![Is::Unknown, Is::True, Is::False]);
        let boolean = &self.boolean;
        let equal = select(vec![Binary::Equal, Binary::NotEqual]);
        let boolean = prop_oneof![
            1 => boolean.clone(),
            2 => compared(&number),
            1 => compared(&self.text),
            1 => (equal, boolean.clone(), boolean.clone())
                .prop_map(|(binary, left, right)| self::binary(binary, left, right)),
            1 => listed(boolean),
            2 => (junctions(), boolean.clone(), boolean.clone())
                .prop_map(|(binary, left, right)| self::binary(binary, left, right)),
            1 => boolean.clone().prop_map(|tree| unary(Unary::Not, tree)),
            1 => (self.any(), any::<bool>())
                .prop_map(|(tree, negated)| Tree::Is(Box::new(tree), Is::Null, negated)),
            1 => (boolean.clone(), is, any::<bool>())
                .prop_map(|(tree, is, negated)| Tree::Is(Box::new(tree), is, negated)),
            1 => matched(&self.text),
            1 => [self.text.clone(), self.text.clone()]
                .prop_map(|both| Tree::Call("starts_with", both.into())),
            1 => alternatives(self, boolean, boolean),
        ];
        Self {
            boolean: boolean.boxed(),
            long: prop_oneof![
                1 => self.long.clone(),
                3 => arithmetic(&self.long, &self.long),
                1 => of_text,
                1 => alternatives(self, &self.long, &self.long),
            ]
            .boxed(),
            double: prop_oneof![
                1 => self.double.clone(),
                3 => arithmetic(&self.double, &number),
                1 => roots,
                1 => overflowing(&number),
                1 => alternatives(self, &self.double, &number),
            ]
            .boxed(),
            text: prop_oneof![
                1 => self.text.clone(),
                3 => cut(&self.text),
                1 => as_text,
                1 => alternatives(self, &self.text, &self.text),
            ]
            .boxed(),
        }
    }
}
