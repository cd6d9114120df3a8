//! The engine: what a plugin may be made of, how its memory is laid out, and the clock that interrupts it.
//!
//! Invariant: the settings are the same in the compiling child and in the host, or nothing that one made would load
//! in the other.

mod executable;
pub(crate) mod ticker;

use std::num::NonZeroUsize;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use wasmtime::{Config, Engine};

/// The deepest stack of a guest. Recursion traps there, long before the fibre's own end.
const GUEST_STACK: usize = 512 << 10;
/// The stack of a fibre: the guest's and, above it, the host function that it called.
const FIBRE_STACK: usize = 1 << 20;
/// Address space set aside for a memory: all that a guest can name, so that its code needs no check before each access
/// and is a fifth smaller.
const RESERVATION: u64 = 4 << 30;
/// The same where address space is limited (`ulimit -v`). It is mapped, never touched, and would count.
const SMALL_RESERVATION: u64 = 128 << 20;
/// Unmapped pages behind a memory.
const GUARD: u64 = 64 << 10;
/// How many frames of a trap are told.
const FRAMES: usize = 16;

/// An engine as this machine allows it: native code, or interpreted where memory can't be made executable.
pub(crate) fn engine() -> wasmtime::Result<Engine> {
    engine_for(executable::allowed())
}

/// An engine that runs native code, or else interprets.
pub(crate) fn engine_for(native: bool) -> wasmtime::Result<Engine> {
    Engine::new(&config(native)?)
}

fn config(native: bool) -> wasmtime::Result<Config> {
    let reservation = match getrlimit(Resource::RLIMIT_AS) {
        Ok((RLIM_INFINITY, _)) => RESERVATION,
        _ => SMALL_RESERVATION,
    };
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(FRAMES))
        .max_wasm_stack(GUEST_STACK)
        .async_stack_size(FIBRE_STACK)
        .memory_reservation(reservation)
        .memory_reservation_for_growth(0)
        .memory_guard_size(GUARD);
    // A trap is told by the names of its functions. Offsets within them, and what a debugger needs to walk through
    // them, would be a sixth of the code.
    config.generate_address_map(false).native_unwind_info(false);
    // What a compiler for plugins emits stays on, SIMD too: JavaScript's engine is built with it. The rest is
    // surface that no plugin has a use for.
    config
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false);
    if !native {
        config.target("pulley64")?;
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_engine_start_and_are_not_mistaken_for_each_other() {
        let native = engine_for(true).unwrap();
        let interpreted = engine_for(false).unwrap();
        let empty = b"(component)";
        let made = native.precompile_component(empty);
        // Text is not taken: the parser for it is not built in.
        assert!(made.is_err());
        let empty = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
        let made = native.precompile_component(&empty).unwrap();
        // SAFETY: made two lines above by the same engine's compiler.
        let loaded = unsafe { wasmtime::component::Component::deserialize(&interpreted, &made) };
        assert!(loaded.is_err());
    }
}
