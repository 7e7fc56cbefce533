/** The `Prefer` header: several values, comma separated, quoted or not. */
export function preference(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(',')) {
    const [key = '', value = ''] = part.split('=', 2).map((s) => s.trim())
    if (key.toLowerCase() === name.toLowerCase()) return value.replace(/^"|"$/g, '')
  }
  return undefined
}
