//! The commands of the README's first minute, as a reader types them, word for word.

use std::fs;
use std::path::Path;
use std::process::Command;

use runwisp_tests::{Place, program};

/// Lines that begin with `$ ` in the `console` blocks below the heading that holds "first minute".
fn commands(readme: &str) -> Vec<String> {
    let heading = |line: &&str| line.starts_with("## ");
    let section = readme
        .lines()
        .skip_while(|line| !(heading(line) && line.to_lowercase().contains("first minute")));
    let section = section.skip(1).take_while(|line| !heading(line));
    section
        .filter_map(|line| line.strip_prefix("$ "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_commands_of_the_readme_do_what_it_says() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let commands = commands(&fs::read_to_string(top.join("README.md")).unwrap());
    assert!(
        commands.len() >= 3,
        "the README has no first minute: {commands:?}"
    );
    let place = Place::new("");
    fs::remove_file(place.config()).unwrap();
    fs::create_dir(place.path("examples")).unwrap();
    fs::copy(
        top.join("examples/first.toml"),
        place.path("examples/first.toml"),
    )
    .unwrap();
    let bin = program().parent().unwrap().to_string_lossy().into_owned();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
    let mut failed = false;
    for line in commands
        .iter()
        .filter(|line| !line.starts_with("cargo ") && !line.starts_with("git "))
    {
        let mut shell = place.command();
        let like: Vec<_> = shell
            .get_envs()
            .map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned)))
            .collect();
        shell = Command::new("sh");
        for (name, value) in like {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let output = shell
            .args(["-c", line])
            .env("PATH", &path)
            .current_dir(place.dir())
            .output()
            .unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        // The first minute shows one task that fails, on purpose; every other command succeeds.
        let is_run = line.starts_with("runwisp run ");
        assert!(
            output.status.success() || is_run,
            "`{line}`: {}\n{text}",
            output.status
        );
        failed |= is_run && !output.status.success();
    }
    assert!(failed, "no task failed: {commands:?}");
}
