//! A budget of memory that requests share, and what each of them holds of it.
//!
//! Bytes are reserved before they are allocated, so that the limit holds at any time; a request
//! that finds too few left fails alone, and gives back what it holds. The pattern is that of
//! Elasticsearch's circuit breakers and DataFusion's memory pools.
//!
//! Knows nothing of what the bytes are for. UDFs have a budget of their own ([`whittle_host::Budget`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A budget in bytes. Clones are the same budget.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: u64,
    in_use: AtomicU64,
    refused: AtomicU64,
}

/// There are fewer bytes left than a request needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{needed_bytes} bytes are needed and {free_bytes} of {limit_bytes} are free for requests: {}",
    match self.is_final() {
        true => "ask for less at once",
        false => "try again later, or ask for less at once",
    }
)]
pub struct OutOfMemory {
    /// What was asked for, with what the request holds already.
    pub needed_bytes: u64,
    /// What was left, with what the request holds already.
    pub free_bytes: u64,
    /// The whole budget.
    pub limit_bytes: u64,
}

impl OutOfMemory {
    /// The same, of a request that itself holds some of the budget: waiting gives it no more than the
    /// rest.
    #[must_use]
    pub fn beside(mut self, held_bytes: u64) -> Self {
        self.needed_bytes = self.needed_bytes.saturating_add(held_bytes);
        self.free_bytes = self.free_bytes.saturating_add(held_bytes);
        self
    }

    /// Whether waiting cannot help, since the whole budget is smaller.
    pub fn is_final(&self) -> bool {
        self.needed_bytes > self.limit_bytes
    }
}

impl Memory {
    /// A budget of so many bytes.
    pub fn new(limit_bytes: u64) -> Self {
        Self(Arc::new(Shared {
            limit: limit_bytes,
            in_use: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }))
    }

    /// A budget without a limit, which still counts.
    pub fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    /// The limit in bytes.
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// The bytes that are held now.
    pub fn in_use(&self) -> u64 {
        self.0.in_use.load(Ordering::Relaxed)
    }

    /// How often fewer bytes were left than were needed.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Reserves bytes until the reservation is dropped.
    ///
    /// # Errors
    ///
    /// Fewer are left.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, OutOfMemory> {
        let reservation = self.reservation();
        reservation.grow(bytes)?;
        Ok(reservation)
    }

    /// A reservation that holds nothing yet, and can [grow](Reservation::grow).
    pub fn reservation(&self) -> Reservation {
        Reservation {
            memory: self.clone(),
            bytes: AtomicU64::new(0),
        }
    }

    fn take(&self, bytes: u64) -> Result<(), OutOfMemory> {
        let Shared {
            limit,
            in_use,
            refused,
        } = &*self.0;
        let more = |held: u64| held.checked_add(bytes).filter(|all| all <= limit);
        let taken = in_use.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        match taken {
            Ok(_) => Ok(()),
            Err(held) => {
                refused.fetch_add(1, Ordering::Relaxed);
                Err(OutOfMemory {
                    needed_bytes: bytes,
                    free_bytes: limit.saturating_sub(held),
                    limit_bytes: *limit,
                })
            }
        }
    }
}

/// Bytes of a [`Memory`], given back when this is dropped.
#[derive(Debug)]
pub struct Reservation {
    memory: Memory,
    bytes: AtomicU64,
}

impl Reservation {
    /// Reserves more; several threads may.
    ///
    /// # Errors
    ///
    /// Fewer are left; what is held stays held.
    pub fn grow(&self, bytes: u64) -> Result<(), OutOfMemory> {
        let taken = self.memory.take(bytes);
        taken.map_err(|error| error.beside(self.bytes()))?;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Takes over bytes that another reservation of the same budget holds; false if it holds fewer,
    /// and then nothing changes.
    pub fn take_over(&self, from: &Self, bytes: u64) -> bool {
        debug_assert!(Arc::ptr_eq(&self.memory.0, &from.memory.0), "one budget");
        let less = |held: u64| held.checked_sub(bytes);
        let taken = from
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        if taken.is_ok() {
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        taken.is_ok()
    }

    /// The bytes that it holds.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let held = *self.bytes.get_mut();
        self.memory.0.in_use.fetch_sub(held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_more_than_is_left_and_gives_back_what_is_dropped() {
        let memory = Memory::new(100);
        let held = memory.reserve(60).expect("all are free");
        held.grow(30).expect("40 are free");
        assert_eq!((held.bytes(), memory.in_use()), (90, 90));
        let refused = memory.reserve(11).expect_err("10 are free");
        insta::assert_snapshot!(refused, @"11 bytes are needed and 10 of 100 are free for requests: try again later, or ask for less at once");
        assert!(!refused.is_final());
        assert_eq!(memory.in_use(), 90);
        let final_ = held.grow(11).expect_err("it can never hold so much");
        insta::assert_snapshot!(final_, @"101 bytes are needed and 100 of 100 are free for requests: ask for less at once");
        assert!(final_.is_final());
        drop(held);
        assert_eq!((memory.in_use(), memory.refused()), (0, 2));
        let final_ = memory.reserve(101).expect_err("it is more than all");
        assert!(final_.is_final());
    }

    #[test]
    fn bytes_go_from_one_reservation_to_another() {
        let memory = Memory::new(100);
        let (first, second) = (memory.reserve(60), memory.reserve(0));
        let (first, second) = (first.expect("free"), second.expect("free"));
        assert!(second.take_over(&first, 50) && !second.take_over(&first, 11));
        assert_eq!((first.bytes(), second.bytes()), (10, 50));
        drop(second);
        assert_eq!(memory.in_use(), 10);
    }

    #[test]
    fn an_overflow_is_refused() {
        let memory = Memory::unlimited();
        let _held = memory.reserve(u64::MAX).expect("there is no limit");
        assert!(memory.reserve(1).is_err());
    }
}
