import { Worker } from 'node:worker_threads';
import type { TrainConfig } from '../config.ts';
import { type Board, type Figures, giveUp, openBoard, WORD, writeFigures } from './board.ts';
import { type Member, PHASES, type Phase } from './dense.ts';
import type { Products } from './products.ts';
import type { Work } from './work.ts';

/** What a thread is told when it joins. */
export interface Joining {
  readonly config: TrainConfig;
  /** Tokens that the memory is laid out for. */
  readonly capacity: number;
  readonly memory: WebAssembly.Memory;
  readonly board: SharedArrayBuffer;
  readonly index: number;
  readonly size: number;
}

/** Number of a phase on the board; 0 asks the others to leave. */
export const phaseNumber = (phase: Phase): number => 1 + Object.keys(PHASES).indexOf(phase);

/** Threads that do the phases of a step together, on one memory: the one that opened it, and a worker for each of the others. */
export interface Team {
  readonly board: Board;
  /** Done when all are; rejects with the error of the one that failed, after which the team is of no more use. */
  run(phase: Phase, figures: Figures): Promise<void>;
  close(): Promise<void>;
}

/** One more thread, ready; `failure` gives the error that it stopped on. */
async function join(data: Joining) {
  const worker = new Worker(new URL('./member.ts', import.meta.url), { workerData: data, execArgv: ['--no-warnings'] });
  let stop: (error: Error) => void = () => {};
  const failure = new Promise<Error>((resolve) => {
    stop = resolve;
  });
  await new Promise<void>((resolve, reject) => {
    worker.on('error', (error: Error) => {
      giveUp(openBoard(data.size, data.board));
      stop(error);
      reject(error);
    });
    worker.on('message', (message: 'ready' | Error) => (message instanceof Error ? stop(message) : resolve()));
  });
  worker.unref();
  return { worker, failure };
}

/** @param capacity tokens that the work's memory is laid out for */
export async function openTeam(work: Work, products: Products, capacity: number, size: number): Promise<Team> {
  const board = openBoard(size);
  const { words } = board;
  const { config, arena } = work;
  const buffer = words.buffer as SharedArrayBuffer;
  const others = await Promise.all(
    Array.from({ length: size - 1 }, (_, i) =>
      join({ config, capacity, memory: arena.memory, board: buffer, index: i + 1, size }),
    ),
  );
  const self: Member = { work, products, board, index: 0, size };
  const ask = (phase: number) => {
    Atomics.store(words, WORD.phase, phase);
    Atomics.store(words, WORD.done, 0);
    Atomics.store(words, WORD.turn, 0);
    Atomics.add(words, WORD.asked, 1);
    Atomics.notify(words, WORD.asked);
  };
  /** The other threads mostly end within a millisecond of this one; the event loop runs in between, to hear of one that died. */
  const joined = async () => {
    for (;;) {
      const done = Atomics.load(words, WORD.done);
      if (done === others.length || Atomics.load(words, WORD.failed)) return;
      Atomics.wait(words, WORD.done, done, 20);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    board,
    async run(phase, figures) {
      writeFigures(board, figures);
      ask(phaseNumber(phase));
      const [mine] = await Promise.allSettled([PHASES[phase](self, figures)]);
      if (mine?.status === 'rejected' && !Atomics.load(words, WORD.failed)) {
        giveUp(board);
        throw mine.reason;
      }
      await joined();
      if (Atomics.load(words, WORD.failed)) throw await Promise.race(others.map(({ failure }) => failure));
    },
    async close() {
      ask(0);
      await Promise.all(others.map(({ worker }) => worker.terminate()));
    },
  };
}
