// Trains one dictionary, from a store into a folder, in a process that a test can kill; every step is told by a message.

import { run } from '../../pipelines/sae/train.stage.ts';

const [store, out, settings] = process.argv.slice(2);
await run({
  settings: JSON.parse(settings!),
  inputs: { 'activations/0': store! },
  files: {},
  out: out!,
  device: 'cpu',
  progress: (done) => process.send?.(done),
  log: () => {},
});
process.disconnect?.();
