//! The functions that expressions may call, and what each takes.
//!
//! It knows the calls' syntax and types, and nothing of how they are evaluated.

use std::ops::RangeInclusive;
use std::sync::Arc;

use sqlparser::ast::{
    CeilFloorKind, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    TrimWhereField,
};
use whittle_host::nearest_name;

use super::arithmetic::arithmetic;
use super::check::{Checker, Operand, as_text, common_type, computed, nodes, number};
use super::compare::compare;
use super::error::{ExpressionError, Position};
use super::kernel::{Kernel, Scalar, letter, logarithm, scalars};
use super::moment::{self, FIELDS, Field};
use super::names;
use super::node::{Comparison, Kind, Node, Operation, Type};
use super::parse::{POSITION_IN, position};
use super::pattern;

/// The functions that are not [`scalars`], and how many arguments each takes.
const FUNCTIONS: &[(&str, RangeInclusive<usize>)] = &[
    ("abs", 1..=1),
    ("ceil", 1..=1),
    ("ceiling", 1..=1),
    ("coalesce", 1..=usize::MAX),
    ("concat", 1..=usize::MAX),
    ("current_date", 0..=0),
    ("current_timestamp", 0..=0),
    ("date_part", 2..=2),
    ("date_trunc", 2..=2),
    ("extract", 2..=2),
    ("floor", 1..=1),
    ("greatest", 2..=usize::MAX),
    ("least", 2..=usize::MAX),
    ("localtimestamp", 0..=0),
    ("log", 1..=2),
    ("max", 2..=usize::MAX),
    ("min", 2..=usize::MAX),
    ("mod", 2..=2),
    ("now", 0..=0),
    ("nullif", 2..=2),
    (POSITION_IN, 2..=2),
    ("regexp_like", 2..=3),
    ("round", 1..=2),
    ("sign", 1..=1),
    ("sqrt", 1..=1),
    ("trunc", 1..=2),
];

/// The names of all functions but UDFs.
pub(super) fn function_names() -> impl Iterator<Item = &'static str> {
    let special = FUNCTIONS.iter().map(|(name, _)| *name);
    let special = special.filter(|name| *name != POSITION_IN);
    special.chain(scalars().map(|scalar| scalar.name))
}

impl Checker<'_> {
    /// Checks a call, be it one with a syntax of its own.
    pub(super) fn function(&self, call: &Expr, depth: usize) -> Result<Arc<Node>, ExpressionError> {
        if let Expr::Extract { field, expr, .. } = call {
            return self.part(call, field, expr, depth);
        }
        if let Expr::Substring {
            expr,
            substring_from: None,
            substring_for: Some(length),
            ..
        } = call
        {
            let text = self.check(expr, depth + 1)?;
            let mut start = text.clone();
            start.node = Node::new(Kind::Long(1), Type::Long);
            let length = self.check(length, depth + 1)?;
            return apply_scalar(known("substring"), &[text, start, length]);
        }
        let name = call_name(call)?;
        let scalar = scalars().find(|scalar| scalar.name == name);
        let special = FUNCTIONS.iter().find(|(known, _)| *known == name);
        let takes = match (special, scalar) {
            (Some((_, takes)), _) => takes.clone(),
            (None, Some(scalar)) => {
                let most = scalar.takes.len();
                most - scalar.optional..=most
            }
            (None, None) => return self.udf(call, &name, depth),
        };
        let arguments = read_arguments(call)?;
        if !takes.contains(&arguments.len()) {
            return Err(ExpressionError::Arguments {
                at: position(call),
                takes: how_many(&takes),
                given: arguments.len(),
                function: name,
            });
        }
        match name.as_str() {
            "now" | "current_timestamp" | "localtimestamp" => {
                Ok(Node::new(Kind::Instant(self.scope.now), Type::Date))
            }
            "current_date" => {
                let today = moment::day(self.scope.now);
                Ok(Node::new(Kind::Instant(today), Type::Day))
            }
            // What comes after the first is a literal in some functions.
            "regexp_like" => {
                let text = self.check(arguments[0], depth + 1)?;
                text.must_be(Type::Text, "`regexp_like` takes a string")?;
                pattern::regexp_like(&text, arguments[1], arguments.get(2))
            }
            "round" | "trunc" => {
                let value = self.check(arguments[0], depth + 1)?;
                to_places(&name, value, arguments.get(1))
            }
            "date_part" | "date_trunc" => {
                let Some(field) = pattern::text_literal(arguments[0], &name, "field")? else {
                    return Ok(Node::null(Type::Double));
                };
                let field = field_named(&field, &name, position(arguments[0]))?;
                let date = self.check(arguments[1], depth + 1)?;
                if name == "date_part" {
                    part_of(&name, field, &date)
                } else {
                    truncated(field, &date, arguments[0])
                }
            }
            _ => {
                let operands = arguments
                    .iter()
                    .map(|argument| self.check(argument, depth + 1))
                    .collect::<Result<Vec<_>, _>>()?;
                match scalar {
                    Some(scalar) => apply_scalar(scalar, &operands),
                    None => apply(&name, &operands),
                }
            }
        }
    }

    /// `extract(year from date)`.
    fn part(
        &self,
        call: &Expr,
        field: &DateTimeField,
        date: &Expr,
        depth: usize,
    ) -> Result<Arc<Node>, ExpressionError> {
        let (name, at) = match field {
            DateTimeField::Custom(name) => (name.value.clone(), name.span.start.into()),
            field => (field.to_string(), position(call)),
        };
        let field = field_named(&name, "extract", at)?;
        let date = self.check(date, depth + 1)?;
        part_of("extract", field, &date)
    }
}

