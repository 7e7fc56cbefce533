/** The addresses in a header field such as To (RFC 5322 3.4), quoted local parts and groups included. */

export interface AddressList {
  /** As they are written, without name, comments and angle brackets; each once. */
  addresses: string[]
  /** An entry that names no address; what a server makes of it is unknown. */
  unreadable: boolean
}

/**
 * A quoted string, a comment, what stands in angle brackets, a separator, or a run of anything else. One that is not
 * closed runs as far as it can, so that no text costs more than its length.
 */
export const addressToken =
  /"(?:[^"\\]|\\[\s\S])*"?|\((?:[^()\\]|\\[\s\S]|\((?:[^()\\]|\\[\s\S])*\))*\)?|<(?:"(?:[^"\\]|\\[\s\S])*"|[^>"])*>?|[,:;]|[^"(<,:;]+/g

export const isClosed = (piece: string): boolean =>
  piece.length > 1 && { '"': '"', '(': ')', '<': '>' }[piece.charAt(0)] === piece.at(-1)

export function readAddressList(content: string): AddressList {
  const found = new Set<string>()
  let unreadable = false
  let text = ''
  let angle: string | undefined
  const entryEnds = (): void => {
    const address = angle === undefined ? text.trim() : withoutRoute(angle)
    const isEmpty = angle === undefined && text.trim() === ''
    if (isEmpty) return
    if (isAddress(address)) found.add(address)
    else unreadable = true
    text = ''
    angle = undefined
  }
  for (const [piece] of content.matchAll(addressToken)) {
    const sign = piece[0]
    if (sign === '(' && isClosed(piece)) continue
    if (sign === '<' && isClosed(piece)) {
      // Two in one entry: which of them counts is anybody's guess.
      if (angle !== undefined) unreadable = true
      angle = piece.slice(1, -1).trim()
    } else if (piece === ',' || piece === ';') entryEnds()
    else if (piece === ':') text = ''
    else text += piece
  }
  entryEnds()
  return { addresses: [...found], unreadable }
}

/** Obsolete source routes (RFC 5322 4.4) say nothing about who gets the mail. */
const withoutRoute = (angle: string): string => angle.replace(/^@[^":]*:/, '').trim()

const isAddress = (text: string): boolean => /^(?:"(?:[^"\\]|\\[\s\S])*"|[^\s"<>()@,:;]+)@[^\s"<>()@,:;]+$/.test(text)
