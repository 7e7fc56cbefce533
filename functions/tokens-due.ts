import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'

/** Grants whose tokens want refreshing are handed to workers in batches. */
export async function tokensDue(): Promise<void> {
  const { ops } = await gateway()
  await ops.runTimer('tokens-due')
}

app.timer('tokens-due', { schedule: '15 * * * * *', handler: tokensDue })
