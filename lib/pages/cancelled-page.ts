import { html } from './html.js'
import { layout } from './layout.js'

/** `address` is empty when an administrator was asked for a whole organisation. */
export function cancelledPage(page: { tenantName: string; address: string; returnTo?: string }): string {
  const what =
    page.address === '' ? html`Nothing was allowed` : html`<strong>${page.address}</strong> was not connected`
  const where = page.address === '' ? 'your organisation' : 'it'
  return layout(
    'Cancelled',
    html`<h1>Cancelled</h1>
<p>${what} and <strong>${page.tenantName}</strong> has no new access to ${where}. The link does not work any more.</p>
<p class="soft">Changed your mind? Ask for a new link. ${page.returnTo ? '' : 'You can close this page.'}</p>
${page.returnTo ? html`<a class="button plain" href="${page.returnTo}" rel="noreferrer">Back to your application</a>` : ''}`,
  )
}
