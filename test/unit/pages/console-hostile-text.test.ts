import { describe, expect, test } from 'vitest'
import { html, Markup } from '../../../lib/pages/html.js'
import { samplePages } from '../../support/console/console-samples.js'

const seeds = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</title><script src=//evil.example/x.js></script>',
  '</style><script>alert(1)</script>',
  '<svg/onload=alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '<iframe src="https://evil.example"></iframe>',
  '<form action="https://evil.example"><button>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '</td></tr><tr><td>a second row',
  '<base href="https://evil.example/">',
  'https://evil.example/click',
  '=HYPERLINK("https://evil.example")',
  '\u202egnp.exe\u202c',
  '\u001b[31mred\u001b[0m',
  'two\r\nlines',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '{{constructor.constructor("alert(1)")()}}',
  'constructor',
]
const wrappings: ((text: string) => string)[] = [
  (text) => text,
  (text) => `"${text}`,
  (text) => `'>${text}`,
  (text) => `${text}\u0000`,
  (text) => `--><!--${text}`,
]
const payloads = seeds.flatMap((seed) => wrappings.map((wrap) => wrap(seed)))

interface Tag {
  name: string
  attributes: [string, string][]
}

/** The tags of a page as a browser's tokenizer sees them; the style element's text is skipped as raw text. */
function tagsOf(page: string): Tag[] {
  const tags: Tag[] = []
  const pattern = /<([a-z][^\s/>]*)((?:\s+|\/|[^\s"'>/=]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)>/gi
  const body = page.replace(/<style>[^<]*<\/style>/i, '<style></style>')
  for (const [, name = '', rest = ''] of body.matchAll(pattern))
    tags.push({
      name: name.toLowerCase(),
      attributes: [...rest.matchAll(/([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)].map((found) => [
        (found[1] ?? '').toLowerCase(),
        found[2] ?? found[3] ?? found[4] ?? '',
      ]),
    })
  return tags
}

function dangersOf(page: string): string[] {
  return tagsOf(page).flatMap(({ name, attributes }) => [
    ...(['script', 'iframe', 'object', 'embed', 'svg', 'img', 'base', 'link'].includes(name) ? [name] : []),
    ...attributes.flatMap(([attribute, value]) => {
      if (attribute.startsWith('on') || attribute === 'style' || attribute === 'http-equiv') return [attribute]
      const isUrl = ['href', 'src', 'action', 'formaction', 'srcset'].includes(attribute)
      return isUrl && !/^(\/console|#main|mailto:[^/@]*\?subject=)/.test(value) ? [`${attribute}=${value}`] : []
    }),
  ])
}

describe('SEC-20: text from mail, peers and people stays text', () => {
  test('there are 100 different payloads', () => {
    expect(new Set(payloads).size).toBe(100)
  })

  test.each(Object.keys(samplePages()))(
    'SEC-20: page %s has no script, handler or foreign URL, and no new row',
    (name) => {
      const rows = (page: string): number =>
        tagsOf(page).filter((tag) => ['tr', 'article', 'li', 'form'].includes(tag.name)).length
      const expected = rows(samplePages()[name]!)
      for (const payload of payloads) {
        const page = samplePages(payload)[name]!
        expect(dangersOf(page), payload).toEqual([])
        expect(rows(page), payload).toBe(expected)
        expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/)
      }
    },
  )

  test('SEC-20: control: the same text as markup is found by this check', () => {
    const found = seeds.filter(
      (seed) => dangersOf(html`<p title="${new Markup(seed)}">${new Markup(seed)}</p>`.text).length > 0,
    )
    expect(found.length).toBeGreaterThanOrEqual(9)
  })

  test('SEC-20: hidden and reversing characters are shown as what they are', () => {
    expect(html`${'a\u202eb\u001bc\u200bd'}`.text).toBe('a[U+202E]b[U+001B]c[U+200B]d')
    expect(html`${'Acme\u3164 \u{e0041}\u115f\u034f\ufe00'}`.text).toBe(
      'Acme[U+3164] [U+E0041][U+115F][U+034F][U+FE00]',
    )
    expect(html`${'I \u2764\ufe0f \u0645\u0631\u062d\u0628\u0627 M\u00fcller\tGmbH \u{1f600}'}`.text).toBe(
      'I \u2764\ufe0f \u0645\u0631\u062d\u0628\u0627 M\u00fcller\tGmbH \u{1f600}',
    )
  })
})
