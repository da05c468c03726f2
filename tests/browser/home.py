"""A brisk on a folder of its own, started as people start it, with its pages on a free port of this computer."""

import json
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BRISK = Path(os.environ.get("BRISK_BIN", ROOT / "target/debug/brisk"))
ADDRESS = re.compile(r"http://localhost:\d+/")


class Home:
    """Runs one command until `stop`. `url` is where its pages are, as it said itself."""

    def __init__(self, *command, folder=None, settings=None):
        self._own = tempfile.TemporaryDirectory(prefix="brisk-browser-") if folder is None else None
        self.folder = Path(folder or self._own.name) / "data"
        if settings is not None:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            (self.folder / "brisk.toml").write_text(settings)
        self.process = subprocess.Popen(
            [BRISK, "--data", self.folder, *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.said = []
        self.url = self._wait_for(ADDRESS).group(0)

    def _wait_for(self, pattern, seconds=60):
        """The first line that it says with this in it. A line comes when it comes: nothing sleeps."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ready, _, _ = select.select([self.process.stderr], [], [], end - time.monotonic())
            line = self.process.stderr.readline() if ready else ""
            if not line:
                break
            self.said.append(line)
            found = pattern.search(line)
            if found:
                return found
        raise AssertionError(f"nothing like {pattern.pattern} was said:\n{''.join(self.said)}")

    def wait_for(self, pattern):
        return self._wait_for(re.compile(pattern))

    def ask(self, *command):
        """What a command on the same data answers, from its JSON."""
        done = subprocess.run([BRISK, "--data", self.folder, "--json", *command], capture_output=True, text=True)
        if done.returncode not in (0, 3):
            raise AssertionError(f"{command}: {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)
        self.process.stderr.close()
        if self._own:
            self._own.cleanup()
