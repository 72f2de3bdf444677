//! The functions that expressions may call, and what each takes.
//!
//! It knows the calls' syntax and types, and nothing of how they are evaluated.

use std::ops::RangeInclusive;
use std::sync::Arc;

use sqlparser::ast::{
    CeilFloorKind, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    TrimWhereField,
};

use super::check::{
    Checker, Operand, arithmetic, as_text, common_type, compare, computed, nodes, number,
};
use super::error::ExpressionError;
use super::names;
use super::node::{Comparison, Kind, Node, Operation, Type};
use super::parse::position;
use super::pattern::{self, Side};

/// The functions by name, and how many arguments each takes.
pub(super) const FUNCTIONS: &[(&str, RangeInclusive<usize>)] = &[
    ("abs", 1..=1),
    ("btrim", 1..=2),
    ("ceil", 1..=1),
    ("ceiling", 1..=1),
    ("coalesce", 1..=usize::MAX),
    ("char_length", 1..=1),
    ("character_length", 1..=1),
    ("concat", 1..=usize::MAX),
    ("floor", 1..=1),
    ("greatest", 2..=usize::MAX),
    ("least", 2..=usize::MAX),
    ("left", 2..=2),
    ("length", 1..=1),
    ("lower", 1..=1),
    ("ltrim", 1..=2),
    ("max", 2..=usize::MAX),
    ("min", 2..=usize::MAX),
    ("mod", 2..=2),
    ("nullif", 2..=2),
    ("pow", 2..=2),
    ("power", 2..=2),
    ("regexp_like", 2..=3),
    ("right", 2..=2),
    ("round", 1..=2),
    ("rtrim", 1..=2),
    ("sqrt", 1..=1),
    ("substr", 2..=3),
    ("substring", 2..=3),
    ("trim", 1..=2),
    ("upper", 1..=1),
];

impl Checker<'_> {
    /// Checks a call, be it one with a syntax of its own.
    pub(super) fn function(&self, call: &Expr, depth: usize) -> Result<Arc<Node>, ExpressionError> {
        if let Expr::Substring {
            expr,
            substring_from: None,
            substring_for: Some(length),
            ..
        } = call
        {
            let text = self.check(expr, depth + 1)?;
            text.must_be(Type::Text, "`substring` takes a string")?;
            return pattern::substring(&text, None, Some(&length.as_ref()));
        }
        let (name, arguments) = read_call(call)?;
        let Some((_, takes)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            return Err(names::unknown_function(call, &name));
        };
        if !takes.contains(&arguments.len()) {
            return Err(ExpressionError::Arguments {
                at: position(call),
                takes: how_many(takes),
                given: arguments.len(),
                function: name,
            });
        }
        // Those after the first are literals in some functions.
        let (first, rest) = (arguments[0], &arguments[1..]);
        let text = |type_of| -> Result<Operand, ExpressionError> {
            let operand = self.check(first, depth + 1)?;
            operand.must_be(Type::Text, format!("`{type_of}` takes a string"))?;
            Ok(operand)
        };
        match name.as_str() {
            "left" => pattern::left(&text("left")?, rest[0]),
            "right" => pattern::right(&text("right")?, rest[0]),
            "substr" | "substring" => pattern::substring(&text(&name)?, Some(rest[0]), rest.get(1)),
            "trim" | "btrim" => pattern::trim(Side::Both, &text(&name)?, rest.first()),
            "ltrim" => pattern::trim(Side::Leading, &text(&name)?, rest.first()),
            "rtrim" => pattern::trim(Side::Trailing, &text(&name)?, rest.first()),
            "regexp_like" => pattern::regexp_like(&text(&name)?, rest[0], rest.get(1)),
            "round" => self.round(first, rest.first(), depth),
            _ => {
                let operands = arguments
                    .iter()
                    .map(|argument| self.check(argument, depth + 1))
                    .collect::<Result<Vec<_>, _>>()?;
                apply(&name, &operands)
            }
        }
    }

    fn round(
        &self,
        value: &Expr,
        places: Option<&&Expr>,
        depth: usize,
    ) -> Result<Arc<Node>, ExpressionError> {
        let value = self.check(value, depth + 1)?;
        number(&value, "round")?;
        let places = places.map_or(Ok(0), |places| {
            pattern::whole_number(places, "round", "decimal places", -300..=300)
        })?;
        let type_ = value.node.type_;
        if type_ != Type::Double && places >= 0 {
            return Ok(value.node);
        }
        let operation = Operation::Round(places);
        Ok(Node::new(Kind::Compute(operation, vec![value.node]), type_))
    }
}

