import type { BuildOptions } from 'esbuild'

export declare function appBuild(): Promise<BuildOptions & { metafile: true }>
export declare function buildApp(): Promise<void>
