/** UTF-8 JSON of a value: the form in which records are hashed. Keys keep the order of the schema that parsed the value. */
export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
