import { readdir, readFile } from 'node:fs/promises';

const field = (status: string, name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
const statusOf = (pid: number): Promise<string> => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');

/** Runtimes of Workers that this process started, by id. Linux alone tells; elsewhere there are none. */
export async function workerds(): Promise<number[]> {
  const ids = (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isInteger);
  const all = await Promise.all(ids.map(async (pid) => ({ pid, status: await statusOf(pid) })));
  return all
    .filter(({ status }) => field(status, 'Name') === 'workerd' && Number(field(status, 'PPid')) === process.pid)
    .map(({ pid }) => pid);
}

/** The most memory that a process ever held, MB (10^6 bytes). */
export const peakMemory = async (pid: number): Promise<number> =>
  (Number(field(await statusOf(pid), 'VmHWM')) * 1024) / 1e6;
/** What it holds now, MB. */
export const heldMemory = async (pid: number): Promise<number> =>
  (Number(field(await statusOf(pid), 'VmRSS')) * 1024) / 1e6;
