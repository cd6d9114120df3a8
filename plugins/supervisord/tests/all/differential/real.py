"""What supervisord itself makes of configurations: JSON texts in, JSON answers out, both as lists.

Run by the test beside it, with the interpreter that has supervisor installed. Reads
{"env": {...}, "folder": "...", "texts": [{"supervisord.conf": "...", ...}, ...]}; the files of each text are written to
FOLDER/N.
"""
import json
import os
import shlex
import sys

from supervisor import datatypes
from supervisor.options import ServerOptions, UnhosedConfigParser


class Options(ServerOptions):
    """Remembers which section each process comes from."""

    def processes_from_section(self, parser, section, group_name, klass=None):
        found = super().processes_from_section(parser, section, group_name, klass)
        for config in found:
            config.section = section
        return found


def inherit(found, section, parser):
    """What a program without its own gets from the daemon: by chdir, umask and setuid of the daemon itself."""
    if not section.nodaemon:
        if section.directory:
            own = found["directory"]
            found["directory"] = section.directory if own is None else os.path.join(section.directory, own)
        if found["umask"] is None and parser.has_option("supervisord", "umask"):
            found["umask"] = section.umask
    if found["uid"] is None and section.user:
        found["uid"] = datatypes.name_to_uid(section.user) or None
    return found


def process(group, config, groups):
    restart = {False: "never", datatypes.RestartUnconditionally: "always"}.get(config.autorestart, "on_failure")
    try:
        argv = shlex.split(config.command)
    except ValueError:
        argv = None
    never = restart == "never"
    return {
        "argv": argv,
        "env": config.environment,
        "directory": config.directory,
        "restart": restart,
        "autostart": config.autostart,
        "startsecs": None if never else max(config.startsecs, 0),
        "startretries": None if never else max(config.startretries, 0),
        "exitcodes": sorted(set(config.exitcodes)),
        "stopsignal": int(config.stopsignal),
        "stopwaitsecs": max(config.stopwaitsecs, 0),
        "stopasgroup": config.stopasgroup,
        "uid": config.uid,
        "umask": config.umask,
        "group": group if group in groups else None,
        "section": config.section,
    }


def answer(path):
    options = Options()
    options.configfile = path
    options.here = os.path.dirname(path)
    try:
        section = options.read_config(path)
    except (ValueError, AssertionError) as why:
        return {"refused": str(why)[:300]}
    parser = UnhosedConfigParser()
    parser.read(path, encoding="utf-8")
    parser.read(os.path.join(options.here, "inc/a.ini"), encoding="utf-8")
    groups = {name.split(":", 1)[1].strip() for name in parser.sections() if name.startswith("group:")}
    found = []
    for group in section.process_group_configs:
        if type(group).__name__ == "ProcessGroupConfig":
            found.extend(
                inherit(process(group.name, config, groups), section, parser) for config in group.process_configs
            )
    return {"processes": found}


def main():
    batch = json.load(sys.stdin)
    os.environ.clear()
    os.environ.update(batch["env"])
    answers = []
    for number, text in enumerate(batch["texts"]):
        folder = os.path.join(batch["folder"], str(number))
        os.makedirs(folder, exist_ok=True)
        for name, content in text.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(content)
        answers.append(answer(os.path.join(folder, "supervisord.conf")))
    json.dump(answers, sys.stdout)


main()
