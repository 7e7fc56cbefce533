/** Looks for secrets in every form in which they leak: raw, base64 at three offsets, base64url, hex, URL-encoded, JSON-escaped. */

export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    // The first and last characters also depend on the neighbours.
    return text.slice(offset === 0 ? 0 : offset + 1, -1)
  })
  const url = base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
  return [
    ...new Set([
      secret,
      ...base64,
      ...url,
      bytes.toString('hex'),
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
    ]),
  ]
}

export function scan(texts: { place: string; text: string }[], secrets: string[]): string[] {
  const needles = secrets.filter((secret) => secret.length >= 8).flatMap(formsOf)
  return texts.flatMap(({ place, text }) => {
    const folded = text.replaceAll(/[\r\n]+/g, '')
    return needles.some((needle) => folded.includes(needle)) ? [place] : []
  })
}
