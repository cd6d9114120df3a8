//! Configurations from a seed: ordinary ones with one or the other trap in them.
//!
//! Every command is a script that prints what it was given, so that what a shell computes can be seen.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Texts;

/// What the configurations refer to.
pub(super) struct World {
    /// The script that prints its arguments, directory and environment, each ended by NUL.
    dump: PathBuf,
    folder: PathBuf,
}

impl World {
    pub(super) fn new(folder: &Path) -> World {
        let folder = folder.canonicalize().unwrap();
        let dump = folder.join("dump");
        let script = "#!/bin/sh\nprintf '%s\\0' \"$#\" \"$0\" \"$@\"\nprintf '%s\\0' \"$(pwd -P)\"\nexec env -0\n";
        fs::write(&dump, script).unwrap();
        fs::set_permissions(&dump, fs::Permissions::from_mode(0o755)).unwrap();
        for number in (-1..30_i32).chain(95..110).chain(8000..8015) {
            for name in [format!("w{number}"), format!("w{number:02}")] {
                fs::create_dir_all(folder.join(name)).unwrap();
            }
        }
        World { dump, folder }
    }

    /// The number of an account that the configurations name.
    pub(super) fn uid(&self, user: &str) -> i64 {
        match user {
            "root" => 0,
            "nobody" => 65534,
            number => number.trim().parse().unwrap_or(-1),
        }
    }
}

/// A small generator of numbers; the same seed gives the same ones.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// Once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

const WORDS: &[&str] = &[
    "--flag",
    "-v",
    "a=b",
    "'two words'",
    "\"two words\"",
    "x\\ y",
    "\"q\\\"q\"",
    "\"b\\c\"",
    "'it''s'",
    "''",
    "&&",
    "|",
    ">",
    "2>&1",
    "$HOME",
    "`x`",
    "*.py",
    "~/x",
    "--color=#fff",
    "a;b",
    "url#frag",
    "100%%",
    "%(program_name)s",
    "%(here)s/x",
    "%(group_name)s",
    "%(ENV_PORT_X)s",
    "--home=%(ENV_HOME_X)s/y",
    "%(numprocs)d",
    "%(program_name)8s",
    "%(program_name)-8s|",
    "%(program_name).2s",
    "%(program_name)r",
    "é",
    "a!b",
    "{a,b}",
    "(x)",
    "$X$",
];
const NUMBERED: &[&str] = &[
    "%(process_num)d",
    "%(process_num)02d",
    "--port=80%(process_num)02d",
    "%(process_num)s",
    "--id w%(process_num)d/x",
    "%(process_num)03d%(process_num)d",
    "'n %(process_num)x'",
    "%(process_num)+d",
    "$%(process_num)d",
    "%(process_num)c",
    "%(process_num)4d",
    "%(process_num).2d",
    "%(process_num)#x",
    "a%(process_num)o",
];
const VARIABLES: &[&str] = &[
    "A=1",
    "B=\"two words\"",
    "C='x,y;z'",
    "D=\"%(program_name)s\"",
    "E=/srv/x:/y",
    "F=\"%%d\"",
    "G=\"a#b\"",
    "H=%(ENV_PORT_X)s",
    "I=\"%(here)s\"",
    "J=\"\"",
    "K=hello world",
    "L=http://h/p?x=1",
    "M=\"'q'\"",
    "N=~/x",
    "O=$HOME",
    "P=\"$HOME ${X}\"",
    "Q = \"spaced\"",
    "A=2",
    "R=v1;S=2",
    "T=\"foo\"bar",
    "U=東京",
    "DB_PASSWORD=\"p,w\"",
    "V=a.b-c+d(e)",
];
const NUMBERED_VARIABLES: &[&str] = &[
    "W=%(process_num)d",
    "X=\"80%(process_num)02d\"",
    "Y=\"n%(process_num)03d.\"",
    "PORT_%(process_num)d=1",
];
const BAD_VARIABLES: &[&str] = &[
    "A=a@b",
    "A=",
    "A",
    "A=x=y",
    "A=\"open",
    "A=%(nope)s",
    "A=50%",
    "=1",
];