/// The scalar function of a name that there is.
fn known(name: &str) -> &'static Scalar {
    let mut known = scalars().filter(|scalar| scalar.name == name);
    known.next().expect("the name is in the table")
}

fn field_named(name: &str, function: &str, at: Position) -> Result<Field, ExpressionError> {
    Field::named(name).ok_or_else(|| {
        let known = || FIELDS.iter().map(|(known, _)| *known);
        let hint = match nearest_name(name, known()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => {
                let known: Vec<_> = known().map(|known| format!("`{known}`")).collect();
                format!("the fields are {}", known.join(", "))
            }
        };
        ExpressionError::Value {
            at,
            reason: format!("`{function}` knows no field `{name}`: {hint}"),
        }
    })
}

fn part_of(name: &str, field: Field, date: &Operand) -> Result<Arc<Node>, ExpressionError> {
    let type_ = date.node.type_;
    if !type_.is_date() && type_ != Type::Interval && type_ != Type::Null {
        return Err(date.mismatch(format!("`{name}` takes a date or an interval")));
    }
    Ok(call_of(
        Kernel::Part(field),
        std::slice::from_ref(date),
        Type::Double,
    ))
}

fn truncated(field: Field, date: &Operand, at: &Expr) -> Result<Arc<Node>, ExpressionError> {
    if !date.node.type_.is_date() && date.node.type_ != Type::Null {
        return Err(date.mismatch("`date_trunc` takes a date"));
    }
    if !field.truncates() {
        return Err(ExpressionError::Value {
            at: position(at),
            reason: "`date_trunc` cuts to a unit of time, such as `'month'`".to_owned(),
        });
    }
    Ok(call_of(
        Kernel::Truncate(field),
        std::slice::from_ref(date),
        Type::Date,
    ))
}

/// `round` and `trunc`: to decimal places, of which a long has none.
fn to_places(
    name: &str,
    value: Operand,
    places: Option<&&Expr>,
) -> Result<Arc<Node>, ExpressionError> {
    number(&value, name)?;
    let places = places.map_or(Ok(0), |places| {
        pattern::whole_number(places, name, "decimal places", -300..=300)
    })?;
    let type_ = value.node.type_;
    if type_ != Type::Double && places >= 0 {
        return Ok(value.node);
    }
    let operation = if name == "round" {
        Operation::Round(places)
    } else {
        Operation::Truncate(places)
    };
    Ok(Node::new(Kind::Compute(operation, vec![value.node]), type_))
}

/// A kernel over operands; null if one of them is nothing else.
fn call_of(kernel: Kernel, operands: &[Operand], returns: Type) -> Arc<Node> {
    if operands
        .iter()
        .any(|operand| operand.node.type_ == Type::Null)
    {
        return Node::null(returns);
    }
    Node::new(Kind::Call(kernel, nodes(operands)), returns)
}

/// A scalar function of checked operands.
fn apply_scalar(scalar: &Scalar, operands: &[Operand]) -> Result<Arc<Node>, ExpressionError> {
    let Scalar { name, takes, .. } = scalar;
    for (operand, takes) in operands.iter().zip(*takes) {
        match takes {
            Type::Text => operand.must_be(Type::Text, format!("`{name}` takes a string"))?,
            Type::Double => number(operand, name)?,
            _ => operand.must_be(*takes, format!("`{name}` takes a whole number"))?,
        }
    }
    Ok(call_of(scalar.kernel, operands, scalar.returns))
}

