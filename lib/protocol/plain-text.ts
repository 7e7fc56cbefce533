/**
 * Rough text from the HTML of a mail, for programs that read only text. It makes one pass without a regular expression
 * over the whole: the usual expressions take minutes on crafted markup (SEC-31). It interprets nothing and only leaves
 * things out.
 */
export function plainText(html: string): string {
  let text = ''
  for (let at = 0; at < html.length; ) {
    const open = html.indexOf('<', at)
    if (open === -1) return tidy(text + html.slice(at))
    text += html.slice(at, open)
    const name = /^<(?:!--|\/?[a-z][a-z0-9]*)/i.exec(html.slice(open, open + 20))?.[0].toLowerCase() ?? ''
    if (name === '') {
      text += '<'
      at = open + 1
      continue
    }
    const hidden = endOf[name]
    const inside = hidden === undefined ? open : indexFrom(html, hidden, open)
    const close = inside === -1 ? -1 : html.indexOf('>', inside)
    if (close === -1) return tidy(text)
    if (blocks.has(name)) text += '\n'
    at = close + 1
  }
  return tidy(text)
}

const blocks: ReadonlySet<string> = new Set(
  ['br', 'p', '/p', 'div', '/div', 'tr', '/tr', 'li', 'hr', '/table', 'h1', '/h1', 'h2', '/h2', 'h3', '/h3'].map(
    (tag) => `<${tag}`,
  ),
)

/** What hides everything up to its end. */
const endOf: Readonly<Record<string, RegExp>> = {
  '<!--': /-->/g,
  '<script': /<\/script/gi,
  '<style': /<\/style/gi,
  '<head': /<\/head/gi,
}

/** The next place in any spelling at once: a search for one that is nowhere else would go to the end for each tag. */
function indexFrom(html: string, end: RegExp, from: number): number {
  end.lastIndex = from
  return end.exec(html)?.index ?? -1
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/** What a character reference stands for, such as `#228`, `#xe4` or `amp`. */
function character(reference: string): string | undefined {
  if (!reference.startsWith('#')) return entities[reference.toLowerCase()]
  const point = /^#x/i.test(reference) ? Number.parseInt(reference.slice(2), 16) : Number(reference.slice(1))
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined
}

function tidy(text: string): string {
  return text
    .replace(/&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,5});/gi, (whole, reference: string) => character(reference) ?? whole)
    .split('\n')
    .map((line) => line.replaceAll('\r', '').trim())
    .filter((line, at, lines) => line !== '' || lines[at - 1] !== '')
    .join('\n')
    .trim()
}
