//! Functions of strings. Positions and lengths count characters, positions from 1.

use super::{Kernel, MAX_TEXT, Row, Scalar};
use crate::expression::node::Type::{self, Boolean, Long, Text};

const fn text(
    name: &'static str,
    takes: &'static [Type],
    kernel: fn(&Row<'_>, &mut String) -> Option<()>,
) -> Scalar {
    Scalar::new(name, takes, Text, Kernel::Text(kernel))
}

const fn number(
    name: &'static str,
    takes: &'static [Type],
    kernel: fn(&Row<'_>) -> Option<i64>,
) -> Scalar {
    Scalar::new(name, takes, Long, Kernel::Long(kernel))
}

pub(super) const SCALARS: &[Scalar] = &[
    text("btrim", &[Text, Text], trim_both).with_optional(1),
    number("char_length", &[Text], length),
    number("character_length", &[Text], length),
    text("left", &[Text, Long], left),
    number("length", &[Text], length),
    text("lower", &[Text], |row, lower| {
        cased(row.text(0), char::to_lowercase, lower)
    }),
    text("lpad", &[Text, Long, Text], |row, padded| {
        let (text, padding) = pad(row)?;
        push(padded, &padding)?;
        push(padded, text)
    })
    .with_optional(1),
    text("ltrim", &[Text, Text], trim_start).with_optional(1),
    number("octet_length", &[Text], |row| {
        i64::try_from(row.text(0).len()).ok()
    }),
    text("repeat", &[Text, Long], repeat),
    text("replace", &[Text, Text, Text], replace),
    text("reverse", &[Text], |row, reversed| {
        reversed.extend(row.text(0).chars().rev());
        Some(())
    }),
    text("right", &[Text, Long], right),
    text("rpad", &[Text, Long, Text], |row, padded| {
        let (text, padding) = pad(row)?;
        push(padded, text)?;
        push(padded, &padding)
    })
    .with_optional(1),
    text("rtrim", &[Text, Text], trim_end).with_optional(1),
    text("split_part", &[Text, Text, Long], split_part),
    Scalar::new(
        "starts_with",
        &[Text, Text],
        Boolean,
        Kernel::Boolean(|row| Some(row.text(0).starts_with(row.text(1)))),
    ),
    number("strpos", &[Text, Text], |row| {
        position(row.text(0), row.text(1))
    }),
    text("substr", &[Text, Long, Long], substring).with_optional(1),
    text("substring", &[Text, Long, Long], substring).with_optional(1),
    text("trim", &[Text, Text], trim_both).with_optional(1),
    text("upper", &[Text], |row, upper| {
        cased(row.text(0), char::to_uppercase, upper)
    }),
];

/// Adds to a string, unless it would get too long.
fn push(text: &mut String, part: &str) -> Option<()> {
    (text.len() + part.len() <= MAX_TEXT).then(|| text.push_str(part))
}

fn length(row: &Row<'_>) -> Option<i64> {
    i64::try_from(row.text(0).chars().count()).ok()
}

/// Characters that would become several stay as they are.
fn cased<I: ExactSizeIterator<Item = char>>(
    text: &str,
    to: impl Fn(char) -> I,
    cased: &mut String,
) -> Option<()> {
    for letter in text.chars() {
        let mut mapped = to(letter);
        cased.push(match (mapped.len(), mapped.next()) {
            (1, Some(mapped)) => mapped,
            _ => letter,
        });
    }
    Some(())
}

/// A string cut after some characters.
fn split(text: &str, characters: i64) -> (&str, &str) {
    let characters = usize::try_from(characters.max(0)).unwrap_or(usize::MAX);
    // No character takes less than a byte.
    let at = if characters >= text.len() {
        None
    } else {
        text.char_indices().nth(characters).map(|(at, _)| at)
    };
    text.split_at(at.unwrap_or(text.len()))
}

/// A string cut before its last characters.
fn split_end(text: &str, characters: i64) -> (&str, &str) {
    let characters = usize::try_from(characters.max(0)).unwrap_or(usize::MAX);
    let at = match characters.checked_sub(1) {
        None => Some(text.len()),
        Some(_) if characters >= text.len() => None,
        Some(before) => text.char_indices().nth_back(before).map(|(at, _)| at),
    };
    text.split_at(at.unwrap_or(0))
}

/// The first characters; of a negative number, all but so many at the end.
fn left(row: &Row<'_>, left: &mut String) -> Option<()> {
    let (text, count) = (row.text(0), row.long(1));
    push(
        left,
        if count < 0 {
            split_end(text, count.saturating_neg()).0
        } else {
            split(text, count).0
        },
    )
}

/// The last characters; of a negative number, all but so many at the start.
fn right(row: &Row<'_>, right: &mut String) -> Option<()> {
    let (text, count) = (row.text(0), row.long(1));
    push(
        right,
        if count < 0 {
            split(text, count.saturating_neg()).1
        } else {
            split_end(text, count).1
        },
    )
}

/// The characters from a position on; positions before the first count as well.
fn substring(row: &Row<'_>, part: &mut String) -> Option<()> {
    let (text, start) = (row.text(0), row.long(1));
    let rest = split(text, start.saturating_sub(1)).1;
    if row.len() == 2 {
        return push(part, rest);
    }
    let length = row.long(2);
    let end = start.saturating_add(length);
    (length >= 0).then(|| push(part, split(rest, end.saturating_sub(start.max(1))).0))?
}

fn in_set<'r>(row: &'r Row<'_>) -> impl Fn(char) -> bool + 'r {
    let set = if row.len() == 1 { " " } else { row.text(1) };
    move |character| set.contains(character)
}

fn trim_both(row: &Row<'_>, trimmed: &mut String) -> Option<()> {
    push(trimmed, row.text(0).trim_matches(in_set(row)))
}

fn trim_start(row: &Row<'_>, trimmed: &mut String) -> Option<()> {
    push(trimmed, row.text(0).trim_start_matches(in_set(row)))
}

fn trim_end(row: &Row<'_>, trimmed: &mut String) -> Option<()> {
    push(trimmed, row.text(0).trim_end_matches(in_set(row)))
}

/// A string, cut to a length, and what is missing to that length.
fn pad<'r>(row: &Row<'r>) -> Option<(&'r str, String)> {
    let (text, length) = split(row.text(0), row.long(1));
    let fill = if row.len() == 2 { " " } else { row.text(2) };
    if !length.is_empty() || fill.is_empty() {
        return Some((text, String::new()));
    }
    let missing = row.long(1).max(0) - i64::try_from(text.chars().count()).ok()?;
    let missing = usize::try_from(missing)
        .ok()
        .filter(|missing| *missing <= MAX_TEXT)?;
    Some((text, fill.chars().cycle().take(missing).collect()))
}

fn repeat(row: &Row<'_>, repeated: &mut String) -> Option<()> {
    let text = row.text(0);
    let times = usize::try_from(row.long(1).max(0)).ok()?;
    if text.is_empty() {
        return Some(());
    }
    (text.len().checked_mul(times)? <= MAX_TEXT).then(|| {
        for _ in 0..times {
            repeated.push_str(text);
        }
    })
}

fn replace(row: &Row<'_>, replaced: &mut String) -> Option<()> {
    let (text, from, to) = (row.text(0), row.text(1), row.text(2));
    if from.is_empty() {
        return push(replaced, text);
    }
    let mut parts = text.split(from);
    push(replaced, parts.next().unwrap_or_default())?;
    for part in parts {
        push(replaced, to)?;
        push(replaced, part)?;
    }
    Some(())
}

/// The part with a number, from the end if it is negative.
fn split_part(row: &Row<'_>, part: &mut String) -> Option<()> {
    let (text, delimiter, number) = (row.text(0), row.text(1), row.long(2));
    let before = usize::try_from(number.unsigned_abs())
        .ok()?
        .checked_sub(1)?;
    let found = if delimiter.is_empty() {
        (before == 0).then_some(text)
    } else if number > 0 {
        text.split(delimiter).nth(before)
    } else {
        text.rsplit(delimiter).nth(before)
    };
    push(part, found.unwrap_or_default())
}

/// The position of one string in another, or 0.
fn position(text: &str, part: &str) -> Option<i64> {
    let Some(at) = text.find(part) else {
        return Some(0);
    };
    i64::try_from(text[..at].chars().count() + 1).ok()
}