/// Keys with values that are taken, and some that are not.
const SETTINGS: &[(&str, &[&str], &[&str])] = &[
    ("autostart", &["true", "FALSE", "on", "0"], &["maybe", ""]),
    (
        "autorestart",
        &["true", "false", "unexpected", "Off", "UNEXPECTED"],
        &["sometimes", ""],
    ),
    (
        "startsecs",
        &["0", "1", "10", "+5", "1_0", "-1"],
        &["1.5", "1s", ""],
    ),
    ("startretries", &["0", "3", "10", "100"], &["x"]),
    (
        "exitcodes",
        &["0", "0,2", "2", "", "0, 3,3"],
        &["256", "0 1", "0,"],
    ),
    (
        "stopsignal",
        &["TERM", "INT", "sigquit", "USR1", "9", "RTMIN", "KILL"],
        &["RTMIN+1", "TERM,INT", "35"],
    ),
    ("stopwaitsecs", &["10", "0", "60", "5"], &["soon"]),
    ("stopasgroup", &["true", "false"], &["2"]),
    (
        "user",
        &["nobody", "root", "65534"],
        &["nobody:nogroup", ""],
    ),
    ("umask", &["022", "0o27", "77", "0002"], &["999", "u=rw"]),
    ("priority", &["1", "999", "-5", "1_000"], &["high"]),
    ("redirect_stderr", &["true", "false"], &["2"]),
    (
        "stdout_logfile",
        &[
            "AUTO",
            "NONE",
            "/tmp/%(program_name)s.log",
            "/dev/stdout",
            "syslog",
            "off",
            "/tmp/%%%%d",
        ],
        &["/tmp/%d.log", "/tmp/%%d.log"],
    ),
    (
        "stdout_logfile_maxbytes",
        &["0", "10MB", "1kb", "5 GB"],
        &["50M", "1.5MB"],
    ),
    ("stderr_logfile_backups", &["0", "10"], &["many"]),
    ("stdout_events_enabled", &["true"], &["x"]),
    ("serverurl", &["AUTO", "http://x"], &[]),
    ("autorestrat", &["true"], &[]),
    ("--tries", &["3"], &[]),
];

fn command(dice: &mut Dice, world: &World, numbered: bool) -> String {
    let mut text = world.dump.display().to_string();
    for _ in 0..dice.below(5) {
        let word = if numbered && dice.once_in(2) {
            dice.pick(NUMBERED)
        } else {
            dice.pick(WORDS)
        };
        let between = if dice.once_in(8) { "\n    " } else { " " };
        let _ = write!(text, "{between}{word}");
    }
    if dice.once_in(60) {
        text.push_str(dice.pick(&[
            " 'open",
            " \\",
            " %s",
            " %Y",
            " 50%",
            " %(nope)s",
            " %(process_num)",
            " ; cut",
            " # cut",
            " \\\n    --more",
        ]));
    }
    text
}

fn variables(dice: &mut Dice, numbered: bool) -> String {
    let mut list: Vec<&str> = Vec::new();
    for _ in 0..=dice.below(4) {
        list.push(if numbered && dice.once_in(3) {
            dice.pick(NUMBERED_VARIABLES)
        } else {
            dice.pick(VARIABLES)
        });
    }
    if dice.once_in(25) {
        list.push(dice.pick(BAD_VARIABLES));
    }
    let between = dice.pick(&[",", ", ", ",\n    "]);
    let mut text = list.join(between);
    if dice.once_in(6) {
        text.push(',');
    }
    text
}

fn program(dice: &mut Dice, world: &World, name: &str) -> String {
    let mut text = format!("[program:{name}]\n");
    let several = dice.once_in(3);
    if !dice.once_in(120) {
        let _ = writeln!(text, "command={}", command(dice, world, several));
    }
    if several {
        let _ = writeln!(
            text,
            "numprocs={}",
            dice.pick(&["2", "3", "11", "%(ENV_N_X)s", "1", "0"])
        );
        let names = [
            "%(program_name)s_%(process_num)02d",
            "%(program_name)s_%(process_num)d",
            "%(program_name)s",
        ];
        let worst = if dice.once_in(15) { 3 } else { 2 };
        let _ = writeln!(text, "process_name={}", names[dice.below(worst)]);
        if dice.once_in(3) {
            let _ = writeln!(
                text,
                "numprocs_start={}",
                dice.pick(&["1", "10", "8000", "95", "-1"])
            );
        }
    }
    for _ in 0..dice.below(5) {
        let (key, good, bad) = SETTINGS[dice.below(SETTINGS.len())];
        let value = if dice.once_in(40) && !bad.is_empty() {
            dice.pick(bad)
        } else {
            dice.pick(good)
        };
        let between = dice.pick(&["=", " = ", ": "]);
        let comment = dice.pick(&["", "", "", " ; note", " # note", " ;"]);
        let _ = writeln!(text, "{key}{between}{value}{comment}");
    }
    if dice.once_in(2) {
        let _ = writeln!(text, "environment={}", variables(dice, several));
    }
    if dice.once_in(3) {
        let tail = if several {
            dice.pick(&["/w%(process_num)d", "/w%(process_num)02d", "/w1"])
        } else {
            dice.pick(&["/w1", "/w02"])
        };
        let _ = writeln!(text, "directory={}{tail}", world.folder.display());
    }
    if dice.once_in(10) {
        text.push_str(dice.pick(&[
            "; comment\n",
            "\n\n",
            "COMMAND_=x\n",
            "Priority=7\n",
            "foo=bar\n  baz\n",
        ]));
    }
    text
}

