//! The terminal: taken over, drawn on, and given back as it was.
//!
//! Invariant: it is given back however this ends: at the end, after an error, after a panic, before a stop.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::{Frame, Terminal};

use crate::wire::Problem;

/// Bytes gathered before they are written: more than a frame of a large screen.
const GATHERED: usize = 256 * 1024;

/// A terminal that is ours.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl Screen {
    /// Takes it over.
    pub(super) fn take() -> Result<Screen, Problem> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(Problem::new(
                "request.invalid",
                "the terminal UI needs a terminal for input and output",
            )
            .help("`runwisp status` and `runwisp logs` print what it shows."));
        }
        give_back_after_panics();
        // From here on `drop` gives back what was taken.
        let out = BufWriter::with_capacity(GATHERED, io::stdout());
        let terminal = Terminal::new(CrosstermBackend::new(out)).map_err(|e| failed(&e))?;
        let screen = Screen { terminal };
        enter().map_err(|e| failed(&e))?;
        Ok(screen)
    }

    pub(super) fn size(&self) -> (u16, u16) {
        self.terminal
            .size()
            .map_or((80, 24), |size| (size.width, size.height))
    }

    /// One frame, shown at once as a whole by terminals that know how.
    pub(super) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> Result<(), Problem> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate).map_err(|e| failed(&e))?;
        let drawn = self.terminal.draw(view).map(drop);
        let ended = execute!(self.terminal.backend_mut(), EndSynchronizedUpdate);
        drawn.and(ended).map_err(|e| failed(&e))
    }

    /// Forgets what is on it, so that the next frame draws all of it.
    pub(super) fn redraw(&mut self) -> Result<(), Problem> {
        self.terminal.clear().map_err(|e| failed(&e))
    }

    /// Stops as Ctrl-Z does, and is back when this returns.
    pub(super) fn suspend(&mut self) -> Result<(), Problem> {
        give_back();
        // The whole group, as the terminal's driver would. Where no shell waits to continue it, nothing happens.
        let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
        self.resume()
    }

    /// Takes it again, after a stop by whomever.
    pub(super) fn resume(&mut self) -> Result<(), Problem> {
        enter().map_err(|e| failed(&e))?;
        self.redraw()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableMouseCapture,
        EnableBracketedPaste,
        Hide
    )
}

/// As it was. A terminal that has gone can't be helped.
fn give_back() {
    let mut out = io::stdout();
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        DisableMouseCapture,
        LeaveAlternateScreen,
        Show
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// A panic is told on a terminal that can be read.
fn give_back_after_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        before(panic);
    }));
}

fn failed(error: &io::Error) -> Problem {
    Problem::new("io.failed", format!("could not use the terminal: {error}"))
}
