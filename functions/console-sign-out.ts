import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { consoleSignOut as signOut } from '../lib/http/console/console-handler.js'

export const consoleSignOut = signOut(gateway)

app.http('console-sign-out', {
  methods: ['POST'],
  authLevel: 'anonymous',
  route: 'console/sign-out',
  handler: consoleSignOut,
})
