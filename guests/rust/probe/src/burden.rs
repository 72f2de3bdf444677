//! Work, memory, texts and lines, as much as is asked for.

use std::hint::{black_box, spin_loop};

use whittle_guest::{Error, Field, Level, Parameters, log, udf};

/// Logs in `bind`, and again for each document, at each level in turn.
#[derive(Parameters)]
pub(crate) struct LogLines {
    /// How many lines each time.
    count: usize,
    /// How many bytes a line.
    bytes: usize,
}

#[udf]
impl LogLines {
    fn prepare(&mut self) -> Result<(), Error> {
        self.log();
        Ok(())
    }

    fn matches(&self) -> bool {
        self.log();
        true
    }

    fn log(&self) {
        let line = "x".repeat(self.bytes);
        let levels = [
            Level::Trace,
            Level::Debug,
            Level::Info,
            Level::Warn,
            Level::Error,
        ];
        for level in levels.into_iter().cycle().take(self.count) {
            log(level, &line);
        }
    }
}

/// A text of so many bytes.
#[derive(Parameters)]
pub(crate) struct BigText {
    /// How many.
    bytes: usize,
}

#[udf]
impl BigText {
    fn value(&self) -> String {
        "x".repeat(self.bytes)
    }
}

/// Takes memory for each document, writes to all of it, and gives it back.
#[derive(Parameters)]
pub(crate) struct Allocate {
    /// How many bytes.
    bytes: usize,
}

#[udf]
impl Allocate {
    fn value(&self) -> i64 {
        black_box(vec![1_u8; self.bytes]).len() as i64
    }
}

/// The sum of the float64 fields `f0`, `f1` and so on.
#[derive(Parameters)]
pub(crate) struct ManyFields {
    /// How many.
    count: usize,
    #[parameter(skip)]
    fields: Vec<Field<f64>>,
}

#[udf]
impl ManyFields {
    fn prepare(&mut self) -> Result<(), Error> {
        let paths = (0..self.count).map(|index| format!("f{index}"));
        self.fields = paths.map(|path| Field::named(&path)).collect();
        Ok(())
    }

    fn score(&self) -> f64 {
        self.fields.iter().map(|field| field.or(0.0)).sum()
    }
}

/// Never ends its `bind`.
#[derive(Parameters)]
pub(crate) struct EndlessBind {}

#[udf]
impl EndlessBind {
    fn prepare(&mut self) -> Result<(), Error> {
        loop {
            spin_loop();
        }
    }

    fn matches(&self) -> bool {
        true
    }
}

/// Never ends its `evaluate`.
#[derive(Parameters)]
pub(crate) struct EndlessEvaluate {}

#[udf]
impl EndlessEvaluate {
    fn matches(&self) -> bool {
        loop {
            spin_loop();
        }
    }
}
