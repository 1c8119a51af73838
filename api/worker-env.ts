/** Bindings of the Worker, as far as it uses them. */
export interface Env {
  /** Static files: the site, and releases under `/data/<id>/`. */
  readonly ASSETS: { fetch(request: Request): Promise<Response> };
  /** A bucket of releases, `<id>/<path>`, for those too large for static files. */
  readonly RELEASES?: Bucket;
  /** Limit on probes, by address. */
  readonly PROBE_LIMIT?: { limit(options: { key: string }): Promise<{ success: boolean }> };
  /** The Worker that runs a demo-size model on texts: `pipelines/publish/probe/text/`. */
  readonly TEXT_PROBE?: { fetch(request: Request): Promise<Response> };
  /** Origin that citations name. */
  readonly ORIGIN?: string;
  /** Address that readers report problems to. */
  readonly PROBLEMS?: string;
}

/** The part of an R2 bucket that is used. */
export interface Bucket {
  get(
    key: string,
    options?: { range: { offset: number; length: number } },
  ): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
  list(options: {
    delimiter: string;
    cursor?: string;
  }): Promise<{ delimitedPrefixes: string[]; truncated: boolean; cursor?: string }>;
}
