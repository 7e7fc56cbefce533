import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleSignIn as signIn } from '../lib/http/console/console-handler.js'

export const consoleSignIn = signIn(gateway)

app.http('console-sign-in', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  route: 'console/sign-in',
  handler: consoleSignIn,
})
