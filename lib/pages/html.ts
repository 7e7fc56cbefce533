/** Markup that is already safe; made by `html` alone. */
export class Markup {
  constructor(readonly text: string) {}
}

/** A mail address on a line of its own when it does not fit; broken behind the @ only when it is longer than a line. */
export function breakable(address: string): Markup {
  const at = address.lastIndexOf('@') + 1
  return html`<span class="address">${address.slice(0, at)}<wbr>${address.slice(at)}</span>`
}

type Piece = Markup | string | number | undefined | false | readonly Piece[]

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

export const escapeHtml = (text: string): string => text.replace(/[&<>"'`]/g, (character) => entities[character]!)

/** Template tag: every value is escaped, in text and in quoted attributes, unless it came out of this tag itself. */
export function html(strings: TemplateStringsArray, ...values: Piece[]): Markup {
  return new Markup(strings.reduce((text, part, index) => text + render(values[index - 1]) + part))
}

function render(piece: Piece): string {
  if (piece instanceof Markup) return piece.text
  if (Array.isArray(piece)) return piece.map(render).join('')
  if (piece === undefined || piece === false) return ''
  return escapeHtml(String(piece))
}
