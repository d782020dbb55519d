# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Help, completions and the manual page say the same as the table, and shells understand the completions."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

import cli
import tap

LATER = ("seal", "open", "reseal")


def kmsctl(*arguments):
    environment = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="en")
    return subprocess.run([cli.KMSCTL, *arguments], capture_output=True, text=True, check=True, env=environment).stdout


def table():
    """{command: (arguments, options)} and the global options, as the program itself dispatches by them."""
    commands, global_options = {}, []
    for line in kmsctl("dump-commands", "text").splitlines():
        name, rest = line.split("\t")
        if name == "":
            global_options.append(rest)
        elif rest.startswith("--"):
            commands[name][1].append(rest)
        else:
            commands[name] = (rest, [])
    return commands, global_options


def script(shell):
    return kmsctl("completion", shell)


def check_commands_of_the_design():
    wanted = """status doctor provider:list,show,check
        key:list,show,create,rotate,enable,disable,delete,restore,configure,export,import,root
        box:list,show,create,edit,new-version,retire,enable,disable,test
        encrypt decrypt inspect rewrap datakey:generate,unwrap lockdown:status,engage,release
        record:get,set,create,list,status,rewrap,rekey,verify
        audit:tail,query,verify,context-hash access:check config:show,check module:new completion help"""
    names = set()
    for word in wanted.split():
        group, _, rest = word.partition(":")
        names |= {f"{group} {second}" for second in rest.split(",")} if rest else {group}
    tap.equal(set(table()[0]), names, "commands")


def check_help_lists_every_command():
    overview, (commands, global_options) = kmsctl("help"), table()
    for name, (arguments, _) in commands.items():
        cli.wants(overview, f"  {name} {arguments}".rstrip())
    for option in global_options:
        cli.wants(overview, option)


def check_help_of_each_command():
    for name, (arguments, options) in table()[0].items():
        text = kmsctl("help", *name.split())
        tap.equal(text, kmsctl(*name.split(), "--help"), f"{name} --help")
        cli.wants(text, f"Usage: kmsctl {name} [OPTIONS] {arguments}".rstrip())
        tap.equal(set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.M)), set(options), f"options of {name}")


def check_what_comes_later_is_not_listed():
    everything = kmsctl("help") + "".join(script(shell) for shell in ("bash", "zsh", "fish"))
    words = set(re.findall(r"(?<![\w-])[\w-]+", everything))
    tap.none((word for word in LATER if word in words and word != "open"), "listed, but not there")


def check_manual_page():
    done = subprocess.run([os.path.join(cli.SOURCE, "build-aux/update-man-page"), "--check", cli.KMSCTL], check=False)
    tap.equal(done.returncode, 0, "docs/man/kmsctl.1.rst differs from the table; run build-aux/update-man-page")


def check_options_have_one_type():
    """An option may stand before its command, so its name alone must say whether it takes a value."""
    types = {}
    commands, _ = table()
    for name in commands:
        for line in kmsctl("help", *name.split()).splitlines():
            match = re.match(r"^  (?:-\w, )?(--[\w-]+)(=\S+)?", line)
            if match:
                types.setdefault(match[1], set()).add(match[2] is not None)
    tap.none((option for option, kinds in types.items() if len(kinds) != 1), "with and without a value")


def check_completions_know_every_option():
    commands, global_options = table()
    options = set(global_options).union(*(set(own) for _, own in commands.values()))
    for shell in ("bash", "zsh"):
        text = script(shell)
        tap.none((option for option in options if option not in text), f"not in the {shell} completion")
    fish = set(re.findall(r"^complete .* -l ([\w-]+)", script("fish"), re.M))
    tap.equal(fish, {option[2:] for option in options}, "options in the fish completion")


def in_shell(shell, *arguments):
    if shutil.which(shell) is None:
        raise tap.Skip(f"needs {shell}")
    with tempfile.NamedTemporaryFile("w", suffix="." + shell) as file:
        file.write(script(shell))
        file.flush()
        done = subprocess.run([shell, *arguments, file.name], capture_output=True, text=True, check=False)
    tap.equal((done.returncode, done.stderr), (0, ""), f"{shell} {' '.join(arguments)}")


def check_bash_parses():
    in_shell("bash", "-n")


def check_zsh_parses():
    in_shell("zsh", "-n")


def check_fish_parses():
    in_shell("fish", "-n")


def complete_bash(root, *words):
    program = ("source <(kmsctl completion bash); COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); compopt () { :; }; "
               "_kmsctl; printf '%s\\n' \"${COMPREPLY[@]}\"")
    path = os.path.dirname(cli.KMSCTL) + ":" + os.environ["PATH"]
    done = subprocess.run(["bash", "-c", program, "bash", "kmsctl", *words], capture_output=True, text=True, check=False,
                          env=root.environment(PATH=path))
    tap.equal(done.stderr, "", "bash")
    return done.stdout.split()


def other_root(root):
    root.write("other/package/boxes.d/elsewhere.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n")
    return root.path("other")


