import { html, type Markup } from './html.js'
import { htmlDocument } from './html-document.js'
import { style } from './style.js'

/** A page of the connect journey. `refresh`: where the browser goes next. */
export function layout(
  title: string,
  content: Markup,
  { footer, lang = 'en', refresh }: { footer?: Markup | undefined; lang?: string; refresh?: string | undefined } = {},
): string {
  return htmlDocument(
    { title, style, lang, refresh },
    html`<main>
<p class="brand">Mailbox Gateway</p>
${content}
${footer ? html`<footer>${footer}</footer>` : ''}
</main>`,
  )
}
