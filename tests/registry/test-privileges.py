# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What counts for whom: programs with privileges that their caller does not have, root, and users; and files that
somebody else could have changed."""

import glob
import os
import shutil
import stat
import subprocess
import tempfile

import tap

BUILD = os.environ["BUILD"]
KMSCTL = os.environ["KMSCTL"]
SEE = os.environ["SEE"]
NOBODY = 65534
SOMEBODY = 65533  # neither root nor the one who runs the program
PRIVILEGE = 12    # a group that the caller is not in

GOOD = "[Provider]\nModule=kms-good.so\nAbi=1\nPrefixes=good/\n"
BOX = "[Box]\nVersion=1\n[Version 1]\nKeyId=good/k\n"


class Place:
    """A directory that other users can enter, with copies of the programs; the build's own may not be open to them."""

    def __init__(self):
        if os.geteuid() != 0:
            raise tap.Skip("only root can become another user")
        self.directory = tempfile.mkdtemp(prefix="kms-privileges-")
        os.chmod(self.directory, 0o755)
        for source in (SEE, KMSCTL):
            shutil.copy(source, self.directory)
        for pattern in ("libkms/libkms-1.so.0*", "tests/modules/kms-good.so"):
            for source in glob.glob(os.path.join(BUILD, pattern)):
                if os.path.isfile(source):
                    shutil.copy(source, self.directory)
        os.mkdir(self.path("modules"), 0o755)
        shutil.move(self.path("kms-good.so"), self.path("modules/kms-good.so"))
        os.mkdir(self.path("home"), 0o755)
        os.chown(self.path("home"), NOBODY, NOBODY)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text, mode=0o644, owner=0):
        path = self.path(name)
        parent = os.path.dirname(path)
        os.makedirs(parent, mode=0o755, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        os.chown(path, owner, owner)
        return path

    def run(self, *command, uid=NOBODY, env=None):
        values = {key: value for key, value in os.environ.items()
                  if not key.startswith(("KMS_", "XDG_")) and key != "LD_PRELOAD"}
        values.update(HOME=self.path("home"), LC_ALL="C.UTF-8", LD_LIBRARY_PATH=self.directory)
        values.update(env or {})
        return subprocess.run([os.path.join(self.directory, command[0]), *command[1:]], capture_output=True, text=True,
                              check=False, timeout=60, user=uid, group=uid, extra_groups=[], env=values,
                              cwd=self.directory)

    def see(self, *arguments, uid=NOBODY, env=None):
        """A dictionary of what it prints: the first word, or two for providers and boxes, to the rest."""
        done = self.run(os.path.basename(SEE), *arguments, uid=uid, env=env)
        if done.returncode != 0:
            raise tap.Failure(f"see {arguments}: {done.returncode}: {done.stderr}")
        seen = {"modules": []}
        for line in done.stdout.splitlines():
            word, rest = line.split(" ", 1)
            if word == "module":
                seen["modules"].append(rest)
            elif word in ("provider", "box"):
                seen[f"{word} {rest.split(' ', 1)[0]}"] = rest.split(" ", 1)[1]
            else:
                seen[word] = rest
        return seen

    def kmsctl(self, *arguments, uid=NOBODY, data="", **env):
        values = {"KMS_CONFIG_ROOT": self.path("root"), "KMS_MODULE_PATH": self.path("modules"), **env}
        done = self.run("kmsctl", *arguments, uid=uid, env=values)
        return done.returncode, done.stdout + done.stderr

    def everything(self):
        """What the environment can say, all of it pointing here."""
        return {"KMS_CONFIG_ROOT": self.path("root"), "KMS_MODULE_PATH": self.path("modules"),
                "XDG_CONFIG_HOME": self.path("home/config"), "XDG_DATA_HOME": self.path("home/data")}


def in_place(function):
    with Place() as place:
        function(place)


def wants(text, *words):
    for word in words:
        if word not in text:
            raise tap.Failure(f"{word!r} is not in {text!r}")


def check_set_group_id(place):
    place.write("root/package/providers.d/good.provider", GOOD)
    place.write("home/config/kms-1/providers.d/mine.provider", GOOD, owner=NOBODY)
    seen = place.see(env=place.everything())
    tap.equal((seen["secure"], seen["environment"]), ("0", "1"), "without privileges")
    tap.equal(seen["package"], place.path("root/package"), "without privileges: package")
    tap.equal(seen["modules"][0], place.path("modules"), "without privileges: modules")

    program = place.path(os.path.basename(SEE))
    os.chown(program, 0, PRIVILEGE)
    os.chmod(program, 0o755 | stat.S_ISGID)
    seen = place.see(env=place.everything())
    if seen["secure"] == "0" and os.statvfs(place.directory).f_flag & os.ST_NOSUID:
        raise tap.Skip(f"{place.directory} is mounted nosuid")
    if seen["secure"] == "0" and "NoNewPrivs:\t1" in open("/proc/self/status", encoding="ascii").read():
        raise tap.Skip("no program can get privileges here (no_new_privs)")
    tap.equal((seen["secure"], seen["environment"], seen["user"]), ("1", "0", "-"), "with privileges")
    for what in ("package", "admin", "keys", *seen["modules"]):
        if seen.get(what, what).startswith(place.directory):
            raise tap.Failure(f"with privileges: {what} is {seen[what]}, which the caller chose")
    tap.equal(len(seen["modules"]), 1, "with privileges: module directories")
    if "provider good" in seen or "provider mine" in seen:
        raise tap.Failure("with privileges: a provider of the caller's")

    # A directory that the program itself names counts, and is checked strictly.
    place.write("root/package/providers.d/loose.provider", GOOD, mode=0o666)
    seen = place.see(place.path("root"), env=place.everything())
    wants(seen["provider loose"], "refused-permissions", "loose.provider", "0666", "chmod go-w")
    wants(seen["provider good"], "not-installed")


def check_layers_of_users(place):
    place.write("home/config/kms-1/providers.d/mine.provider", GOOD, owner=NOBODY)
    config = {"XDG_CONFIG_HOME": place.path("home/config")}
    seen = place.see(env=config)
    tap.equal(seen["user"], place.path("home/config/kms-1"), "a user's layer")
    wants(seen["provider mine"], "not-installed", "kms-good.so")
    tap.equal(place.see()["user"], place.path("home/.config/kms-1"), "by HOME alone")
    for env in ({**config, "KMS_NO_USER_CONFIG": "1"}, {**config, "KMS_NO_USER_CONFIG": "x"}):
        seen = place.see(env=env)
        tap.equal((seen["user"], "provider mine" in seen), ("-", False), f"{env}")
    tap.equal(place.see(env={**config, "KMS_NO_USER_CONFIG": ""})["user"], place.path("home/config/kms-1"), "empty")
    seen = place.see(uid=0, env=config)
    tap.equal((seen["user"], "provider mine" in seen), ("-", False), "root")
    tap.equal(seen["keys"].startswith(place.directory), False, "root's keys")


def check_relative_module_path(place):
    seen = place.see(env={"KMS_MODULE_PATH": f"modules:.::{place.path('modules')}"})
    tap.equal(seen["modules"][:-1], [place.path("modules")], "only absolute directories count")


def strict(place):
    place.write("root/admin/kms.conf", "[Global]\nCheckPermissions=strict\n")
    place.write("root/package/providers.d/good.provider", GOOD)


def works(place, uid=NOBODY):
    return place.kmsctl("encrypt", "--key", "good/k", "--in", "/dev/null", uid=uid)[0] == 0


def check_module_strict(place):
    strict(place)
    module, directory = place.path("modules/kms-good.so"), place.path("modules")
    # mode and owner of the file and of its directory; who runs it; what the refusal names, nothing if there is none
    table = [
        (0o755, 0, 0o755, 0, NOBODY, None),
        (0o755, NOBODY, 0o755, NOBODY, NOBODY, None),
        (0o775, 0, 0o755, 0, NOBODY, (module, "owner 0", "mode 0775", f"chmod go-w {module}")),
        (0o757, 0, 0o755, 0, 0, (module, "owner 0", "mode 0757", f"chmod go-w {module}")),
        (0o755, SOMEBODY, 0o755, 0, NOBODY, (module, f"owner {SOMEBODY}", "mode 0755", f"chown root: {module}")),
        (0o755, NOBODY, 0o755, 0, 0, (module, f"owner {NOBODY}", f"chown root: {module}")),
        (0o755, 0, 0o775, 0, NOBODY, (f"{directory} ", "mode 0775", f"chmod go-w {directory}")),
        (0o755, 0, 0o1777, 0, NOBODY, (f"{directory} ", "mode 1777", f"chmod go-w {directory}")),
        (0o755, 0, 0o755, SOMEBODY, NOBODY, (f"{directory} ", f"owner {SOMEBODY}", f"chown root: {directory}")),
        (0o755, 0, 0o755, NOBODY, 0, (f"{directory} ", f"owner {NOBODY}", f"chown root: {directory}")),
    ]
    for mode, owner, directory_mode, directory_owner, uid, words in table:
        os.chown(module, owner, owner)
        os.chmod(module, mode)
        os.chown(directory, directory_owner, directory_owner)
        os.chmod(directory, directory_mode)
        code, text = place.kmsctl("encrypt", "--key", "good/k", "--in", "/dev/null", uid=uid)
        what = f"module {mode:o} of {owner} in {directory_mode:o} of {directory_owner} for {uid}: {text}"
        tap.equal(code == 0, words is None, what)
        wants(text, *(words or ()))
    # The command that the message names mends it.
    os.chown(directory, 0, 0)
    os.chmod(directory, 0o777)
    text = place.kmsctl("encrypt", "--key", "good/k", "--in", "/dev/null")[1]
    command = text[text.index("run: ") + 5:].strip()
    subprocess.run(command, shell=True, check=True)
    tap.equal(works(place), True, command)


def check_module_of_a_link(place):
    """What counts is the file that is loaded, not the link to it."""
    strict(place)
    os.mkdir(place.path("elsewhere"), 0o777)
    os.chmod(place.path("elsewhere"), 0o777)
    shutil.move(place.path("modules/kms-good.so"), place.path("elsewhere/kms-good.so"))
    os.symlink(place.path("elsewhere/kms-good.so"), place.path("modules/kms-good.so"))
    code, text = place.kmsctl("encrypt", "--key", "good/k", "--in", "/dev/null")
    tap.equal(code == 0, False, "through a link")
    wants(text, place.path("elsewhere") + " ", "mode 0777")


def check_module_warn(place):
    module = place.path("modules/kms-good.so")
    os.chmod(module, 0o777)
    text = f"[Provider]\nModule={module}\nAbi=1\n"
    place.write("root/admin/providers.d/theirs.provider", text)
    place.write("root/user/providers.d/mine.provider", text + "Prefixes=good/\n", owner=NOBODY)
    tap.equal(works(place), True, "a warning refuses nothing")
    wants(place.kmsctl("provider", "show", "mine")[1], module, "mode 0777", "chmod go-w")
    if "0777" in place.kmsctl("provider", "show", "theirs")[1]:
        raise tap.Failure("the administrator's own module is no matter of a warning")


def check_files_strict(place):
    strict(place)
    place.write("root/admin/boxes.d/one.box", BOX)
    place.write("root/user/boxes.d/two.box", BOX, owner=NOBODY)
    os.chown(place.path("root/user/boxes.d"), NOBODY, NOBODY)
    place.write("root/admin/boxes.d/three.box", BOX, owner=SOMEBODY)
    text = place.kmsctl("box", "list")[1]
    tap.equal([line.split()[:2] for line in text.splitlines()[1:]],
              [["one", "enabled"], ["three", "refused-permissions"], ["two", "enabled"]], text)
    os.chown(place.path("root/admin/boxes.d"), SOMEBODY, SOMEBODY)
    code, text = place.kmsctl("encrypt", "one", "--in", "/dev/null")
    tap.equal(code == 0, False, text)
    wants(text, place.path("root/admin/boxes.d") + " ", f"owner {SOMEBODY}", "chown root:")


def check_mask_strict(place):
    """An empty file of somebody else's takes nothing away: what it hides is refused, not handed to another provider."""
    strict(place)
    place.write("root/package/providers.d/fallback.provider", "[Provider]\nModule=kms-good.so\nAbi=1\nFallback=true\n")
    place.write("root/admin/providers.d/good.provider", "", owner=SOMEBODY)
    code, text = place.kmsctl("encrypt", "--key", "good/k", "--in", "/dev/null")
    tap.equal(code == 0, False, text)
    wants(text, "root/admin/providers.d/good.provider", f"owner {SOMEBODY}")
    place.write("root/admin/providers.d/good.provider", "")
    wants(place.kmsctl("provider", "show", "good")[1], "masked")
    os.unlink(place.path("root/admin/providers.d/good.provider"))
    os.symlink("/dev/null", place.path("root/admin/providers.d/good.provider"))
    wants(place.kmsctl("provider", "show", "good")[1], "masked")


def check_unreadable(place):
    """A directory or file that can't be read is told apart from one that is not there."""
    place.write("root/package/providers.d/good.provider", GOOD)
    place.write("root/package/boxes.d/orders.box", BOX, mode=0o600)
    code, text = place.kmsctl("encrypt", "--box", "orders", "--in", "/dev/null")
    tap.equal(code, 1, text)
    wants(text, "root/package/boxes.d/orders.box", "Permission denied")
    os.chmod(place.path("root/package/boxes.d"), 0o700)
    code, text = place.kmsctl("config", "check")
    tap.equal(code, 1, text)
    wants(text, place.path("root/package/boxes.d"), "can't be listed", "Permission denied")


def cases():
    for name, function in list(globals().items()):
        if name.startswith("check_"):
            yield f"/privileges/{name[6:].replace('_', '-')}", lambda function=function: in_place(function)


tap.main(cases())
