import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { fieldOf, formBody } from '../lib/http/form-body.js'
import { redirect } from '../lib/http/html-response.js'
import { pageHandler } from '../lib/http/page-handler.js'

export const connectBegin = pageHandler(async ({ request, link, browser }) => {
  const { connect } = await gateway()
  const formToken = fieldOf(await formBody(request), 'token')
  const { location } = await connect.beginAuthorize({ link, browser, formToken })
  return redirect(location)
})

app.http('connect-begin', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'connect/{link}',
  handler: connectBegin,
})
