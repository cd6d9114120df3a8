//! The event listeners that people use, by the name of their program, with their options.
//!
//! The options are those of superlance 2.0, superslacker 0.9 and superfsmon 1.2.
//!
//! Tests: below.

use super::arguments::{Arguments, parse};
use super::{Duty, Mail, Whom};
use crate::value;

const MAIL: &[(&str, &str)] = &[
    ("i", "interval"),
    ("t", "toEmail"),
    ("f", "fromEmail"),
    ("s", "subject"),
    ("H", "smtpHost"),
    ("e", "tickEvent"),
    ("u", "userName"),
    ("p", "password"),
];

/// What the words of a command do, with the name of the program; none when it is not known.
pub(super) fn recognise(words: &[String], events: &[String]) -> Option<(&'static str, Duty)> {
    if kills_supervisord(words) {
        return Some(("a script that ends supervisord", Duty::Critical));
    }
    let (name, rest) = program(words)?;
    Some(match name.as_str() {
        "memmon" => ("memmon", memmon(rest)?),
        "httpok" | "httpokplus" => ("httpok", httpok(rest, events)?),
        "crashmail" => ("crashmail", crashmail(rest)),
        "crashmailbatch" => ("crashmailbatch", batch(rest)),
        "fatalmailbatch" => ("fatalmailbatch", batch(rest)),
        "crashsms" => ("crashsms", batch(rest)),
        "superslacker" => ("superslacker", superslacker(rest)),
        "superfsmon" => ("superfsmon", superfsmon(rest)?),
        "supervisor_stdout" | "supervisor-stdout" => ("supervisor-stdout", Duty::Output),
        _ => return None,
    })
}

/// The name of the program, without path, interpreter and ending, and its arguments.
fn program(words: &[String]) -> Option<(String, &[String])> {
    let base = |word: &str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let (first, mut rest) = words.split_first()?;
    let mut name = base(first);
    if name == "env" {
        let (next, after) = rest.split_first()?;
        (name, rest) = (base(next), after);
    }
    if name.starts_with("python") {
        while let Some((next, after)) = rest.split_first() {
            rest = after;
            if next == "-m" {
                let (module, after) = rest.split_first()?;
                return Some((
                    module.rsplit('.').next().unwrap_or_default().to_owned(),
                    after,
                ));
            }
            if !next.starts_with('-') {
                name = base(next);
                break;
            }
        }
    }
    let name = name.strip_suffix(".py").unwrap_or(&name).to_owned();
    Some((name, rest))
}

/// A line for a shell that kills its parent.
fn kills_supervisord(words: &[String]) -> bool {
    let shell = words.first().is_some_and(|word| {
        matches!(
            word.rsplit('/').next(),
            Some("sh" | "bash" | "dash" | "ash")
        )
    });
    shell
        && words
            .iter()
            .any(|word| word.contains("kill") && word.contains("PPID"))
}

fn addresses(values: &[String]) -> Vec<String> {
    values
        .iter()
        .flat_map(|value| value.split(','))
        .map(|address| address.trim().to_owned())
        .filter(|address| !address.is_empty())
        .collect()
}

fn one_mail(arguments: &Arguments) -> Option<Mail> {
    let to = addresses(&arguments.all("email"));
    (!to.is_empty()).then(|| Mail {
        to,
        ..Mail::default()
    })
}

fn memmon(words: &[String]) -> Option<Duty> {
    let valued = [
        ("p", "program"),
        ("g", "group"),
        ("a", "any"),
        ("s", "sendmail_program"),
        ("m", "email"),
        ("u", "uptime"),
        ("n", "name"),
    ];
    let found = parse(words, &valued, &[("c", "cumulative")]);
    let mut limits = Vec::new();
    let named = |text: &str| {
        let (name, size) = text.split_once('=')?;
        Some((name.trim().to_owned(), value::bytes(size.trim()).ok()?))
    };
    for text in found.all("program") {
        let (name, size) = named(&text)?;
        limits.push((
            Whom {
                programs: vec![name],
                ..Whom::default()
            },
            size,
        ));
    }
    for text in found.all("group") {
        let (name, size) = named(&text)?;
        limits.push((
            Whom {
                groups: vec![name],
                ..Whom::default()
            },
            size,
        ));
    }
    for text in found.all("any") {
        limits.push((
            Whom {
                any: true,
                ..Whom::default()
            },
            value::bytes(&text).ok()?,
        ));
    }
    (!limits.is_empty()).then(|| Duty::Memory {
        limits,
        mail: one_mail(&found),
    })
}

