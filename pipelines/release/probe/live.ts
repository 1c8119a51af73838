/**
 * The contract between the probe page and the files that the build puts beside it: the tuned model, its dictionaries and
 * two scripts. The page loads the scripts by the addresses of the index and knows nothing else of the model.
 */

/** A file of the site's own origin. */
export interface LiveFile {
  /** Absolute path, `/probe/...` or `/ort/...`. */
  readonly path: string;
  readonly bytes: number;
}

/** One layer's dictionary of the tuned model (stage F): float32 encoder, and the names of its features. */
export interface LiveLayer {
  readonly layer: number;
  readonly features: number;
  readonly dictionary: LiveFile;
  /** The same of every stage, `F` among them, for texts. */
  readonly stages: Readonly<Record<string, LiveFile>>;
  /** JSON: `LiveNames`. */
  readonly names: LiveFile;
}

/** What the page calls the features of a layer. */
export interface LiveNames {
  /** By feature index. */
  readonly labels: readonly string[];
  /** Indices of the features that the release holds for spatial. */
  readonly spatial: readonly number[];
}

/** `/probe/<release>/index.json` */
export interface LiveIndex {
  readonly release: string;
  /** Scripts: `scene` exports `kit: SceneKit`, `engine` is a module worker that answers `LiveCall`s. */
  readonly scripts: { readonly scene: LiveFile; readonly engine: LiveFile };
  /** ONNX Runtime: the loader and its program, by device. */
  readonly runtime: Readonly<Record<LiveDevice, { readonly mjs: LiveFile; readonly wasm: LiveFile }>>;
  readonly model: Readonly<Record<'vision' | 'embed' | 'decoder' | 'tokenizer' | 'tokenizerConfig', LiveFile>>;
  /** Text around a question, image tokens included; whether the tokenizer adds its own special tokens to it. */
  readonly prompt: { readonly before: string; readonly after: string; readonly addSpecial: boolean };
  readonly picture: {
    readonly side: number;
    readonly rows: number;
    readonly columns: number;
    readonly rescale: number;
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
  readonly imageToken: number;
  readonly bos: number | null;
  /** Tokens that end an answer. */
  readonly ends: readonly number[];
  readonly heads: number;
  readonly dHead: number;
  /** Mean z of every head, float32 `[layers, heads, dHead]`, over `meansOver` questions. */
  readonly means: LiveFile;
  readonly meansOver: number;
  /** RGBA drawings one after the other, by `name-side`. */
  readonly sprites: LiveFile & { readonly drawings: readonly { readonly key: string; readonly side: number }[] };
  readonly layers: readonly LiveLayer[];
}

export type LiveDevice = 'wasm' | 'webgpu';

export interface LiveThing {
  readonly name: string;
  readonly size: 'small' | 'big';
  /** Side of the drawing in pixels; `x`, `y` its centre in pixels from the top left. */
  readonly px: number;
  readonly x: number;
  readonly y: number;
}

export interface LiveScene {
  readonly objects: readonly LiveThing[];
  readonly background: string;
}

/** RGB, row-major, 3 bytes a pixel. */
export interface LivePicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A question with what is true of it: `answer` and `opposite` are null where the scene does not settle it. */
export interface LiveQuestion {
  readonly prompt: string;
  readonly answer: string | null;
  readonly opposite: string | null;
}

/** The world of the scenes, pure and small; there before the model is. */
export interface SceneKit {
  readonly side: number;
  readonly things: readonly string[];
  readonly sides: Readonly<Record<LiveThing['size'], number>>;
  readonly grounds: Readonly<Record<string, readonly number[]>>;
  /** Ways to ask of two things, as the model was asked in training. */
  readonly phrases: readonly string[];
  /** Draws a scene as the pipeline does; the same bytes. `sprites`: the bytes of the index's file. */
  draw(scene: LiveScene, sprites: Uint8Array, index: LiveIndex): LivePicture;
  question(scene: LiveScene, subject: string, phrase: string, object: string): LiveQuestion;
  /** A free question; its answer is known only where it is one of the kit's own. */
  free(prompt: string): LiveQuestion;
  /** The thing held within the picture, on whole pixels. */
  held(thing: LiveThing): LiveThing;
}

export interface LiveHead {
  readonly layer: number;
  readonly head: number;
}

export interface LiveRequest {
  readonly picture: LivePicture;
  readonly question: LiveQuestion;
  readonly layer: number;
  /** Heads switched off at every position. */
  readonly off: readonly LiveHead[];
  readonly how: 'zero' | 'mean';
}

/** A feature that fires, with its activation by token position. */
export interface LiveFeature {
  readonly index: number;
  readonly max: number;
  readonly values: Float32Array;
}

export interface LiveResult {
  /** The model's own answer, token by token of the largest logit. */
  readonly answer: string;
  /** Log-odds of `right` against `wrong` by the logits behind the prompt. */
  readonly logOdds: number;
  /** The two answers compared: the right one and its opposite, or, where no truth is known, the model's two likeliest tokens. */
  readonly right: string;
  readonly wrong: string;
  readonly truth: boolean;
  /** Text of each token, and positions of the picture's. */
  readonly tokens: readonly string[];
  readonly image: { readonly from: number; readonly to: number };
  /** Features of the layer that fire at any token but the first, the strongest first. */
  readonly features: readonly LiveFeature[];
}

export interface LiveProbe {
  readonly device: LiveDevice;
  /** Why not WebGPU, where it is not. */
  readonly note: string;
  ask(request: LiveRequest): Promise<LiveResult>;
  close(): Promise<void>;
}

/** Device that this browser offers, with the reason. Downloads nothing. */
export type ChooseDevice = () => Promise<{ device: LiveDevice; note: string }>;

/** Downloads what is missing and opens the model. `progress` counts bytes. */
export type OpenLive = (
  index: LiveIndex,
  device: { device: LiveDevice; note: string },
  progress: (bytes: number) => void,
) => Promise<LiveProbe>;

/** What the page says to the worker; every call has one reply with its `id`. */
export type LiveCall =
  | { readonly id: number; readonly kind: 'choose' }
  | {
      readonly id: number;
      readonly kind: 'open';
      readonly index: LiveIndex;
      readonly device: { readonly device: LiveDevice; readonly note: string };
    }
  | { readonly id: number; readonly kind: 'ask'; readonly request: LiveRequest };

/** What the worker says; `progress` comes between, with the bytes of one piece. */
export type LiveReply =
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly message: string }
  | { readonly kind: 'progress'; readonly bytes: number };
