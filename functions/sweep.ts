import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'

/** What nobody else wakes up for. */
export async function sweep(): Promise<void> {
  const { ops } = await gateway()
  await ops.runTimer('sweep')
}

app.timer('sweep', { schedule: '30 * * * * *', handler: sweep })
