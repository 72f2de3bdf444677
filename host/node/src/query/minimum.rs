//! `minimum_should_match`: how many of some clauses are enough, as a number or a share of them.

use std::str::FromStr;

/// How many of some clauses must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MinimumShouldMatch {
    /// So many, or all but so many where it is negative.
    Count(i64),
    /// So many in a hundred, rounded down, or all but so many where it is negative.
    Percent(i64),
    /// Each says from how many clauses on it holds; up to the first, all must match.
    Above(Vec<(usize, MinimumShouldMatch)>),
}

impl MinimumShouldMatch {
    /// How many of `clauses` must match; more than there are where so many were asked for.
    pub fn of(&self, clauses: usize) -> usize {
        let all = i64::try_from(clauses).unwrap_or(i64::MAX);
        let count = match self {
            Self::Count(count) if *count < 0 => all.saturating_add(*count),
            Self::Count(count) => *count,
            Self::Percent(percent) => {
                // Towards zero, so that all but 30% of 5 is all but 1.
                let part = all.saturating_mul(*percent) / 100;
                if *percent < 0 {
                    all.saturating_add(part)
                } else {
                    part
                }
            }
            Self::Above(steps) => {
                let step = steps.iter().rev().find(|(above, _)| clauses > *above);
                return step.map_or(clauses, |(_, minimum)| minimum.of(clauses));
            }
        };
        usize::try_from(count.max(0)).unwrap_or(usize::MAX)
    }
}

impl FromStr for MinimumShouldMatch {
    type Err = ();

    /// Reads `2`, `-1`, `75%`, `-25%`, `3<90%`, or several of the last kind with spaces between.
    fn from_str(text: &str) -> Result<Self, ()> {
        if !text.contains('<') {
            return simple(text.trim());
        }
        let mut steps: Vec<(usize, Self)> = Vec::new();
        for step in text.split_whitespace() {
            let (above, minimum) = step.split_once('<').ok_or(())?;
            let above = above.parse().map_err(drop)?;
            if steps.last().is_some_and(|(before, _)| *before >= above) {
                return Err(());
            }
            steps.push((above, simple(minimum)?));
        }
        Ok(Self::Above(steps))
    }
}

fn simple(text: &str) -> Result<MinimumShouldMatch, ()> {
    match text.strip_suffix('%') {
        None => Ok(MinimumShouldMatch::Count(text.parse().map_err(drop)?)),
        Some(percent) => {
            let percent = percent.parse().map_err(drop)?;
            let possible = (-100..=100).contains(&percent);
            possible
                .then_some(MinimumShouldMatch::Percent(percent))
                .ok_or(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_opensearch_does() {
        for (text, clauses, expected) in [
            ("2", 4, 2),
            ("5", 4, 5),
            ("-1", 4, 3),
            ("-5", 4, 0),
            ("75%", 4, 3),
            ("75%", 3, 2),
            ("-25%", 4, 3),
            ("-25%", 3, 3),
            ("-30%", 5, 4),
            ("100%", 3, 3),
            ("3<90%", 3, 3),
            ("3<90%", 10, 9),
            ("2<-25% 9<-3", 2, 2),
            ("2<-25% 9<-3", 8, 6),
            ("2<-25% 9<-3", 10, 7),
            (" 2 ", 4, 2),
        ] {
            let minimum: MinimumShouldMatch = text.parse().expect("it can be read");
            assert_eq!(minimum.of(clauses), expected, "{text} of {clauses}");
        }
    }

    #[test]
    fn rejects_anything_else() {
        for text in [
            "", "many", "1.5", "101%", "%", "2<", "<2", "9<1 2<1", "2<1 3",
        ] {
            assert_eq!(text.parse::<MinimumShouldMatch>(), Err(()), "{text}");
        }
    }
}
