/** Graph that refuses one mail for ever, in every way it can (field 10, 11): what takes many polls to settle. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FaultOrder } from '../../local/emulators/faults.js'
import { graphBox, ids } from '../support/microsoft/graph-box.js'
import { type Microsoft365, startMicrosoft365 } from '../support/microsoft/microsoft-365.js'

let world: Microsoft365
beforeAll(async () => {
  world = await startMicrosoft365()
})
afterAll(() => world.stop())
const box = (mails: number, settings?: Parameters<typeof graphBox>[2]) => graphBox(world, mails, settings)

describe('field 10: absence is believed on a second look (Graph best practices: handle expected errors)', () => {
  const refusals = [
    { status: 404 },
    { status: 404, code: 'ResourceNotFound' },
    { status: 404, code: 'itemNotFound' },
    { status: 400, code: 'ErrorInvalidIdMalformed' },
  ] as const

  test.each(refusals)(
    'field 10: %o for ever, and Graph has the item: strikes, then a row, and the others come',
    async (refusal) => {
      const at = await box(3)
      at.fail({ kind: 'mime', subject: '1', times: 'always', ...refusal })
      await at.polls(8)
      expect(at.told()).toEqual(ids(2, 3))
      expect(await at.notImported()).toMatchObject([{ code: 'mail_not_given' }])
      expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    },
  )

  test.each([{ status: 404 }, { status: 403 }, { status: 423 }, { status: 500 }])(
    'field 10, 11: %o for ever at one mail that shall be moved: the others are, the log says which refusal, mail arrives',
    async (refusal) => {
      const at = await box(2, { after: { action: 'move', folder: 'Archive' } })
      at.fail({ kind: 'move', subject: '1', times: 'always', ...refusal })
      await at.poll()
      expect(at.subjectsIn('archive')).toEqual(['2'])
      expect(await at.codes()).toContain('mail_action_refused')
      at.deliver(3)
      expect(await at.poll()).toMatchObject({ outcome: 'mail' })
      expect(at.told()).toEqual(ids(1, 2, 3))
    },
  )
})

describe('field 11: what is refused for one mail while its folder can be read is that mail (M-109)', () => {
  test.each([
    { status: 403 },
    { status: 403, code: 'AccessDenied' },
    { status: 423 },
    { status: 500 },
    { status: 501 },
    { status: 200, body: 'error', code: 'ErrorAccessDenied' },
    { status: 200, body: 'html' },
    { body: 'empty' },
    { drop: true },
    { lengthOff: 100 },
    { status: 507 },
  ] as const)('field 11: %o for ever: strikes, then it is set aside; the mailbox goes on', async (refusal) => {
    const at = await box(3)
    const { status, ...rest } = refusal as FaultOrder
    at.fail({ kind: 'mime', subject: '1', times: 'always', ...(status === 200 ? rest : refusal) })
    await at.polls(8)
    expect(at.told()).toEqual(ids(2, 3))
    expect(await at.notImported()).toHaveLength(1)
    expect(await at.poll()).toMatchObject({ outcome: 'idle', code: '' })
    at.deliver(4)
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 1 })
  })
})
