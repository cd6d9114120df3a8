//! `runwisp plugin test`: the project's own tests, a build, and a check of what was built. What is run is what the
//! project's README says.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::check;
use crate::cli::context::{Context, io_failed};
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Which project.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The project's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
}

/// A project by what lies in its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Project {
    Rust,
    Python,
    JavaScript,
}

/// A command of a project.
struct Step {
    program: String,
    arguments: Vec<String>,
    variable: Option<(&'static str, &'static str)>,
}

/// Tests, builds, checks.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let dir = fs::canonicalize(&args.dir)
        .map_err(|why| io_failed(format!("use {}", args.dir.display()), &why))?;
    let project = kind(&|name| dir.join(name).exists()).ok_or_else(|| {
        Problem::new(
            "request.invalid",
            format!("{} is no project of a plugin", dir.display()),
        )
        .help(
            "It has neither Cargo.toml, package.json nor app.py; `runwisp plugin new` begins one.",
        )
    })?;
    let name = dir.file_name().and_then(|n| n.to_str()).unwrap_or("plugin");
    for step in steps(project, name, &|path| dir.join(path).exists()) {
        if !does(context, &dir, &step)? {
            return Ok(Exit::Failed);
        }
    }
    let built = match project {
        Project::Rust => env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| dir.join("target"), PathBuf::from)
            .join("wasm32-wasip2/release"),
        Project::Python | Project::JavaScript => dir.clone(),
    };
    let component = newest(&built).ok_or_else(|| {
        let built = built.display();
        Problem::new(
            "plugin.failed",
            format!("the build left no .wasm in {built}"),
        )
    })?;
    check::check(context, &component.display().to_string())
}

fn kind(there: &dyn Fn(&str) -> bool) -> Option<Project> {
    [
        ("Cargo.toml", Project::Rust),
        ("package.json", Project::JavaScript),
        ("app.py", Project::Python),
    ]
    .into_iter()
    .find(|(file, _)| there(file))
    .map(|(_, project)| project)
}

/// The commands, in their order.
fn steps(project: Project, name: &str, there: &dyn Fn(&str) -> bool) -> Vec<Step> {
    let step = |program: &str, arguments: &str| Step {
        program: program.to_owned(),
        arguments: arguments.split_whitespace().map(str::to_owned).collect(),
        variable: None,
    };
    match project {
        Project::Rust => vec![
            step("cargo", "test"),
            step("cargo", "build --release --target wasm32-wasip2"),
        ],
        Project::JavaScript => {
            let install = (!there("node_modules")).then(|| step("npm", "install"));
            let rest = [step("npm", "test"), step("npm", "run build")];
            install.into_iter().chain(rest).collect()
        }
        Project::Python => {
            let tool = |tool: &str| {
                let own = format!(".venv/bin/{tool}");
                if there(&own) { own } else { tool.to_owned() }
            };
            let componentize = tool("componentize-py");
            let bindings = step(&componentize, "-d wit -w notifier bindings bindings");
            let bindings = (!there("bindings")).then_some(bindings);
            let tests = Step {
                variable: Some(("PYTHONPATH", "bindings")),
                ..step(&tool("python3"), "-m unittest")
            };
            let build = format!("-d wit -w notifier componentize app -o {name}.wasm");
            bindings
                .into_iter()
                .chain([tests, step(&componentize, &build)])
                .collect()
        }
    }
}

/// Runs a step; what it prints goes to standard error, since standard output is for what the check finds.
fn does(context: &Context, dir: &Path, step: &Step) -> Result<bool, Problem> {
    let said = format!("{} {}", step.program, step.arguments.join(" "));
    context.out.message(&format!("$ {said}"));
    let program = if step.program.starts_with('.') {
        dir.join(&step.program)
    } else {
        PathBuf::from(&step.program)
    };
    let mut command = Command::new(program);
    command
        .args(&step.arguments)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(io::stderr());
    if let Some((name, value)) = step.variable {
        command.env(name, value);
    }
    let ended = command
        .status()
        .map_err(|why| io_failed(format!("run {said}"), &why))?;
    if !ended.success() {
        context.out.stderr_line(&format!("{said}: {ended}"));
    }
    Ok(ended.success())
}

fn newest(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let components = entries.filter(|entry| entry.path().extension().is_some_and(|e| e == "wasm"));
    components
        .max_by_key(|entry| entry.metadata().and_then(|meta| meta.modified()).ok())
        .map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_steps() {
        let said = |there: &[&str]| {
            let there = |name: &str| there.contains(&name);
            let project = kind(&there).unwrap();
            let steps = steps(project, "pager", &there);
            let said = steps
                .into_iter()
                .map(|step| format!("{} {}", step.program, step.arguments.join(" ")));
            said.collect::<Vec<_>>().join("; ")
        };
        assert_eq!(
            said(&["Cargo.toml"]),
            "cargo test; cargo build --release --target wasm32-wasip2"
        );
        assert_eq!(
            said(&["package.json", "node_modules"]),
            "npm test; npm run build"
        );
        assert_eq!(
            said(&["app.py", ".venv/bin/python3", ".venv/bin/componentize-py"]),
            ".venv/bin/componentize-py -d wit -w notifier bindings bindings; .venv/bin/python3 -m unittest; \
             .venv/bin/componentize-py -d wit -w notifier componentize app -o pager.wasm"
        );
        assert_eq!(kind(&|_| false), None);
    }
}
