import { app } from '@azure/functions'
import { answerUnknown } from '../lib/http/api/unknown-path.js'
import { pageHandler } from '../lib/http/pages/page-handler.js'

export const unknownPath = pageHandler(async ({ request, requestId }) => answerUnknown(request, requestId))

/**
 * Whatever no other function takes. The host tries routes in the order of function names, so the name must be the last
 * of all: `docs/decisions/0024-the-last-name-takes-unknown-paths.md`.
 */
app.http('zz-unknown-path', {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
  authLevel: 'anonymous',
  route: '{*path}',
  handler: unknownPath,
})
