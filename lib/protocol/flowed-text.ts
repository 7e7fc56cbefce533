/** Quote depth of a line, and its text without quote marks and without the stuffed space. */
interface Line {
  depth: number
  text: string
}

/**
 * Text with `format=flowed` as people read it (RFC 3676 4): lines that end in a space go on in the next one, quotes
 * keep one mark per depth at the begin of each paragraph, and neither another depth nor the signature line is ever
 * joined.
 */
export function flowedText(text: string, deleteSpace: boolean): string {
  const out: string[] = []
  let open: { depth: number; texts: string[] } | undefined
  const close = (): void => {
    if (open) out.push(written(open.depth, open.texts.join('')))
    open = undefined
  }
  for (const one of text.split(/\r?\n/)) {
    const line = lineOf(one)
    // 4.3: the signature line ends in a space and is no flowed one; 4.5: another depth ends the paragraph.
    const isSignature = line.text === '-- '
    if (open && (isSignature || open.depth !== line.depth)) close()
    open ??= { depth: line.depth, texts: [] }
    const isFlowed = !isSignature && line.text.endsWith(' ')
    open.texts.push(isFlowed && deleteSpace ? line.text.slice(0, -1) : line.text)
    if (!isFlowed) close()
  }
  close()
  return out.join('\n')
}

function lineOf(line: string): Line {
  let depth = 0
  while (line.charCodeAt(depth) === 0x3e) depth++
  const stuffed = line.charCodeAt(depth) === 0x20 ? 1 : 0
  return { depth, text: line.slice(depth + stuffed) }
}

const written = (depth: number, text: string): string =>
  depth === 0 ? text : `${'>'.repeat(depth)}${text === '' ? '' : ' '}${text}`
