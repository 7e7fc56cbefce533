import { app } from '@azure/functions'
import { GatewayError } from '../lib/errors.js'
import { gateway } from '../lib/gateway.js'
import { fieldOf, formBody } from '../lib/http/form-body.js'
import { htmlResponse, redirect } from '../lib/http/html-response.js'
import { pageHandler } from '../lib/http/page-handler.js'
import { connectPage } from '../lib/pages/connect-page.js'

export const connectPassword = pageHandler(async ({ request, link, browser, requestId }) => {
  const { connect } = await gateway()
  const fields = await formBody(request)
  const names = ['username', 'imapHost', 'imapPort', 'imapTls', 'smtpHost', 'smtpPort', 'smtpTls'] as const
  const typed = Object.fromEntries(names.map((name) => [name, fieldOf(fields, name)])) as Record<
    (typeof names)[number],
    string
  >
  try {
    const form = { ...typed, password: fieldOf(fields, 'password') }
    const { location } = await connect.submitPassword({ link, browser, formToken: fieldOf(fields, 'token'), form })
    return redirect(location)
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code === 'form_expired') throw error
    const view = await connect.showLink(link, browser)
    if ('finished' in view) return redirect(view.finished)
    const page = connectPage({ ...view, link, problem: error, typed })
    return htmlResponse(page, { status: error.status, requestId, formTargets: view.formTargets })
  }
})

app.http('connect-password', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'connect/{link}/password',
  handler: connectPassword,
})
