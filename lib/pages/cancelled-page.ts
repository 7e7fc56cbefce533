import { html } from './html.js'
import { layout } from './layout.js'
import { returnButton } from './return-button.js'
import { en } from './texts/en.js'

/** `address` is empty when an administrator was asked for a whole organisation. */
export function cancelledPage(
  page: { tenantName: string; address: string; returnTo?: string | undefined },
  t = en,
): string {
  const { cancelled } = t
  return layout(
    cancelled.title,
    html`<h1>${cancelled.title}</h1>
<p>${cancelled.text(cancelled.what(page.address), page.tenantName, page.address)}</p>
<p class="soft">${cancelled.changed} ${page.returnTo ? '' : cancelled.close}</p>
${returnButton(page.returnTo, t.result.back, true)}`,
    { lang: t.lang },
  )
}
