/** A family of questions as pages name it: the matched ones are no control there, where that word means something else. */
export const familyName = (family: string): string => (family === 'control' ? 'other' : family);

/** `spatial questions`, `other questions`. */
export const questionsOf = (family: string): string => `${familyName(family)} questions`;
