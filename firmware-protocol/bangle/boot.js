// Brisk step log for Bangle.js: one-minute steps with numbers, kept in flash, given out over the step-log
// service. ../README.md is the protocol; numbers like 7.6 in comments are its clauses.
// SPDX-License-Identifier: Apache-2.0 OR MIT
{
  const FILES = 24, SIZE = 4096; // about a month of quarter-hour blocks
  const FLUSH = 15; // 3.9: minutes that may wait in RAM
  const PAYLOAD = 16; // a frame at the smallest MTU: JavaScript is not told the real one
  const MOST_BYTES = 2048; // of one transfer, which is gathered in RAM
  const HOSTS = 4, KEPT = 16;
  const LOAD_S = 30; // a change of app takes no longer
  const LINK_S = 1080; // 8.1: a flush and a restart ago; beyond, the clock may have been off
  const TICK = 60000;
  const S = require("Storage");
  const uuid = n => "e262000" + n + "-6cd4-4874-b25c-92b47b5d30fd";

  const mod = (a, n) => ((a % n) + n) % n;
  const le = (n, len) => {
    let out = [];
    if (n < 0) n += Math.pow(2, 8 * len);
    while (len--) {
      out.push(n % 256);
      n = Math.floor(n / 256);
    }
    return out;
  };
  const num = (b, at, len) => {
    let n = 0;
    while (len--) n = n * 256 + b[at + len];
    return n;
  };
  const crc16 = b => {
    let c = 0xFFFF;
    b.forEach(x => {
      c ^= x << 8;
      for (let i = 0; i < 8; i++) c = (c & 0x8000 ? (c << 1) ^ 0x1021 : c << 1) & 0xFFFF;
    });
    return c;
  };
  const nibble = [];
  for (let i = 0; i < 16; i++) {
    let c = i;
    for (let k = 0; k < 4; k++) c = c & 1 ? (c >>> 1) ^ 0xEDB88320 : c >>> 1;
    nibble.push(c);
  }
  const crc32 = (c, b) => {
    b.forEach(x => {
      c = nibble[(c ^ x) & 15] ^ (c >>> 4);
      c = nibble[(c ^ (x >> 4)) & 15] ^ (c >>> 4);
    });
    return c;
  };
  const text = b => String.fromCharCode.apply(null, b);

  // Small facts. `run` is of the boot under way and written often, `kept` seldom.
  let kept = S.readJSON("brisklog.json", 1), run = S.readJSON("brisklog.run", 1);
  if (!kept) {
    kept = { id: [], boot: 0, hosts: [], anchors: [], links: [], lost: 0, goal: 0 };
    for (let i = 0; i < 8; i++) kept.id.push(E.hwRand() & 255);
    run = undefined;
  }
  const keep = () => S.writeJSON("brisklog.json", kept);

  // The ring: files of records, each length u8, number u32, block. The length is written last: one byte is
  // written or it is not (12.2).
  const name = i => "brisklog." + i;
  const bytes = (i, at, len) => E.toUint8Array(S.read(name(i), at, len) || "");
  const prefix = (i, at) => {
    let p = at + 5 <= SIZE ? bytes(i, at, 5) : [];
    return p.length == 5 && p[0] != 255 ? p : undefined;
  };
  let files = []; // {i, first}, oldest first
  let used = SIZE, next = 0;
  for (let i = 0; i < FILES; i++) {
    let p = prefix(i, 0);
    if (p) files.push({ i: i, first: num(p, 1, 4) });
  }
  files.sort((a, b) => a.first - b.first);

  const span = b => (b[0] & 15) == 4 ? num(b, 16, 4) : b[13];
  // Finds the end of the newest file; what is half written after it is never written over.
  const mount = () => {
    let f = files[files.length - 1], p;
    if (!f) return;
    used = 0;
    while ((p = prefix(f.i, used))) {
      next = num(p, 1, 4) + span(bytes(f.i, used + 5, p[0]));
      used += 5 + p[0];
    }
    if (bytes(f.i, used, 141).find(x => x != 255) !== undefined) used = SIZE;
  };
  const put = (seq, b) => {
    let f = files[files.length - 1];
    if (!f || used + 5 + b.length > SIZE) {
      let i = f ? (f.i + 1) % FILES : 0;
      if (files.length && files[0].i == i) {
        let acked = kept.hosts.reduce((most, h) => Math.max(most, h.a), 0);
        let end = files[1] ? files[1].first : seq;
        kept.lost += Math.max(0, end - Math.max(files[0].first, acked)); // 6.3
        keep();
        files.shift();
      }
      S.erase(name(i));
      S.write(name(i), "\xFF", 0, SIZE);
      f = { i: i, first: seq };
      files.push(f);
      used = 0;
    }
    S.write(name(f.i), text(le(seq, 4).concat(b)), used + 1);
    S.write(name(f.i), text([b.length]), used);
    used += 5 + b.length;
  };
  // Every record from the one that holds `from`: (number, file, place, length, end), until `each` says true.
  const walk = (from, each) => {
    for (let k = 0; k < files.length; k++) {
      let f = files[k], at = 0, p = prefix(f.i, 0);
      if (files[k + 1] && files[k + 1].first <= from) continue;
      while (p) {
        let after = at + 5 + p[0], q = prefix(f.i, after), seq = num(p, 1, 4);
        let end = q ? num(q, 1, 4) : files[k + 1] ? files[k + 1].first : next - pend.length;
        if (end > from && each(seq, f.i, at + 5, p[0], end)) return;
        at = after;
        p = q;
      }
    }
  };

  // Uptime. The watch's clock may be set by anybody at any time; a timer tells by how much (7.5).
  let base, last = 0, ticked = 0;
  const up = () => {
    let ms = Math.floor(getTime() * 1000 - base);
    if (ms > last && ms < ticked + TICK + 5000) last = ms;
    return last;
  };
  const tick = () => {
    let due = ticked + TICK, ms = getTime() * 1000 - base;
    if (Math.abs(ms - due) > 5000) base += ms - due;
    ticked = Math.floor(getTime() * 1000 - base);
    minute();
  };

  // Epochs.
  let boot, gap = false, gapBefore = false, utc0, epoch, pend = [], pendStart, pendSec;
  const exhausted = () => boot >= 65535 || next >= 0xFFFFFFFE - 60;
  const flush = () => {
    if (pend.length) {
      let zero = pend.every((e, i) => !e[0] && (e[1] & (i ? 255 : 251)) == (pend[pend.length - 1][1] & 251));
      let body = [], seq = next - pend.length;
      if (zero) body = [pend[0][1]];
      else pend.forEach(e => body.push(e[0], e[1]));
      let head = [zero ? 0x12 : 0x11, 0].concat(le(boot, 2), le(seq, 4), le(pendStart, 4), [pendSec, pend.length]);
      put(seq, head.concat(le(crc16(head.concat(body)), 2), body));
      pend = [];
    }
    save(false);
  };
  const save = clean => S.writeJSON("brisklog.run", {
    clean: clean, boot: boot, base: base, at: getTime(), up: up(), utc0: utc0,
    epoch: epoch, gap: gap, gapBefore: gapBefore, next: next, used: used
  });
  const close = end => {
    let e = epoch, sec = end - e.start;
    epoch = { start: end, end: end + 60, steps: 0 };
    if (exhausted()) {
      kept.lost++;
      return;
    }
    if (gap) { // 3.7
      let b = [0x14, 0].concat(le(boot, 2), le(next, 4), le(0, 6)), n = le(60, 4);
      put(next, b.concat(le(crc16(b.concat(n)), 2), n));
      next += 60;
      gap = false;
      gapBefore = true;
    }
    if (pend.length && pendSec != sec) flush();
    if (!pend.length) {
      pendStart = e.start;
      pendSec = sec;
    }
    let meta = (Bangle.isCharging() ? 3 : 0) | (gapBefore ? 4 : 0) | (utc0 === undefined ? 8 : 0);
    gapBefore = false;
    pend.push([Math.min(e.steps, 255), meta]);
    next++;
    if (pend.length >= FLUSH) flush();
  };
  const advance = () => {
    let now = Math.floor(up() / 1000);
    while (epoch.end <= now) close(epoch.end);
    return now;
  };

  // Starting: the same boot after a change of app, else a new one.
  let since = run ? getTime() - run.at : -1;
  if (run && run.clean && since >= 0 && since <= LOAD_S) {
    boot = run.boot;
    base = run.base;
    utc0 = run.utc0;
    epoch = run.epoch;
    gap = run.gap;
    gapBefore = run.gapBefore;
    next = run.next;
    used = run.used;
    last = run.up;
    ticked = Math.floor(getTime() * 1000 - base);
  } else {
    base = getTime() * 1000;
    mount();
    gap = !!run && !run.clean;
    boot = kept.boot = Math.min(kept.boot + 1, 65535);
    epoch = { start: 0, end: 60, steps: 0 };
    if (run && since >= 0 && since <= LINK_S) {
      let off = Math.round(since * 1000);
      let b = le(boot, 2).concat(le(run.boot, 2), le(run.up, 6), le(off, 4), le(next, 4));
      kept.links.push(b.concat(le(crc16(b), 2)));
      kept.links = kept.links.slice(-KEPT);
      if (run.utc0 !== undefined) utc0 = run.utc0 + run.up + off; // 8.3
      if (utc0 !== undefined) epoch.end = 0;
    }
    keep();
  }
  const epochEnd = start => {
    let left = utc0 === undefined ? 60 : Math.round((60000 - mod(utc0 + start * 1000, 60000)) / 1000);
    return start + (left || 60);
  };
  if (!epoch.end) epoch.end = epochEnd(0);
  save(false);

  // The service.
  let host, transfer;
  const update = (n, value, how) => {
    let c = {}, s = {};
    c.value = value;
    if (how) c[how] = true;
    s[uuid(0)] = {};
    s[uuid(0)][uuid(n)] = c;
    NRF.updateServices(s);
  };
  const state = () => le(boot, 2).concat(
    le(Math.floor(up() / 1000), 4), le(files.length ? files[0].first : next - pend.length, 4), le(next, 4),
    le(host ? host.a : 0, 4), le(kept.lost, 4), [E.getBattery()],
    [(utc0 === undefined ? 1 : 0) | (Bangle.isCharging() ? 2 : 0) | (kept.lost ? 4 : 0) | (exhausted() ? 16 : 0)]);
  const anchors = () => kept.anchors.reduce((all, a) => all.concat(a), []);
  const links = () => kept.links.reduce((all, l) => all.concat(l), []);
  const minute = () => {
    advance();
    try {
      update(2, state());
    } catch (e) {} // the table is being changed by another app; the next minute brings it
  };
  const pump = () => {
    if (!transfer) return;
    let t = transfer, part = t.stream.slice(t.at, t.at + PAYLOAD), end = t.at + PAYLOAD >= t.stream.length;
    let frame = [t.id].concat(le(t.n, 2), [(t.n ? 0 : 1) | (end ? 2 : 0)]);
    part.forEach(x => frame.push(x));
    try {
      update(5, frame, "notify");
      t.n++;
      t.at += PAYLOAD;
      if (end) transfer = undefined;
    } catch (e) {} // the radio's queue is full
    if (transfer) setTimeout(pump, 15);
  };
  const read = b => {
    let from = num(b, 1, 4), epochs = num(b, 5, 2), room = Math.min(num(b, 7, 2) * PAYLOAD, MOST_BYTES), out = [];
    let to = from, full = false;
    flush();
    walk(from, (seq, i, at, len, end) => {
      if (out.length && (epochs <= 0 || out.length + len + 16 > room)) return (full = true);
      out = out.concat(le(len, 2), le(seq, 4));
      bytes(i, at, len).forEach(x => out.push(x));
      to = end;
      epochs -= end - seq;
    });
    if (!full) to = Math.max(to, next); // 10.5
    out = out.concat([0, 0], le(to, 4));
    transfer = { id: b[9], n: 0, at: 0, stream: new Uint8Array(out.concat(le(~crc32(-1, out) >>> 0, 4))) };
    setTimeout(pump, 15);
    return [0, next];
  };
  const ack = b => {
    let from = num(b, 1, 4), to = num(b, 5, 4), oldest = files.length ? files[0].first : next, c = -1, edge = from;
    if (from < oldest) return [4, oldest];
    if (from > Math.max(host.a, oldest) || to <= from || to > next - pend.length) return [2, host.a];
    walk(from, (seq, i, at, len, end) => {
      if (seq >= to) return true;
      if (seq < from) return;
      c = crc32(c, bytes(i, at, len));
      edge = end;
    });
    c = ~c >>> 0;
    if (c != num(b, 9, 4)) return [3, c];
    if (edge > to) return [2, host.a];
    if (to > host.a) {
      host.a = to;
      keep();
    }
    return [0, host.a];
  };
  const erase = to => {
    let least = kept.hosts.reduce((least, h) => Math.min(least, h.a), next);
    if (to > least) return [5, least];
    while (files[1] && files[1].first <= to) S.erase(name(files.shift().i));
    return [0, files.length ? files[0].first : next];
  };
  const hello = b => {
    let id = b.slice(1).join(), order = kept.hosts.reduce((most, h) => Math.max(most, h.o), 0) + 1;
    host = kept.hosts.find(h => h.id == id);
    if (!host) {
      if (kept.hosts.length >= HOSTS) { // 9.3
        kept.hosts.sort((a, b) => a.o - b.o);
        kept.hosts.shift();
      }
      host = { id: id, a: 0 };
      kept.hosts.push(host);
    }
    host.o = order;
    keep();
    return [0, host.a];
  };
  const LENGTHS = [0, 10, 2, 13, 5, 2, 0, 0, 9];
  const obey = b => {
    let op = b[0];
    if (op == 7 ? b.length != (b[1] ? 5 : 2) || b[1] & 253 : LENGTHS[op] && b.length != LENGTHS[op]) return [2, 0];
    if (op == 8) return hello(b);
    if (op == 2) {
      if (transfer && transfer.id == b[1]) transfer = undefined;
      return [0, 0];
    }
    if (op != 7 && !LENGTHS[op]) return [1, 0];
    if (op == 5 && [60, 15, 10].indexOf(b[1]) < 0) return [2, 0];
    if (!host) return [5, 0];
    if (op == 1) return read(b);
    if (op == 3) return ack(b);
    if (op == 4) return erase(num(b, 1, 4));
    if (op == 5) return b[1] == 60 ? [0, 60] : [2, 0]; // 3.1: other lengths are not offered
    kept.goal = b[1] ? num(b, 2, 3) : 0;
    keep();
    return [0, kept.goal];
  };
  const control = b => {
    if (!b.length) return;
    advance();
    let r = obey(b);
    update(2, state());
    update(4, [0xF0, b[0], r[0]].concat(le(r[1], 4)), "indicate");
  };
  const setTime = b => {
    let ms = up(), high = num(b, 6, 4), utc, step = -2147483648, h;
    if (b.length != 14 || b[0] != 1 || !host || high > 0x7FFFFFFF) return;
    utc = Math.floor((high * 4294967296 + num(b, 2, 4)) / 1000);
    if (utc >= 281474976710656) return; // 7.3
    advance();
    if (utc0 !== undefined) step = Math.max(-2147483647, Math.min(2147483647, utc - ms - utc0));
    h = host.id.split(",").map(x => +x);
    let entry = le(boot, 2).concat(le(ms, 6), le(utc, 6), h, le(num(b, 12, 2), 2));
    let before = kept.anchors[kept.anchors.length - 1];
    if (before && num(before, 0, 2) == boot && ms - num(before, 2, 6) < 60000 && before.slice(14, 22).join() == host.id)
      kept.anchors.pop(); // 7.4
    kept.anchors.push(entry);
    kept.anchors = kept.anchors.slice(-KEPT);
    keep();
    utc0 = utc - ms;
    let off = mod(utc0 + epoch.end * 1000, 60000);
    if (off > 1000 && off < 59000) { // 7.6
      if (Math.floor(ms / 1000) > epoch.start) close(Math.floor(ms / 1000));
      epoch.end = epochEnd(epoch.start);
    }
    flush();
    update(2, state());
    update(3, anchors());
    update(3, [0x81, b[1]].concat(le(boot, 2), le(ms, 6), le(step, 4)), "notify");
    update(3, anchors());
  };

  const secure = { encrypted: true };
  const characteristic = (value, maxLen, more) => Object.assign(
    { value: value, maxLen: maxLen, security: { read: secure, write: secure } }, more);
  const onWrite = handler => evt => {
    let b = [];
    new Uint8Array(evt.data).forEach(x => b.push(x));
    handler(b);
  };
  let table = {};
  table[uuid(1)] = characteristic(
    [1, 2, 1, 0, 2, 4, 1, 0, 0, 0, 3, 8].concat(kept.id, [4, 11], "bangle-0.10".split("").map(c => c.charCodeAt(0)), [5, 1, 60, 6, 4],
      le(Math.floor(FILES * SIZE / 51) * 15, 4), [7, 2], le(23, 2), [8, 4], le(1, 2), le(50, 2), [9, 1, HOSTS]),
    80, { readable: true });
  table[uuid(2)] = characteristic(state(), 24, { readable: true });
  table[uuid(3)] = characteristic(anchors(), 384, { readable: true, writable: true, notify: true, onWrite: onWrite(setTime) });
  table[uuid(4)] = characteristic([0], 20, { writable: true, indicate: true, onWrite: onWrite(control) });
  table[uuid(5)] = characteristic([0], 20, { notify: true });
  table[uuid(7)] = characteristic(links(), 320, { readable: true });
  let services = {};
  services[uuid(0)] = table;
  NRF.setServices(services, { uart: true, advertise: [uuid(0)] });

  const forget = () => {
    host = undefined;
    transfer = undefined;
  };
  NRF.on("connect", () => {
    forget();
    update(2, state());
  });
  NRF.on("disconnect", forget);

  let counted;
  Bangle.on("step", total => {
    advance();
    let more = counted === undefined ? 1 : total - counted;
    counted = total;
    epoch.steps += more > 0 && more < 60 ? more : 1;
  });
  E.on("kill", () => {
    advance();
    flush();
    save(true);
  });
  setInterval(tick, TICK);
}
