interface Hooks {
  onPart?: (bytes: number) => void
  more?: { behind: number; ask: () => Promise<void> } | undefined
}

/**
 * The bytes of an answer, or `undefined` if there are more than `mostBytes`; the rest is then not read. `onPart` is
 * told how many bytes arrived. `more` is asked once, before anything beyond that many bytes is read.
 */
export async function boundedBody(
  { body }: Pick<Response, 'body'>,
  mostBytes: number,
  { onPart, more }: Hooks = {},
): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.byteLength
    onPart?.(part.byteLength)
    if (size > mostBytes) return undefined
    parts.push(part)
    if (more && size > more.behind && size - part.byteLength <= more.behind) await more.ask()
  }
  return Buffer.concat(parts)
}
