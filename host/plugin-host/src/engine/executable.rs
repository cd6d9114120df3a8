//! Whether memory of ours may become executable. It may not under `MemoryDenyWriteExecute=yes` and its like.

use std::num::NonZeroUsize;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

const PROBE: NonZeroUsize = NonZeroUsize::new(64 << 10).expect("not zero");

/// Tries it on a mapping that nobody uses.
pub(super) fn allowed() -> bool {
    let writable = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: a fresh private mapping, chosen by the kernel; it overlaps nothing.
    let mapped = unsafe { mmap_anonymous(None, PROBE, writable, MapFlags::MAP_PRIVATE) };
    let Ok(at) = mapped else { return false };
    let executable = ProtFlags::PROT_READ | ProtFlags::PROT_EXEC;
    // SAFETY: the mapping made above, whole; nothing has ever been stored in it.
    let allowed = unsafe { mprotect(at, PROBE.get(), executable) }.is_ok();
    // SAFETY: the same mapping, whole, to which nobody holds a reference. A failure leaks 64 KiB of address space.
    let _ = unsafe { munmap(at, PROBE.get()) };
    allowed
}
