import type { Json } from '../../config/stage.ts';

/** What the runner asks a worker process to do. */
export interface Task {
  readonly module: string;
  readonly settings: Json;
  readonly inputs: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly out: string;
  readonly device: 'cpu' | 'webgpu' | 'cuda';
}

/** An error as it crosses the process boundary. */
export interface RemoteError {
  readonly message: string;
  readonly next?: string;
  readonly code?: string;
  readonly stack?: string;
}

/** What a worker process says. */
export type Report =
  | { readonly type: 'progress'; readonly done: number; readonly total: number; readonly unit: string }
  | { readonly type: 'log'; readonly line: string }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: RemoteError };
