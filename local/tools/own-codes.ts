/**
 * The codes of the gateway's own errors, read from its source: each `new GatewayError(…)` and `conflict(…)` with its
 * text. Values that are filled in at run time appear as `…`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface OwnCode {
  code: string
  /** Below `lib/`. */
  file: string
  /** Empty when it is computed; so are the two texts. */
  class: string
  description: string
  remedy: string
}

const given = /\b(?:new GatewayError|conflict)\(\s*'([a-z0-9_]+)'/g
const literal = '(?:\'((?:[^\'\\\\]|\\\\.)*)\'|"((?:[^"\\\\]|\\\\.)*)"|`((?:[^`\\\\]|\\\\.)*)`)'
const texts = new RegExp(literal, 'g')
const named = (name: string) => new RegExp(`\\b${name}:[^,'"\`]*${literal}`)

export function ownCodes(root: string): OwnCode[] {
  const lib = join(root, 'lib')
  const files = (readdirSync(lib, { recursive: true }) as string[]).filter((file) => file.endsWith('.ts')).sort()
  return files.flatMap((file) => {
    const source = readFileSync(join(lib, file), 'utf8')
    return [...source.matchAll(given)].map((found) => {
      const call = callAt(source, found.index)
      const [, code = ''] = found
      if (found[0].startsWith('conflict')) {
        const [description, remedy] = [...call.slice(found[0].length).matchAll(texts)].map(plain)
        return { code, file, class: 'permanent', description: description ?? '', remedy: remedy ?? '' }
      }
      return {
        ...{ code, file, class: /^[^,]*,[^'"]*'([a-z-]+)'/.exec(call)?.[1] ?? '' },
        description: plain(named('description').exec(call)),
        remedy: plain(named('remedy').exec(call)),
      }
    })
  })
}

/** The call that begins here, without its closing parenthesis. */
function callAt(source: string, from: number): string {
  let depth = 0
  let quote = ''
  for (let at = source.indexOf('(', from); at < source.length; at++) {
    const sign = source.charAt(at)
    if (quote !== '') {
      if (sign === '\\') at++
      else if (sign === quote) quote = ''
    } else if (`'"\``.includes(sign)) quote = sign
    else if (sign === '(') depth++
    else if (sign === ')' && --depth === 0) return source.slice(from, at)
  }
  return source.slice(from)
}

function plain(found: RegExpMatchArray | null): string {
  const text = found?.slice(1).find((one) => one !== undefined) ?? ''
  return (
    text
      .replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…')
      // A text within a text: the outer one ends here.
      .replace(/\s*\$\{.*$/s, ' …')
      .replace(/\\(.)/g, '$1')
      .replace(/\s+/g, ' ')
  )
}
