import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { PACKAGE_ROOT } from '../../../config/paths.ts';

const HERE = dirname(dirname(fileURLToPath(import.meta.url)));

/** Entries of the browser: the world of the scenes, and the model with the engine. */
const ENTRIES = { scene: join(HERE, 'scene.ts'), engine: join(HERE, 'worker.ts') };

/** Bundles the two scripts into `out`; gives their file names, which hold the hash of their content. */
export async function bundleScripts(out: string): Promise<Record<keyof typeof ENTRIES, string>> {
  const result = await build({
    configFile: false,
    root: PACKAGE_ROOT,
    logLevel: 'error',
    publicDir: false,
    // the runtime's program is a file beside the page, not a part of the script
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'browser', 'import', 'module', 'default'] },
    build: {
      outDir: out,
      emptyOutDir: false,
      target: 'es2023',
      modulePreload: false,
      rolldownOptions: {
        input: ENTRIES,
        preserveEntrySignatures: 'strict',
        output: { entryFileNames: '[name]-[hash].js', chunkFileNames: 'part-[hash].js' },
      },
    },
  });
  const { output } = result as { output: { type: string; isEntry?: boolean; name?: string; fileName: string }[] };
  const entries = output.filter(({ type, isEntry }) => type === 'chunk' && isEntry);
  return Object.fromEntries(entries.map(({ name, fileName }) => [name, fileName])) as Record<
    keyof typeof ENTRIES,
    string
  >;
}
