/** A layer's arrays, `[n]` each: names of the golden kind `diff`, and `samples.vision`, `samples.text`, `tokens.scaling` `[1]`. */
export const DIFF_FILE = 'diff.safetensors';

/** Arrays `[layers, n]` of the joining stage: masks `dead, rotated, adapted, adapted.strict`, where run `suspect, rotated.shared`, `rotation.q`. */
export const FLAGS_FILE = 'flags.safetensors';

/** `DiffSummary` of the joining stage. */
export const SUMMARY_FILE = 'diff.json';
