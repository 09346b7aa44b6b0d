// A small repository to talk about, in a temporary directory, with a fixed history.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const files = {
  'README.md': '# Sample\n\nA sample repository.\n',
  'src/main.py': 'def main():\n    print("hello")\n\n\nmain()\n',
  'src/util.py': 'def add(a, b):\n    return a + b\n',
  'package.json': '{"name": "sample", "version": "1.0.0"}\n',
  '.gitignore': 'ignored/\n',
  'ignored/x.txt': 'hello\n',
};

export function makeWorkspace() {
  const outer = mkdtempSync(join(tmpdir(), 'quarry-clients-'));
  const root = join(outer, 'root');
  const put = (name, text) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  for (const [name, text] of Object.entries(files)) put(name, text);
  // Enough for a search to be caught while it runs.
  for (let i = 0; i < 2000; ++i) put(`many/${i % 50}/f${i}.txt`, `line ${i}\n`.repeat(40));
  const git = (...args) =>
    execFileSync('git', args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: outer,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'Ann',
        GIT_AUTHOR_EMAIL: 'ann@example.org',
        GIT_COMMITTER_NAME: 'Ann',
        GIT_COMMITTER_EMAIL: 'ann@example.org',
        GIT_AUTHOR_DATE: '2024-01-02T03:04:05Z',
        GIT_COMMITTER_DATE: '2024-01-02T03:04:05Z',
      },
    });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'First commit');
  put('src/util.py', 'def add(a, b):\n    return a + b + 0\n');
  return {
    root,
    state: join(outer, 'state'),
    remove: () => rmSync(outer, { recursive: true, force: true }),
  };
}
