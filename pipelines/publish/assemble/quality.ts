import { z } from 'zod';
import { type QualityFile, QualityRow, TrainingLog } from '#release/schema/index.ts';
import { type Inputs, readRoles } from './roles.ts';

const Card = z.object({ rows: z.array(QualityRow) });

/** Quality rows (roles `card/...`) and training logs (roles `sae/<stage>/<layer>`), in the order of the roles. */
export async function readQuality(inputs: Inputs): Promise<QualityFile> {
  const cards = await readRoles(inputs, 'card', 'card.json', Card);
  return { rows: cards.flatMap(({ rows }) => rows), logs: await readRoles(inputs, 'sae', 'log.json', TrainingLog) };
}
