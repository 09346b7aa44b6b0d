// drive.mjs SERVER: the public SDK clients, both generations, against the real binary, in every
// mode they have. Prints one line per mode and check; exit code 1 when one of them fails.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';

import { checkSchemas, makeResultChecker } from './schemas.mjs';
import { makeWorkspace } from './workspace.mjs';

const server = process.argv[2];
if (!server || !existsSync(server)) {
  console.error('usage: drive.mjs SERVER');
  process.exit(2);
}

const legacyRevisions = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
const info = { name: 'quarry-clients-test', version: '1.0.0' };
const nodeMajor = Number(process.versions.node.split('.')[0]);

const workspace = makeWorkspace();
const parameters = {
  command: server,
  args: ['serve', '--root', workspace.root, '--state-dir', workspace.state],
  stderr: 'ignore',
};

// The SDK's own transport, which also asks for an older revision when told, keeps every line that
// came, and collects what the SDK complains about.
function watched(Transport, revision) {
  return class extends Transport {
    lines = [];
    complaints = [];
    async start() {
      const received = this.onmessage;
      this.onmessage = (message, extra) => {
        this.lines.push(message);
        received?.(message, extra);
      };
      const failed = this.onerror;
      this.onerror = (error) => {
        this.complaints.push(error);
        failed?.(error);
      };
      await super.start();
    }
    async send(message, options) {
      if (revision && message.method === 'initialize') {
        message = { ...message, params: { ...message.params, protocolVersion: revision } };
      }
      return super.send(message, options);
    }
  };
}

async function firstGeneration(revision) {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
  const transport = new (watched(StdioClientTransport, revision))(parameters);
  const client = new Client(info);
  await client.connect(transport);
  return {
    client,
    transport,
    revision,
    call: (request, options) => client.callTool(request, undefined, options),
  };
}

async function secondGeneration(mode, revision) {
  const { Client } = await import('@modelcontextprotocol/client');
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const transport = new (watched(StdioClientTransport, revision))(parameters);
  const client = new Client(info, { versionNegotiation: { mode } });
  await client.connect(transport);
  return {
    client,
    transport,
    revision: revision ?? client.getNegotiatedProtocolVersion(),
    era: client.getProtocolEra(),
    call: (request, options) => client.callTool(request, options),
  };
}

// The second generation's default transport, unwatched: only that one probes on a process of its
// own and stops it at once.
async function secondGenerationProbingAside() {
  const { Client } = await import('@modelcontextprotocol/client');
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const client = new Client(info, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StdioClientTransport(parameters));
  return {
    client,
    transport: { lines: [], complaints: [] },
    revision: client.getNegotiatedProtocolVersion(),
    era: client.getProtocolEra(),
    call: (request, options) => client.callTool(request, options),
  };
}

const text = (result) => result.content.map((block) => block.text ?? '').join('\n');

// Tools with arguments under which they must succeed, and what their answers must hold.
const calls = [
  ['read_file', { path: 'src/main.py' }, 'print("hello")'],
  ['list_directory', { path: '.' }, 'README.md'],
  ['glob', { pattern: 'src/**/*.py' }, 'src/util.py'],
  ['grep', { pattern: 'hello' }, 'main.py'],
  ['git_status', {}, 'util.py'],
  ['git_log', { max_count: 5 }, 'First commit'],
  ['git_diff', {}, 'a + b + 0'],
  ['analyze_repository', {}, 'Python'],
  ['server_status', {}, ''],
  ['session_status', {}, ''],
];

// What changes files, one after the other: nothing is left at the end.
const changes = [
  ['write_file', { path: 'made.txt', content: 'one\ntwo\n' }, 'made.txt'],
  ['edit_file', { path: 'made.txt', old_string: 'two', new_string: '2' }, '+2'],
  ['apply_patch', { patch: '--- a/made.txt\n+++ b/made.txt\n@@ -1,2 +1,2 @@\n-one\n+1\n 2\n' }, '+1'],
  ['replace_in_files', { path: 'made.txt', pattern: '2', replacement: 'ii', dry_run: false, expected_count: 1 }, 'replaced 1 hit'],
  ['move_path', { source: 'made.txt', destination: 'moved.txt' }, 'moved.txt'],
  ['undo', {}, 'made.txt'],
  ['delete_path', { path: 'made.txt' }, 'made.txt'],
];

async function callEach({ client, call, revision }, rows) {
  const checkResult = makeResultChecker((await client.listTools()).tools);
  for (const [name, args, wanted] of rows) {
    const result = await call({ name, arguments: args });
    assert.ok(!result.isError, `${name}: ${text(result)}`);
    assert.ok(text(result).includes(wanted), `${name}: no '${wanted}' in: ${text(result)}`);
    checkResult(name, result, revision);
  }
}

