// Thread of an engine beside the first. Started by `team.ts`; waits for phases until it is asked to leave.
import { parentPort, workerData } from 'node:worker_threads';
import { giveUp, openBoard, readFigures, WORD } from './board.ts';
import { type Member, PHASES } from './dense.ts';
import { openProducts } from './products.ts';
import type { Joining } from './team.ts';
import { joinWork } from './work.ts';

const { config, capacity, memory, board: shared, index, size } = workerData as Joining;
const board = openBoard(size, shared);
const { words } = board;
const products = await openProducts();
const member: Member = { work: joinWork(config, capacity, memory, index), products, board, index, size };
const phases = Object.values(PHASES);
parentPort!.postMessage('ready');
for (let asked = 0; ; ) {
  Atomics.wait(words, WORD.asked, asked);
  asked = Atomics.load(words, WORD.asked);
  const phase = phases[Atomics.load(words, WORD.phase) - 1];
  if (!phase) break;
  try {
    await phase(member, readFigures(board));
  } catch (error) {
    parentPort!.postMessage(error);
    giveUp(board);
    break;
  }
  Atomics.add(words, WORD.done, 1);
  Atomics.notify(words, WORD.done);
}
await products.close();
