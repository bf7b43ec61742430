# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Processes of a run, for the scripts of this directory."""

import os


def descendants(pid):
    """Processes below a process, with their names."""
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        try:
            for task in os.listdir(f"/proc/{parent}/task"):
                with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as file:
                    todo += [int(child) for child in file.read().split()]
            if parent != pid:
                with open(f"/proc/{parent}/comm", encoding="utf-8", errors="replace") as file:
                    found.append((parent, file.read().strip()))
        except OSError:
            pass
    return found