/// A function of checked operands.
fn apply(name: &str, operands: &[Operand]) -> Result<Arc<Node>, ExpressionError> {
    let compute =
        |operation, type_| Ok(Node::new(Kind::Compute(operation, nodes(operands)), type_));
    let strings = || {
        operands
            .iter()
            .try_for_each(|operand| operand.must_be(Type::Text, format!("`{name}` takes a string")))
    };
    let numbers = || {
        operands
            .iter()
            .try_for_each(|operand| number(operand, name))
    };
    match name {
        "coalesce" => {
            let type_ = common_type(operands, name)?;
            Ok(Node::new(Kind::Coalesce(nodes(operands)), type_))
        }
        "nullif" => {
            let same = compare(Comparison::Equal, name, &operands[0], &operands[1])?;
            let value = operands[0].node.clone();
            let type_ = value.type_;
            let branches = vec![(same, Node::null(type_))];
            Ok(Node::new(Kind::Case(branches, value), type_))
        }
        "concat" => {
            // Unlike `||`, it skips what is null.
            let empty = || Node::new(Kind::Text("".into()), Type::Text);
            let parts = operands
                .iter()
                .map(|operand| {
                    let parts = vec![as_text(operand, name, ["t", "f"])?, empty()];
                    Ok(Node::new(Kind::Coalesce(parts), Type::Text))
                })
                .collect::<Result<_, _>>()?;
            Ok(Node::new(
                Kind::Compute(Operation::Concat, parts),
                Type::Text,
            ))
        }
        "upper" => strings().and_then(|()| compute(Operation::Upper, Type::Text)),
        "lower" => strings().and_then(|()| compute(Operation::Lower, Type::Text)),
        "length" | "char_length" | "character_length" => {
            strings().and_then(|()| compute(Operation::Length, Type::Long))
        }
        "sqrt" => numbers().and_then(|()| compute(Operation::Sqrt, Type::Double)),
        "pow" | "power" => numbers().and_then(|()| compute(Operation::Power, Type::Double)),
        "abs" => arithmetic(Operation::Abs, name, operands),
        "mod" => arithmetic(Operation::Remainder, name, operands),
        "least" | "min" => computed(Operation::Least, name, operands),
        "greatest" | "max" => computed(Operation::Greatest, name, operands),
        // A whole number is its own floor and ceiling.
        "floor" | "ceil" | "ceiling" => {
            numbers()?;
            match (operands[0].node.type_, name) {
                (Type::Double, "floor") => compute(Operation::Floor, Type::Double),
                (Type::Double, _) => compute(Operation::Ceil, Type::Double),
                _ => Ok(operands[0].node.clone()),
            }
        }
        _ => unreachable!("the caller checked the name"),
    }
}

/// A call's name and its arguments.
fn read_call(call: &Expr) -> Result<(String, Vec<&Expr>), ExpressionError> {
    let plain = CeilFloorKind::DateTimeField(DateTimeField::NoDateTime);
    match call {
        Expr::Ceil { expr, field } if *field == plain => Ok(("ceil".to_owned(), vec![expr])),
        Expr::Floor { expr, field } if *field == plain => Ok(("floor".to_owned(), vec![expr])),
        Expr::Substring {
            expr,
            substring_from,
            substring_for,
            shorthand,
            ..
        } => {
            let name = if *shorthand { "substr" } else { "substring" };
            let mut arguments = vec![expr.as_ref()];
            arguments.extend(substring_from.as_deref());
            arguments.extend(substring_for.as_deref());
            Ok((name.to_owned(), arguments))
        }
        Expr::Trim {
            trim_where,
            trim_what,
            expr,
            trim_characters,
        } => {
            let name = match trim_where {
                None | Some(TrimWhereField::Both) => "trim",
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
            };
            let mut arguments = vec![expr.as_ref()];
            arguments.extend(trim_what.as_deref());
            arguments.extend(trim_characters.iter().flatten());
            Ok((name.to_owned(), arguments))
        }
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            Ok((name, read_arguments(call, function)?))
        }
        other => Err(names::unsupported(other)),
    }
}

fn read_arguments<'e>(
    call: &Expr,
    function: &'e Function,
) -> Result<Vec<&'e Expr>, ExpressionError> {
    let bare = function.over.is_none()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && function.parameters == FunctionArguments::None;
    match &function.args {
        FunctionArguments::List(list)
            if bare && list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
        {
            list.args
                .iter()
                .map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Ok(argument),
                    _ => Err(names::unsupported(call)),
                })
                .collect()
        }
        _ => Err(names::unsupported(call)),
    }
}

fn how_many(takes: &RangeInclusive<usize>) -> String {
    let arguments = |count| match count {
        1 => "1 argument".to_owned(),
        count => format!("{count} arguments"),
    };
    match (*takes.start(), *takes.end()) {
        (least, usize::MAX) => format!("at least {}", arguments(least)),
        (least, most) if least == most => arguments(least),
        (least, most) => format!("{least} or {}", arguments(most)),
    }
}
