import { html, type Markup } from './html.js'
import { htmlDocument } from './html-document.js'
import { style } from './style.js'

/** A page of the connect journey. `refresh`: where the browser goes next. */
export function layout(
  title: string,
  content: Markup,
  footer?: Markup,
  { lang = 'en', refresh }: { lang?: string; refresh?: string } = {},
): string {
  return htmlDocument(
    title,
    style,
    html`<main>
<p class="brand">Mailbox Gateway</p>
${content}
${footer ? html`<footer>${footer}</footer>` : ''}
</main>`,
    { lang, ...(refresh === undefined ? {} : { refresh }) },
  )
}
