import type { LivePicture } from './live.ts';

/** The contract between the API and what runs a release's tuned model on a text: a Worker of its own, or this process. */
export interface TextRequest {
  readonly release: string;
  /** Read as it stands; with a picture, as a question about it in the prompt of the model. */
  readonly text: string;
  readonly picture: LivePicture | null;
  readonly layer: number;
  /** Whose dictionary reads the tuned model's activations. */
  readonly stage: string;
  /** Features of each token at most. */
  readonly top: number;
}

export interface TextToken {
  readonly text: string;
  /** `dropped`: the mark that begins every text, which no statistic counts. */
  readonly class: 'image' | 'text' | 'dropped';
  /** Features that fire at this token, the strongest first. */
  readonly features: readonly { readonly index: number; readonly value: number }[];
}

/** Why there is no answer. */
export type TextRefusal = 'none' | 'layer' | 'stage' | 'text' | 'image' | 'busy';

export type TextReply =
  | { readonly tokens: readonly TextToken[] }
  | { readonly refused: TextRefusal; readonly detail: string; readonly allowed?: readonly string[] };

export type AskText = (request: TextRequest) => Promise<TextReply>;

/** A refusal, thrown inside and answered at the edge. */
export class TextRefused extends Error {
  override readonly name = 'TextRefused';
  readonly why: TextRefusal;
  readonly allowed: readonly string[] | undefined;
  constructor(why: TextRefusal, detail: string, allowed?: readonly string[]) {
    super(detail);
    this.why = why;
    this.allowed = allowed;
  }
}

/** Pixels as JSON carries them between two Workers. */
type Wire = Omit<TextRequest, 'picture'> & {
  readonly picture: { readonly width: number; readonly height: number; readonly data: string } | null;
};

const PART = 0x8000;

/** Bytes -> base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PART) text += String.fromCharCode(...bytes.subarray(at, at + PART));
  return btoa(text);
}

/** base64 -> bytes; null for any other text. Total. */
export function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
}

export const packRequest = ({ picture, ...rest }: TextRequest): string =>
  JSON.stringify({ ...rest, picture: picture && { ...picture, data: toBase64(picture.data) } } satisfies Wire);

/** The request of `packRequest`; it comes from our own Worker and is not checked again. */
export function unpackRequest(text: string): TextRequest {
  const { picture, ...rest } = JSON.parse(text) as Wire;
  return { ...rest, picture: picture && { ...picture, data: fromBase64(picture.data) ?? new Uint8Array() } };
}
