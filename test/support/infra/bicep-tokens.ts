/**
 * Splits Bicep text into tokens. Together with bicep-tree.ts it reads the part of the language that `infra/` uses, enough
 * to find broken syntax and to look at what is declared; it is not the Bicep compiler and knows nothing of types.
 */
export type Token =
  | { kind: 'newline' | 'end'; line: number }
  | { kind: 'word' | 'number' | 'mark'; text: string; line: number }
  | { kind: 'string'; parts: (string | Token[])[]; line: number }

export class BicepError extends Error {
  constructor(file: string, line: number, message: string) {
    super(`${file}:${line}: ${message}`)
  }
}

const marks = ['...', '=>', '==', '!=', '<=', '>=', '=~', '!~', '&&', '||', '??', '::', '.?', '[?']
const single = '{}[]()<>=!+-*/%?:,.@|'

export function bicepTokens(file: string, text: string): Token[] {
  const reader = { file, text, at: 0, line: 1 }
  return [...tokens(reader, () => false), { kind: 'end', line: reader.line }]
}

interface Reader {
  file: string
  text: string
  at: number
  line: number
}

/** Reads tokens until `stop` says so before one is read at depth 0 of braces, or the text ends. */
function tokens(reader: Reader, stop: (mark: string) => boolean): Token[] {
  const found: Token[] = []
  let depth = 0
  for (;;) {
    skipSpace(reader)
    const { text, at, line } = reader
    const char = text[at]
    if (char === undefined) return found
    if (depth === 0 && stop(char)) return found
    if (char === '\n') {
      if (found.at(-1)?.kind !== 'newline') found.push({ kind: 'newline', line })
      reader.at += 1
      reader.line += 1
    } else if (char === "'") found.push(stringToken(reader))
    else if (/[A-Za-z_]/.test(char)) found.push({ kind: 'word', text: take(reader, /[A-Za-z0-9_]*/y), line })
    else if (/[0-9]/.test(char)) found.push({ kind: 'number', text: take(reader, /[0-9]+/y), line })
    else {
      const mark = marks.find((one) => text.startsWith(one, at)) ?? char
      if (mark.length === 1 && !single.includes(mark))
        throw new BicepError(reader.file, line, `the character ${JSON.stringify(mark)} has no meaning here`)
      depth += mark === '{' ? 1 : mark === '}' ? -1 : 0
      found.push({ kind: 'mark', text: mark, line })
      reader.at += mark.length
    }
  }
}

function take(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at
  const text = pattern.exec(reader.text)?.[0] ?? ''
  reader.at += text.length
  return text
}

function skipSpace(reader: Reader): void {
  for (;;) {
    take(reader, /[ \t\r]*/y)
    if (reader.text.startsWith('//', reader.at) || reader.text.startsWith('#disable', reader.at))
      take(reader, /[^\n]*/y)
    else if (reader.text.startsWith('/*', reader.at)) {
      const end = reader.text.indexOf('*/', reader.at)
      if (end < 0) throw new BicepError(reader.file, reader.line, 'a comment is not closed')
      reader.line += reader.text.slice(reader.at, end).split('\n').length - 1
      reader.at = end + 2
    } else return
  }
}

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", $: '$' }

function stringToken(reader: Reader): Token {
  const line = reader.line
  const parts: (string | Token[])[] = []
  let plain = ''
  reader.at += 1
  for (;;) {
    const char = reader.text[reader.at]
    if (char === undefined || char === '\n') throw new BicepError(reader.file, line, 'a text is not closed')
    reader.at += 1
    if (char === "'") break
    if (char === '\\') {
      const escaped = escapes[reader.text[reader.at] ?? '']
      if (escaped === undefined) throw new BicepError(reader.file, line, 'an unknown escape in a text')
      plain += escaped
      reader.at += 1
    } else if (char === '$' && reader.text[reader.at] === '{') {
      parts.push(plain)
      plain = ''
      reader.at += 1
      parts.push([...tokens(reader, (mark) => mark === '}'), { kind: 'end', line }])
      if (reader.text[reader.at] !== '}')
        throw new BicepError(reader.file, line, 'an insertion into a text is not closed')
      reader.at += 1
    } else plain += char
  }
  parts.push(plain)
  return { kind: 'string', parts, line }
}
