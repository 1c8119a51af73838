export interface Image {
  readonly width: number;
  readonly height: number;
  /** RGB, row-major, 3 bytes a pixel. */
  readonly data: Uint8Array;
}

export interface SceneObject {
  readonly name: string;
  readonly size: 'small' | 'big';
  /** Side of the drawing in pixels; `x`, `y` its centre in pixels from the top left. */
  readonly px: number;
  readonly x: number;
  readonly y: number;
}

/** What is true of a generated scene. */
export interface Scene {
  readonly objects: readonly SceneObject[];
  readonly background: string;
}

export type Relation = 'left of' | 'right of' | 'above' | 'below' | 'near' | 'far from';

/** What is true of one question about a scene. */
export interface Truth {
  /** Where the scene was generated. */
  readonly scene?: Scene;
  readonly family: 'spatial' | 'nonspatial' | 'generic' | 'grounded' | 'text';
  readonly kind: string;
  /** The relation named by the question, whether it holds, and between which things. */
  readonly relation?: Relation | string;
  readonly holds?: boolean;
  readonly subject?: string;
  readonly object?: string;
  /** The one other possible answer of a forced choice, where there is one. */
  readonly opposite?: string;
}

/** One sample of any data set. `prompt` is what the user says (no template), or the text itself where `plain`. */
export interface Sample {
  readonly id: string;
  readonly image?: Image;
  readonly prompt: string;
  readonly answer?: string;
  /** The prompt is running text: no chat template. */
  readonly plain?: boolean;
  readonly truth?: Truth;
}