fn httpok(words: &[String], events: &[String]) -> Option<Duty> {
    let valued = [
        ("p", "program"),
        ("s", "sendmail_program"),
        ("m", "email"),
        ("t", "timeout"),
        ("c", "code"),
        ("b", "body"),
        ("g", "gcore"),
        ("d", "coredir"),
        ("n", "name"),
    ];
    let found = parse(
        words,
        &valued,
        &[("a", "any"), ("e", "eager"), ("E", "not-eager")],
    );
    let url = found.rest.last()?.clone();
    let seconds = match found.last("timeout") {
        Some(text) => value::integer(&text)
            .ok()
            .filter(|n| (1..=86_400).contains(n))?,
        None => 10,
    };
    let mut todo = Vec::new();
    if let Some(code) = found.last("code").filter(|code| code != "200") {
        todo.push(format!(
            "TODO httpok wanted status {}; here 200 to 399 pass",
            crate::scope::shown(&code)
        ));
    }
    if found.has("body") {
        todo.push(
            "TODO httpok looked for a text in the answer; use `exec` with a command that does"
                .to_owned(),
        );
    }
    if found.has("gcore") || found.has("coredir") {
        todo.push(
            "TODO httpok wrote a core dump before it restarted; nothing does that here".to_owned(),
        );
    }
    let tick = |name: &str| events.iter().any(|event| event == name);
    let interval = match (tick("TICK_5"), tick("TICK_3600")) {
        (true, _) => "5s",
        (_, true) => "1h",
        _ => "1m",
    };
    let whom = Whom {
        programs: found.all("program"),
        groups: Vec::new(),
        any: found.has("any"),
    };
    Some(Duty::Http {
        whom,
        url,
        timeout: format!("{seconds}s"),
        interval,
        todo,
        mail: one_mail(&found),
    })
}

fn crashmail(words: &[String]) -> Duty {
    let valued = [
        ("p", "program"),
        ("s", "sendmail_program"),
        ("m", "email"),
        ("o", "optionalheader"),
    ];
    let found = parse(words, &valued, &[("a", "any")]);
    let whom = Whom {
        programs: found.all("program"),
        groups: Vec::new(),
        any: found.has("any"),
    };
    Duty::Mail {
        whom,
        mail: one_mail(&found).unwrap_or_default(),
    }
}

fn batch(words: &[String]) -> Duty {
    let found = parse(words, MAIL, &[]);
    let mail = Mail {
        to: addresses(&found.all("toEmail")),
        from: found.last("fromEmail"),
        host: found.last("smtpHost"),
        user: found.last("userName"),
        password: found.last("password"),
        tls: found.has("tls"),
    };
    Duty::Mail {
        whom: Whom {
            any: true,
            ..Whom::default()
        },
        mail,
    }
}

fn superslacker(words: &[String]) -> Duty {
    let valued = [
        ("t", "token"),
        ("c", "channel"),
        ("w", "webhook"),
        ("i", "icon"),
        ("u", "username"),
        ("n", "hostname"),
        ("p", "proxy"),
        ("e", "events"),
        ("", "eventname"),
        ("", "interval"),
        ("", "blacklist"),
        ("", "whitelist"),
    ];
    let found = parse(words, &valued, &[]);
    let whitelist = addresses(&found.all("whitelist"));
    let whom = Whom {
        any: whitelist.is_empty(),
        programs: whitelist,
        groups: Vec::new(),
    };
    Duty::Slack {
        whom,
        token: found.last("token"),
        webhook: found.last("webhook"),
        channel: found.last("channel"),
    }
}

