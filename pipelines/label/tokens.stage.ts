import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StageRun } from '#pipelines/config/stage.ts';
import { openModel } from '#pipelines/models/index.ts';
import { loadSae } from '#pipelines/sae/index.ts';
import { TokenWeight } from '#release/schema/index.ts';
import { type TokenEffects, tokenEffects } from './tokens.ts';

const Settings = z.strictObject({ count: z.int().min(1) });

/** `tokens.json`: by feature, tokens raised and lowered most, and their logit effect per unit of the decoder row. */
export const TokensFile = z.array(z.object({ promoted: z.array(TokenWeight), suppressed: z.array(TokenWeight) }));

/** Features whose logits are held in memory at once. */
const GROUP = 256;

/** Direct effect of each decoder row on the logits. Inputs: `sae`; files: `model`, whose final norm and unembedding are used. */
export const run: StageRun = async ({ settings, inputs, files, out, device, progress }) => {
  const { count } = Settings.parse(settings);
  const sae = await loadSae(inputs['sae']!);
  const model = await openModel(files['model']!, { device });
  const { vocab } = model.decoder.anatomy;
  const effects: TokenEffects[] = [];
  for (let from = 0; from < sae.n; from += GROUP) {
    const to = Math.min(sae.n, from + GROUP);
    const logits = await model.unembed(sae.wDec.subarray(from * sae.d, to * sae.d));
    for (let i = 0; i < to - from; i++)
      effects.push(tokenEffects(logits.subarray(i * vocab, (i + 1) * vocab), count, model.tokenText));
    progress(to, sae.n, 'features');
  }
  await model.close();
  await writeFile(join(out, 'tokens.json'), JSON.stringify(effects satisfies z.input<typeof TokensFile>));
};
