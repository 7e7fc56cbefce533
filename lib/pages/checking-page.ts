import { html } from './html.js'
import { layout } from './layout.js'
import { en } from './texts/en.js'

/** A sign of life while the mailbox is tested: browsers show this page until the next one arrives. */
export function checkingPage(next: string, t = en): string {
  const { checking } = t
  return layout(
    checking.title,
    html`<h1>${checking.title}</h1>
<p role="status">${checking.text}</p>
<p class="soft"><a href="${next}">${checking.goOn}</a></p>`,
    { lang: t.lang, refresh: next },
  )
}
