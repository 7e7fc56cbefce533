import { html, type Markup } from './html.js'
import type { Texts } from './texts/texts.js'

/** What the person is asked to allow, in plain words. */
export function permissions(target: { receive: boolean; send: boolean }, { able }: Texts): Markup {
  return html`<ul>
${target.receive ? html`<li>${able.read}</li>` : ''}
${target.send ? html`<li>${able.send}</li>` : ''}
<li>${able.keep}</li>
</ul>`
}
