/** A layer's arrays, `[n]` each: names of the golden kind `diff`, and `samples.vision`, `samples.text`, `tokens.scaling` `[1]`. */
export const DIFF_FILE = 'diff.safetensors';

/** Masks `[layers, n]` of the joining stage: `dead, adapted, adapted.strict, suspect, rotated.shared` (the last two where run). */
export const FLAGS_FILE = 'flags.safetensors';

/** `DiffSummary` of the joining stage. */
export const SUMMARY_FILE = 'diff.json';
