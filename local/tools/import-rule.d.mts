export function layerOf(path: string): string | undefined
export function findViolations(files: { path: string; text: string }[]): string[]
