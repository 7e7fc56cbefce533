export const layers: Record<string, { holds: string; imports: string[] }>
export function layerTable(): string
