import { writeFile } from 'node:fs/promises';
import { kernelBytes } from '#release/probe/kernel.ts';

/** Script: writes `probe-kernel.wasm`, which a Worker must import since it may not compile code. A test says when it differs. */
await writeFile(new URL('probe-kernel.wasm', import.meta.url), kernelBytes());
