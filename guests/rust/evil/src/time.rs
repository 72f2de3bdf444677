//! Takes the node's time: without end, and just within the limit.

use std::hint::{black_box, spin_loop};

use whittle_guest::{Error, Parameters, udf};

fn forever() -> ! {
    loop {
        spin_loop();
    }
}

/// Never ends its `bind`, once `now` is true.
#[derive(Parameters)]
pub(crate) struct ForeverInBind {
    /// Whether it attacks: registration tries `bind` with the defaults.
    #[parameter(default = false)]
    now: bool,
}

#[udf]
impl ForeverInBind {
    fn prepare(&mut self) -> Result<(), Error> {
        if self.now {
            forever();
        }
        Ok(())
    }

    fn matches(&self) -> bool {
        true
    }
}

/// Never ends its `evaluate`.
#[derive(Parameters)]
pub(crate) struct ForeverInEvaluate {}

#[udf]
impl ForeverInEvaluate {
    fn matches(&self) -> bool {
        forever()
    }
}

/// Works for so many rounds for each document, and ends.
#[derive(Parameters)]
pub(crate) struct AlmostTooLong {
    /// How many.
    #[parameter(default = 1)]
    rounds: u32,
}

#[udf]
impl AlmostTooLong {
    fn value(&self) -> i64 {
        (0..self.rounds).fold(0, |sum, round| black_box(sum + i64::from(round % 7)))
    }
}
