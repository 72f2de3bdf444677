//! How the system's allocator treats the memory of a node.
//!
//! By default glibc has eight arenas a processor, and what the threads of one have freed is not used
//! by those of another: under changing load a node comes to hold several times what it uses. Here
//! it gets one arena a processor, gives large blocks back to the system when they are freed,
//! and now and then also the free pages between small ones.

/// Has the allocator give memory back to the system. To be called before threads are started.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "glibc has no safe interface for this")]
pub(crate) fn give_back() {
    use std::time::Duration;

    /// Blocks of this size have pages of their own.
    const LARGE: libc::c_int = 1 << 20;
    const EVERY: Duration = Duration::from_secs(10);

    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let arenas = libc::c_int::try_from(processors).unwrap_or(libc::c_int::MAX);
    // SAFETY: the function takes two numbers and may be called at any time; it returns 0 for values
    // that it refuses, and nothing changes then.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, arenas);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
    let trimming = std::thread::Builder::new().name("whittle-memory".to_owned());
    let trimming = trimming.spawn(|| {
        loop {
            std::thread::sleep(EVERY);
            // SAFETY: the function takes a number, and locks what it works on.
            unsafe { libc::malloc_trim(0) };
        }
    });
    if let Err(error) = trimming {
        log::warn!("free memory is not given back: {error}");
    }
}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back() {}
