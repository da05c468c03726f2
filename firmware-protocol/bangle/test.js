// node test.js: the app against the golden bytes of ../vectors/steplog.json and the rules of ../README.md.
// The Rust test ../tests/bangle_app.rs lets the real host speak with it.
// SPDX-License-Identifier: Apache-2.0 OR MIT
"use strict";
const assert = require("assert"), fs = require("fs"), path = require("path"), zlib = require("zlib");
const { Watch } = require("./mock.js");

const vectors = JSON.parse(fs.readFileSync(path.join(__dirname, "../vectors/steplog.json"), "utf8"));
const NOON = 1772366400000;
const id = n => "e262000" + n + "-6cd4-4874-b25c-92b47b5d30fd";
const unhex = text => [...Buffer.from(text, "hex")];
const number = (bytes, at, length) => Buffer.from(bytes).readUIntLE(at, length);

// 4.2, written apart from the app.
const crc16 = bytes => {
  let crc = 0xFFFF;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const out = (crc >> 15) ^ ((byte >> bit) & 1);
      crc = (crc << 1) & 0xFFFF;
      if (out) crc ^= 0x1021;
    }
  }
  return crc;
};
let crcTable;
const crc32 = bytes => {
  if (zlib.crc32) return zlib.crc32(Buffer.from(bytes));
  crcTable ||= Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xEDB88320 : n >>> 1;
    return n >>> 0;
  });
  return ~bytes.reduce((crc, byte) => crcTable[(crc ^ byte) & 255] ^ (crc >>> 8), -1) >>> 0;
};

// A block by 4.1 to 4.8; throws when it breaks a rule.
const block = bytes => {
  assert(bytes.length >= 16 && bytes.length <= 136, "length of a block");
  assert.strictEqual(bytes[0] >> 4, 1, "version");
  assert.strictEqual(number(bytes, 14, 2), crc16([...bytes.slice(0, 14), ...bytes.slice(16)]), "checksum");
  const kind = bytes[0] & 15, count = bytes[13], body = bytes.slice(16), seq = number(bytes, 4, 4);
  const epochs = [];
  if (kind == 1) {
    assert(count >= 1 && count <= 60 && body.length == 2 * count);
    for (let i = 0; i < count; i++) epochs.push({ seq: seq + i, steps: body[2 * i], meta: body[2 * i + 1] });
  } else if (kind == 2) {
    assert(count >= 1 && count <= 240 && body.length == 1);
    for (let i = 0; i < count; i++) epochs.push({ seq: seq + i, steps: 0, meta: i ? body[0] & 251 : body[0] });
  } else {
    assert.strictEqual(kind, 4);
    assert(count == 0 && bytes[12] == 0 && number(bytes, 8, 4) == 0 && body.length == 4);
  }
  const end = kind == 4 ? seq + number(body, 0, 4) : seq + count;
  return { kind, seq, end, epochs, boot: number(bytes, 2, 2), uptime: number(bytes, 8, 4), length: bytes[12] };
};

const minutes = (watch, list) => {
  for (const steps of list) {
    watch.to(watch.nowMs + 30000);
    watch.walk(steps);
    watch.to(watch.nowMs + 30000);
  }
};
const started = () => {
  const watch = new Watch();
  watch.nowMs = NOON;
  watch.start();
  return watch;
};
// Writes a request, gives its answer.
const ask = (watch, hex) => {
  watch.outgoing = [];
  watch.write16(4, unhex(hex));
  const [from, answer] = watch.outgoing.shift();
  assert.strictEqual(from, id(4));
  return answer;
};
const HELLO = "08a0a1a2a3a4a5a6a7";
const le = (n, length) => {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntLE(n, 0, length);
  return bytes.toString("hex");
};
// One transfer by 10.1 to 10.5: its blocks and the number to go on from.
const read = (watch, from, frames = 12) => {
  const answer = ask(watch, "01" + le(from, 4) + "a005" + le(frames, 2) + "07");
  assert(answer.startsWith("f00100"), answer);
  let stream = [], last = false, n = 0;
  for (let wait = 0; !last && wait < 10000; wait++) {
    watch.to(watch.nowMs + 20);
    for (const [uuid, hex] of watch.outgoing.splice(0)) {
      const frame = unhex(hex);
      assert.strictEqual(uuid, id(5));
      assert.strictEqual(frame[0], 7);
      assert.strictEqual(number(frame, 1, 2), n);
      assert.strictEqual(frame[3] & 1, n == 0 ? 1 : 0);
      last = (frame[3] & 2) != 0;
      assert(last || frame.length == 20);
      stream = stream.concat(frame.slice(4));
      n++;
    }
  }
  assert(last && n <= frames);
  assert.strictEqual(number(stream, stream.length - 4, 4), crc32(stream.slice(0, -4)));
  const blocks = [];
  let at = 0;
  for (;;) {
    const length = number(stream, at, 2), seq = number(stream, at + 2, 4);
    at += 6 + length;
    if (!length) {
      assert.strictEqual(at, stream.length - 4);
      return { blocks, next: seq, readable: number(unhex(answer), 3, 4) };
    }
    const bytes = stream.slice(at - length, at);
    assert.strictEqual(block(bytes).seq, seq);
    blocks.push(bytes);
  }
};
const readAll = (watch, from = 0) => {
  let blocks = [], part;
  do {
    part = read(watch, from);
    blocks = blocks.concat(part.blocks);
    assert(part.next > from || part.readable <= from);
    from = part.next;
  } while (from < part.readable);
  return blocks;
};

