//! The state of one call: what a store holds while the guest runs.

use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, StoreContextMut, Trap, UpdateDeadline, WasmBacktrace};
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::call::error::{CallError, Reason};
use crate::call::exchange::{Exchange, MAX_TEXT};
use crate::call::limits::{Limits, Terms};
use crate::call::masks::Masks;
use crate::call::output::Output;
use crate::engine::ticker::TICK;
use crate::grant::granted::Granted;
use crate::serve::{Gate, Services};

/// Instances, tables and memories that a component may consist of. Python's has about twenty instances.
const INSTANCES: usize = 64;
const TABLES: usize = 64;
const MEMORIES: usize = 16;
/// What wasmtime says when a host call passes too much; it has no type for it.
const COPIED_TOO_MUCH: &str = "fuel allocated for hostcalls has been exhausted";

/// What a store holds.
pub(crate) struct State {
    pub(crate) gate: Gate,
    pub(crate) output: Output,
    meter: Meter,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
}

/// Counts what a call uses, and remembers what it was refused.
struct Meter {
    limits: Limits,
    memory: usize,
    refused: Option<usize>,
    ticks: u32,
    exhausted: bool,
}

impl State {
    pub(crate) fn new(name: &str, terms: &Terms, granted: Granted, services: Services) -> State {
        let output = Output::default();
        let wasi = WasiCtx::builder()
            .allow_tcp(false)
            .allow_udp(false)
            .stdout(output.clone())
            .stderr(output.clone())
            .build();
        State {
            gate: Gate::new(name, terms, granted, services),
            output,
            meter: Meter {
                limits: terms.limits.clone(),
                memory: 0,
                refused: None,
                ticks: 0,
                exhausted: false,
            },
            wasi,
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
        }
    }

    /// What limits memories and tables.
    pub(crate) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.meter
    }

    /// What the call did, for whoever asked for it.
    pub(crate) fn into_exchange(self, wall: Duration) -> Exchange {
        let output = self.output.text(self.masks());
        let processor = TICK * self.meter.ticks;
        Exchange {
            output,
            wall,
            processor: processor.min(wall),
            memory: self.meter.memory,
            ..self.gate.into_exchange()
        }
    }

    pub(crate) fn masks(&self) -> &Masks {
        self.gate.masks()
    }

    /// What a failed call failed of. What the limits refused explains more than the trap that came of it.
    pub(crate) fn explain(&self, error: &wasmtime::Error) -> CallError {
        let limits = &self.meter.limits;
        let text = format!("{error:#}");
        let reason = if self.meter.exhausted {
            Reason::Processor(limits.processor)
        } else if let Some(wanted) = self.meter.refused {
            Reason::Memory {
                wanted,
                limit: limits.memory,
            }
        } else if text.contains(COPIED_TOO_MUCH) {
            Reason::Copied(limits.copied)
        } else {
            Reason::Crashed(self.masks().cut(&crash(error), MAX_TEXT))
        };
        self.failed(reason)
    }

    /// A failure with the plugin's last words.
    pub(crate) fn failed(&self, reason: Reason) -> CallError {
        CallError {
            reason,
            output: self.output.text(self.masks()),
        }
    }
}

/// How a guest crashed, and in which of its functions, as far as it has names.
fn crash(error: &wasmtime::Error) -> String {
    const FRAMES: usize = 6;
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return format!("it left with code {}", exit.0);
    }
    let what = match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string().replace("wasm trap: ", ""),
        None => error.root_cause().to_string(),
    };
    let trace = error
        .downcast_ref::<WasmBacktrace>()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut names: Vec<&str> = trace.lines().filter_map(function).collect();
    names.dedup();
    names.truncate(FRAMES);
    if names.is_empty() {
        what
    } else {
        format!("{what}, in {}", names.join(" < "))
    }
}

/// The function of one line of a trace: ` 0: module!crate::function::h0123456789abcdef`, with `0x1f3a - ` before the
/// module where code was compiled with its offsets. Only the whole trace has demangled names.
fn function(line: &str) -> Option<&str> {
    let (number, name) = line.split_once(": ")?;
    let _: u32 = number.trim_start().parse().ok()?;
    let name = name.split_once(" - ").map_or(name, |(_, name)| name);
    let name = name.rsplit_once('!').map_or(name, |(_, name)| name);
    let (front, last) = name.rsplit_once("::").unwrap_or((name, ""));
    let hash = last.len() == 17
        && last.starts_with('h')
        && last[1..].bytes().all(|b| b.is_ascii_hexdigit());
    Some(if hash { front } else { name })
}

/// Called once a tick while guest code runs, and only then: so it counts processor time, not waiting.
pub(crate) fn on_tick(mut store: StoreContextMut<'_, State>) -> wasmtime::Result<UpdateDeadline> {
    let meter = &mut store.data_mut().meter;
    meter.ticks += 1;
    if TICK * meter.ticks > meter.limits.processor {
        meter.exhausted = true;
        return Err(wasmtime::Error::msg("used up its processor time"));
    }
    Ok(UpdateDeadline::Yield(1))
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let wanted = self.memory.saturating_sub(current).saturating_add(desired);
        if wanted > self.limits.memory {
            self.refused = Some(wanted);
            return Ok(false);
        }
        self.memory += desired - current;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.limits.table)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn tables(&self) -> usize {
        TABLES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.gate,
        }
    }
}
