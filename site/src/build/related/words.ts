/** What a probe reads. */
export const TOKENS = { image: 'picture tokens', text: 'words after it', last: 'last token' } as const;

/** What it tells. */
export const TARGETS = { x: 'place across', y: 'place up', identity: 'which thing', holds: 'relation holds' } as const;