const checks = {
  async 'names itself'({ client }) {
    assert.equal(client.getServerVersion()?.name, 'quarry');
    assert.ok(client.getServerVersion()?.version);
    assert.ok(client.getServerCapabilities()?.tools);
  },

  async 'lists tools whose schemas compile in draft 2020-12 and in draft 7'({ client, revision }) {
    const { tools } = await client.listTools();
    for (const [name] of calls) assert.ok(tools.some((tool) => tool.name === name), name);
    const names = tools.map((tool) => tool.name);
    assert.deepEqual(names, [...names].sort(), 'the order is by name');
    checkSchemas(tools);
    const structured = tools.some((tool) => tool.outputSchema);
    assert.equal(structured, revision >= '2025-06-18', 'outputSchema exactly from 2025-06-18 on');
  },

  async 'answers every tool, and its structure is as promised'(connection) {
    await callEach(connection, calls);
  },

  async 'changes files and takes it back'(connection) {
    await callEach(connection, changes);
    assert.ok(!existsSync(`${workspace.root}/made.txt`) && !existsSync(`${workspace.root}/moved.txt`));
  },

  async 'leaves no tool out'({ client }) {
    const called = [...calls, ...changes].map(([name]) => name);
    const sessions = ['session_open', 'session_update', 'session_close'];
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map((tool) => tool.name), [...called, ...sessions].sort());
  },

  async 'opens, shows, updates and closes a session'({ client, call, revision }) {
    const checkResult = makeResultChecker((await client.listTools()).tools);
    const opened = await call({ name: 'session_open', arguments: { label: 'from the test' } });
    assert.ok(!opened.isError, text(opened));
    checkResult('session_open', opened, revision);
    const found = JSON.stringify(opened).match(/[A-Za-z0-9_-]{22,64}/g) ?? [];
    const shown = await call({ name: 'session_status', arguments: { label: 'from the test' } });
    const handle = found.find((word) => JSON.stringify(shown).includes(word));
    assert.ok(handle, `no handle in: ${text(opened)}`);
    const read = await call({ name: 'read_file', arguments: { path: 'README.md', session: handle } });
    assert.ok(text(read).includes('A sample repository.'));
    const updated = await call({ name: 'session_update', arguments: { session: handle, set: { step: 'one' } } });
    assert.ok(!updated.isError, text(updated));
    checkResult('session_update', updated, revision);
    const closed = await call({ name: 'session_close', arguments: { session: handle } });
    assert.ok(!closed.isError, text(closed));
    checkResult('session_close', closed, revision);
    const gone = await call({ name: 'read_file', arguments: { path: 'README.md', session: handle } });
    assert.ok(gone.isError, 'a closed session is refused');
  },

  async 'leaves a wrong argument to the model and an unknown tool to the program'({ call }) {
    const missing = await call({ name: 'read_file', arguments: { path: 'no/such/file' } });
    assert.equal(missing.isError, true);
    assert.ok(text(missing).length > 0);
    assert.equal(missing.structuredContent, undefined);
    const outside = await call({ name: 'read_file', arguments: { path: '../outside' } });
    assert.equal(outside.isError, true);
    await assert.rejects(call({ name: 'no_such_tool', arguments: {} }), (error) => {
      assert.equal(error.code, -32602);
      return true;
    });
  },

  async 'answers many calls at once'({ call }) {
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        call({ name: 'read_file', arguments: { path: `many/${i % 50}/f${i}.txt`, limit: 1 } })));
    results.forEach((result, i) => assert.ok(text(result).includes(`line ${i}`), text(result)));
  },

  async 'survives a call that is cancelled'({ client, call, transport }) {
    const controller = new AbortController();
    const call1 = call({ name: 'grep', arguments: { pattern: 'line.*9', head_limit: 1000 } },
      { signal: controller.signal });
    setImmediate(() => controller.abort('no longer wanted'));
    await call1.then(() => {}, () => {});
    const after = await call({ name: 'read_file', arguments: { path: 'README.md' } });
    assert.ok(text(after).includes('Sample'));
    assert.deepEqual(transport.complaints, []);
    assert.ok((await client.listTools()).tools.length > 0);
  },

  async 'reports progress that only grows, and none after the answer'({ call, transport }) {
    const seen = [];
    let answered = false;
    await call({ name: 'grep', arguments: { pattern: 'line [0-9]+5' } }, {
      onprogress: ({ progress }) => {
        assert.ok(!answered);
        seen.push(progress);
      },
    });
    answered = true;
    await call({ name: 'server_status', arguments: {} });
    for (let i = 1; i < seen.length; ++i) assert.ok(seen[i] > seen[i - 1], String(seen));
    assert.deepEqual(transport.complaints, []);
  },

  async 'keeps the shape of its revision'({ transport, revision }) {
    for (const message of transport.lines) {
      if (!('result' in message)) continue;
      const modern = revision >= '2026';
      assert.equal('resultType' in message.result, modern, JSON.stringify(message).slice(0, 300));
      if (revision < '2025-06-18') assert.ok(!('structuredContent' in message.result));
    }
  },
};

