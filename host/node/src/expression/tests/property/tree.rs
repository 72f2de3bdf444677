//! Expressions as trees, their types, and the many ways to write one.
//!
//! It shares nothing with the parser and the checker: it says for itself what SQL's types are.

use crate::expression::ColumnType;
use crate::expression::tests::index::COLUMNS;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Null,
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(String),
    /// The word before it, how it is written, and its microseconds since 1970.
    Date(&'static str, &'static str, i64),
    Column(&'static str),
    Unary(Unary, Box<Self>),
    Binary(Binary, Box<Self>, Box<Self>),
    /// `is` something, or is not.
    Is(Box<Self>, Is, bool),
    /// A value, the least and the greatest that it may have, and `not`.
    Between(Box<[Self; 3]>, bool),
    In(Box<Self>, Vec<Self>, bool),
    Like(Box<Self>, Pattern),
    Case(Option<Box<Self>>, Vec<(Self, Self)>, Option<Box<Self>>),
    Call(&'static str, Vec<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Minus,
    Plus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Concat,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    Null,
    Unknown,
    True,
    False,
}

/// What `like` compares a text to.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) text: Option<String>,
    /// Instead of a backslash; if it is empty, nothing escapes.
    pub(super) escape: Option<&'static str>,
    /// `ilike`.
    pub(super) folds: bool,
    pub(super) negated: bool,
}

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Long,
    Double,
    Text,
    Date,
}

impl Type {
    fn of_column(path: &str) -> Self {
        let of_path = |(known, _): &&(&str, _)| *known == path;
        let (_, type_) = COLUMNS.iter().find(of_path).expect("columns are known");
        match type_ {
            ColumnType::Boolean => Self::Boolean,
            ColumnType::Long => Self::Long,
            ColumnType::Double => Self::Double,
            ColumnType::Text => Self::Text,
            ColumnType::Date => Self::Date,
        }
    }

    /// The type of alternatives of these types.
    pub(super) fn common(types: impl IntoIterator<Item = Self>) -> Self {
        types.into_iter().fold(Self::Null, |one, other| {
            if one == Self::Null || (one, other) == (Self::Long, Self::Double) {
                other
            } else {
                one
            }
        })
    }
}

impl Tree {
    pub(super) fn type_(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Boolean(_)
            | Self::Unary(Unary::Not, _)
            | Self::Is(..)
            | Self::Between(..)
            | Self::In(..)
            | Self::Like(..) => Type::Boolean,
            Self::Long(_) => Type::Long,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::Text,
            Self::Date(..) => Type::Date,
            Self::Column(path) => Type::of_column(path),
            Self::Unary(_, operand) => operand.type_(),
            Self::Binary(binary, left, right) => match binary {
                Binary::Concat => Type::Text,
                Binary::Add
                | Binary::Subtract
                | Binary::Multiply
                | Binary::Divide
                | Binary::Remainder => Type::common([left.type_(), right.type_()]),
                _ => Type::Boolean,
            },
            Self::Case(_, branches, otherwise) => {
                let values = branches.iter().map(|(_, value)| value);
                Type::common(values.chain(otherwise.as_deref()).map(Self::type_))
            }
            Self::Call(name, arguments) => match *name {
                "sqrt" | "pow" | "power" | "exp" | "ln" | "atan2" => Type::Double,
                "regexp_like" | "starts_with" => Type::Boolean,
                "strpos" | "length" | "octet_length" | "to_long" => Type::Long,
                "nullif" | "abs" | "floor" | "ceil" | "ceiling" | "round" | "sign" | "trunc" => {
                    arguments[0].type_()
                }
                "coalesce" | "mod" | "least" | "min" | "greatest" | "max" => {
                    Type::common(arguments.iter().map(Self::type_))
                }
                _ => Type::Text,
            },
        }
    }

    /// Its text. The style decides on parentheses, blanks and the like.
    pub(super) fn write(&self, style: &[u8]) -> String {
        let mut writer = Writer {
            tokens: Vec::new(),
            style,
            used: 0,
        };
        writer.tree(self, OR);
        writer.join()
    }

    /// How tightly it binds.
    fn level(&self) -> u8 {
        match self {
            Self::Unary(Unary::Not, _) => NOT,
            Self::Unary(..) => SIGN,
            Self::Long(value) if *value < 0 => SIGN,
            Self::Double(value) if value.is_sign_negative() => SIGN,
            Self::Binary(binary, ..) => match binary {
                Binary::Or => OR,
                Binary::And => AND,
                Binary::Concat => CONCAT,
                Binary::Add | Binary::Subtract => SUM,
                Binary::Multiply | Binary::Divide | Binary::Remainder => PRODUCT,
                _ => COMPARISON,
            },
            Self::Is(..) => IS,
            Self::Between(..) | Self::In(..) | Self::Like(..) => COMPARISON,
            _ => PRIMARY,
        }
    }
}

