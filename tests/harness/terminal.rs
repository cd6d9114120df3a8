//! A terminal with a shell in it, by tmux: keys go in, and what people would see comes out.

use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::{PATIENCE, Place};

/// The variables by which a shell's `runwisp` finds the place.
const LEADS: [&str; 2] = ["RUNWISP_CONFIG", "RUNWISP_DATA"];

/// A terminal of a tmux of its own, which ends with it.
pub struct Terminal {
    place: Arc<Place>,
}

impl Terminal {
    /// A shell in a terminal of this size, in which `runwisp` is the program under test.
    pub fn open(place: &Arc<Place>, width: u16, height: u16) -> Terminal {
        let terminal = Terminal {
            place: Arc::clone(place),
        };
        let (width, height) = (width.to_string(), height.to_string());
        let words = [
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &width,
            "-y",
            &height,
            "sh",
        ];
        terminal.tmux(&words);
        terminal.wait_for("a prompt", |screen| !screen.trim().is_empty());
        terminal
    }

    /// Presses keys, by tmux' names: `Enter`, `Down`, `C-c`, `q`.
    pub fn press(&self, keys: &[&str]) {
        let mut words = vec!["send-keys"];
        words.extend_from_slice(keys);
        self.tmux(&words);
    }

    /// Types a text as it is.
    pub fn type_in(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Makes the terminal of this size.
    pub fn resize(&self, width: u16, height: u16) {
        let (width, height) = (width.to_string(), height.to_string());
        self.tmux(&["resize-window", "-x", &width, "-y", &height]);
    }

    /// What is on the screen.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until `text` is on the screen; gives the screen.
    #[track_caller]
    pub fn wait(&self, text: &str) -> String {
        self.wait_for(text, |screen| screen.contains(text))
    }

    /// Waits until the screen is as wanted; gives it.
    #[track_caller]
    pub fn wait_for(&self, what: &str, done: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let screen = self.screen();
            if done(&screen) {
                return screen;
            }
            assert!(Instant::now() < until, "waited for {what} on\n{screen}");
            // A screen tells nobody that it has changed.
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What programs have made of the terminal: whether another screen is shown, the mouse is heard, the cursor seen;
    /// and which program has it.
    pub fn modes(&self) -> String {
        let format = "other=#{alternate_on} mouse=#{mouse_any_flag} cursor=#{cursor_flag} by=#{pane_current_command}";
        self.tmux(&["display-message", "-p", format])
            .trim()
            .to_owned()
    }

    #[track_caller]
    fn tmux(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        // As the program would be run here: with the place's mark, and nothing that leads elsewhere.
        for (name, value) in self.place.command().get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let paths = [self.place.config(), self.place.data()];
        let program = self.place.command().get_program().to_owned();
        let folder = std::path::Path::new(&program)
            .parent()
            .map(ToOwned::to_owned);
        let mut path = folder.unwrap_or_default().into_os_string();
        let _ = write!(path, ":{}", std::env::var("PATH").unwrap_or_default());
        command
            .envs(LEADS.iter().zip(paths))
            .env("PATH", path)
            .env("TMPDIR", self.place.dir())
            .env("LC_ALL", "C.UTF-8")
            .env_remove("TMUX")
            .current_dir(self.place.dir())
            .arg("-S")
            .arg(self.place.path("tmux"))
            .args(words);
        let output = command
            .output()
            .unwrap_or_else(|e| panic!("tmux can't be run ({e}): cargo xtask setup"));
        assert!(output.status.success(), "tmux {words:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.tmux(&["kill-server"]);
            let alone = || {
                !self
                    .place
                    .processes()
                    .iter()
                    .any(|(_, line)| line.starts_with("tmux"))
            };
            crate::until("tmux to end", alone);
        }
    }
}
