import { env } from '#ort';
import type { Device } from '../types.ts';
import { answersOf } from './suite.ts';

/** Tensors as a page hands them out: without typed arrays. */
export interface PlainAnswers {
  readonly values: Record<string, { readonly dims: readonly number[]; readonly data: readonly number[] }>;
  readonly placement: Awaited<ReturnType<typeof answersOf>>['placement'];
}

/** The suite inside a page: `model` is an address, `runtime` the folder of the runtime's program. */
export async function answersInPage(model: string, device: Device, runtime: string): Promise<PlainAnswers> {
  env.wasm.wasmPaths = runtime;
  env.wasm.numThreads = 1;
  env.logLevel = 'error';
  const bytes = new Uint8Array(await (await fetch(model)).arrayBuffer());
  const { values, placement } = await answersOf(bytes, device);
  const plain = Object.entries(values).map(([name, { dims, data }]) => [name, { dims, data: [...data] }] as const);
  return { values: Object.fromEntries(plain), placement };
}
