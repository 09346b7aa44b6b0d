// Schemas and structured results, judged by ajv: strict, in the dialect of the specification
// (2020-12) and in the one that older hosts use (draft 7).

import assert from 'node:assert/strict';

import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';

const strict = { strict: true, allErrors: true };

export function checkSchemas(tools) {
  for (const [dialect, Judge] of [['2020-12', Ajv2020.default ?? Ajv2020], ['draft 7', Ajv.default ?? Ajv]]) {
    for (const tool of tools) {
      for (const kind of ['inputSchema', 'outputSchema']) {
        if (!tool[kind]) continue;
        assert.equal(tool[kind].type, 'object', `${tool.name}.${kind}`);
        const judge = new Judge(strict);
        assert.doesNotThrow(() => judge.compile(tool[kind]), `${tool.name}.${kind} in ${dialect}`);
      }
    }
  }
}

// (name, result, revision): throws when a result's structuredContent is missing, unpromised or
// not what the tool's outputSchema says.
export function makeResultChecker(tools) {
  const judge = new (Ajv2020.default ?? Ajv2020)(strict);
  const validators = new Map();
  for (const tool of tools) {
    if (tool.outputSchema) validators.set(tool.name, judge.compile(tool.outputSchema));
  }
  return (name, result, revision) => {
    const validate = validators.get(name);
    if (!validate || revision < '2025-06-18') {
      assert.equal(result.structuredContent, undefined, `${name}: structure was not promised`);
      return;
    }
    assert.ok(result.structuredContent, `${name}: no structuredContent`);
    assert.ok(validate(result.structuredContent),
      `${name}: ${judge.errorsText(validate.errors)}: ${JSON.stringify(result.structuredContent)}`);
  };
}