/// A configuration.
pub(super) fn texts(seed: u64, world: &World) -> Texts {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
    let mut texts = Texts::new();
    let mut main = text(&mut dice, world);
    if dice.once_in(6) {
        let pattern = dice.pick(&[
            "inc/*.ini",
            "%(here)s/inc/*.ini",
            "no/*.ini inc/?.ini",
            "inc/a.ini\n  inc/*.txt",
        ]);
        main = format!("[include]\nfiles = {pattern}\n{main}");
        let mut included = program(&mut dice, world, dice_name(seed));
        included.push_str(dice.pick(&[
            "",
            "[supervisord]\nenvironment=Z=\"2\"\n",
            "[include]\nfiles=x\n",
            "stray\n",
        ]));
        texts.insert("inc/a.ini".to_owned(), included);
    }
    texts.insert("supervisord.conf".to_owned(), main);
    texts
}

/// The program that an included file has: one of the main file's, or one of its own.
fn dice_name(seed: u64) -> &'static str {
    if seed.is_multiple_of(2) { "p0" } else { "p7" }
}

/// `[supervisord]`.
fn daemon(dice: &mut Dice) -> String {
    let mut text = String::new();
    text.push_str("[supervisord]\n");
    if dice.once_in(3) {
        let _ = writeln!(
            text,
            "environment={}",
            dice.pick(&[
                "Z=1",
                "A=\"shared\",Z=\"%(ENV_HOME_X)s\"",
                "Z=\"100%%%%\"",
                "Z=\"50%%\"",
                "A=1,A=2",
                "PORT_X=9"
            ])
        );
    }
    if dice.once_in(4) {
        text.push_str(dice.pick(&[
            "nodaemon=true\n",
            "minfds=10\n",
            "loglevel=debug\n",
            "minfds=x\n",
            "silent=maybe\n",
            "logfile_maxbytes=1MB\n",
        ]));
    }
    text
}

/// One file.
fn text(dice: &mut Dice, world: &World) -> String {
    let mut text = String::new();
    if !dice.once_in(60) {
        text.push_str(&daemon(dice));
    }
    if dice.once_in(12) {
        text.push_str(dice.pick(&[
            "[DEFAULT]\nautostart=false\n",
            "[DEFAULT]\nstartsecs=7\nfoo=bar\n",
            "[DEFAULT]\nenvironment=HERE=\"%(here)s\"\n",
        ]));
    }
    let count = 1 + dice.below(3);
    for number in 0..count {
        text.push_str(&program(dice, world, &format!("p{number}")));
        text.push_str(dice.pick(&["", "\n", "\n\n"]));
    }
    if dice.once_in(5) {
        let members = dice.pick(&["p0", "p0", "p0 ", "p0,nope", "p0,", ""]);
        let _ = writeln!(
            text,
            "[group:g1]\nprograms={members}\npriority={}",
            dice.pick(&["5", "999"])
        );
    }
    if dice.once_in(20) {
        let _ = writeln!(text, "[program:p0]\nstartsecs=4");
    }
    if dice.once_in(30) {
        text.push_str(dice.pick(&[
            "stray line\n",
            "[program:p9\ncommand=/bin/x\n",
            "[Program:x]\ncommand=/bin/x\n",
            "[include]\n",
            "[program:a b]\ncommand=/bin/x\n",
            "[unix_http_server]\n",
            "[inet_http_server]\nport=99999\n",
        ]));
    }
    if dice.once_in(4) {
        for _ in 0..=dice.below(2) {
            text = slipped(dice, &text, &world.dump.display().to_string());
        }
    }
    if dice.once_in(15) {
        text = text.replace('\n', "\r\n");
    }
    text
}

const SIGNS: &[&str] = &[
    " ", ";", " ;", "#", "=", ":", "[", "]", "%", "'", "\"", "\\", ",", "\u{a0}",
];

/// The text after a slip of the hand: a sign too many or too few, a line moved, doubled or indented. The script that
/// tells what it was given stays whole.
fn slipped(dice: &mut Dice, text: &str, whole: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = dice.below(lines.len());
    match dice.below(6) {
        0 => lines[at].insert_str(0, dice.pick(&["  ", "\t", "    "])),
        1 => {
            let line = lines[at].clone();
            lines.insert(at, line);
        }
        2 => {
            let other = dice.below(lines.len());
            lines.swap(at, other);
        }
        3 => lines.insert(
            at,
            dice.pick(&["", ";", "  # c", " ", "x", "= y"]).to_owned(),
        ),
        _ => {
            let line = &lines[at];
            let inside = line
                .find(whole)
                .map_or(0..0, |from| from..from + whole.len());
            let places = line.char_indices().map(|(place, _)| place);
            let free: Vec<usize> = places.filter(|place| !inside.contains(place)).collect();
            if let Some(place) = free.get(dice.below(free.len().max(1))).copied() {
                if dice.once_in(2) {
                    lines[at].remove(place);
                } else {
                    lines[at].insert_str(place, dice.pick(SIGNS));
                }
            }
        }
    }
    lines.join("\n") + "\n"
}