// The roots of a client: asked for, followed when they change, and never more than was allowed.
async function narrowsToTheRoots(revision) {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
  const { ListRootsRequestSchema } = await import('@modelcontextprotocol/sdk/types.js');
  const transport = new (watched(StdioClientTransport, revision))(parameters);
  const client = new Client(info, { capabilities: { roots: { listChanged: true } } });
  let roots = [{ uri: `file://${workspace.root}/src`, name: 'src' }];
  let asked = 0;
  client.setRequestHandler(ListRootsRequestSchema, () => {
    ++asked;
    return { roots };
  });
  await client.connect(transport);
  const read = async (path) => {
    const result = await client.callTool({ name: 'read_file', arguments: { path } });
    return result.isError ? undefined : text(result);
  };
  assert.ok((await read('main.py'))?.includes('hello'), 'the first call runs in the first root');
  assert.equal(await read('README.md'), undefined);
  assert.equal(await read(`${workspace.root}/README.md`), undefined);
  assert.equal(asked, 1);
  for (const [next, path] of [
    [[{ uri: `file://${workspace.root}` }], 'README.md'],
    [[{ uri: `file://${workspace.root}/many/3` }], 'f3.txt'],
    [[{ uri: 'file:///' }], 'README.md'],
    [[], 'README.md'],
  ]) {
    roots = next;
    const before = asked;
    await client.sendRootsListChanged();
    for (let i = 0; i < 100 && asked === before; ++i) await client.ping();
    await client.ping();  // sent after the answer, and so read after it
    assert.ok(await read(path), `${JSON.stringify(next)}: ${path}`);
  }
  roots = [{ uri: 'file:///etc' }];
  await client.sendRootsListChanged();
  await client.ping();
  assert.equal(await read('/etc/hostname'), undefined, 'roots never add anything');
  assert.deepEqual(transport.complaints, []);
  await client.close();
}

const modes = [
  ...legacyRevisions.map((revision) =>
    [`@modelcontextprotocol/sdk at ${revision}`, () => firstGeneration(revision)]),
];
if (nodeMajor >= 20) {
  modes.push(
    ...legacyRevisions.map((revision) =>
      [`@modelcontextprotocol/client at ${revision}`, () => secondGeneration('legacy', revision)]),
    ['@modelcontextprotocol/client, probing', () => secondGeneration('auto')],
    ['@modelcontextprotocol/client, probing aside', () => secondGenerationProbingAside()],
    ['@modelcontextprotocol/client at 2026-07-28', () => secondGeneration({ pin: '2026-07-28' })]);
} else {
  console.log(`skipped: @modelcontextprotocol/client wants node 20, this is ${process.version}`);
}

let failures = 0;
try {
  for (const [mode, connect] of modes) {
    let connection;
    try {
      connection = await connect();
      if (mode.includes('probing') || mode.includes('2026')) {
        assert.equal(connection.revision, '2026-07-28');
        assert.equal(connection.era, 'modern');
      }
      console.log(`${mode}: connected`);
    } catch (error) {
      ++failures;
      console.log(`${mode}: NOT connected: ${error.stack ?? error}`);
      continue;
    }
    for (const [name, check] of Object.entries(checks)) {
      try {
        await check(connection);
        console.log(`  ok  ${name}`);
      } catch (error) {
        ++failures;
        console.log(`  NO  ${name}: ${error.stack ?? error}`);
      }
    }
    await connection.client.close();
  }
  for (const revision of legacyRevisions) {
    try {
      await narrowsToTheRoots(revision);
      console.log(`ok  narrows to the client's roots at ${revision}`);
    } catch (error) {
      ++failures;
      console.log(`NO  narrows to the client's roots at ${revision}: ${error.stack ?? error}`);
    }
  }
} finally {
  workspace.remove();
}
console.log(failures === 0 ? `all of ${modes.length} modes passed` : `${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
