//! The loop that joins terminal, clock and daemon to `update` and `view`.
//!
//! Invariant: keys go before everything else, so a flood of output never delays them; frames are paced (`pace.rs`).

mod daemon;
mod input;
mod pace;
mod terminal;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::message::{Effect, Message};
use super::state::{App, Setting};
use super::update::{begin, update};
use super::view::theme::Theme;
use super::view::view;
use crate::client::Client;
use crate::wire::Problem;
use daemon::Daemon;
use input::{Heard, Signals};
use pace::Pace;
use terminal::Screen;

/// How many messages of the daemon wait at most; then it waits.
const AHEAD: usize = 64;

/// How many keys wait at most.
const KEYS: usize = 256;

/// How many messages are taken in before the screen may be drawn again.
const AT_ONCE: usize = 64;

/// How often time is looked at: lengths are shown in seconds, questions go out at most so often.
const TICK: Duration = Duration::from_millis(250);

/// What came of it.
pub(super) struct Ended {
    pub(super) stop_daemon: bool,
    pub(super) frames: u64,
}

pub(super) async fn run(
    client: Client,
    mut setting: Setting,
    theme: Theme,
) -> Result<Ended, Problem> {
    let mut screen = Screen::take()?;
    setting.size = screen.size();
    let (say_key, keys) = mpsc::channel(KEYS);
    let (say, told) = mpsc::channel(AHEAD);
    input::listen(say_key);
    let mut hands = Hands {
        app: App::new(setting),
        daemon: Daemon::new(client, say),
        theme,
        pace: Pace::default(),
        keys,
        told,
        signals: Signals::new(),
    };
    hands.turn_until_end(&mut screen).await?;
    Ok(Ended {
        stop_daemon: hands.app.stop_daemon,
        frames: hands.pace.frames,
    })
}

struct Hands {
    app: App,
    daemon: Daemon,
    theme: Theme,
    pace: Pace,
    keys: mpsc::Receiver<Message>,
    told: mpsc::Receiver<Message>,
    signals: Signals,
}

/// Whether to go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    On,
    Out,
}

impl Hands {
    async fn turn_until_end(&mut self, screen: &mut Screen) -> Result<(), Problem> {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let first = begin(&mut self.app);
        self.carry_out(first, screen)?;
        loop {
            let frame = tokio::time::Instant::from_std(self.pace.next(Instant::now()));
            let message = tokio::select! {
                biased;
                key = self.keys.recv() => Some(key.unwrap_or(Message::Leave)),
                heard = self.signals.next() => match heard {
                    Heard::Leave => Some(Message::Leave),
                    Heard::Continued => {
                        screen.resume()?;
                        self.app.dirty = true;
                        None
                    }
                },
                () = tokio::time::sleep_until(frame), if self.app.dirty => None,
                _ = tick.tick() => Some(Message::Tick(Timestamp::now())),
                Some(told) = self.told.recv() => Some(told),
            };
            if let Some(message) = message
                && self.take_in(message, screen)? == Next::Out
            {
                return Ok(());
            }
            if self.take_in_more(screen)? == Next::Out {
                return Ok(());
            }
            self.draw(screen)?;
        }
    }

    /// What else is here already, up to a bound.
    fn take_in_more(&mut self, screen: &mut Screen) -> Result<Next, Problem> {
        for _ in 0..AT_ONCE {
            let Ok(message) = self.keys.try_recv().or_else(|_| self.told.try_recv()) else {
                break;
            };
            if self.take_in(message, screen)? == Next::Out {
                return Ok(Next::Out);
            }
        }
        Ok(Next::On)
    }

    fn take_in(&mut self, message: Message, screen: &mut Screen) -> Result<Next, Problem> {
        let effects = update(&mut self.app, message);
        self.carry_out(effects, screen)
    }

    fn carry_out(&mut self, effects: Vec<Effect>, screen: &mut Screen) -> Result<Next, Problem> {
        for effect in effects {
            match effect {
                Effect::Ask(query) => self.daemon.ask(query),
                Effect::Do(act) => self.daemon.carry_out(act),
                Effect::Follow { ticket, run, tail } => self.daemon.follow(ticket, run, tail),
                Effect::StopFollowing => self.daemon.stop_following(),
                Effect::Suspend => {
                    screen.suspend()?;
                    self.app.dirty = true;
                }
                Effect::Redraw => screen.redraw()?,
                Effect::Quit => return Ok(Next::Out),
            }
        }
        Ok(Next::On)
    }

    fn draw(&mut self, screen: &mut Screen) -> Result<(), Problem> {
        if !self.app.dirty || !self.pace.may_draw(Instant::now()) {
            return Ok(());
        }
        self.app.size = screen.size();
        self.app.dirty = false;
        let (app, theme) = (&self.app, self.theme);
        screen.draw(|frame| view(app, theme, frame))
    }
}
