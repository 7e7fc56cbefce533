/** The numbers for alerts from real storage: queries over all partitions behave there as they do in memory. */
import { expect, inject, test } from 'vitest'
import { forgetBuried } from '../../lib/flows/ops/bury-message.js'
import { measure } from '../../lib/flows/ops/measure.js'
import { warnOfExpiry } from '../../lib/flows/ops/warn-of-expiry.js'
import { sendFlows } from '../../lib/flows/send/index.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { raiseAttention } from '../../lib/rows/attention.js'
import { recordedLog } from '../support/general/recorded-log.js'
import { faultOf, sendHarness } from '../support/send/send-harness.js'
import { azuriteStores } from '../support/storage/azurite-stores.js'

const connectionString = inject('azurite')

test('M-082, REL-32: open mail, attention of every tenant and of the deployment, queues and ends of secrets', async () => {
  const environment = `m${newId().slice(0, 6)}`
  const stores = azuriteStores({ connectionString })
  const h = await sendHarness({ stores, environment, realTime: true })
  const { log, of } = recordedLog()
  const deps = { ...h.deps, log }
  const mail = parseMailSubmission({ to: ['bob@b.example'], subject: 'Offer', text: 'x' })
  await sendFlows.acceptMail(deps, h.tenant, { submission: mail })
  await sendFlows.acceptMail(deps, h.tenant, { submission: { ...mail, hold: true } })
  for (const tenant of [h.tenant, 'other', '~'])
    await raiseAttention(deps, { tenant, kind: 'connection', id: newId() }, faultOf('needs-admin'))
  const soon = new Date(Date.now() + 5 * 86_400_000).toISOString()
  const registration = { partitionKey: '~', rowKey: 'registration~r1', v: 1, name: 'Gateway', secretExpiresAt: soon }
  await stores.tables.upsert(deps.names.table('tenants'), registration)

  await warnOfExpiry(deps)
  await measure(deps)
  await forgetBuried(deps)
  expect(of('secret-expiring')).toMatchObject([{ tenant: '~', registrationId: 'r1', daysLeft: 5 }])
  expect(of('mails-open')).toMatchObject([{ waiting: 1, held: 1, unknown: 0 }])
  expect(of('attention-open')).toMatchObject([
    { kind: 'connection', class: 'needs-admin', count: 3 },
    { kind: 'registration', class: 'needs-admin', count: 1 },
  ])
  expect(of('queue-length')).toContainEqual(expect.objectContaining({ queue: 'mail-send', waiting: 1, poison: 0 }))
})
