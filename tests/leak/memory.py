# SPDX-FileCopyrightText: 2026 The libkms authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looks for secrets in the whole memory of another process, and says so where it can't look."""

import array
import base64
import os
import re
import secrets

import tap

PART = 16
PAGE = os.sysconf("SC_PAGE_SIZE")
THERE = 3 << 62  # of an entry of pagemap: in memory, or in swap
LARGEST = 1 << 32  # what is larger is a sanitizer's shadow
SANITIZED = "ASAN_OPTIONS" in os.environ
HEADER = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \S+ *(.*)\n")
OF_MEMORY = (b"/memfd:", b"/dev/shm/", b"/dev/zero", b"/SYSV")


def make_marker():
    """A secret that is in no memory by chance, and that is text."""
    return secrets.token_urlsafe(4 * PART)[:4 * PART].encode()


def parts(secret):
    """As it is, and in base64 at each offset; in parts, since malloc() writes over the start of what is freed."""
    forms = [secret]
    for offset in range(3):
        forms.append(base64.b64encode(b"x" * offset + secret)[4 if offset else 0:-4])
    return [form[at:at + PART] for form in forms for at in range(0, len(form) - PART + 1, PART)]


class Mapping:
    def __init__(self, start, end, name):
        self.start, self.end, self.name = start, end, name or b"anonymous memory"
        self.kilobytes, self.flags = {}, []

    def is_protected(self):
        """No core file has it."""
        return b"dd" in self.flags

    def may_hold(self):
        """Not the kernel's own pages, nor what nobody has written to: nothing, or a file as it is on the disk."""
        if b"io" in self.flags or b"pf" in self.flags:
            return False
        if self.name.startswith(b"/") and not self.name.startswith(OF_MEMORY):
            return self.kilobytes[b"Anonymous"] + self.kilobytes[b"Swap"] > 0
        return self.kilobytes[b"Rss"] + self.kilobytes[b"Swap"] > 0


class Memory:
    """Of a process that runs. FileNotFoundError and ProcessLookupError say that it has ended."""

    def __init__(self, pid):
        self.pid = pid

    def mappings(self):
        found = []
        with open(f"/proc/{self.pid}/smaps", "rb") as file:
            for line in file:
                header = HEADER.fullmatch(line)
                if header:
                    found.append(Mapping(int(header[1], 16), int(header[2], 16), header[3]))
                    continue
                name, value = line.split(b":", 1)
                if name == b"VmFlags":
                    found[-1].flags = value.split()
                elif value.endswith(b"kB\n"):
                    found[-1].kilobytes[name] = int(value.split()[0])
        return [one for one in found if one.may_hold()]

    def check_unreadable(self, at, problem):
        """What went away meanwhile need not be read."""
        for mapping in self.mappings():
            if mapping.start <= at < mapping.end:
                raise tap.Failure(f"{mapping.name} of process {self.pid} can't be read at {at:x}: {problem}")

    def runs(self, mapping):
        """Of pages that there are: (start, end). The others would be made by being read."""
        entries = array.array("Q")
        with open(f"/proc/{self.pid}/pagemap", "rb", buffering=0) as file:
            data = os.pread(file.fileno(), (mapping.end - mapping.start) // PAGE * 8, mapping.start // PAGE * 8)
        entries.frombytes(data[:len(data) // 8 * 8])
        start = None
        for number, entry in enumerate([*entries, 0]):
            at = mapping.start + number * PAGE
            if entry & THERE and start is None:
                start = at
            elif not entry & THERE and start is not None:
                yield start, at
                start = None

    def read(self, fd, start, end):
        data = b""
        while start + len(data) < end:
            try:
                more = os.pread(fd, end - start - len(data), start + len(data))
            except OSError as problem:
                self.check_unreadable(start + len(data), problem)
                break
            if not more:
                break  # the process is gone
            data += more
        return data

    def find(self, patterns):
        """(pattern, mapping) of all that are there, each once a mapping."""
        found = []
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as file:
            for mapping in self.mappings():
                if mapping.end - mapping.start >= LARGEST:
                    if not SANITIZED:
                        raise tap.Failure(f"{mapping.name} of process {self.pid} is too large to look into")
                    continue
                data = [self.read(file.fileno(), *run) for run in self.runs(mapping)]
                found += [(pattern, mapping) for pattern in patterns if any(pattern in one for one in data)]
        return found

    def has_exposed(self, patterns):
        """Whether a core file would have one."""
        return any(not mapping.is_protected() for _, mapping in self.find(patterns))