// How tightly operators bind, as PostgreSQL has it.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const IS: u8 = 4;
const COMPARISON: u8 = 5;
const CONCAT: u8 = 6;
const SUM: u8 = 7;
const PRODUCT: u8 = 8;
const SIGN: u8 = 9;
const PRIMARY: u8 = 10;

struct Writer<'a> {
    tokens: Vec<String>,
    style: &'a [u8],
    used: usize,
}

impl Writer<'_> {
    /// One of so many ways; the first is the plain one.
    fn way(&mut self, ways: u8) -> u8 {
        if self.style.is_empty() {
            return 0;
        }
        let byte = self.style[self.used % self.style.len()];
        self.used += 1;
        byte % ways
    }

    fn sign(&mut self, sign: &str) {
        self.tokens.push(sign.to_owned());
    }

    /// Keywords and functions' names, in any case.
    fn words(&mut self, words: &str) {
        for word in words.split(' ') {
            let word = match self.way(4) {
                0 | 1 => word.to_owned(),
                2 => word.to_uppercase(),
                _ => {
                    let mut upper = false;
                    word.chars()
                        .map(|letter| {
                            upper = !upper;
                            if upper {
                                letter.to_ascii_uppercase()
                            } else {
                                letter
                            }
                        })
                        .collect()
                }
            };
            self.tokens.push(word);
        }
    }

    fn text(&mut self, text: &str) {
        self.tokens.push(format!("'{}'", text.replace('\'', "''")));
    }

    /// A tree, in parentheses if it binds less tightly than it must.
    fn tree(&mut self, tree: &Tree, least: u8) {
        let parentheses = usize::from(tree.level() < least) + usize::from(self.way(8) == 7);
        for _ in 0..parentheses {
            self.sign("(");
        }
        self.bare(tree);
        for _ in 0..parentheses {
            self.sign(")");
        }
    }

    fn bare(&mut self, tree: &Tree) {
        match tree {
            Tree::Null => self.words("null"),
            Tree::Boolean(value) => self.words(if *value { "true" } else { "false" }),
            Tree::Long(value) => self.number(value.to_string()),
            Tree::Double(value) => self.number(format!("{value:?}")),
            Tree::Text(text) => self.text(text),
            Tree::Date(word, text, _) => {
                self.words(word);
                self.text(text);
            }
            Tree::Column(path) => self.column(path),
            Tree::Unary(unary, operand) => match unary {
                Unary::Not => {
                    self.words("not");
                    self.tree(operand, NOT);
                }
                Unary::Minus | Unary::Plus => {
                    self.sign(if *unary == Unary::Minus { "-" } else { "+" });
                    self.tree(operand, SIGN);
                }
            },
            Tree::Binary(binary, left, right) => self.binary(*binary, tree.level(), left, right),
            Tree::Is(operand, is, negated) => {
                self.tree(operand, IS);
                self.words(if *negated { "is not" } else { "is" });
                self.words(match is {
                    Is::Null => "null",
                    Is::Unknown => "unknown",
                    Is::True => "true",
                    Is::False => "false",
                });
            }
            Tree::Between(operands, negated) => {
                let [value, low, high] = &**operands;
                self.tree(value, CONCAT);
                self.words(if *negated { "not between" } else { "between" });
                self.tree(low, CONCAT);
                self.words("and");
                self.tree(high, CONCAT);
            }
            Tree::In(value, list, negated) => {
                self.tree(value, CONCAT);
                self.words(if *negated { "not in" } else { "in" });
                self.list(list);
            }
            Tree::Like(text, pattern) => self.like(text, pattern),
            Tree::Case(operand, branches, otherwise) => {
                self.words("case");
                if let Some(operand) = operand {
                    self.tree(operand, OR);
                }
                for (condition, value) in branches {
                    self.words("when");
                    self.tree(condition, OR);
                    self.words("then");
                    self.tree(value, OR);
                }
                if let Some(otherwise) = otherwise {
                    self.words("else");
                    self.tree(otherwise, OR);
                }
                self.words("end");
            }
            Tree::Call(name, arguments) => self.call(name, arguments),
        }
    }

    fn number(&mut self, digits: String) {
        match digits.strip_prefix('-') {
            Some(digits) if self.way(2) == 1 => {
                self.sign("-");
                self.sign(digits);
            }
            _ => self.tokens.push(digits),
        }
    }

    fn column(&mut self, path: &str) {
        let plain = !path.contains(' ');
        let written = match self.way(4) {
            3 => format!("\"{}\"", path.replace('.', "\".\"")),
            0 | 1 if plain => path.to_owned(),
            _ => format!("\"{path}\""),
        };
        self.tokens.push(written);
    }

    fn binary(&mut self, binary: Binary, level: u8, left: &Tree, right: &Tree) {
        let sign = match binary {
            Binary::Or => "or",
            Binary::And => "and",
            Binary::Equal => "=",
            Binary::NotEqual if self.way(2) == 0 => "<>",
            Binary::NotEqual => "!=",
            Binary::Less => "<",
            Binary::LessOrEqual => "<=",
            Binary::Greater => ">",
            Binary::GreaterOrEqual => ">=",
            Binary::Concat => "||",
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "*",
            Binary::Divide => "/",
            Binary::Remainder => "%",
        };
        // Comparisons do not stand in a row.
        let least = if level == COMPARISON { CONCAT } else { level };
        self.tree(left, least);
        self.words(sign);
        self.tree(right, level + 1);
    }

    fn like(&mut self, text: &Tree, pattern: &Pattern) {
        self.tree(text, CONCAT);
        if pattern.negated {
            self.words("not");
        }
        self.words(if pattern.folds { "ilike" } else { "like" });
        match &pattern.text {
            None => self.words("null"),
            Some(text) => self.text(text),
        }
        if let Some(escape) = pattern.escape {
            self.words("escape");
            self.text(escape);
        }
    }

    fn list(&mut self, trees: &[Tree]) {
        self.sign("(");
        for (index, tree) in trees.iter().enumerate() {
            if index > 0 {
                self.sign(",");
            }
            self.tree(tree, OR);
        }
        self.sign(")");
    }

    fn call(&mut self, name: &str, arguments: &[Tree]) {
        let form = self.way(3);
        match (name, arguments) {
            // The parser takes `trim` with characters in this form only.
            ("trim" | "ltrim" | "rtrim", [text, set]) if form == 2 || name == "trim" => {
                self.words("trim");
                self.sign("(");
                self.words(match name {
                    "trim" => "both",
                    "ltrim" => "leading",
                    _ => "trailing",
                });
                self.bare(set);
                self.words("from");
                self.tree(text, OR);
                self.sign(")");
            }
            ("substring", [text, start, rest @ ..]) if form == 2 => {
                self.words("substring");
                self.sign("(");
                self.tree(text, OR);
                self.words("from");
                self.bare(start);
                for length in rest {
                    self.words("for");
                    self.bare(length);
                }
                self.sign(")");
            }
            ("strpos", [text, part]) if form == 2 => {
                self.words("position");
                self.sign("(");
                self.tree(part, PRIMARY);
                self.words("in");
                self.tree(text, OR);
                self.sign(")");
            }
            ("to_text" | "to_long", [value]) => {
                let type_ = if name == "to_text" { "text" } else { "bigint" };
                if form == 2 {
                    self.tree(value, PRIMARY);
                    self.sign("::");
                } else {
                    self.words("cast");
                    self.sign("(");
                    self.tree(value, OR);
                    self.words("as");
                }
                self.words(type_);
                if form != 2 {
                    self.sign(")");
                }
            }
            // These take literals after the first.
            (
                "trim" | "btrim" | "ltrim" | "rtrim" | "round" | "regexp_like",
                [first, rest @ ..],
            ) => {
                self.words(name);
                self.sign("(");
                self.tree(first, OR);
                for literal in rest {
                    self.sign(",");
                    self.bare(literal);
                }
                self.sign(")");
            }
            _ => {
                self.words(name);
                self.list(arguments);
            }
        }
    }

    /// The tokens with blanks between them; beside some signs there need be none.
    fn join(mut self) -> String {
        let tokens = std::mem::take(&mut self.tokens);
        let mut text = String::new();
        for (index, token) in tokens.iter().enumerate() {
            let free = |token: &str| matches!(token, "(" | ")" | ",");
            let may_touch = index == 0 || free(token) || free(&tokens[index - 1]);
            text.push_str(match self.way(12) {
                0..=3 if may_touch => "",
                8 => "\n",
                9 => "\t  ",
                10 => " /* 'and ( */ ",
                11 => " -- or )\n",
                _ if index == 0 => "",
                _ => " ",
            });
            text.push_str(token);
        }
        text
    }
}
