import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type QualityFile, QualityRow, TrainingLog } from '#release/schema/index.ts';

const Card = z.object({ rows: z.array(QualityRow) });

/** Quality rows (roles `card/...`) and training logs (roles `sae/<stage>/<layer>`), in the order of the roles. */
export async function readQuality(inputs: Readonly<Record<string, string>>): Promise<QualityFile> {
  const folders = (prefix: string) =>
    Object.keys(inputs)
      .filter((role) => role.startsWith(prefix))
      .map((role) => inputs[role]!);
  const read = async (folder: string, name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'));
  const cards = await Promise.all(folders('card/').map((folder) => read(folder, 'card.json')));
  const logs = await Promise.all(folders('sae/').map((folder) => read(folder, 'log.json')));
  return { rows: cards.flatMap((card) => Card.parse(card).rows), logs: logs.map((log) => TrainingLog.parse(log)) };
}