def check_bash_completes(root):
    root.write("package/boxes.d/orders.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n")
    tap.equal(complete_bash(root, "enc"), ["encrypt"], "a command")
    tap.equal(complete_bash(root, "box", "en"), ["enable"], "a second word")
    tap.equal(complete_bash(root, "--json", "-c", "a=b", "encrypt", "o"), ["orders"], "a box")
    tap.equal(complete_bash(root, "provider", "show", "l"), ["local"], "a provider")
    tap.equal(complete_bash(root, "encrypt", "--as"), ["--as-version"], "an option")
    tap.equal(complete_bash(root, "decrypt", "--newline", "=", "a"), ["auto"], "a value")
    tap.equal(complete_bash(root, "completion", ""), ["bash", "zsh", "fish"], "shells")
    tap.equal(complete_bash(root, "-c", "a", "=", "b", "-c", "a", ":=", "1", "enc"), ["encrypt"], "behind words that bash breaks")
    tap.equal(complete_bash(root, "encrypt", "-c", "a", "=", ""), [], "nothing for a context's value")
    tap.equal(complete_bash(root, "config", "show", ""), ["orders", "local", "test"], "what is configured")
    tap.equal(complete_bash(root, "encrypt", "orders", ""), [], "one target")
    tap.equal(complete_bash(root, "provider", "check", "local", "t"), ["test"], "several providers")
    tap.equal(complete_bash(root, "help", "box", "en"), ["enable"], "help about a command")
    tap.equal(complete_bash(root, "help", "encrypt", ""), [], "no box for help")
    for option in (("--config-root", other_root(root)), ("--config-root", "=", other_root(root))):
        tap.equal(complete_bash(root, *option, "encrypt", ""), ["elsewhere"], "boxes of another place")


def type_and_read(terminal, text, expected):
    """Types, and reads until what is expected is on the screen."""
    end, seen = time.monotonic() + 30, b""
    os.write(terminal, text)
    while expected not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        if not ready:
            raise tap.Failure(f"typed {text!r}, no {expected!r} in {seen!r}")
        seen += os.read(terminal, 4096)


def check_zsh_completes(root):
    if shutil.which("zsh") is None:
        raise tap.Skip("needs zsh")
    root.write("package/boxes.d/orders.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n")
    root.write("functions/_kmsctl", script("zsh"))
    path = os.path.dirname(cli.KMSCTL) + ":" + os.environ["PATH"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], root.environment(PATH=path, TERM="dumb"))
    try:
        start = f"fpath=({root.path('functions')} $fpath); autoload -U compinit; compinit -u -D; PS1='rea''dy> '\n"
        type_and_read(terminal, start.encode(), b"ready> ")
        for line, completed in ((b"kmsctl enc", b"kmsctl encrypt "), (b"kmsctl box en", b"kmsctl box enable "),
                                (b"kmsctl --json encrypt o", b"encrypt orders "),
                                (b"kmsctl provider show l", b"show local "), (b"kmsctl encrypt --as", b"--as-version "),
                                (b"kmsctl decrypt --newline=a", b"--newline=auto "),
                                (b"kmsctl help box en", b"help box enable "), (b"kmsctl config show l", b"show local "),
                                (f"kmsctl --config-root={other_root(root)} encrypt e".encode(), b"encrypt elsewhere ")):
            type_and_read(terminal, line + b"\t", completed)
            os.write(terminal, b"\x15")  # ^U empties the line
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def complete_fish(root, line):
    if shutil.which("fish") is None:
        raise tap.Skip("needs fish")
    path = os.path.dirname(cli.KMSCTL) + ":" + os.environ["PATH"]
    program = "kmsctl completion fish | source; complete -C $argv[1]"
    done = subprocess.run(["fish", "--no-config", "-c", program, line], capture_output=True, text=True, check=False,
                          env=root.environment(PATH=path))
    tap.equal(done.stderr, "", "fish")
    return [found.split("\t")[0] for found in done.stdout.splitlines()]


def check_fish_completes(root):
    root.write("package/boxes.d/orders.box", "[Box]\nVersion=1\n[Version 1]\nKeyId=insecure-test-key\n")
    tap.equal(complete_fish(root, "kmsctl enc"), ["encrypt"], "a command")
    tap.equal(complete_fish(root, "kmsctl box en"), ["enable"], "a second word")
    tap.equal(complete_fish(root, "kmsctl --json encrypt o"), ["orders"], "a box")
    tap.equal(complete_fish(root, "kmsctl provider show l"), ["local"], "a provider")
    tap.equal(complete_fish(root, "kmsctl encrypt --as"), ["--as-version"], "an option")
    tap.equal(complete_fish(root, "kmsctl encrypt orders "), [], "one target")
    tap.equal(complete_fish(root, "kmsctl provider check local t"), ["test"], "several providers")
    tap.equal(complete_fish(root, "kmsctl help box en"), ["enable"], "help about a command")
    tap.equal(complete_fish(root, "kmsctl help encrypt "), [], "no box for help")
    tap.equal(complete_fish(root, "kmsctl config show l"), ["local"], "what is configured")
    for option in ("--config-root=", "--config-root "):
        tap.equal(complete_fish(root, f"kmsctl {option}{other_root(root)} encrypt "), ["elsewhere"], "boxes of another place")


cli.main("table", globals())
