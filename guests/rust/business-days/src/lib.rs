//! Counts of business days between two instants.

mod calendar;

use calendar::Calendar;
use whittle_guest::{Error, Field, Parameters, Timestamp, export, udf};

/// Tells whether the number of business days from a document's start to its end is within limits,
/// both included. Counted as by `business_days`; a document without either instant does not match.
#[derive(Parameters)]
struct BusinessDaysBetween {
    /// The field that holds the start.
    start_field: Field<Timestamp>,
    /// The field that holds the end.
    end_field: Field<Timestamp>,
    /// The least number that matches; any, where it is left out.
    min_days: Option<i64>,
    /// The greatest number that matches; any, where it is left out.
    max_days: Option<i64>,
    /// Days that are no business days besides Saturdays and Sundays: dates such as 2024-12-25,
    /// with commas between them.
    #[parameter(default = "")]
    holidays: String,
    #[parameter(skip)]
    calendar: Calendar,
}

#[udf]
impl BusinessDaysBetween {
    fn prepare(&mut self) -> Result<(), Error> {
        if let (Some(least), Some(most)) = (self.min_days, self.max_days)
            && least > most
        {
            return Err(Error::invalid_argument(format!(
                "parameter `min_days`: {least} is more than `max_days`, {most}"
            )));
        }
        self.calendar = Calendar::new(&self.holidays)?;
        Ok(())
    }

    fn matches(&self) -> bool {
        let days = count(&self.calendar, &self.start_field, &self.end_field);
        days.is_some_and(|days| {
            self.min_days.is_none_or(|least| least <= days)
                && self.max_days.is_none_or(|most| days <= most)
        })
    }
}

/// How many business days (Monday to Friday, without the holidays) there are from a document's
/// start, included, to its end, excluded; negative where the end comes first. Days are those of
/// UTC. A document without either instant gives null.
#[derive(Parameters)]
struct BusinessDays {
    /// The field that holds the start.
    start_field: Field<Timestamp>,
    /// The field that holds the end.
    end_field: Field<Timestamp>,
    /// Days that are no business days besides Saturdays and Sundays: dates such as 2024-12-25,
    /// with commas between them.
    #[parameter(default = "")]
    holidays: String,
    #[parameter(skip)]
    calendar: Calendar,
}

#[udf]
impl BusinessDays {
    fn prepare(&mut self) -> Result<(), Error> {
        self.calendar = Calendar::new(&self.holidays)?;
        Ok(())
    }

    fn value(&self) -> Option<i64> {
        count(&self.calendar, &self.start_field, &self.end_field)
    }
}

export!(BusinessDaysBetween, BusinessDays);

fn count(calendar: &Calendar, start: &Field<Timestamp>, end: &Field<Timestamp>) -> Option<i64> {
    Some(calendar.business_days(day(start)?, day(end)?))
}

/// The day of a field's instant in UTC, counted from 1970-01-01.
fn day(field: &Field<Timestamp>) -> Option<i64> {
    const MICROSECONDS: i64 = 24 * 60 * 60 * 1_000_000;
    Some(field.get()?.0.div_euclid(MICROSECONDS))
}

#[cfg(test)]
mod tests {
    use whittle_guest::testing::{Document, Query};

    use super::*;

    /// From the Monday before Christmas to a day after it.
    fn order(end: &str) -> Document {
        Document::new()
            .field("ordered", "2024-12-23T09:00:00Z")
            .field("delivered", end)
    }

    #[test]
    fn counts_without_weekends_and_holidays() {
        let query = Query::of::<BusinessDays>()
            .parameter("start_field", "ordered")
            .parameter("end_field", "delivered");
        let documents = [
            order("2024-12-30"),
            order("2024-12-20"),
            order("soon"),
            Document::new(),
        ];
        let days = query.bind().expect("bound").evaluate_all(&documents);
        assert_eq!(days, [Ok(Some(5)), Ok(Some(-1)), Ok(None), Ok(None)]);
        let query = query.parameter("holidays", "2024-12-25,2024-12-26");
        let days = query.bind().expect("bound").evaluate(&documents[0]);
        assert_eq!(days, Ok(Some(3)));
    }

    #[test]
    fn limits_are_in_order() {
        let query = Query::of::<BusinessDaysBetween>()
            .parameter("start_field", "ordered")
            .parameter("end_field", "delivered")
            .parameter("min_days", 5);
        let matched = query.bind().expect("bound").evaluate(&order("2024-12-30"));
        assert_eq!(matched, Ok(Some(true)));
        assert_eq!(
            query
                .parameter("max_days", 4)
                .bind()
                .expect_err("it is refused"),
            "function `business_days_between` refused its arguments: \"parameter `min_days`: 5 is \
             more than `max_days`, 4\""
        );
    }
}
