/**
 * Markup that cannot be injected into: every value of the `html` tag is escaped, unless it is markup itself. Characters
 * that deceive the reader (control, bidirectional override, invisible) are made visible, because peers and senders of
 * mail choose most of what the console shows (SEC-20).
 */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type Value = Markup | string | number | false | undefined | readonly Value[]

export function html(parts: TemplateStringsArray, ...values: Value[]): Markup {
  let text = parts[0] ?? ''
  for (const [index, value] of values.entries()) text += render(value) + (parts[index + 1] ?? '')
  return new Markup(text)
}

function render(value: Value): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(render).join('')
  return escapeText(String(value))
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const deceiving =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

export function escapeText(text: string): string {
  return text
    .replace(deceiving, (character) => `[U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}]`)
    .replace(/[&<>"']/g, (character) => entities[character]!)
}
