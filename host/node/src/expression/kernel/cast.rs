//! Casts: what PostgreSQL makes of a value of one type in another, and null of one that it refuses.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Kernel, Row};
use crate::dates;
use crate::expression::interval::{Interval, long};
use crate::expression::moment;
use crate::expression::node::{Kind, Node, Type};

/// A node cast to a type; `None` if there is no such cast.
pub(in crate::expression) fn cast(node: &Arc<Node>, to: Type) -> Option<Arc<Node>> {
    use Type::{Boolean, Date, Day, Double, Interval, Long, Null, Text};
    let kernel = match (node.type_, to) {
        (Null, _) => return Some(Node::null(to)),
        (from, _) if from == to => return Some(Arc::clone(node)),
        (Long, Double) => Kernel::Double(std::convert::identity),
        (Double, Long) => Kernel::Long(|row| long(row.double(0).round_ties_even())),
        (Long, Boolean) => Kernel::Boolean(|row| Some(row.long(0) != 0)),
        (Boolean, Long) => Kernel::Long(|row| Some(i64::from(row.boolean(0)))),
        (Text, Long) => Kernel::Long(|row| row.text(0).trim().parse().ok()),
        (Text, Double) => Kernel::Number(|row| row.text(0).trim().parse().ok()),
        (Text, Boolean) => Kernel::Boolean(|row| boolean(row.text(0))),
        (Text, Date) => Kernel::Long(|row| dates::parse_written(row.text(0))),
        (Text, Day) => Kernel::Long(|row| dates::parse_written(row.text(0)).map(moment::day)),
        (Text, Interval) => Kernel::Interval(|row| self::Interval::parse(row.text(0))),
        (Date, Day) => Kernel::Long(|row| Some(moment::day(row.long(0)))),
        (Day, Date) => Kernel::Long(|row| Some(row.long(0))),
        (Long, Text) => Kernel::Text(|row, text| write!(text, "{}", row.long(0)).ok()),
        (Double, Text) => Kernel::Text(|row, text| show(row.double(0), text)),
        (Boolean, Text) => Kernel::Text(|row, text| {
            text.push_str(if row.boolean(0) { "true" } else { "false" });
            Some(())
        }),
        (Date, Text) => Kernel::Text(|row, text| {
            text.push_str(&moment::show(row.long(0))?);
            Some(())
        }),
        (Day, Text) => Kernel::Text(|row, text| {
            text.push_str(&moment::show_day(row.long(0))?);
            Some(())
        }),
        _ => return None,
    };
    Some(Node::new(Kind::Call(kernel, vec![Arc::clone(node)]), to))
}

/// PostgreSQL takes the words that a value begins with, too.
fn boolean(text: &str) -> Option<bool> {
    let text = text.trim().to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || text == "on" || text == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}

/// A double in the fewest digits, as PostgreSQL writes it: very large and very small ones have an
/// exponent.
fn show(number: f64, text: &mut String) -> Option<()> {
    let scientific = format!("{number:e}");
    let (digits, exponent) = scientific.split_once('e')?;
    match exponent.parse::<i32>().ok()? {
        exponent if !(-4..15).contains(&exponent) => write!(text, "{digits}e{exponent:+03}"),
        _ => write!(text, "{number}"),
    }
    .ok()
}

/// A boolean in one letter, as `concat` writes it.
pub(in crate::expression) fn letter(row: &Row<'_>, text: &mut String) -> Option<()> {
    text.push(if row.boolean(0) { 't' } else { 'f' });
    Some(())
}