/// Another function of checked operands.
fn apply(name: &str, operands: &[Operand]) -> Result<Arc<Node>, ExpressionError> {
    let compute =
        |operation, type_| Ok(Node::new(Kind::Compute(operation, nodes(operands)), type_));
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
            let text = |operand: &Operand| {
                if operand.node.type_ == Type::Boolean {
                    let kernel = Kernel::Text(letter);
                    Ok(call_of(kernel, std::slice::from_ref(operand), Type::Text))
                } else {
                    as_text(operand, name)
                }
            };
            let parts = operands
                .iter()
                .map(|operand| {
                    let parts = vec![text(operand)?, empty()];
                    Ok(Node::new(Kind::Coalesce(parts), Type::Text))
                })
                .collect::<Result<_, _>>()?;
            Ok(Node::new(
                Kind::Compute(Operation::Concat, parts),
                Type::Text,
            ))
        }
        POSITION_IN => {
            let operands = [operands[1].clone(), operands[0].clone()];
            for operand in &operands {
                operand.must_be(Type::Text, "`position` takes strings")?;
            }
            apply_scalar(known("strpos"), &operands)
        }
        "log" => {
            numbers()?;
            let kernel = match operands.len() {
                1 => Kernel::Double(f64::log10),
                _ => Kernel::Doubles(logarithm),
            };
            Ok(call_of(kernel, operands, Type::Double))
        }
        "sqrt" => numbers().and_then(|()| compute(Operation::Sqrt, Type::Double)),
        "abs" | "sign" => {
            numbers()?;
            let operation = match name {
                "abs" => Operation::Abs,
                _ => Operation::Sign,
            };
            compute(operation, operands[0].node.type_)
        }
        "mod" => numbers().and_then(|()| arithmetic(Operation::Remainder, name, operands)),
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

/// The name that is called: in lower case, unless it is quoted.
fn call_name(call: &Expr) -> Result<String, ExpressionError> {
    let plain = CeilFloorKind::DateTimeField(DateTimeField::NoDateTime);
    Ok(match call {
        Expr::Ceil { field, .. } if *field == plain => "ceil".to_owned(),
        Expr::Floor { field, .. } if *field == plain => "floor".to_owned(),
        Expr::Substring {
            shorthand: true, ..
        } => "substr".to_owned(),
        Expr::Substring { .. } => "substring".to_owned(),
        Expr::Trim { trim_where, .. } => match trim_where {
            None | Some(TrimWhereField::Both) => "trim".to_owned(),
            Some(TrimWhereField::Leading) => "ltrim".to_owned(),
            Some(TrimWhereField::Trailing) => "rtrim".to_owned(),
        },
        Expr::Function(function) => {
            let parts = function.name.0.iter().map(|part| match part.as_ident() {
                Some(ident) if ident.quote_style.is_some() => ident.value.clone(),
                Some(ident) => ident.value.to_lowercase(),
                None => part.to_string(),
            });
            parts.collect::<Vec<_>>().join(".")
        }
        other => return Err(names::unsupported(other)),
    })
}

/// The arguments of a call, none of which is named.
fn read_arguments(call: &Expr) -> Result<Vec<&Expr>, ExpressionError> {
    match call {
        Expr::Ceil { expr, .. } | Expr::Floor { expr, .. } => Ok(vec![expr]),
        Expr::Substring {
            expr,
            substring_from,
            substring_for,
            ..
        } => {
            let mut arguments = vec![expr.as_ref()];
            arguments.extend(substring_from.as_deref());
            arguments.extend(substring_for.as_deref());
            Ok(arguments)
        }
        Expr::Trim {
            trim_what,
            expr,
            trim_characters,
            ..
        } => {
            let mut arguments = vec![expr.as_ref()];
            arguments.extend(trim_what.as_deref());
            arguments.extend(trim_characters.iter().flatten());
            Ok(arguments)
        }
        Expr::Function(function) => {
            let arguments = listed_arguments(call, function)?.iter();
            arguments
                .map(|argument| match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Ok(argument),
                    _ => Err(names::unsupported(call)),
                })
                .collect()
        }
        other => Err(names::unsupported(other)),
    }
}

/// The arguments of a function's call.
pub(super) fn listed_arguments<'e>(
    call: &Expr,
    function: &'e Function,
) -> Result<&'e [FunctionArg], ExpressionError> {
    let bare = function.over.is_none()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && function.parameters == FunctionArguments::None;
    match &function.args {
        // `current_date` takes no parentheses.
        FunctionArguments::None if bare => Ok(&[]),
        FunctionArguments::List(list)
            if bare && list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
        {
            Ok(&list.args)
        }
        _ => Err(names::unsupported(call)),
    }
}

pub(super) fn how_many(takes: &RangeInclusive<usize>) -> String {
    let arguments = |count| match count {
        1 => "1 argument".to_owned(),
        count => format!("{count} arguments"),
    };
    match (*takes.start(), *takes.end()) {
        (0, 0) => "no arguments".to_owned(),
        (0, most) => format!("at most {}", arguments(most)),
        (least, usize::MAX) => format!("at least {}", arguments(least)),
        (least, most) if least == most => arguments(least),
        (least, most) => format!("{least} or {}", arguments(most)),
    }
}
