/**
 * Markup that cannot be injected into: every value of the `html` tag is escaped, in text and in quoted attributes,
 * unless it is markup itself. Characters that deceive the reader (control, bidirectional override, invisible) are made
 * visible, because tenants, peers and senders of mail choose much of what pages show (SEC-20).
 */
export class Markup {
  constructor(readonly text: string) {}
}

type Value = Markup | string | number | undefined | false | readonly Value[]

export function html(parts: TemplateStringsArray, ...values: Value[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + render(values[index - 1]) + part))
}

/** A mail address on a line of its own when it does not fit; broken behind the @ only when it is longer than a line. */
export function breakable(address: string): Markup {
  const at = address.lastIndexOf('@') + 1
  return html`<span class="address">${address.slice(0, at)}<wbr>${address.slice(at)}</span>`
}

function render(value: Value): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(render).join('')
  return escaped(String(value))
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}
/**
 * What nobody sees, whatever else it does; not the two selectors that only choose how the sign before them looks, as in
 * ❤️.
 */
const deceiving =
  /(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb]/gu

const escaped = (text: string): string =>
  text
    .replace(deceiving, (character) => `[U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`)
    .replace(/[&<>"'`]/g, (character) => entities[character]!)
