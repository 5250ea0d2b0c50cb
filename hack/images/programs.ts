/** What goes into an image besides the modules that its programs import. */
export interface ImageContents {
  /** Built files that Node is started with, as threads too. operator/desired and config/manager name them. */
  readonly entries: readonly string[]
  /** Files that are read, not imported; patterns, each of which must fit a file. */
  readonly assets: readonly string[]
}

export const images = {
  operator: { entries: ['dist/operator/main.js'], assets: [] },
  api: {
    entries: [
      'dist/api/main.js',
      'dist/api/worker.js',
      'dist/api/ingestion/parsers/parse-task.js',
      'dist/api/migrate.js',
      'dist/api/backup.js',
      'dist/api/restore.js',
      'dist/api/selfrag.js',
      'dist/api/providers/embedders/local/inference-worker.js',
    ],
    assets: [
      'node_modules/swagger-ui-dist/package.json',
      'node_modules/swagger-ui-dist/swagger-ui.css',
      'node_modules/swagger-ui-dist/swagger-ui-bundle.js',
      'node_modules/@vscode/tree-sitter-wasm/wasm/*.wasm',
    ],
  },
} as const satisfies Record<string, ImageContents>

export type ImageName = keyof typeof images
