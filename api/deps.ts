import type { AskText } from '#release/probe/text.ts';
import type { ReleaseReader } from '#release/reader.ts';
import type { Registry } from '#release/registry.ts';
import type { Feature, FeatureExamples, HeadRecord, HeadsFile, Manifest, Summary } from '#release/schema/index.ts';

/** What a page knows beside its record. */
export interface PageContext {
  readonly release: string;
  /** Id of the newest release of this name when it is another one. */
  readonly newer: string | null;
  /** sha256 of the record. */
  readonly hash: string | null;
  /** Origin for citations, '' where it is not known. */
  readonly origin: string;
  readonly summary: Summary | null;
  /** Address that problems are reported to, '' where there is none. */
  readonly problems: string;
  /** What the page says of other features, as `near` of the pages gives it. */
  readonly labels?: ReadonlyMap<string, string>;
  readonly matched?: ReadonlyMap<string, Feature>;
}

/** HTML for the two marks of a page's shell. */
export interface RenderedPage {
  readonly head: string;
  readonly main: string;
}

/** Pages that are made on request; the edge gives the site's own functions. */
export interface Pages {
  /** Shell with the marks `<!--parallax:head-->` and `<!--parallax:main-->`; null where the site has none. */
  shell(kind: 'feature' | 'head', releaseId: string): Promise<string | null>;
  renderFeature(
    feature: Feature,
    examples: FeatureExamples | null,
    manifest: Manifest,
    context: PageContext,
  ): RenderedPage;
  /** Reads what a feature's page says of other features. */
  near(reader: ReleaseReader, feature: Feature): Promise<Pick<PageContext, 'labels' | 'matched'>>;
  renderHead(head: HeadRecord, file: HeadsFile, manifest: Manifest, context: PageContext): RenderedPage;
}

/** Everything that the app does not do by itself. */
export interface AppDeps {
  readonly releases: Registry;
  readonly pages?: Pages;
  /** Static files of the site; null = there is none for this request. */
  readonly assets?: (request: Request) => Promise<Response | null>;
  /** False when a probe must be refused for now. */
  readonly rateLimit?: (request: Request) => Promise<boolean>;
  /** The probe's kernel, compiled; without it the probe runs in plain TypeScript. */
  readonly probeModule?: () => Promise<WebAssembly.Module | null>;
  /** Runs the tuned model of a release on a text; where it is absent, nothing here does. */
  readonly askText?: AskText;
  /** Compress answers here, where nothing in front does it. */
  readonly gzip?: boolean;
  /** Told of errors that are the program's own. */
  readonly report?: (error: Error) => void;
  /** Origin that citations name, such as `https://example.org`. Never taken from the request. */
  readonly origin?: string;
  /** Address that readers report problems to: `mailto:...` or `https://...`. */
  readonly problems?: string;
}

export interface AppEnv {
  Variables: { deps: AppDeps };
}