fn superfsmon(words: &[String]) -> Option<Duty> {
    let valued = [
        ("e", "enable"),
        ("r", "recognize"),
        ("i", "ignore"),
        ("", "recognize-regex"),
        ("", "ignore-regex"),
        ("g", "group"),
    ];
    let found = parse(
        words,
        &valued,
        &[
            ("f", "hidden-files"),
            ("c", "case-insensitive"),
            ("d", "directories"),
            ("a", "any"),
        ],
    );
    let (path, programs) = found.rest.split_first()?;
    let mut todo = Vec::new();
    if ["recognize", "ignore", "recognize-regex", "ignore-regex"]
        .iter()
        .any(|name| found.has(name))
    {
        todo.push(
            "TODO superfsmon looked at some files only; here any change of the folder restarts"
                .to_owned(),
        );
    }
    if !found.has("no-recursion") {
        todo.push(
            "TODO superfsmon watched the folders below as well; name each of them in `watch`"
                .to_owned(),
        );
    }
    let whom = Whom {
        programs: programs.to_vec(),
        groups: found.all("group"),
        any: found.has("any"),
    };
    Some(Duty::Watch {
        whom,
        path: path.clone(),
        todo,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duty(line: &str) -> Option<(&'static str, Duty)> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        recognise(&words, &["TICK_60".to_owned()])
    }

    fn programs(names: &[&str]) -> Whom {
        Whom {
            programs: names.iter().map(ToString::to_string).collect(),
            ..Whom::default()
        }
    }

    #[test]
    fn memory_limits() {
        let any = Whom {
            any: true,
            ..Whom::default()
        };
        let mail = Some(Mail {
            to: vec!["a@b".to_owned()],
            ..Mail::default()
        });
        let limits = vec![(programs(&["web"]), 200 << 20), (any, 1 << 30)];
        assert_eq!(
            duty("/usr/bin/memmon -c -p web=200MB -a 1GB -m a@b"),
            Some(("memmon", Duty::Memory { limits, mail }))
        );
        assert_eq!(duty("memmon"), None);
        assert_eq!(duty("memmon -p web"), None);
    }

    #[test]
    fn health_checks() {
        let Some((
            "httpok",
            Duty::Http {
                whom,
                url,
                timeout,
                todo,
                ..
            },
        )) = duty("python -m superlance.httpok -p web -pworker -t 5 -c 204 http://localhost/ok")
        else {
            panic!("not recognised");
        };
        assert_eq!(
            (whom, &*url, &*timeout, todo.len()),
            (programs(&["web", "worker"]), "http://localhost/ok", "5s", 1)
        );
    }

    #[test]
    fn mail_chat_files_and_the_end() {
        let Some((_, Duty::Mail { whom, mail })) =
            duty("fatalmailbatch --toEmail=a@b,c@d --fromEmail x@y --tls")
        else {
            panic!("not recognised");
        };
        assert!(whom.any && mail.tls);
        assert_eq!(
            (mail.to.join(" "), mail.from.as_deref()),
            ("a@b c@d".to_owned(), Some("x@y"))
        );
        assert!(matches!(
            duty("superslacker -c #ops -t xoxb"),
            Some((_, Duty::Slack { token: Some(_), .. }))
        ));
        let Some((_, Duty::Watch { whom, path, .. })) = duty("superfsmon /srv/app -r *.py web")
        else {
            panic!("not recognised");
        };
        assert_eq!((whom, &*path), (programs(&["web"]), "/srv/app"));
        assert_eq!(duty("my-listener"), None);
        let words = [
            "bash",
            "-c",
            "printf 'READY\\n'; while read l; do kill -SIGQUIT $PPID; done",
        ]
        .map(str::to_owned);
        assert_eq!(
            recognise(&words, &[]).map(|(_, duty)| duty),
            Some(Duty::Critical)
        );
    }
}
