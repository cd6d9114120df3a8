//! A component becomes code: from the cache, from a child that compiles it, or in this process where neither is to be
//! had.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::block_in_place;
use wasmtime::Engine;
use wasmtime::component::Component as Compiled;

use crate::load::cache::{Cache, Workplace};
use crate::load::compile::{COMPILE_SECONDS, write_new};
use crate::load::component::Component;
use crate::load::error::LoadError;
use crate::load::speaks;
use crate::plugins::{Compiler, Setup};

/// Wall time for one component; processor time is limited by the child itself.
const LONGEST: Duration = Duration::from_secs(2 * COMPILE_SECONDS);

pub(crate) struct Loading {
    cache: Option<Cache>,
    compiler: Option<Compiler>,
    /// One at a time: a compiler takes a whole processor.
    place: Semaphore,
}

impl Loading {
    pub(crate) fn new(setup: &Setup, engine: &Engine) -> Loading {
        let cache = setup.cache.as_ref().and_then(|folder| {
            Cache::open(folder, engine)
                .inspect_err(|e| tracing::warn!("{} can't hold the code of plugins, so it is compiled again by each program: {e}", folder.display()))
                .ok()
        });
        Loading {
            cache,
            compiler: setup.compiler.clone(),
            place: Semaphore::new(1),
        }
    }

    /// The code of a component.
    pub(crate) async fn load(
        &self,
        engine: &Engine,
        component: &Component,
    ) -> Result<Compiled, LoadError> {
        // Reading, summing up and compiling keep a thread busy; other calls go on on another meanwhile.
        let digest = component.digest();
        let cached = || block_in_place(|| self.cache.as_ref()?.load(engine, digest));
        if !component.may_change()
            && let Some(compiled) = cached()
        {
            return Ok(compiled);
        }
        let bytes = block_in_place(|| component.read())?;
        speaks::header(&bytes)?;
        let Some(cache) = &self.cache else {
            return here(engine, &bytes);
        };
        if component.may_change()
            && let Some(compiled) = cached()
        {
            return Ok(compiled);
        }
        let _place = self.place.acquire().await;
        match self.compile(engine, cache, component, &bytes).await {
            Ok(()) => {}
            Err(Failure::Load(error)) => return Err(error),
            Err(Failure::Disk(error)) => {
                tracing::warn!(
                    "the code of plugin {} can't be kept: {error}",
                    component.name()
                );
                return here(engine, &bytes);
            }
        }
        // What was written a moment ago and is not there: another program made room, or the disk lies.
        cache
            .load(engine, digest)
            .map_or_else(|| here(engine, &bytes), Ok)
    }

    async fn compile(
        &self,
        engine: &Engine,
        cache: &Cache,
        component: &Component,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let work = block_in_place(|| cache.prepare(component.digest(), bytes))?;
        let done = match &self.compiler {
            Some(compiler) => in_a_child(compiler, &work).await?,
            None => false,
        };
        if !done {
            let code = block_in_place(|| engine.precompile_component(bytes));
            write_new(&work.to, &code.map_err(|e| malformed(&e))?)?;
        }
        cache.adopt(component.digest(), &work.to)?;
        Ok(())
    }
}

enum Failure {
    Load(LoadError),
    Disk(std::io::Error),
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        Failure::Load(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Failure {
        Failure::Disk(error)
    }
}

fn here(engine: &Engine, bytes: &[u8]) -> Result<Compiled, LoadError> {
    block_in_place(|| Compiled::new(engine, bytes)).map_err(|e| malformed(&e))
}

fn malformed(error: &wasmtime::Error) -> LoadError {
    LoadError::Malformed(format!("{error:#}"))
}

/// Compiles in a process of its own. False where none could be started, as when the program was replaced meanwhile.
async fn in_a_child(compiler: &Compiler, work: &Workplace) -> Result<bool, LoadError> {
    let child = Command::new(&compiler.program)
        .args(&compiler.arguments)
        .args([&work.from, &work.to])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn();
    let child = match child {
        Ok(child) => child,
        Err(error) => {
            tracing::warn!(
                "no process to compile a plugin in, so it is done here: {}: {error}",
                compiler.program.display()
            );
            return Ok(false);
        }
    };
    let ended = tokio::time::timeout(LONGEST, child.wait_with_output()).await;
    let Ok(ended) = ended else {
        return Err(LoadError::Compile(format!(
            "not done after {} s",
            LONGEST.as_secs()
        )));
    };
    let ended = ended.map_err(|e| LoadError::Compile(e.to_string()))?;
    let said = String::from_utf8_lossy(&ended.stderr);
    match (ended.status.success(), ended.status.code()) {
        (true, _) => Ok(true),
        (false, Some(_)) if !said.trim().is_empty() => {
            Err(LoadError::Malformed(said.trim().to_owned()))
        }
        (false, _) => Err(LoadError::Compile(format!(
            "the compiler ended with {}",
            ended.status
        ))),
    }
}
