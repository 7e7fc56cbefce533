import { html } from './html.js'
import { layout } from './layout.js'

export function cancelledPage(page: { tenantName: string; address: string }): string {
  return layout(
    'Cancelled',
    html`<h1>Cancelled</h1>
<p><strong>${page.address}</strong> was not connected and <strong>${page.tenantName}</strong> has no access to it. The link does not work any more.</p>
<p class="soft">Changed your mind? Ask for a new link. You can close this page.</p>`,
  )
}
