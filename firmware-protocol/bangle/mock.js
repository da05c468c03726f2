// The parts of Espruino that boot.js uses, with a clock that moves only when told. `node mock.js` serves one
// watch over stdin and stdout, one JSON object a line; that is how ../tests/bangle_app.rs speaks with the app.
// SPDX-License-Identifier: Apache-2.0 OR MIT
"use strict";
const fs = require("fs"), path = require("path"), vm = require("vm");

const source = fs.readFileSync(path.join(__dirname, "boot.js"), "utf8");
const hex = bytes => Buffer.from(bytes).toString("hex");

class Watch {
  constructor() {
    this.nowMs = 0; // true time
    this.clockMs = 0; // the watch's clock minus true time
    this.flash = new Map();
    this.writes = 0;
    this.dieAfterWrites = Infinity;
    this.steps = 0;
    this.charging = false;
    this.seed = 1;
    this.values = {};
  }

  // Flash only turns ones into zeros; a write may be the last one, half done.
  write(name, data, offset, size) {
    const bytes = Buffer.from(typeof data == "string" ? data : Buffer.from(data), "latin1");
    if (++this.writes > this.dieAfterWrites) throw new Error("power lost");
    if (!offset && (size || !this.flash.has(name) || this.flash.get(name).whole)) {
      this.flash.set(name, { whole: !size, bytes: Buffer.alloc(size || bytes.length, 0xFF) });
    }
    const file = this.flash.get(name);
    if (!file) throw new Error("no file " + name);
    if ((offset || 0) + bytes.length > file.bytes.length) throw new Error("past the end of " + name);
    const half = this.writes == this.dieAfterWrites ? bytes.length >> 1 : bytes.length;
    for (let i = 0; i < half; i++) {
      const at = (offset || 0) + i;
      if (bytes[i] & ~file.bytes[at]) throw new Error("written over: " + name + " at " + at);
      file.bytes[at] &= bytes[i];
    }
    if (half < bytes.length || this.writes == this.dieAfterWrites) throw new Error("power lost");
    return true;
  }

  start() {
    this.timers = [];
    this.handlers = {};
    this.outgoing = [];
    this.characteristics = {};
    this.connected = false;
    const on = space => (event, handler) => ((this.handlers[space + event] ||= []).push(handler));
    const storage = {
      read: (name, offset, length) => {
        const file = this.flash.get(name);
        if (!file) return undefined;
        const from = offset || 0;
        return file.bytes.subarray(from, length === undefined ? undefined : from + length).toString("latin1");
      },
      readJSON: name => {
        try {
          return JSON.parse(storage.read(name));
        } catch (e) {
          return undefined;
        }
      },
      // Espruino writes a file anew and drops the old one then: whole or not at all.
      writeJSON: (name, value) => {
        if (++this.writes >= this.dieAfterWrites) throw new Error("power lost");
        this.flash.set(name, { whole: true, bytes: Buffer.from(JSON.stringify(value)) });
      },
      write: (name, data, offset, size) => this.write(name, data, offset, size),
      erase: name => this.flash.delete(name),
    };
    const timer = (repeat, work, ms) => {
      this.timers.push({ at: this.nowMs + ms, every: repeat ? ms : 0, work });
    };
    const context = {
      require: () => storage,
      getTime: () => (this.nowMs + this.clockMs) / 1000,
      setTimeout: (work, ms) => timer(false, work, ms),
      setInterval: (work, ms) => timer(true, work, ms),
      Bangle: { on: on("Bangle."), isCharging: () => this.charging },
      E: {
        on: on("E."),
        hwRand: () => (this.seed = (this.seed * 1103515245 + 12345) & 0x7FFFFFFF) >> 8,
        getBattery: () => 87,
        toUint8Array: text => Uint8Array.from(Buffer.from(text, "latin1")),
      },
      NRF: {
        on: on("NRF."),
        setServices: services => {
          this.characteristics = services[Object.keys(services)[0]];
          for (const id of Object.keys(this.characteristics)) {
            this.setValue(id, this.characteristics[id].value);
          }
        },
        updateServices: services => {
          for (const [id, change] of Object.entries(services[Object.keys(services)[0]])) {
            this.setValue(id, change.value);
            if (this.connected && (change.notify || change.indicate)) {
              if (this.outgoing.length >= 8) throw new Error("the radio's queue is full");
              if (change.value.length > 20) throw new Error("longer than a notification");
              this.outgoing.push([id, hex(change.value)]);
            }
          }
        },
      },
    };
    vm.runInNewContext(source, context);
  }

  setValue(id, value) {
    const most = this.characteristics[id].maxLen;
    if (value.length > most) throw new Error(id + ": " + value.length + " bytes");
    if (value.some(x => !Number.isInteger(x) || x < 0 || x > 255)) throw new Error(id + ": not bytes: " + value);
    this.values[id] = hex(value);
  }

  emit(event, value) {
    for (const handler of this.handlers[event] || []) handler(value);
  }

  // Time goes on to this moment; timers run on their way.
  to(ms) {
    for (;;) {
      const due = this.timers.filter(t => t.at <= ms).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.nowMs = Math.max(this.nowMs, due.at);
      if (due.every) due.at += due.every;
      else this.timers.splice(this.timers.indexOf(due), 1);
      due.work();
    }
    this.nowMs = Math.max(this.nowMs, ms);
  }

  walk(steps) {
    for (let i = 0; i < steps; i++) this.emit("Bangle.step", ++this.steps);
  }

  connect() {
    this.connected = true;
    this.outgoing = [];
    this.emit("NRF.connect");
  }

  disconnect() {
    this.connected = false;
    this.emit("NRF.disconnect");
  }

  // Another app is opened: everything in RAM is gone, announced.
  load() {
    this.emit("E.kill");
    this.nowMs += 1500;
    this.start();
  }

  // It restarts without a warning; the clock goes on.
  crash(offMs) {
    this.nowMs += offMs;
    this.start();
  }

  write16(n, bytes) {
    const id = Object.keys(this.characteristics).find(id => id.startsWith("e262000" + n));
    const one = this.characteristics[id];
    if (!one || !one.writable) return false;
    const data = Uint8Array.from(bytes).buffer;
    one.onWrite({ data });
    return true;
  }
}

module.exports = { Watch, hex };

if (require.main === module) {
  const watch = new Watch();
  const answer = value => fs.writeSync(1, JSON.stringify(value) + "\n");
  const commands = {
    begin: c => {
      watch.nowMs = c.now;
      watch.clockMs = c.clock || 0;
      watch.start();
    },
    to: c => watch.to(c.now),
    walk: c => watch.walk(c.steps),
    clock: c => (watch.clockMs = c.clock),
    load: () => watch.load(),
    crash: c => watch.crash(c.off),
    connect: () => watch.connect(),
    disconnect: () => watch.disconnect(),
    read: c => watch.characteristics[c.id] && watch.characteristics[c.id].readable ? watch.values[c.id] : null,
    write: c => watch.write16(c.id[7], Buffer.from(c.hex, "hex")),
    outgoing: () => watch.outgoing.shift() || null,
  };
  let rest = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", more => {
    const lines = (rest + more).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const command = JSON.parse(line);
      try {
        const value = commands[command.do](command);
        answer({ ok: value === undefined ? null : value });
      } catch (error) {
        answer({ error: String(error && error.stack) });
      }
    }
  });
}
