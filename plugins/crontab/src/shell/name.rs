//! A name for a job, as a person would give it: `/opt/shop/bin/nightly-backup.sh --full` is `nightly-backup`.
//!
//! Tests are below.

use super::main_command::{Main, base};

/// The name of a job without a program.
const FALLBACK: &str = "job";

/// Programs that run a script.
const INTERPRETERS: [&str; 18] = [
    "python", "perl", "ruby", "node", "nodejs", "php", "php-cli", "sh", "bash", "dash", "zsh",
    "ksh", "java", "rscript", "deno", "bun", "lua", "tclsh",
];

/// Programs and scripts that do different things by their first words.
const BY_WORD: [&str; 49] = [
    "apt",
    "apt-get",
    "artisan",
    "aws",
    "borg",
    "borgmatic",
    "brew",
    "btrfs",
    "cargo",
    "certbot",
    "cli",
    "composer",
    "console",
    "craft",
    "dnf",
    "docker",
    "docker-compose",
    "drush",
    "freshclam",
    "gcloud",
    "git",
    "index",
    "kubectl",
    "lxc",
    "magento",
    "main",
    "make",
    "manage",
    "mc",
    "npm",
    "npx",
    "occ",
    "pnpm",
    "podman",
    "rails",
    "rake",
    "rclone",
    "restic",
    "rustic",
    "service",
    "snap",
    "supervisorctl",
    "systemctl",
    "tarsnap",
    "wp",
    "yarn",
    "yum",
    "zfs",
    "zpool",
];

/// Endings that say only in which language a script is.
const ENDINGS: [&str; 16] = [
    "sh", "bash", "zsh", "ksh", "py", "pyc", "pl", "rb", "php", "js", "mjs", "cjs", "ts", "jar",
    "r", "cgi",
];

/// The name of a job by its program.
pub(crate) fn name(main: Option<&Main>) -> String {
    let Some(main) = main else {
        return FALLBACK.to_owned();
    };
    let parts = parts(main);
    let parts: Vec<String> = parts
        .iter()
        .map(|part| clean(part))
        .filter(|part| !part.is_empty())
        .collect();
    match parts.is_empty() {
        true => FALLBACK.to_owned(),
        false => parts.join("-"),
    }
}

fn parts(main: &Main) -> Vec<String> {
    let program = base(&main.program);
    let words: Vec<&str> = main.arguments.iter().map(String::as_str).collect();
    if program == "run-parts" {
        let folder = words.iter().find(|word| !word.starts_with('-'));
        return folder.map_or(vec![program.to_owned()], |folder| {
            vec![base(folder).to_owned()]
        });
    }
    if ["curl", "wget"].contains(&program) {
        let host = words.iter().find_map(|word| host(word));
        return [Some(program.to_owned()), host]
            .into_iter()
            .flatten()
            .collect();
    }
    let lower = program.to_ascii_lowercase();
    let plain = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if INTERPRETERS.contains(&plain) {
        return interpreted(plain, &words);
    }
    by_word(stem(program), &words)
}

/// The name of what an interpreter runs.
fn interpreted<'a>(interpreter: &'a str, words: &[&'a str]) -> Vec<String> {
    let mut words = words;
    while let Some((first, rest)) = words.split_first() {
        match *first {
            "-m" if interpreter == "python" => {
                let module = rest.first().copied().unwrap_or_default();
                let last = module.rsplit('.').find(|part| *part != "__main__");
                return by_word(last.unwrap_or_default(), rest.get(1..).unwrap_or_default());
            }
            "-jar" | "-f" | "run" | "--" => words = rest,
            "-c" | "-e" | "-r" | "--eval" => return vec![interpreter.to_owned()],
            "-cp" | "-classpath" | "-d" | "-I" | "-W" | "-X" => {
                words = rest.get(1..).unwrap_or_default()
            }
            option if option.starts_with('-') => words = rest,
            script => {
                // A class has its package in front, a script its folder.
                let stem = match interpreter {
                    "java" if !script.contains('/') && !script.ends_with(".jar") => {
                        script.rsplit('.').next().unwrap_or(script)
                    }
                    _ => stem(base(script)),
                };
                return by_word(stem, rest);
            }
        }
    }
    vec![interpreter.to_owned()]
}

/// A program, with the words that say what it does where it does many things.
fn by_word(stem: &str, words: &[&str]) -> Vec<String> {
    let mut parts = vec![stem.to_owned()];
    if BY_WORD.contains(&stem) {
        let plain = |word: &&&str| {
            !word.starts_with('-')
                && !word.contains(['/', '$', '=', '`'])
                && word.chars().any(char::is_alphabetic)
        };
        let most = match stem {
            "systemctl" | "wp" | "service" | "docker" | "zfs" => 3,
            _ => 1,
        };
        parts.extend(
            words
                .iter()
                .filter(plain)
                .take(most)
                .map(|word| (*word).to_owned()),
        );
    }
    parts
}

