import { createRequire } from 'node:module';
import type { Json } from '../../config/stage.ts';

const require = createRequire(import.meta.url);
const versionOf = (name: string) => (require(`${name}/package.json`) as { version: string }).version;

/** What computes, as far as the bytes may depend on it; part of every stage's key. */
export const toolsOf = (device: string): Json => ({
  device,
  node: process.versions.node.split('.')[0]!,
  onnxruntime: versionOf('onnxruntime-node'),
});
