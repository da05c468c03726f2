"""A brisk on a folder of its own, started as people start it, with its pages on a free port of this computer."""

import json
import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BRISK = Path(os.environ.get("BRISK_BIN", ROOT / "target/debug/brisk"))
# What `run` and `demo` say once their pages are there.
READY = re.compile(r"ready counters=|Their page, for your browser")
DEMO = ("demo", "--listen", "127.0.0.1:0", "--no-open")


class Home:
    """Runs one command until `stop`. `url` is where its pages are."""

    def __init__(self, *command, folder=None, settings=None):
        self._own = tempfile.TemporaryDirectory(prefix="brisk-browser-") if folder is None else None
        self.folder = Path(folder or self._own.name) / "data"
        if settings is not None:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            (self.folder / "brisk.toml").write_text(settings)
        self.start(*command)

    def start(self, *command):
        """Again, on the same folder, after `end`."""
        self.process = subprocess.Popen(
            [BRISK, "--data", self.folder, *command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said, self._lines = [], queue.Queue()
        threading.Thread(target=self._listen, args=(self.process.stderr, self._lines), daemon=True).start()
        self.wait_for(READY)
        self.url = self.ask("web", "url")["url"].rstrip("/")

    @staticmethod
    def _listen(pipe, lines):
        for line in pipe:
            lines.put(line)
        lines.put(None)

    def wait_for(self, pattern, seconds=60):
        """The first line that it says with this in it. A line comes when it comes: nothing sleeps."""
        while True:
            try:
                line = self._lines.get(timeout=seconds)
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"nothing like {pattern.pattern} was said:\n{''.join(self.said)}")
            self.said.append(line)
            if found := pattern.search(line):
                return found

    def change_settings(self, change):
        file = self.folder / "brisk.toml"
        file.write_text(change(file.read_text()))

    def ask(self, *command):
        """What a command on the same data answers, from its JSON; none when there was nothing to do."""
        done = subprocess.run([BRISK, "--data", self.folder, "--json", *command], capture_output=True, text=True)
        if done.returncode not in (0, 3):
            raise AssertionError(f"{command}: {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def end(self):
        """Stops the command; the folder stays."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)

    def stop(self):
        self.end()
        if self._own:
            self._own.cleanup()