/// A file's name without the ending of a script.
fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty() && ENDINGS.contains(&ending.to_ascii_lowercase().as_str()) =>
        {
            stem
        }
        _ => name,
    }
}

/// The host of an address.
fn host(word: &str) -> Option<String> {
    let (_, rest) = word.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.rsplit('@').next()?.split(':').next()?;
    Some(host.strip_prefix("www.").unwrap_or(host).to_owned())
}

/// A text as part of a name: letters, digits, `_` and `-`, at most 40 of them.
pub(crate) fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    for c in text.chars() {
        let c = match c {
            c if c.is_ascii_alphanumeric() || c == '_' => c,
            _ if cleaned.is_empty() || cleaned.ends_with('-') => continue,
            _ => '-',
        };
        cleaned.push(c);
        if cleaned.len() == 40 {
            break;
        }
    }
    cleaned.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::main_command;

    #[test]
    fn as_a_person_would_name_them() {
        for (command, expected) in [
            ("/opt/shop/bin/nightly-backup.sh --full", "nightly-backup"),
            (
                "cd /srv/app && php artisan schedule:run >> /dev/null 2>&1",
                "artisan-schedule-run",
            ),
            ("cd / && run-parts --report /etc/cron.hourly", "cron-hourly"),
            (
                "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }",
                "cron-daily",
            ),
            (
                "[ -x /usr/lib/php/sessionclean ] && if [ ! -d /run/systemd/system ]; then /usr/lib/php/sessionclean; fi",
                "sessionclean",
            ),
            (
                "test -e /run/systemd/system || SERVICE_MODE=1 /usr/lib/x86_64-linux-gnu/e2fsprogs/e2scrub_all_cron",
                "e2scrub_all_cron",
            ),
            (
                "command -v debian-sa1 > /dev/null && debian-sa1 1 1",
                "debian-sa1",
            ),
            (
                "PATH=/x:$PATH FOO='a b' nice -n 19 ionice -c2 -n7 /usr/bin/find /tmp -delete",
                "find",
            ),
            (
                "sudo -u www-data flock -n /tmp/x.lock timeout 300 python3 -u /opt/x/backup.py",
                "backup",
            ),
            (
                "flock -n /tmp/a.lock -c 'cd /x && ./sync_all.rb'",
                "sync_all",
            ),
            ("/usr/bin/env TZ=UTC chronic rsnapshot daily", "rsnapshot"),
            (
                "bash -lc 'cd ~/app; bundle exec rake reports:send RAILS_ENV=production'",
                "rake-reports-send",
            ),
            ("su - deploy -c \"/home/deploy/bin/rotate logs\"", "rotate"),
            ("python -m app.jobs.cleanup", "cleanup"),
            (
                "/usr/bin/python3.11 manage.py clearsessions",
                "manage-clearsessions",
            ),
            ("java -Xmx512m -jar /opt/etl/etl.jar --nightly", "etl"),
            ("java -cp /x com.example.jobs.Nightly", "Nightly"),
            ("/usr/bin/certbot -q renew", "certbot-renew"),
            ("systemctl restart nginx", "systemctl-restart-nginx"),
            (
                "docker exec -u www-data -t app php occ files:scan --all",
                "occ-files-scan",
            ),
            ("docker system prune -f", "docker-system-prune"),
            (
                "curl -fsS https://user:pw@www.example.com:8080/cron.php?key=s3cret",
                "curl-example-com",
            ),
            ("pg_dump shop | gzip > /backup/shop.gz", "pg_dump"),
            ("$HOME/bin/daily.job >> $HOME/tmp/out 2>&1", "daily-job"),
            ("mail -s \"It's 10pm\" joe", "mail"),
            ("echo hello", "echo"),
            ("sleep 30; ./poll", "poll"),
            ("cd /tmp", "job"),
            ("", "job"),
            ("é", "job"),
            ("(cd /a && ./b.pl) 2>/dev/null", "b"),
            ("exec setsid -w /x/y", "y"),
            ("perl -e 'print 1'", "perl"),
            ("nice -19 /x/low", "low"),
            ("find /var/log -name '*.gz' -exec rm {} \\;", "find"),
            ("time make nightly", "make-nightly"),
            ("while true; do /x/beat; sleep 5; done", "beat"),
        ] {
            assert_eq!(name(main_command(command).as_ref()), expected, "{command}");
        }
    }

    #[test]
    fn deep_nesting_ends() {
        let mut command = "x".to_owned();
        for _ in 0..6 {
            command = format!("sh -c {command:?}");
        }
        assert_eq!(name(main_command(&command).as_ref()), "sh");
        let wrapped = "sudo nice ".repeat(10_000) + "x";
        assert_eq!(name(main_command(&wrapped).as_ref()), "x");
    }
}