const tests = {
  "the checker agrees with every block and transfer of the vectors"() {
    let n = 0;
    for (const v of vectors.filter(v => v.format == "block")) {
      assert.strictEqual(number(unhex(v.hex), 14, 2), crc16([...unhex(v.hex).slice(0, 14), ...unhex(v.hex).slice(16)]));
      n++;
    }
    assert(n >= 9, "blocks in the vectors");
    assert.strictEqual(crc16(Buffer.from("123456789")), 0x29B1);
    assert.strictEqual(crc32(Buffer.from("123456789")), 0xCBF43926);
  },

  "the gap after a reset without warning is the vector, byte for byte"() {
    const golden = vectors.find(v => v.format == "block" && v.hex.startsWith("140002"));
    const watch = started();
    minutes(watch, Array(15).fill(20));
    watch.crash(3000);
    minutes(watch, [1]);
    watch.connect();
    ask(watch, HELLO);
    const blocks = readAll(watch);
    assert.strictEqual(Buffer.from(blocks[1]).toString("hex"), golden.hex);
    assert.strictEqual(block(blocks[2]).epochs[0].meta & 4, 4, "gap before");
  },

  "setting the clock answers and keeps what the vectors say"() {
    const set = vectors.filter(v => v.format == "set_time"), reply = vectors.find(v => v.format == "set_time_reply");
    const watch = started();
    for (let n = 1; n < 7; n++) watch.crash(2000000);
    watch.to(watch.nowMs + 0x1156A); // any uptime of boot 7
    const up = 0x115689A;
    watch.to(watch.nowMs + up - 0x1156A);
    watch.connect();
    ask(watch, HELLO);
    watch.outgoing = [];
    watch.write16(3, unhex(set[0].hex));
    const [from, answer] = watch.outgoing[0];
    assert.strictEqual(from, id(3));
    assert.strictEqual(answer, reply.hex.slice(0, 8) + le(up, 6) + "00000080");
    assert.strictEqual(reply.hex.slice(0, 8), "81010700");
    const kept = watch.values[id(3)];
    const anchor = vectors.find(v => v.format == "anchor_entry").hex;
    assert.strictEqual(kept.slice(28, 44), anchor.slice(28, 44), "the host");
    assert.strictEqual(kept, "0700" + le(up, 6) + le(Math.floor(set[0].value.utc_us / 1000), 6) + "a0a1a2a3a4a5a6a7ffff");
    // 7.4: a second try takes its place.
    watch.to(watch.nowMs + 500);
    watch.write16(3, unhex(set[1].hex));
    assert.strictEqual(watch.values[id(3)].length, 48);
  },

  "requests are answered with the statuses of 9.1"() {
    const watch = started();
    minutes(watch, Array(20).fill(9));
    watch.connect();
    assert.strictEqual(ask(watch, "0100000000a0050c0005"), "f0010500000000"); // before HELLO
    assert.strictEqual(ask(watch, "0205"), "f0020000000000");
    const unknown = vectors.find(v => v.format == "reply" && v.hex == "f0060100000000");
    assert.strictEqual(ask(watch, "06"), unknown.hex);
    assert.strictEqual(ask(watch, HELLO), "f0080000000000");
    assert.strictEqual(ask(watch, "0100"), "f0010200000000");
    assert.strictEqual(ask(watch, "0702102700"), "f0070010270000");
    assert.strictEqual(ask(watch, "0700"), "f0070000000000");
    assert.strictEqual(ask(watch, "0704102700"), "f0070200000000");
    assert.strictEqual(ask(watch, "053c"), "f005003c000000");
    assert.strictEqual(ask(watch, "050f"), "f0050200000000");
    assert.strictEqual(ask(watch, "04e8030000"), "f0040500000000");
    assert.strictEqual(ask(watch, "ff"), "f0ff0100000000");
  },

  "a cursor moves only on the right checksum, and again to the same place"() {
    const watch = started();
    minutes(watch, Array(40).fill(9));
    watch.connect();
    ask(watch, HELLO);
    const blocks = readAll(watch), bytes = blocks.slice(0, 2).flat();
    const crc = crc32(bytes);
    const ack = (from, to, crc) => ask(watch, "03" + le(from, 4) + le(to, 4) + le(crc, 4));
    assert.strictEqual(ack(0, 30, crc ^ 1), "f00303" + le(crc, 4));
    assert.strictEqual(ack(0, 31, crc32(blocks.flat())), "f0030200000000"); // within a block
    assert.strictEqual(ack(0, 900, crc), "f0030200000000");
    assert.strictEqual(ack(5, 5, 0), "f0030200000000");
    assert.strictEqual(ack(0, 30, crc), "f003001e000000");
    assert.strictEqual(ack(0, 30, crc), "f003001e000000");
    assert.strictEqual(number(unhex(watch.values[id(2)]), 14, 4), 30);
    watch.disconnect();
    watch.connect();
    assert.strictEqual(ask(watch, "080102030405060708"), "f0080000000000");
    assert.strictEqual(ask(watch, HELLO), "f008001e000000");
  },

  "every minute is in a block whose checksum is right"() {
    const watch = started();
    const walked = Array.from({ length: 600 }, (_, n) => (n % 50 < 20 ? n % 200 : 0));
    minutes(watch, walked);
    watch.connect();
    ask(watch, HELLO);
    const epochs = readAll(watch).flatMap(bytes => block(bytes).epochs);
    assert.deepStrictEqual(epochs.map(e => e.steps), walked);
    assert.deepStrictEqual(epochs.map(e => e.seq), walked.map((_, n) => n));
    assert(epochs.every(e => e.meta == 8), "clock not set, nothing else");
  },

  "epochs are aligned to the minute once the clock is set"() {
    const watch = started();
    watch.to(watch.nowMs + 100000);
    watch.connect();
    ask(watch, HELLO);
    const utc = Buffer.alloc(8);
    utc.writeBigInt64LE(BigInt(NOON + 110000) * 1000n);
    watch.write16(3, [1, 1, ...utc, 0, 128, 255, 255]);
    minutes(watch, Array(20).fill(5));
    const blocks = readAll(watch).map(block);
    assert.deepStrictEqual(blocks.map(b => b.length), [60, 40, 10, 60, 60]);
    // Uptime 0 is ten seconds past a minute.
    assert.deepStrictEqual(blocks.map(b => (b.uptime + 10) % 60), [10, 10, 50, 0, 0]);
    const state = unhex(watch.values[id(2)]);
    assert.strictEqual(state.length, 24);
    assert.strictEqual(state[23] & 1, 0, "the clock is set");
  },

  "power cut at every write loses no flushed minute and uses no number twice"() {
    const script = watch => {
      minutes(watch, Array(20).fill(11));
      watch.load();
      minutes(watch, Array(40).fill(12));
      watch.connect();
      ask(watch, HELLO);
      readAll(watch);
      watch.disconnect();
      minutes(watch, Array(30).fill(13));
    };
    const whole = started();
    script(whole);
    assert(whole.writes > 15);
    for (let cut = 1; cut < whole.writes; cut++) {
      const watch = new Watch();
      watch.nowMs = NOON;
      watch.dieAfterWrites = cut;
      const log = new Map();
      try {
        watch.start();
        script(watch);
      } catch (error) {
        assert.strictEqual(error.message, "power lost");
      }
      for (const [name, file] of watch.flash) if (/\.\d+$/.test(name)) log.set(name, Buffer.from(file.bytes));
      watch.dieAfterWrites = Infinity;
      watch.nowMs += 4000;
      watch.start();
      minutes(watch, Array(20).fill(14));
      watch.connect();
      ask(watch, HELLO);
      let end = 0;
      const steps = {}, there = new Set();
      for (const bytes of readAll(watch)) {
        const one = block(bytes);
        there.add(String(bytes));
        assert(one.seq >= end, "number used twice");
        end = one.end;
        for (const epoch of one.epochs) steps[epoch.steps] = (steps[epoch.steps] || 0) + 1;
      }
      for (const bytes of log.values()) {
        for (let at = 0; at < bytes.length && bytes[at] != 255; at += 5 + bytes[at]) {
          const record = [...bytes.subarray(at + 5, at + 5 + bytes[at])];
          assert(there.has(String(record)), "a record that was whole at the cut is gone, cut " + cut);
        }
      }
      assert(steps[14] >= 20, "it goes on counting, cut " + cut + " " + JSON.stringify(steps));
    }
  },

  "a month fits, and then the oldest gives way and is counted as lost"() {
    const watch = started();
    minutes(watch, Array.from({ length: 31000 }, (_, n) => 1 + (n % 100)));
    watch.connect();
    ask(watch, HELLO);
    const state = unhex(watch.values[id(2)]);
    const oldest = number(state, 6, 4), next = number(state, 10, 4), lost = number(state, 18, 4);
    assert.strictEqual(next, 31000);
    assert(next - oldest >= 27000, next - oldest + " kept");
    assert.strictEqual(lost, oldest);
    assert.strictEqual(state[23] & 4, 4, "overrun");
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    test();
    console.log("ok   " + name);
  } catch (error) {
    failed++;
    console.log("FAIL " + name + "\n" + error.stack);
  }
}
console.log(failed ? failed + " failed" : Object.keys(tests).length + " tests, all well");
process.exitCode = failed ? 1 : 0;
