/** The bytes of an answer, or `undefined` when there are more than `mostBytes`: then the rest is not read. */
export async function boundedBody({ body }: Pick<Response, 'body'>, mostBytes: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.byteLength
    if (size > mostBytes) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}
